// A failed call, understood: gRPC's status and Spark's details of it, and the error that a user gets.
#pragma once

#include <cospark/error.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grpc {
class Status;
}
namespace spark::connect {
class FetchErrorDetailsResponse;
}

namespace cospark::execute {

/// What the status of a failed call says. Pure data.
struct call_failure {
  call_failure() = default;

  int grpc_code = 0;
  std::string message;  // bounded, control characters escaped
  std::string condition;
  std::string sql_state;
  std::map<std::string, std::string> message_parameters;
  std::vector<std::string> classes;  // most derived first
  std::string error_id;              // for FetchErrorDetails
  std::optional<std::chrono::milliseconds> retry_after;
  bool was_reset = false;  // ended by HTTP/2, not by an answer

  bool has_class(std::string_view name) const;
  /// The server tripped over a change of state of its own.
  bool is_illegal_state() const;
};

call_failure understand(const grpc::Status& status);

/// Whether the call may be repeated: the connection broke, the call was reset, the cursor was taken over, or the server
/// asks for patience.
bool is_transient(const call_failure& failure);

/// Whether there is no connection at all, for whatever reason.
bool is_failure_to_connect(const call_failure& failure);
/// Whether the headers of the call were too large for the server.
bool is_metadata_refused(const call_failure& failure);

/// The kind of error that a failure is for the user.
errc classify(const call_failure& failure);

/// The error of a failure; `details` adds the chain of causes when it was fetched.
error to_error(const call_failure& failure, const spark::connect::FetchErrorDetailsResponse* details = nullptr);

/// Text of a server for human eyes: control characters escaped, cut to `limit` bytes at a character.
std::string printable(std::string_view text, std::size_t limit = 4096);

}  // namespace cospark::execute
