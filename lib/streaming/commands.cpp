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

namespace {

task<query_answer> ask_exception(query_ptr query, bool as_texts) {
  query_command command;
  command.set_exception(as_texts);
  const auto limit = query->session->options().call_timeout;
  return run(std::move(query), std::move(command), limit);
}

}  // namespace

task<> fetch_outcome(query_ptr query) {
  // First the exception itself, with its causes, as the error of the call; up to 3.5 texts come in any case.
  auto answer = co_await ask_exception(query, false);
  if (!answer && answer.error() == errc::query_failed && answer.error().detail().causes.empty()) {
    // Spark fails itself when it is to send causes one of which has no message: an interrupt while a batch is planned.
    auto texts = co_await ask_exception(query, true);
    if (!texts || !texts.assume_value().exception().has_exception_message()) co_return failure(answer.error());
    auto detail = answer.error().detail();
    detail.causes = query_failure(*query, texts.assume_value().exception()).detail().causes;
    co_return failure(error(errc::query_failed, std::move(detail)));
  }
  if (!answer) co_return failure(answer.error());
  const auto& exception = answer.assume_value().exception();
  if (exception.has_exception_message()) co_return failure(query_failure(*query, exception));
  co_return success();
}

}  // namespace cospark::streaming
