// The status of a failed call and what the server tells of it on request: any bytes become an error that is bounded and
// printable. Input: a frame with the google.rpc.Status, then the FetchErrorDetailsResponse.
#include "frames.hpp"
#include "property.hpp"
#include "status_of.hpp"

#include "execute/failure.hpp"

#include <spark/connect/base.pb.h>

#include <string>

namespace {

using namespace cospark;
using fuzz::is_printable;
using fuzz::must;

void check_parameters(const std::map<std::string, std::string>& parameters) {
  for (const auto& [name, value] : parameters) {
    must(is_printable(name) && is_printable(value), "parameters of a condition are printable");
    must(name.size() < 5000 && value.size() < 20'000, "parameters of a condition are bounded");
  }
}

void check_failure(const execute::call_failure& failure) {
  must(is_printable(failure.message) && failure.message.size() < 20'000, "a message is printable and bounded");
  must(is_printable(failure.condition) && failure.condition.size() < 5000, "a condition is printable and bounded");
  must(is_printable(failure.sql_state) && failure.sql_state.size() < 100, "an SQLSTATE is printable and bounded");
  for (const auto& name : failure.classes) {
    must(is_printable(name) && name.size() < 5000, "names of classes are printable and bounded");
  }
  check_parameters(failure.message_parameters);
  if (failure.retry_after) {
    must(failure.retry_after->count() >= 0 && *failure.retry_after <= std::chrono::hours(25), "waits are bounded");
  }
}

void check_error(const error& reason) {
  const auto& detail = reason.detail();
  must(reason.code().value() != 0, "a failure is an error");
  must(is_printable(reason.to_string()), "an error is printable");
  must(is_printable(detail.message) && is_printable(detail.condition) && is_printable(detail.sql_state),
       "what an error says is printable");
  check_parameters(detail.message_parameters);
  for (const auto& cause : detail.causes) {
    must(is_printable(cause.class_name) && is_printable(cause.message) && is_printable(cause.condition) &&
             is_printable(cause.sql_state) && is_printable(cause.stack_trace),
         "what a cause says is printable");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = fuzz::text_of(data, size);
  const auto first = fuzz::next_frame(bytes);
  if (!first) return 0;
  const auto failure = execute::understand(fuzz::status_of(first->content));
  check_failure(failure);
  (void)execute::is_transient(failure);
  (void)execute::is_metadata_refused(failure);
  must(!execute::is_failure_to_connect(failure) || execute::is_transient(failure), "no connection is a passing fault");
  check_error(execute::to_error(failure));
  spark::connect::FetchErrorDetailsResponse details;
  if (!details.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return 0;
  const auto reason = execute::to_error(failure, &details);
  check_error(reason);
  must(reason.detail().causes.size() <= static_cast<std::size_t>(details.errors_size()), "a cycle of causes ends");
  return 0;
}
