// What went wrong: a code a program can act on, and everything that is known about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cospark {

/// The kinds of failure a program can act on. The set is small and closed: whatever happens, an operation
/// ends with a value or with one of these. What exactly happened is in `error::detail()`.
enum class errc {
  /// What was given cannot be used (a bad connection string, an empty name, a negative duration). Nothing was sent.
  invalid_argument = 1,
  /// The server cannot be reached, or stopped answering, and the bounds of the retry policy are used up.
  unavailable,
  /// The deadline of the operation passed. The server may still finish it, see `error_detail::outcome_known`.
  timed_out,
  /// The awaiting side cancelled the operation.
  cancelled,
  /// The server refused the credentials.
  unauthenticated,
  /// No secure connection: this side does not trust the server's certificate, the server does not accept this side's,
  /// or one side speaks TLS and the other does not. Not retried; the message says which.
  tls_failed,
  /// The credentials are good but do not allow this.
  permission_denied,
  /// The server no longer has this session (it expired, was released, or the server restarted). Its streaming
  /// queries are gone with it. Make a new session and start the queries again from their checkpoints.
  session_lost,
  /// The server no longer has this operation, and a part of its answer had already arrived. The result is
  /// incomplete and was not handed out.
  operation_lost,
  /// The operation was sent, but whether the server carried it out cannot be known.
  outcome_unknown,
  /// Spark refused the plan: unknown column, wrong type, parse error, unsupported output mode, missing path.
  analysis_failed,
  /// Spark accepted the plan and failed while it ran.
  execution_failed,
  /// A streaming query ended with an exception. All routes by which Spark reports it lead here.
  query_failed,
  /// The server does not know this streaming query, or knows a newer run of it.
  query_not_found,
  /// The server is too old for what was asked; the message names the version that is needed.
  unsupported_by_server,
  /// The other side broke the protocol: a gap in a result, damaged Arrow data, an answer of the wrong kind.
  protocol_error,
  /// A limit of this client or of the server was exceeded; the message names it.
  limit_exceeded,
  /// The session was stopped by this program while the operation was under way, or before.
  client_closed,
  /// A Spark server of this machine could not be started, or ended by itself (`local_server`).
  local_server_failed,
};

/// The category of `errc`; its name is "cospark".
const std::error_category& error_category() noexcept;

/// Makes an `std::error_code` of the category `error_category()`.
std::error_code make_error_code(errc code) noexcept;

/// One exception of the server's chain of causes, outermost first.
struct error_cause {
  error_cause() = default;

  /// Name of the exception class, such as `org.apache.spark.SparkArithmeticException`.
  std::string class_name;
  /// The exception's own text.
  std::string message;
  /// Spark's error condition, such as `DIVIDE_BY_ZERO`; empty where the exception has none.
  std::string condition;
  /// SQLSTATE; empty where the exception has none.
  std::string sql_state;
  /// Stack trace of the server, one frame a line; empty where the server sends none.
  std::string stack_trace;
};

/// Everything that is known about a failure. Immutable once it is part of an `error`.
struct error_detail {
  error_detail() = default;

  /// What happened, for a human reader. Bounded in length; control characters of the server are escaped.
  std::string message;
  /// Spark's error condition, such as `UNRESOLVED_COLUMN.WITH_SUGGESTION`; empty where there is none.
  std::string condition;
  /// SQLSTATE, such as `42703`; empty where there is none.
  std::string sql_state;
  /// The parameters of the condition, by name.
  std::map<std::string, std::string> message_parameters;
  /// Names of the server's exception class and of its bases, most derived first.
  std::vector<std::string> class_hierarchy;
  /// The server's chain of exceptions, outermost first; empty where the server sent no details.
  std::vector<error_cause> causes;
  /// Code of the gRPC status that brought the error, if one did.
  std::optional<int> grpc_code;
  /// Id of the Spark operation that failed, if it had one.
  std::string operation_id;
  /// Id and run id of the streaming query that this is about, if it is about one.
  std::string query_id;
  std::string run_id;
  /// How often the operation was tried.
  unsigned attempts = 0;
  /// Time from the first try to the failure.
  std::chrono::milliseconds elapsed{0};
  /// Whether the same call may succeed later without any change.
  bool retryable = false;
  /// False when the server may have carried the operation out although it did not say so.
  bool outcome_known = true;
};

/// A failure: an `std::error_code` and, shared and immutable, its detail.
///
/// Thread safety: distinct objects may be used from several threads, and so may one object as long as nobody
/// assigns to it.
class error {
 public:
  /// An error without further detail.
  explicit error(errc code);
  error(errc code, std::string message);
  error(errc code, error_detail detail);

  std::error_code code() const noexcept { return code_; }
  /// What happened, for a human reader.
  const std::string& message() const noexcept { return detail_->message; }
  /// Spark's error condition; empty where there is none.
  const std::string& condition() const noexcept { return detail_->condition; }
  /// SQLSTATE; empty where there is none.
  const std::string& sql_state() const noexcept { return detail_->sql_state; }
  const error_detail& detail() const noexcept { return *detail_; }

  /// One line: the code's name, the condition, the SQLSTATE and the message.
  std::string to_string() const;

  friend bool operator==(const error& left, errc right) noexcept { return left.code_ == make_error_code(right); }
  friend bool operator!=(const error& left, errc right) noexcept { return !(left == right); }

 private:
  std::error_code code_;
  std::shared_ptr<const error_detail> detail_;
};

/// What `result<T>::value()` throws when there is no value.
class exception : public std::system_error {
 public:
  explicit exception(cospark::error error);

  const cospark::error& error() const noexcept { return error_; }

 private:
  cospark::error error_;
};

/// Found by Outcome: the code of an error.
inline std::error_code make_error_code(const error& error) noexcept {
  return error.code();
}
/// Found by Outcome: throws `exception`.
[[noreturn]] void outcome_throw_as_system_error_with_payload(const error& error);

}  // namespace cospark

template <>
struct std::is_error_code_enum<cospark::errc> : std::true_type {};
