#include "streaming/blocking_wait.hpp"

#include "streaming/commands.hpp"

#include <asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace cospark::streaming {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// The server keeps the time of a wait. One that does not answer is given up this much later.
constexpr milliseconds grace = 500ms;

milliseconds until(wait_list::clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - wait_list::clock::now());
  return std::max(left, milliseconds(1));
}

// The answer; nothing if the time is up.
template <class Answer>
task<std::optional<Answer>> within(task<Answer> call, std::optional<milliseconds> time) {
  using asio::experimental::awaitable_operators::operator||;
  std::optional<Answer> answer;
  if (!time) {
    COSPARK_TRY(answer, co_await std::move(call));
    co_return answer;
  }
  auto first = co_await (std::move(call) || execute::pause(*time + grace));
  if (first.index() == 1) co_return answer;
  COSPARK_TRY(answer, std::get<0>(std::move(first)));
  co_return answer;
}

}  // namespace

task<bool> blocking_wait(query_ptr query, std::optional<wait_list::clock::time_point> deadline) {
  query_command command;
  auto& await = *command.mutable_await_termination();
  std::optional<milliseconds> time;
  if (deadline) {
    time = until(*deadline);
    await.set_timeout_ms(time->count());
  }
  COSPARK_TRY(auto answer, co_await within<query_answer>(run(query, std::move(command), std::nullopt), time));
  if (!answer || !answer->await_termination().terminated()) co_return false;
  // The end of an expired session looks like a normal one; a call that needs the session tells.
  COSPARK_TRY(co_await fetch_outcome(query));
  co_return true;
}

task<bool> blocking_wait_any(connect::session_ptr session, std::optional<wait_list::clock::time_point> deadline) {
  manager_command command;
  auto& await = *command.mutable_await_any_termination();
  std::optional<milliseconds> time;
  if (deadline) {
    time = until(*deadline);
    await.set_timeout_ms(time->count());
  }
  COSPARK_TRY(auto answer, co_await within<manager_answer>(run(session, std::move(command), std::nullopt), time));
  if (!answer || !answer->await_any_termination().terminated()) co_return false;
  manager_command probe;
  probe.set_active(true);
  COSPARK_TRY(co_await run(session, std::move(probe), session->options().call_timeout));
  co_return true;
}

}  // namespace cospark::streaming
