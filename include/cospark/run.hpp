// Entry points: from main(), from a test, from a callback of an event loop into a task.
#pragma once

#include <cospark/task.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace cospark {
namespace detail {

template <class T, class Handler>
asio::awaitable<void> deliver(task<T> operation, Handler handler) {
  // co_spawn may begin inside the call; what it starts must not end there.
  co_await asio::post(asio::use_awaitable);
  auto outcome = co_await std::move(operation);
  std::move(handler)(std::move(outcome));
}

}  // namespace detail

/// Starts a task on an executor and calls `handler(result<T>)` there when it has ended. Returns at once.
///
/// For programs without coroutines of their own: an event loop, a callback. An exception of the handler leaves
/// through the executor's context, as for any posted function.
template <class T, class Handler>
void spawn(asio::any_io_executor executor, task<T> operation, Handler handler) {
  asio::co_spawn(executor, detail::deliver<T, Handler>(std::move(operation), std::move(handler)),
                 [](std::exception_ptr problem) {
                   if (problem) std::rethrow_exception(problem);
                 });
}

/// Runs a context until the task has ended and returns its result. Other work of the context runs meanwhile.
///
/// For main() and tests. An exception that leaves the task is rethrown here.
template <class T>
result<T> run(asio::io_context& context, task<T> operation) {
  std::optional<result<T>> outcome;
  std::exception_ptr problem;
  auto store = [&outcome](result<T> value) { outcome.emplace(std::move(value)); };
  asio::co_spawn(context.get_executor(), detail::deliver<T, decltype(store)>(std::move(operation), store),
                 [&problem](std::exception_ptr thrown) { problem = thrown; });
  context.restart();
  while (!outcome && !problem && context.run_one() != 0) {
  }
  if (problem) std::rethrow_exception(problem);
  if (!outcome) return failure(errc::client_closed, "the io_context was stopped before the task ended");
  return std::move(*outcome);
}

}  // namespace cospark
