#include "execute/failure.hpp"
#include "catch.hpp"

#include <cospark/status.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/support/status.h>
#include <spark/connect/base.pb.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace cospark::execute;
using cospark::errc;
namespace fs = std::filesystem;

struct expectation {
  const char* name;
  errc code;
  const char* condition;
  const char* sql_state;
};

// What Spark 4.3.0 says, and earlier versions too unless the second table says otherwise.
const expectation expected[] = {
    {"config.bad_value", errc::analysis_failed, "INVALID_CONF_VALUE.TYPE_MISMATCH", "22022"},
    {"config.get_unknown", errc::analysis_failed, "SQL_CONF_NOT_FOUND", "42K0I"},
    {"config.set_static", errc::analysis_failed, "CANNOT_MODIFY_STATIC_CONFIG", "46110"},
    {"cursor.reattach_empty_response", errc::operation_lost, "INVALID_CURSOR.POSITION_NOT_FOUND", "HY109"},
    {"cursor.reattach_from_start_after_release_until", errc::operation_lost, "INVALID_CURSOR.POSITION_NOT_AVAILABLE",
     "HY109"},
    {"cursor.reattach_non_reattachable", errc::operation_lost, "INVALID_CURSOR.NOT_REATTACHABLE", "HY109"},
    {"cursor.reattach_unknown_response", errc::operation_lost, "INVALID_CURSOR.POSITION_NOT_FOUND", "HY109"},
    {"cursor.release_non_reattachable", errc::operation_lost, "INVALID_CURSOR.NOT_REATTACHABLE", "HY109"},
    {"handle.operation_id_not_uuid", errc::execution_failed, "INVALID_HANDLE.FORMAT", "HY000"},
    {"handle.reattach_after_release", errc::operation_lost, "INVALID_HANDLE.OPERATION_NOT_FOUND", "HY000"},
    {"handle.reattach_unknown_operation", errc::operation_lost, "INVALID_HANDLE.OPERATION_NOT_FOUND", "HY000"},
    {"handle.reattach_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "08003"},
    {"handle.release_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "08003"},
    {"handle.same_operation_after_release", errc::operation_lost, "INVALID_HANDLE.OPERATION_ABANDONED", "HY000"},
    {"handle.same_operation_other_plan", errc::operation_lost, "INVALID_HANDLE.OPERATION_ALREADY_EXISTS", "HY000"},
    {"handle.session_changed", errc::session_lost, "INVALID_HANDLE.SESSION_CHANGED", "08003"},
    {"handle.session_closed", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "08003"},
    {"handle.session_closed_execute", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "08003"},
    {"handle.session_closed_reattach", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "08003"},
    {"handle.session_id_not_uuid", errc::execution_failed, "INVALID_HANDLE.FORMAT", "HY000"},
    {"manager.get_malformed_id", errc::analysis_failed, "", ""},
    {"operation.canceled_by_interrupt", errc::cancelled, "OPERATION_CANCELED", "HY008"},
    {"plan.empty", errc::analysis_failed, "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET", "56K00"},
    {"plan.empty_command", errc::analysis_failed, "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET", "56K00"},
    {"plan.empty_streaming_query_command", errc::analysis_failed, "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET",
     "56K00"},
    {"query.await_timeout_0", errc::analysis_failed, "", ""},
    {"query.malformed_id", errc::analysis_failed, "", ""},
    {"query.of_another_session", errc::query_not_found, "CONNECT_INVALID_PLAN.STREAMING_QUERY_NOT_FOUND", "56K00"},
    {"query.stale_run_id", errc::query_not_found, "CONNECT_INVALID_PLAN.STREAMING_QUERY_RUN_ID_MISMATCH", "56K00"},
    {"query.unknown_id", errc::query_not_found, "CONNECT_INVALID_PLAN.STREAMING_QUERY_NOT_FOUND", "56K00"},
    {"query_failed.await_any", errc::query_failed, "STREAM_FAILED", "XXKST"},
    {"query_failed.await_termination", errc::query_failed, "STREAM_FAILED", "XXKST"},
    {"query_failed.await_termination_timeout", errc::query_failed, "STREAM_FAILED", "XXKST"},
    {"query_failed.exception_false", errc::query_failed, "STREAM_FAILED", "XXKST"},
    {"query_failed.process_all_available", errc::query_failed, "STREAM_FAILED", "XXKST"},
    {"read.path_not_found", errc::analysis_failed, "PATH_NOT_FOUND", "42K03"},
    {"read.streaming_as_batch", errc::analysis_failed, "_LEGACY_ERROR_TEMP_3102", ""},
    {"sql.cast_invalid", errc::execution_failed, "CAST_INVALID_INPUT", "22018"},
    {"sql.divide_by_zero", errc::execution_failed, "DIVIDE_BY_ZERO", "22012"},
    {"sql.long_parameters", errc::analysis_failed, "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703"},
    {"sql.parse", errc::analysis_failed, "PARSE_SYNTAX_ERROR", "42601"},
    {"start.append_aggregation_without_watermark", errc::analysis_failed, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
     "42KDE"},
    {"start.bad_interval", errc::analysis_failed, "INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", "22006"},
    {"start.bad_sink_option", errc::analysis_failed, "", ""},
    {"start.batch_input", errc::analysis_failed, "WRITE_STREAM_NOT_ALLOWED", "42601"},
    {"start.complete_without_aggregation", errc::analysis_failed, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
     "42KDE"},
    {"start.file_source_no_schema", errc::analysis_failed, "_LEGACY_ERROR_TEMP_2048", ""},
    {"start.file_source_path_not_found", errc::analysis_failed, "PATH_NOT_FOUND", "42K03"},
    {"start.kafka_sink_missing", errc::analysis_failed, "KAFKA_DATA_SOURCE_NOT_ENABLED", "42K02"},
    {"start.kafka_source_missing", errc::analysis_failed, "KAFKA_DATA_SOURCE_NOT_ENABLED", "42K02"},
    {"start.name_clash", errc::analysis_failed, "", ""},
    {"start.no_checkpoint", errc::analysis_failed, "_LEGACY_ERROR_TEMP_1298", ""},
    {"start.table_not_found", errc::analysis_failed, "TABLE_OR_VIEW_NOT_FOUND", "42P01"},
    {"start.unknown_output_mode", errc::analysis_failed, "STREAMING_OUTPUT_MODE.INVALID", "42KDE"},
    {"start.unknown_sink_format", errc::analysis_failed, "DATA_SOURCE_NOT_FOUND", "42K02"},
    {"start.unknown_source_format", errc::analysis_failed, "DATA_SOURCE_NOT_FOUND", "42K02"},
    {"start.unresolved_column", errc::analysis_failed, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"},
};
const expectation expected_of_versions[] = {
    {"4.0.5/config.bad_value", errc::analysis_failed, "", ""},
    {"4.0.5/config.set_static", errc::analysis_failed, "CANNOT_MODIFY_CONFIG", "46110"},
    {"4.0.5/handle.reattach_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "HY000"},
    {"4.1.4/handle.reattach_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "HY000"},
    {"4.2.1/handle.reattach_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "HY000"},
    {"4.0.5/handle.release_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "HY000"},
    {"4.1.4/handle.release_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "HY000"},
    {"4.2.1/handle.release_unknown_session", errc::session_lost, "INVALID_HANDLE.SESSION_NOT_FOUND", "HY000"},
    {"4.0.5/handle.session_changed", errc::session_lost, "INVALID_HANDLE.SESSION_CHANGED", "HY000"},
    {"4.1.4/handle.session_changed", errc::session_lost, "INVALID_HANDLE.SESSION_CHANGED", "HY000"},
    {"4.2.1/handle.session_changed", errc::session_lost, "INVALID_HANDLE.SESSION_CHANGED", "HY000"},
    {"4.0.5/handle.session_closed", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.1.4/handle.session_closed", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.2.1/handle.session_closed", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.0.5/handle.session_closed_execute", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.1.4/handle.session_closed_execute", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.2.1/handle.session_closed_execute", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.0.5/handle.session_closed_reattach", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.1.4/handle.session_closed_reattach", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.2.1/handle.session_closed_reattach", errc::session_lost, "INVALID_HANDLE.SESSION_CLOSED", "HY000"},
    {"4.0.5/plan.empty", errc::unsupported_by_server, "", ""},
    {"4.1.4/plan.empty", errc::unsupported_by_server, "", ""},
    {"4.0.5/plan.empty_command", errc::unsupported_by_server, "", ""},
    {"4.1.4/plan.empty_command", errc::execution_failed, "INTERNAL_ERROR", "XX000"},
    {"4.0.5/plan.empty_streaming_query_command", errc::analysis_failed, "", ""},
    {"4.1.4/plan.empty_streaming_query_command", errc::execution_failed, "INTERNAL_ERROR", "XX000"},
    {"4.0.5/query.of_another_session", errc::query_not_found, "", ""},
    {"4.1.4/query.of_another_session", errc::query_not_found, "INTERNAL_ERROR", "XX000"},
    {"4.0.5/query.stale_run_id", errc::query_not_found, "", ""},
    {"4.1.4/query.stale_run_id", errc::query_not_found, "INTERNAL_ERROR", "XX000"},
    {"4.0.5/query.unknown_id", errc::query_not_found, "", ""},
    {"4.1.4/query.unknown_id", errc::query_not_found, "INTERNAL_ERROR", "XX000"},
    {"4.0.5/start.kafka_sink_missing", errc::analysis_failed, "_LEGACY_ERROR_TEMP_1140", ""},
    {"4.1.4/start.kafka_sink_missing", errc::analysis_failed, "_LEGACY_ERROR_TEMP_1140", ""},
    {"4.2.1/start.kafka_sink_missing", errc::analysis_failed, "_LEGACY_ERROR_TEMP_1140", ""},
    {"4.0.5/start.kafka_source_missing", errc::analysis_failed, "_LEGACY_ERROR_TEMP_1140", ""},
    {"4.1.4/start.kafka_source_missing", errc::analysis_failed, "_LEGACY_ERROR_TEMP_1140", ""},
    {"4.2.1/start.kafka_source_missing", errc::analysis_failed, "_LEGACY_ERROR_TEMP_1140", ""},
};

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

// One recorded error: the status as gRPC gives it, and what FetchErrorDetails answered.
struct recording {
  explicit recording(const fs::path& json_file) {
    const auto json = boost::json::parse(read(json_file));
    auto bin = json_file;
    bin.replace_extension(".status.bin");
    status = grpc::Status(grpc::StatusCode::INTERNAL, std::string(json.at("message").as_string()), read(bin));
    const auto* fetched = json.as_object().if_contains("fetch_error_details");
    if (fetched == nullptr || !fetched->is_object()) return;
    has_details = google::protobuf::util::JsonStringToMessage(boost::json::serialize(*fetched), &details).ok();
    REQUIRE(has_details);
  }

  grpc::Status status;
  bool has_details = false;
  spark::connect::FetchErrorDetailsResponse details;
};

std::map<std::string, expectation> expectations_by_name() {
  std::map<std::string, expectation> by_name;
  for (const auto& each : expected) by_name.emplace(each.name, each);
  for (const auto& each : expected_of_versions) by_name.emplace(each.name, each);
  return by_name;
}

grpc::Status status_with(const google::protobuf::Message& detail, const std::string& type, const std::string& text) {
  cospark::wire::Status rich;
  auto& any = *rich.add_details();
  any.set_type_url("type.googleapis.com/" + type);
  any.set_value(detail.SerializeAsString());
  return grpc::Status(grpc::StatusCode::INTERNAL, text, rich.SerializeAsString());
}

}  // namespace

TEST_CASE("every recorded error of four Spark versions is understood") {
  const auto by_name = expectations_by_name();
  std::size_t seen = 0;
  for (const char* version : {"4.0.5", "4.1.4", "4.2.1", "4.3.0"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(COSPARK_TEST_DATA) / "errors" / version)) {
      if (entry.path().extension() != ".json") continue;
      const auto name = entry.path().stem().string();
      INFO(version << ' ' << name);
      auto found = by_name.find(version + ("/" + name));
      if (found == by_name.end()) found = by_name.find(name);
      REQUIRE(found != by_name.end());
      const recording recorded(entry.path());
      const auto failure = understand(recorded.status);
      CHECK(failure.condition == found->second.condition);
      CHECK(failure.sql_state == found->second.sql_state);
      CHECK_FALSE(failure.classes.empty());
      CHECK_FALSE(is_transient(failure));
      const auto error = to_error(failure);
      CHECK(error == found->second.code);
      CHECK(error.condition() == found->second.condition);
      CHECK_FALSE(error.message().empty());
      ++seen;
    }
  }
  CHECK(seen == 4 * std::size(expected) - 2);  // two errors do not exist on 4.0.5
}

TEST_CASE("fetched details give the chain of causes, outermost first") {
  std::size_t seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(COSPARK_TEST_DATA) / "errors")) {
    if (entry.path().extension() != ".json") continue;
    INFO(entry.path());
    const recording recorded(entry.path());
    if (!recorded.has_details || !recorded.details.has_root_error_idx()) continue;
    const auto failure = understand(recorded.status);
    CHECK_FALSE(failure.error_id.empty());
    const auto error = to_error(failure, &recorded.details);
    REQUIRE_FALSE(error.detail().causes.empty());
    const auto& root = recorded.details.errors(recorded.details.root_error_idx());
    CHECK(error.detail().causes.front().class_name == root.error_type_hierarchy(0));
    CHECK(error.message() == printable(root.message()));
    CHECK(error == classify(failure));
    ++seen;
  }
  CHECK(seen > 100);
}

TEST_CASE("a failed batch is a failed query whose causes name the arithmetic") {
  const recording recorded(fs::path(COSPARK_TEST_DATA) / "errors/4.3.0/query_failed.await_termination.json");
  const auto error = to_error(understand(recorded.status), &recorded.details);
  CHECK(error == errc::query_failed);
  bool named = false;
  for (const auto& cause : error.detail().causes) named = named || cause.condition == "DIVIDE_BY_ZERO";
  CHECK(named);
}

TEST_CASE("codes of gRPC become kinds of errors") {
  using grpc::StatusCode;
  const std::vector<std::pair<StatusCode, errc>> table = {
      {StatusCode::CANCELLED, errc::unavailable},
      {StatusCode::UNKNOWN, errc::execution_failed},
      {StatusCode::INVALID_ARGUMENT, errc::execution_failed},
      {StatusCode::DEADLINE_EXCEEDED, errc::timed_out},
      {StatusCode::NOT_FOUND, errc::execution_failed},
      {StatusCode::ALREADY_EXISTS, errc::execution_failed},
      {StatusCode::PERMISSION_DENIED, errc::permission_denied},
      {StatusCode::RESOURCE_EXHAUSTED, errc::limit_exceeded},
      {StatusCode::FAILED_PRECONDITION, errc::execution_failed},
      {StatusCode::ABORTED, errc::execution_failed},
      {StatusCode::OUT_OF_RANGE, errc::execution_failed},
      {StatusCode::UNIMPLEMENTED, errc::unsupported_by_server},
      {StatusCode::INTERNAL, errc::execution_failed},
      {StatusCode::UNAVAILABLE, errc::unavailable},
      {StatusCode::DATA_LOSS, errc::protocol_error},
      {StatusCode::UNAUTHENTICATED, errc::unauthenticated},
  };
  for (const auto& [code, kind] : table) {
    INFO(code);
    const auto failure = understand(grpc::Status(code, "text"));
    CHECK(classify(failure) == kind);
    CHECK(is_transient(failure) == (kind == errc::unavailable));
    CHECK(to_error(failure).detail().grpc_code == code);
  }
}

TEST_CASE("a server that asks for patience is transient, and its wait is read with a bound") {
  cospark::wire::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(2);
  info.mutable_retry_delay()->set_nanos(500'000'000);
  auto failure = understand(status_with(info, "google.rpc.RetryInfo", "come back"));
  CHECK(is_transient(failure));
  CHECK(failure.retry_after == std::chrono::milliseconds(2500));
  info.mutable_retry_delay()->set_seconds(9'000'000'000'000'000'000);
  failure = understand(status_with(info, "google.rpc.RetryInfo", "come back"));
  CHECK(failure.retry_after <= std::chrono::hours(25));
  info.mutable_retry_delay()->set_seconds(-5);
  info.mutable_retry_delay()->set_nanos(0);
  CHECK(understand(status_with(info, "google.rpc.RetryInfo", "x")).retry_after == std::chrono::milliseconds(0));
  info.mutable_retry_delay()->set_nanos(-2'000'000'000);
  CHECK(understand(status_with(info, "google.rpc.RetryInfo", "x")).retry_after == std::chrono::milliseconds(0));
}

TEST_CASE("T6 a call that HTTP/2 reset is a passing fault, whatever the code; Spark's own errors are none") {
  for (const auto code : {grpc::StatusCode::INTERNAL, grpc::StatusCode::CANCELLED, grpc::StatusCode::UNAVAILABLE,
                          grpc::StatusCode::RESOURCE_EXHAUSTED}) {
    const auto failure = understand(grpc::Status(code, "Received RST_STREAM with error code 2"));
    CHECK(failure.was_reset);
    CHECK(is_transient(failure));
    CHECK(classify(failure) == errc::unavailable);
    CHECK(failure.retry_after.has_value() == (code == grpc::StatusCode::RESOURCE_EXHAUSTED));
  }
  // gRPC's word for a call that a broken connection took with it before it had a status.
  CHECK(is_transient(understand(grpc::Status(grpc::StatusCode::UNKNOWN, "Stream removed"))));
  CHECK_FALSE(is_transient(understand(grpc::Status(grpc::StatusCode::INTERNAL, "an error of Spark"))));
  CHECK_FALSE(is_transient(understand(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too large"))));
}

TEST_CASE("D2 an error about a message that is too large names the setting") {
  const auto failure =
      understand(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max (135 vs. 134)"));
  CHECK_FALSE(is_transient(failure));
  CHECK(failure.message.find("session_options::max_message_size") != std::string::npos);
}

TEST_CASE("only a taken-over cursor is a passing fault among the conditions") {
  const auto with = [](const char* condition) {
    call_failure failure;
    failure.grpc_code = grpc::StatusCode::INTERNAL;
    failure.condition = condition;
    return failure;
  };
  CHECK(is_transient(with("INVALID_CURSOR.DISCONNECTED")));
  CHECK_FALSE(is_transient(with("INVALID_CURSOR.POSITION_NOT_FOUND")));
  CHECK_FALSE(is_transient(with("INVALID_HANDLE.SESSION_CLOSED")));
  CHECK_FALSE(is_transient(with("")));
}

TEST_CASE("D15 broken or absent details fall back to the text") {
  const std::string text = "[TABLE_OR_VIEW_NOT_FOUND] The table `x` cannot be found. SQLSTATE: 42P01";
  std::vector<std::string> details = {"", "\xff\xff\xff", std::string(10'000, 'x'), std::string("\0\0", 2)};
  cospark::wire::ErrorInfo info;
  (*info.mutable_metadata())["classes"] = "[1, {\"";
  (*info.mutable_metadata())["messageParameters"] = "nonsense";
  details.push_back(status_with(info, "google.rpc.ErrorInfo", text).error_details());
  for (const auto& bytes : details) {
    const auto failure = understand(grpc::Status(grpc::StatusCode::INTERNAL, text, bytes));
    CHECK(failure.condition == "TABLE_OR_VIEW_NOT_FOUND");
    CHECK(failure.sql_state == "42P01");
    CHECK(failure.message == text);
    CHECK(classify(failure) == errc::analysis_failed);
  }
}

TEST_CASE("A9 text of a server is bounded and its control characters are escaped") {
  const auto failure = understand(grpc::Status(grpc::StatusCode::INTERNAL, std::string(1'000'000, 'x')));
  CHECK(failure.message.size() <= 4096 + 3);
  CHECK(printable("a\x1b[31m\x7f\n\tb") == "a\\x1b[31m\\x7f\n\tb");
  CHECK(printable("abc", 2) == "ab…");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  cospark::wire::ErrorInfo info;
  (*info.mutable_metadata())["messageParameters"] = R"({"a\u001b[31m":"b\u0007"})";
  const auto parameters = understand(status_with(info, "google.rpc.ErrorInfo", "x")).message_parameters;
  CHECK(parameters == std::map<std::string, std::string>{{"a\\x1b[31m", "b\\x07"}});
}

TEST_CASE("text is cut between characters, not inside one") {
  const std::string euros = "€€€";  // three bytes each
  CHECK(printable(euros, 4) == "€…");
  CHECK(printable(euros, 3) == "€…");
  CHECK(printable(euros, 9) == euros);
}

TEST_CASE("D15 indices of hostile error details cannot lead astray") {
  call_failure failure;
  failure.grpc_code = grpc::StatusCode::INTERNAL;
  spark::connect::FetchErrorDetailsResponse details;
  for (int i = 0; i < 3; ++i) details.add_errors()->set_message("m");
  details.mutable_errors(0)->set_cause_idx(1);
  details.mutable_errors(1)->set_cause_idx(0);  // a cycle
  details.set_root_error_idx(0);
  CHECK(to_error(failure, &details).detail().causes.size() == 3);
  details.mutable_errors(0)->set_cause_idx(99);
  CHECK(to_error(failure, &details).detail().causes.size() == 1);
  details.set_root_error_idx(-1);
  CHECK(to_error(failure, &details).detail().causes.empty());
}

TEST_CASE("T16 headers that are too large are told from other limits") {
  const auto refused = [](grpc::StatusCode code, const char* text) {
    return is_metadata_refused(understand(grpc::Status(code, text)));
  };
  CHECK(refused(grpc::StatusCode::RESOURCE_EXHAUSTED, "received initial metadata size exceeds limit"));
  CHECK(refused(grpc::StatusCode::INTERNAL, "Received http2 header with status: 431"));
  CHECK_FALSE(refused(grpc::StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max (5 vs. 4)"));
  CHECK_FALSE(refused(grpc::StatusCode::INTERNAL, "received initial metadata size exceeds limit"));
}

TEST_CASE("a connection that cannot be made is told from one that breaks") {
  const auto at_all = [](grpc::StatusCode code, const char* text) {
    return is_failure_to_connect(understand(grpc::Status(code, text)));
  };
  CHECK(at_all(grpc::StatusCode::UNAVAILABLE, "failed to connect to all addresses; last error: x"));
  CHECK_FALSE(at_all(grpc::StatusCode::UNAVAILABLE, "Socket closed"));
  CHECK_FALSE(at_all(grpc::StatusCode::INTERNAL, "failed to connect to all addresses; last error: x"));
}
