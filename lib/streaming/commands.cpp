#include "streaming/commands.hpp"

namespace cospark::streaming {
namespace {

connect::execute_options limited(std::optional<std::chrono::milliseconds> limit) {
  connect::execute_options options;
  options.limit = limit;
  return options;
}

auto wrong_answer(const char* expected) {
  return failure(errc::protocol_error, std::string("the server did not answer with ") + expected);
}

}  // namespace

error about(const query_state& query, const error& reason) {
  auto detail = reason.detail();
  detail.query_id = query.id;
  detail.run_id = query.run_id;
  return error(static_cast<errc>(reason.code().value()), std::move(detail));
}

error query_failure(const query_state& query, const query_answer::ExceptionResult& from) {
  error_detail detail;
  detail.message = execute::printable(from.exception_message());
  detail.condition = execute::printable(from.error_class(), 256);
  detail.class_hierarchy.emplace_back("org.apache.spark.sql.streaming.StreamingQueryException");
  error_cause cause;
  cause.class_name = detail.class_hierarchy.front();
  cause.message = detail.message;
  cause.condition = detail.condition;
  cause.stack_trace = execute::printable(from.stack_trace(), 1 << 16);
  detail.causes.push_back(std::move(cause));
  return about(query, error(errc::query_failed, std::move(detail)));
}

task<query_answer> run(query_ptr query, query_command command, std::optional<std::chrono::milliseconds> limit) {
  command.mutable_query_id()->set_id(query->id);
  command.mutable_query_id()->set_run_id(query->run_id);
  spark::connect::Command wrapped;
  *wrapped.mutable_streaming_query_command() = std::move(command);
  auto response = co_await connect::run_command(query->session, std::move(wrapped), limited(limit));
  if (!response) co_return failure(about(*query, response.error()));
  auto& answer = response.assume_value();
  if (!answer.has_streaming_query_command_result()) co_return wrong_answer("a streaming query result");
  co_return std::move(*answer.mutable_streaming_query_command_result());
}

task<manager_answer> run(connect::session_ptr session, manager_command command,
                         std::optional<std::chrono::milliseconds> limit) {
  spark::connect::Command wrapped;
  *wrapped.mutable_streaming_query_manager_command() = std::move(command);
  COSPARK_TRY(auto response, co_await connect::run_command(std::move(session), std::move(wrapped), limited(limit)));
  if (!response.has_streaming_query_manager_command_result()) {
    co_return wrong_answer("a streaming query manager result");
  }
  co_return std::move(*response.mutable_streaming_query_manager_command_result());
}

task<> fetch_outcome(query_ptr query) {
  query_command command;
  // False asks for the exception itself, with its causes, as the error of the call; up to 3.5 it means the same as
  // true.
  command.set_exception(false);
  COSPARK_TRY(auto answer, co_await run(query, std::move(command), query->session->options().call_timeout));
  if (answer.exception().has_exception_message()) co_return failure(query_failure(*query, answer.exception()));
  co_return success();
}

}  // namespace cospark::streaming
