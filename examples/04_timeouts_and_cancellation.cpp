// Timeouts and cancellation: a wait with a time limit, a wait that is cancelled (the query goes on), and a computation
// that is given up (the server is told).
#include <cospark/cospark.hpp>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <iostream>

namespace f = cospark::functions;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> sleep(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

cospark::task<> limits() {
  COSPARK_TRY(auto spark, co_await cospark::session::connect());
  auto rows = spark.read_stream().format("rate").load();
  COSPARK_TRY(auto query, co_await rows.write_stream().format("noop").start());

  // A limit of the call itself: false means that the query still runs.
  COSPARK_TRY(const bool ended, co_await query.await_termination(1s));
  std::cout << "ended within a second: " << std::boolalpha << ended << '\n';

  // Any operation can be given a limit by Asio's `||`: whichever is first cancels the other.
  auto either = co_await (query.await_termination() || sleep(1s));
  std::cout << "cancelled the wait: " << (either.index() == 1) << '\n';
  COSPARK_TRY(const bool active, co_await query.is_active());
  std::cout << "the query goes on: " << active << '\n';
  COSPARK_TRY(co_await query.stop());

  // Cancelling a computation reaches the server: it is interrupted there, and its results are released.
  auto slow = spark.range(1'000'000'000'000).agg(f::sum(f::sqrt("id")));
  auto given_up = co_await (slow.collect() || sleep(2s));
  std::cout << "gave up the computation: " << (given_up.index() == 1) << '\n';
  co_return co_await spark.stop();
}

int main() {
  asio::io_context context;
  const auto outcome = cospark::run(context, limits());
  if (outcome) return 0;
  std::cerr << outcome.error().to_string() << '\n';
  return 1;
}
