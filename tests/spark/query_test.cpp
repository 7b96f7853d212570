// The guide's "Inspecting and controlling a query".
#include "support.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <optional>
#include <regex>

using namespace spark_tests;

namespace {

asio::awaitable<void> await_into(cospark::streaming_query query, std::optional<cospark::result<void>>& outcome) {
  outcome = co_await query.await_termination();
}

}  // namespace

TEST_CASE("id, run_id and is_active of a running query") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    const std::regex uuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    CHECK(std::regex_match(query.id(), uuid));
    CHECK(std::regex_match(query.run_id(), uuid));
    CHECK(must(co_await query.is_active()));
    must(co_await query.stop());
    CHECK_FALSE(must(co_await query.is_active()));
  });
}

TEST_CASE("status tells what the query does, and that it has ended") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    const auto running = must(co_await query.status());
    CHECK(running.is_active);
    CHECK_FALSE(running.message.empty());
    must(co_await query.stop());
    const auto stopped = must(co_await query.status());
    CHECK_FALSE(stopped.is_active);
    CHECK_FALSE(stopped.is_trigger_active);
    CHECK(stopped.message == "Stopped");
  });
}

TEST_CASE("last_progress is nothing, and recent_progress empty, while there was no report") {
  spark_test([](cospark::session spark) -> check {
    // Spark never reports progress of a continuous query.
    auto writer = spark.read_stream()
                      .format("rate")
                      .option("numPartitions", 1)
                      .load()
                      .write_stream()
                      .format("noop")
                      .trigger(cospark::trigger::continuous(1s));
    const auto query = must(co_await writer.start());
    CHECK(must(co_await query.recent_progress()).empty());
    CHECK_FALSE(must(co_await query.last_progress()).has_value());
    must(co_await query.stop());
  });
}

TEST_CASE("recent_progress: the reports of the latest batches, oldest first") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    std::vector<cospark::streaming_query_progress> recent;
    co_await eventually([&]() -> asio::awaitable<bool> {
      recent = must(co_await query.recent_progress());
      co_return recent.size() >= 3;
    });
    for (std::size_t i = 0; i < recent.size(); ++i) {
      CHECK(recent[i].id() == query.id());
      CHECK(recent[i].run_id() == query.run_id());
      CHECK(recent[i].name() == query.name());
      CHECK(recent[i].sources().size() == 1);
      if (i > 0) CHECK(recent[i].batch_id() > recent[i - 1].batch_id());
    }
    CHECK(recent.back().num_input_rows() == 5);
    CHECK(recent.back().duration_ms().count("triggerExecution") == 1);
    CHECK(recent.back().json().find("\"batchId\"") != std::string::npos);
    must(co_await query.stop());
  });
}

TEST_CASE("last_progress: the most recent report") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    co_await eventually([&]() -> asio::awaitable<bool> { co_return must(co_await query.last_progress()).has_value(); });
    must(co_await query.stop());
    const auto last = must(co_await query.last_progress());
    const auto recent = must(co_await query.recent_progress());
    REQUIRE(last.has_value());
    REQUIRE_FALSE(recent.empty());
    CHECK(*last == recent.back());
  });
}

TEST_CASE("process_all_available returns when all that was there has been written") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto query =
        must(co_await three_events(spark, files).write_stream().format("memory").query_name("all_available").start());
    for (int n = 4; n < 8; ++n) {
      must(co_await query.process_all_available());
      CHECK(must(co_await spark.table("all_available").count()) == n - 1);
      files.put("events", std::to_string(n) + ".json", "{\"k\":\"x\",\"v\":" + std::to_string(n) + "}\n");
    }
    must(co_await query.stop());
  });
}

TEST_CASE("await_termination returns when the query was stopped") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    const auto executor = co_await asio::this_coro::executor;
    bool stopped = false;
    cospark::spawn(executor, query.stop(), [&](cospark::result<void> outcome) { stopped = outcome.has_value(); });
    must(co_await query.await_termination());
    co_await eventually([&]() -> asio::awaitable<bool> { co_return stopped; });
  });
}

TEST_CASE("await_termination(timeout) is false while the query runs and true when it has ended") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(must(co_await query.await_termination(500ms)));
    CHECK(std::chrono::steady_clock::now() - begin >= 500ms);
    must(co_await query.stop());
    CHECK(must(co_await query.await_termination(10s)));
    must(co_await query.await_termination());
  });
}

TEST_CASE("await_termination with a timeout that is not positive is an invalid argument") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    CHECK(fails(co_await query.await_termination(0ms)) == cospark::errc::invalid_argument);
    CHECK(fails(co_await query.await_termination(-1s)) == cospark::errc::invalid_argument);
  });
}

TEST_CASE("explain shows the physical plan, and with true the logical ones too") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto query = must(co_await three_events(spark, files).filter("v > 1").write_stream().format("noop").start());
    must(co_await query.process_all_available());
    const auto plan = must(co_await query.explain());
    CHECK(plan.find("== Physical Plan ==") != std::string::npos);
    CHECK(plan.find("== Parsed Logical Plan ==") == std::string::npos);
    const auto extended = must(co_await query.explain(true));
    CHECK(extended.find("== Parsed Logical Plan ==") != std::string::npos);
    must(co_await query.stop());
  });
}

TEST_CASE("exception is nothing while the query runs and after a normal end") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    CHECK_FALSE(must(co_await query.exception()).has_value());
    must(co_await query.stop());
    CHECK_FALSE(must(co_await query.exception()).has_value());
  });
}

TEST_CASE("exception is Spark's error after a failure") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await failing(spark);
    CHECK(fails(co_await query.await_termination()) == cospark::errc::query_failed);
    const auto error = must(co_await query.exception());
    REQUIRE(error.has_value());
    CHECK(*error == cospark::errc::query_failed);
    CHECK(error->to_string().find("DIVIDE_BY_ZERO") != std::string::npos);
  });
}

TEST_CASE("stop ends the query, and a stopped query may be stopped again") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    must(co_await query.stop());
    CHECK_FALSE(must(co_await query.is_active()));
    must(co_await query.stop());
  });
}

TEST_CASE("Dropping the handle of a query does not stop it") {
  spark_test([](cospark::session spark) -> check {
    std::string id;
    {
      const auto query = co_await endless(spark);
      id = query.id();
    }
    co_await pause(300ms);
    const auto again = must(co_await spark.streams().get(id));
    REQUIRE(again.has_value());
    CHECK(must(co_await again->is_active()));
  });
}

TEST_CASE("Cancelling a wait leaves the query running") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    asio::cancellation_signal signal;
    std::optional<cospark::result<void>> outcome;
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, await_into(query, outcome), asio::bind_cancellation_slot(signal.slot(), asio::detached));
    co_await pause(200ms);
    signal.emit(asio::cancellation_type::terminal);
    co_await eventually([&]() -> asio::awaitable<bool> { co_return outcome.has_value(); });
    CHECK(fails(*outcome) == cospark::errc::cancelled);
    CHECK(must(co_await query.is_active()));
  });
}

TEST_CASE("observe: the metrics of each batch are in its progress") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer = three_events(spark, files)
                      .observe("seen", f::count(f::lit(1)).alias("rows"), f::max("v").alias("largest"))
                      .write_stream()
                      .format("noop")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    const auto progress = must(co_await query.recent_progress());
    REQUIRE_FALSE(progress.empty());
    const auto& metrics = progress.front().observed_metrics();
    REQUIRE(metrics.count("seen") == 1);
    const auto& columns = metrics.at("seen");
    REQUIRE(columns.size() == 2);
    CHECK(columns[0] == cospark::observed_column("rows", std::int64_t{3}));
    CHECK(columns[1] == cospark::observed_column("largest", std::int64_t{3}));
  });
}
