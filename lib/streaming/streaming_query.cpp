#include <cospark/streaming_query.hpp>

#include "streaming/access.hpp"
#include "streaming/commands.hpp"
#include "streaming/progress_json.hpp"
#include "streaming/wait_engine.hpp"

namespace cospark {
namespace streaming {
namespace {

using optional_limit = std::optional<std::chrono::milliseconds>;

optional_limit call_limit(const query_state& query) {
  return query.session->options().call_timeout;
}

task<streaming_query_status> status(query_ptr query) {
  query_command command;
  command.set_status(true);
  COSPARK_TRY(auto answer, co_await run(query, std::move(command), call_limit(*query)));
  streaming_query_status status;
  status.message = execute::printable(answer.status().status_message(), 1 << 16);
  status.is_data_available = answer.status().is_data_available();
  status.is_trigger_active = answer.status().is_trigger_active();
  status.is_active = answer.status().is_active();
  co_return status;
}

task<bool> is_active(query_ptr query) {
  COSPARK_TRY(auto now, co_await status(std::move(query)));
  co_return now.is_active;
}

task<std::vector<streaming_query_progress>> progress(query_ptr query, bool last) {
  query_command command;
  if (last) {
    command.set_last_progress(true);
  } else {
    command.set_recent_progress(true);
  }
  COSPARK_TRY(auto answer, co_await run(query, std::move(command), call_limit(*query)));
  std::vector<streaming_query_progress> reports;
  for (const auto& json : answer.recent_progress().recent_progress_json()) {
    auto report = parse_progress(json);
    if (!report) co_return failure(about(*query, report.error()));
    reports.push_back(std::move(report).assume_value());
  }
  co_return reports;
}

task<std::optional<streaming_query_progress>> last_progress(query_ptr query) {
  COSPARK_TRY(auto reports, co_await progress(std::move(query), true));
  std::optional<streaming_query_progress> last;
  if (!reports.empty()) last = std::move(reports.back());
  co_return last;
}

task<> process_all_available(query_ptr query) {
  query_command command;
  command.set_process_all_available(true);
  COSPARK_TRY(co_await run(std::move(query), std::move(command), std::nullopt));
  co_return success();
}

task<std::string> explain(query_ptr query, bool extended) {
  query_command command;
  command.mutable_explain()->set_extended(extended);
  COSPARK_TRY(auto answer, co_await run(query, std::move(command), call_limit(*query)));
  co_return std::move(*answer.mutable_explain()->mutable_result());
}

task<std::optional<error>> exception(query_ptr query) {
  auto outcome = co_await fetch_outcome(std::move(query));
  // A value that could be taken for an error must be named as the value.
  using found = result<std::optional<error>>;
  constexpr auto as_value = boost::outcome_v2::in_place_type<std::optional<error>>;
  if (outcome) co_return found(as_value);
  if (outcome.error() == errc::query_failed) co_return found(as_value, outcome.error());
  co_return failure(outcome.error());
}

task<> stop(query_ptr query) {
  query_command command;
  command.set_stop(true);
  COSPARK_TRY(co_await run(query, std::move(command), query->session->options().stop_timeout));
  co_return success();
}

}  // namespace
}  // namespace streaming

const std::string& streaming_query::id() const noexcept {
  return state_->id;
}
const std::string& streaming_query::run_id() const noexcept {
  return state_->run_id;
}
const std::optional<std::string>& streaming_query::name() const noexcept {
  return state_->name;
}

task<bool> streaming_query::is_active() const {
  return execute::guarded(streaming::is_active(state_));
}

task<streaming_query_status> streaming_query::status() const {
  return execute::guarded(streaming::status(state_));
}

task<std::vector<streaming_query_progress>> streaming_query::recent_progress() const {
  return execute::guarded(streaming::progress(state_, false));
}

task<std::optional<streaming_query_progress>> streaming_query::last_progress() const {
  return execute::guarded(streaming::last_progress(state_));
}

task<> streaming_query::process_all_available() const {
  return execute::guarded(streaming::process_all_available(state_));
}

task<> streaming_query::await_termination() const {
  return streaming::wait_engine::wait<void>(state_, std::nullopt);
}

task<bool> streaming_query::await_termination(std::chrono::milliseconds timeout) const {
  return streaming::wait_engine::wait<bool>(state_, timeout);
}

task<std::string> streaming_query::explain(bool extended) const {
  return execute::guarded(streaming::explain(state_, extended));
}

task<std::optional<error>> streaming_query::exception() const {
  return execute::guarded(streaming::exception(state_));
}

task<> streaming_query::stop() const {
  return execute::guarded(streaming::stop(state_));
}

}  // namespace cospark
