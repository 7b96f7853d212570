#include "execute/failure.hpp"

#include <cospark/status.pb.h>
#include <grpcpp/support/status.h>
#include <spark/connect/base.pb.h>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

namespace cospark::execute {
namespace {

constexpr std::string_view package = "org.apache.spark.";

std::vector<std::string> parse_classes(std::string_view json) {
  std::vector<std::string> classes;
  boost::json::error_code failed;
  const auto parsed = boost::json::parse(boost::json::string_view(json.data(), json.size()), failed);
  if (failed || !parsed.is_array()) return classes;
  for (const auto& name : parsed.get_array()) {
    if (name.is_string()) classes.push_back(printable(std::string_view(name.get_string()), 256));
  }
  return classes;
}

std::map<std::string, std::string> parse_parameters(std::string_view json) {
  std::map<std::string, std::string> parameters;
  boost::json::error_code failed;
  const auto parsed = boost::json::parse(boost::json::string_view(json.data(), json.size()), failed);
  if (failed || !parsed.is_object()) return parameters;
  for (const auto& [name, value] : parsed.get_object()) {
    if (value.is_string())
      parameters.emplace(printable(std::string_view(name), 256), printable(std::string_view(value.get_string())));
  }
  return parameters;
}

// "[CONDITION.SUB] text … SQLSTATE: xxxxx": the text says what older servers, and servers with long parameters, leave
// out of the details.
void read_text(std::string_view text, call_failure& failure) {
  while (!text.empty() && (text.front() == '\n' || text.front() == ' ')) text.remove_prefix(1);
  if (failure.condition.empty() && !text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    const auto name = text.substr(1, end == std::string_view::npos ? 0 : end - 1);
    const auto fits = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; };
    if (!name.empty() && std::all_of(name.begin(), name.end(), fits)) failure.condition = name;
  }
  constexpr std::string_view mark = "SQLSTATE: ";
  const auto at = text.rfind(mark);
  if (failure.sql_state.empty() && at != std::string_view::npos) {
    const auto state = text.substr(at + mark.size(), 5);
    const auto fits = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    if (state.size() == 5 && std::all_of(state.begin(), state.end(), fits)) failure.sql_state = state;
  }
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(), [&](auto start) { return text.starts_with(start); });
}

errc classify_spark(const call_failure& failure) {
  const std::string_view condition = failure.condition;
  if (condition.starts_with("INVALID_HANDLE.SESSION_")) return errc::session_lost;
  if (starts_with_any(condition, {"INVALID_HANDLE.OPERATION_", "INVALID_CURSOR."})) return errc::operation_lost;
  if (condition == "OPERATION_CANCELED") return errc::cancelled;
  if (condition.starts_with("CONNECT_INVALID_PLAN.STREAMING_QUERY_")) return errc::query_not_found;
  // Up to 4.1 the text is all there is.
  const std::string_view text = failure.message;
  if (text.find("Run id mismatch for query id") != std::string_view::npos ||
      (text.find("Streaming query") != std::string_view::npos && text.find("is not found") != std::string_view::npos)) {
    return errc::query_not_found;
  }
  if (failure.has_class("sql.streaming.StreamingQueryException")) return errc::query_failed;
  if (failure.has_class("sql.AnalysisException")) return errc::analysis_failed;
  // Spark's word for what it refuses: a setting, an interval, an output mode that it cannot read.
  if (failure.has_class("SparkIllegalArgumentException")) return errc::analysis_failed;
  const std::string_view state = failure.sql_state;
  if (starts_with_any(state, {"42", "0A", "56"})) return errc::analysis_failed;
  if (state.empty() && failure.has_class("java.lang.IllegalArgumentException")) return errc::analysis_failed;
  if (text.starts_with("UnsupportedOperationException") ||
      (text.find("not supported.") != std::string_view::npos &&
       failure.has_class("java.lang.UnsupportedOperationException"))) {
    return errc::unsupported_by_server;
  }
  return errc::execution_failed;
}

// Whoever resets with ENHANCE_YOUR_CALM, which gRPC calls RESOURCE_EXHAUSTED, is not asked again at once.
std::optional<std::chrono::milliseconds> pause_after_reset(int grpc_code) {
  if (grpc_code != grpc::StatusCode::RESOURCE_EXHAUSTED) return std::nullopt;
  return std::chrono::milliseconds(500);
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(std::min(text.size(), limit));
  for (const char c : text) {
    if (result.size() >= limit) {
      const auto continues = [](char each) { return (static_cast<unsigned char>(each) & 0xc0U) == 0x80U; };
      if (continues(c)) {  // the cut is inside a character: take the begun one out
        while (!result.empty() && continues(result.back())) result.pop_back();
        if (!result.empty()) result.pop_back();
      }
      result += "…";
      break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7f)) {
      result += c;
    } else {
      result += "\\x";
      result += digits[byte >> 4U];
      result += digits[byte & 0xfU];
    }
  }
  return result;
}

bool call_failure::has_class(std::string_view name) const {
  return std::any_of(classes.begin(), classes.end(), [&](const std::string& candidate) {
    std::string_view text = candidate;
    if (text == name) return true;
    if (!text.starts_with(package)) return false;
    text.remove_prefix(package.size());
    return text == name;
  });
}

bool call_failure::is_illegal_state() const {
  return condition.starts_with("SPARK_CONNECT_ILLEGAL_STATE.") || has_class("java.lang.IllegalStateException");
}

call_failure understand(const grpc::Status& status) {
  call_failure failure;
  failure.grpc_code = status.error_code();
  failure.message = printable(status.error_message());
  wire::Status rich;
  if (rich.ParseFromString(status.error_details())) {
    for (const auto& any : rich.details()) {
      const auto& type = any.type_url();
      if (type.ends_with("google.rpc.ErrorInfo")) {
        wire::ErrorInfo info;
        if (!info.ParseFromString(any.value())) continue;
        const auto field = [&](const char* name) {
          const auto found = info.metadata().find(name);
          return found == info.metadata().end() ? std::string() : found->second;
        };
        failure.classes = parse_classes(field("classes"));
        if (failure.classes.empty() && !info.reason().empty()) failure.classes.push_back(printable(info.reason(), 256));
        failure.condition = printable(field("errorClass"), 256);
        failure.sql_state = printable(field("sqlState"), 16);
        failure.error_id = field("errorId");
        failure.message_parameters = parse_parameters(field("messageParameters"));
      } else if (type.ends_with("google.rpc.RetryInfo")) {
        wire::RetryInfo info;
        if (!info.ParseFromString(any.value())) continue;
        const auto& delay = info.retry_delay();
        failure.retry_after = std::chrono::milliseconds(std::clamp<std::int64_t>(delay.seconds(), 0, 86'400) * 1000 +
                                                        std::clamp(delay.nanos(), 0, 999'999'999) / 1'000'000);
      }
    }
  }
  read_text(status.error_message(), failure);
  // gRPC's words, whatever the code of the reset; Spark's own errors have their details.
  const std::string& text = status.error_message();
  if (failure.classes.empty() && (text.find("RST_STREAM") != std::string::npos || text == "Stream removed")) {
    failure.was_reset = true;
    failure.retry_after = pause_after_reset(failure.grpc_code);
  }
  if (failure.grpc_code == grpc::StatusCode::RESOURCE_EXHAUSTED &&
      status.error_message().find("message larger than max") != std::string::npos) {
    failure.message += "; session_options::max_message_size is the limit, in bytes";
  }
  return failure;
}

bool is_transient(const call_failure& failure) {
  // CANCELLED that we did not ask for is a server going down. A reset is no answer, whatever its code: what is between
  // makes them, too, and only calls that can be repeated or continued come here.
  return failure.grpc_code == grpc::StatusCode::UNAVAILABLE || failure.grpc_code == grpc::StatusCode::CANCELLED ||
         failure.condition == "INVALID_CURSOR.DISCONNECTED" || failure.retry_after.has_value() || failure.was_reset;
}

bool is_failure_to_connect(const call_failure& failure) {
  return failure.grpc_code == grpc::StatusCode::UNAVAILABLE &&
         failure.message.find("failed to connect") != std::string::npos;
}

bool is_metadata_refused(const call_failure& failure) {
  // gRPC's own server, and those that answer as HTTP has it (431 Request Header Fields Too Large).
  return (failure.grpc_code == grpc::StatusCode::RESOURCE_EXHAUSTED &&
          failure.message.find("metadata size") != std::string::npos) ||
         failure.message.find("header with status: 431") != std::string::npos ||
         failure.message.find("HTTP status code 431") != std::string::npos;
}

errc classify(const call_failure& failure) {
  if (failure.was_reset) return errc::unavailable;
  switch (failure.grpc_code) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return errc::timed_out;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED:
      return errc::unavailable;
    case grpc::StatusCode::UNAUTHENTICATED:
      return errc::unauthenticated;
    case grpc::StatusCode::PERMISSION_DENIED:
      return errc::permission_denied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return errc::limit_exceeded;
    case grpc::StatusCode::DATA_LOSS:
      return errc::protocol_error;
    case grpc::StatusCode::UNIMPLEMENTED:
      return errc::unsupported_by_server;
    default:
      return classify_spark(failure);
  }
}

error to_error(const call_failure& failure, const spark::connect::FetchErrorDetailsResponse* details) {
  error_detail detail;
  detail.message = failure.message;
  detail.condition = failure.condition;
  detail.sql_state = failure.sql_state;
  detail.message_parameters = failure.message_parameters;
  detail.class_hierarchy = failure.classes;
  detail.grpc_code = failure.grpc_code;
  detail.retryable = is_transient(failure);
  if (details != nullptr && details->has_root_error_idx()) {
    // Indices come from the server: each is checked, and a cycle cannot run longer than the list.
    int index = details->root_error_idx();
    for (int steps = 0; steps < details->errors_size() && index >= 0 && index < details->errors_size(); ++steps) {
      const auto& from = details->errors(index);
      error_cause cause;
      if (from.error_type_hierarchy_size() > 0) cause.class_name = printable(from.error_type_hierarchy(0), 256);
      cause.message = printable(from.message());
      cause.condition = printable(from.spark_throwable().error_class(), 256);
      cause.sql_state = printable(from.spark_throwable().sql_state(), 16);
      for (const auto& frame : from.stack_trace()) {
        cause.stack_trace += printable(frame.declaring_class(), 256) + '.' + printable(frame.method_name(), 256) + '(' +
                             printable(frame.file_name(), 256) + ':' + std::to_string(frame.line_number()) + ")\n";
      }
      if (steps == 0) {
        if (!from.message().empty()) detail.message = cause.message;
        if (detail.condition.empty()) detail.condition = cause.condition;
        if (detail.sql_state.empty()) detail.sql_state = cause.sql_state;
        if (detail.message_parameters.empty()) {
          for (const auto& [name, value] : from.spark_throwable().message_parameters()) {
            detail.message_parameters.emplace(printable(name, 256), printable(value));
          }
        }
      }
      detail.causes.push_back(std::move(cause));
      if (!from.has_cause_idx()) break;
      index = from.cause_idx();
    }
  }
  return error(classify(failure), std::move(detail));
}

}  // namespace cospark::execute
