// Waiting costs neither side threads: all waits of a session share one stream.
#include "support.hpp"

#include <unistd.h>

using namespace spark_tests;

namespace {

constexpr int number_of_queries = 50;

asio::awaitable<std::chrono::milliseconds> time_of_status(cospark::streaming_query query) {
  const auto began = std::chrono::steady_clock::now();
  CHECK(must(co_await query.status()).is_active);
  co_return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

}  // namespace

TEST_CASE("50 queries awaited need no more threads than none, here and on the server") {
  spark_test([](cospark::session spark) -> check {
    std::vector<cospark::streaming_query> queries;
    for (int i = 0; i < number_of_queries; ++i) queries.push_back(co_await sleeper(spark));
    co_await pause(2s);
    const auto alone = co_await time_of_status(queries.front());
    const int ours_before = threads_of(::getpid());
    const int operations_before = operation_threads_of(shared_server().process_id());
    const auto executor = co_await asio::this_coro::executor;
    int ended = 0;
    for (const auto& query : queries) {
      cospark::spawn(executor, query.await_termination(), [&ended](cospark::result<void> outcome) {
        CHECK(outcome.has_value());
        ++ended;
      });
    }
    co_await pause(3s);
    const int ours = threads_of(::getpid());
    const int operations = operation_threads_of(shared_server().process_id());
    INFO("threads of this process " << ours_before << " -> " << ours << ", operation threads of the server "
                                    << operations_before << " -> " << operations);
    // Clients with one lock around the connection need seconds for the first of these.
    const auto beside_waits = co_await time_of_status(queries.back());
    INFO("status() took " << alone.count() << " ms alone, " << beside_waits.count() << " ms beside the waits");
    CHECK(beside_waits < 10 * alone + 2s);
    CHECK(ended == 0);
    CHECK(ours <= ours_before + 4);
    // One stream of events has a sender and at most one thread that carries it out; 50 awaits would have 100.
    CHECK(operations <= operations_before + 4);
    must(co_await spark.interrupt_all());
    co_await eventually([&]() -> asio::awaitable<bool> { co_return ended == number_of_queries; });
    CHECK(must(co_await spark.streams().active()).empty());
  });
}
