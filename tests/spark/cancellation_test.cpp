// What is cancelled here ends there: executions, by cancellation, by interrupts and with their last handle.
#include "support.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <optional>

using namespace spark_tests;
using cospark::errc;

namespace {

using rows = std::vector<cospark::row>;

// Takes hours, answers with one row, and has Spark's tasks look at every batch whether they are to end.
cospark::data_frame long_sum(const cospark::session& spark) {
  return spark.range(1'000'000'000'000'000).agg(f::sum(f::hash("id")));
}

asio::awaitable<void> collect_into(cospark::data_frame frame, std::optional<cospark::result<rows>>& outcome) {
  outcome = co_await frame.collect();
}

/// Two tasks at a time are all that this server runs.
cospark::task<std::int64_t> count_rows(cospark::session spark) {
  return spark.range(0, 4, 1, 1).count();
}

asio::awaitable<bool> counts_within(cospark::session spark, std::chrono::seconds limit) {
  using namespace asio::experimental::awaitable_operators;
  const auto first = co_await (count_rows(spark) || pause(limit));
  co_return first.index() == 0;
}

/// The job runs when nothing else does. Cancelled any earlier, Spark may interrupt the operation and start its job
/// after that; nothing that a client can send ends such a job.
asio::awaitable<void> until_its_job_runs(cospark::session spark) {
  const auto no_task_is_free = [spark]() -> asio::awaitable<bool> {
    const bool counted = co_await counts_within(spark, 5s);
    co_return !counted;
  };
  co_await eventually(no_task_is_free);
}

asio::awaitable<void> expect_that_nothing_runs(cospark::session spark) {
  CHECK(must(co_await count_rows(spark)) == 4);
  // The messages that end what was cancelled go to the server in the background.
  const auto none_is_left = [spark]() -> asio::awaitable<bool> {
    const auto interrupted = must(co_await spark.interrupt_all());
    co_return interrupted.empty();
  };
  co_await eventually(none_is_left);
}

}  // namespace

TEST_CASE("A cancelled collect ends here at once, and its job on the server") {
  spark_test([](cospark::session spark) -> check {
    asio::cancellation_signal signal;
    std::optional<cospark::result<rows>> outcome;
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, collect_into(long_sum(spark), outcome),
                   asio::bind_cancellation_slot(signal.slot(), asio::detached));
    co_await until_its_job_runs(spark);
    REQUIRE_FALSE(outcome.has_value());
    signal.emit(asio::cancellation_type::terminal);
    co_await eventually([&]() -> asio::awaitable<bool> { co_return outcome.has_value(); });
    CHECK(fails(*outcome) == errc::cancelled);
    co_await expect_that_nothing_runs(spark);
  });
}

TEST_CASE("collect || timer: the job ends with the time") {
  spark_test([](cospark::session spark) -> check {
    using namespace asio::experimental::awaitable_operators;
    auto timer = [spark]() -> asio::awaitable<void> { co_await until_its_job_runs(spark); };
    const auto first = co_await (long_sum(spark).collect() || timer());
    CHECK(first.index() == 1);
    co_await expect_that_nothing_runs(spark);
  });
}

TEST_CASE("interrupt_all ends what runs and says its ids") {
  spark_test([](cospark::session spark) -> check {
    std::optional<cospark::result<rows>> outcome;
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, collect_into(long_sum(spark), outcome), asio::detached);
    co_await until_its_job_runs(spark);
    const auto ids = must(co_await spark.interrupt_all());
    co_await eventually([&]() -> asio::awaitable<bool> { co_return outcome.has_value(); });
    const auto error = fails(*outcome);
    INFO(error.to_string());
    CHECK(error == errc::cancelled);
    CHECK(error.condition() == "OPERATION_CANCELED");
    CHECK(std::count(ids.begin(), ids.end(), error.detail().operation_id) == 1);
    co_await expect_that_nothing_runs(spark);
  });
}

TEST_CASE("A result stream that is dropped half read ends its job") {
  spark_test([](cospark::session spark) -> check {
    {
      // Every thousandth row survives; batches come as the partitions end, most of them are still to be computed.
      const auto frame =
          spark.range(0, 1'000'000'000'000, 1, 100'000).filter(f::hash("id") % f::lit(1000) == f::lit(0));
      auto stream = must(co_await frame.execute());
      const auto batch = must(co_await stream.next());
      REQUIRE(batch.has_value());
      CHECK(batch->row_count() > 0);
    }
    co_await expect_that_nothing_runs(spark);
  });
}
