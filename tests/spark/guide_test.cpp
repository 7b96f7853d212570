// docs/guide.md, snippet by snippet, on a real Spark. A check compares the two.
#include "support.hpp"

#include <iostream>
#include <memory>

namespace {

namespace f = cospark::functions;
using namespace std::chrono_literals;

using spark_tests::captured_output;

// clang-format off
cospark::task<> read_and_write(cospark::session spark, std::string folder) {
  auto stream = spark.read_stream().format("rate").option("rowsPerSecond", 10).load();
  COSPARK_TRY(const bool streaming, co_await stream.is_streaming());
  COSPARK_TRY(auto schema, co_await stream.schema());
  std::cout << std::boolalpha << streaming << ' ' << schema.simple_string() << '\n';

  auto events = spark.read_stream().schema("user STRING, event_time TIMESTAMP").option("maxFilesPerTrigger", 1).json(folder);
  auto counts = events.with_watermark("event_time", "10 minutes")
                    .group_by(f::window(f::col("event_time"), "5 minutes"))
                    .count();
  COSPARK_TRY(auto shape, co_await counts.schema());
  std::cout << shape.simple_string() << '\n';

  COSPARK_TRY(auto query, co_await stream.write_stream()
                              .format("memory")      // or "console", "parquet", "kafka", …
                              .query_name("rates")   // the memory sink needs one: it is the name of its table
                              .output_mode("append")  // or "complete", "update"
                              .trigger(cospark::trigger::processing_time("1 second"))
                              .start());
  COSPARK_TRY(const bool active, co_await query.is_active());
  std::cout << query.id() << ' ' << query.run_id() << ' ' << active << '\n';

  COSPARK_TRY(auto status, co_await query.status());  // message, is_data_available, is_trigger_active, is_active
  COSPARK_TRY(auto reports, co_await query.recent_progress());  // typed, oldest first
  COSPARK_TRY(auto last, co_await query.last_progress());  // nothing before the first batch
  if (last) std::cout << "batch " << last->batch_id() << ", rows " << last->num_input_rows() << '\n';
  COSPARK_TRY(const bool ended, co_await query.await_termination(500ms));  // false: it still runs
  COSPARK_TRY(auto plan, co_await query.explain());
  COSPARK_TRY(auto problem, co_await query.exception());  // nothing while it runs, and after a normal end
  COSPARK_TRY(co_await query.stop());
  CHECK(status.is_active);
  CHECK_FALSE(ended);
  CHECK_FALSE(plan.empty());
  CHECK_FALSE(problem.has_value());
  co_return cospark::success();
}

cospark::task<> write_files(cospark::session spark, std::string folder) {
  auto stream = spark.read_stream().format("rate-micro-batch").option("rowsPerBatch", 3).load();
  COSPARK_TRY(auto files, co_await stream.write_stream().format("parquet").partition_by("value")
                              .option("checkpointLocation", folder + "/checkpoint").start(folder + "/data"));
  COSPARK_TRY(auto table, co_await stream.write_stream().format("parquet")
                              .option("checkpointLocation", folder + "/table").to_table("events"));
  std::vector<cospark::streaming_query> queries;
  queries.push_back(files);
  queries.push_back(table);
  for (const auto& query : queries) {
    for (;;) {
      COSPARK_TRY(auto last, co_await query.last_progress());
      if (last && last->batch_id() >= 1) break;
      COSPARK_TRY(co_await query.await_termination(200ms));
    }
    COSPARK_TRY(co_await query.stop());
  }
  COSPARK_TRY(const auto rows, co_await spark.read().parquet(folder + "/data").count());
  COSPARK_TRY(const auto in_table, co_await spark.table("events").count());
  CHECK(rows >= 3);
  CHECK(in_table >= 3);
  COSPARK_TRY(co_await spark.sql("DROP TABLE events"));
  co_return cospark::success();
}

cospark::task<> fail(cospark::session spark) {
  auto doomed = spark.read_stream().format("rate-micro-batch").option("rowsPerBatch", 1).load()
                    .select((f::lit(1) / (f::col("value") - f::col("value"))).alias("quotient"));
  COSPARK_TRY(auto failing, co_await doomed.write_stream().format("noop").start());
  auto outcome = co_await failing.await_termination();
  if (!outcome && outcome.error() == cospark::errc::query_failed) {
    for (const auto& cause : outcome.error().detail().causes) std::cout << cause.condition << '\n';
  }
  CHECK_FALSE(outcome.has_value());
  co_return cospark::success();
}

cospark::task<> open_session() {
  COSPARK_TRY(auto spark, co_await cospark::session::connect("sc://localhost:15002"));
  co_return co_await spark.stop();
}

cospark::task<> manage(cospark::session spark) {
  auto stream = spark.read_stream().format("rate").load();
  COSPARK_TRY(auto another, co_await stream.write_stream().format("noop").start());
  COSPARK_TRY(auto ending, co_await stream.write_stream().format("noop").trigger(cospark::trigger::once()).start());
  COSPARK_TRY(auto running, co_await spark.streams().active());
  COSPARK_TRY(auto found, co_await spark.streams().get(another.id()));  // nothing if it does not run
  COSPARK_TRY(const bool any, co_await spark.streams().await_any_termination(30s));
  COSPARK_TRY(co_await spark.streams().reset_terminated());
  CHECK_FALSE(running.empty());
  CHECK(found.has_value());
  CHECK(any);
  co_return co_await another.stop();
}

class alarm_bell final : public cospark::streaming_query_listener {
 public:
  void on_query_terminated(const cospark::query_terminated_event& event) override {
    if (event.exception) std::cout << "ALERT " << event.error_class_on_exception.value_or("failed") << '\n';
  }
};

cospark::task<> listen(cospark::session spark) {
  auto stream = spark.read_stream().format("rate-micro-batch").option("rowsPerBatch", 1).load();
  COSPARK_TRY(auto events, co_await spark.streams().events());  // from here on nothing is missed, or you are told
  COSPARK_TRY(auto watched, co_await stream.write_stream().format("noop").query_name("watched").start());
  for (bool ended = false; !ended;) {
    COSPARK_TRY(auto event, co_await events.next());
    if (!event) break;  // this program has stopped the session
    if (const auto* progress = std::get_if<cospark::query_progress_event>(&*event)) {
      std::cout << "batch " << progress->progress.batch_id() << " of " << progress->progress.name().value_or("?") << '\n';
      COSPARK_TRY(co_await watched.stop());
    } else if (const auto* end = std::get_if<cospark::query_terminated_event>(&*event)) {
      std::cout << "ended, " << (end->exception ? "by an exception" : "well") << '\n';
      ended = end->run_id == watched.run_id();
    } else if (std::holds_alternative<cospark::missed_events>(*event)) {
      COSPARK_TRY(auto left, co_await spark.streams().active());  // look what has become of them
    }
  }
  co_return cospark::success();
}

cospark::task<> ring(cospark::session spark) {
  auto doomed = spark.read_stream().format("rate-micro-batch").option("rowsPerBatch", 1).load()
                    .select((f::lit(1) / (f::col("value") - f::col("value"))).alias("quotient"));
  COSPARK_TRY(auto events, co_await spark.streams().events());
  auto bell = std::make_shared<alarm_bell>();
  COSPARK_TRY(co_await spark.streams().add_listener(bell));
  COSPARK_TRY(auto failing, co_await doomed.write_stream().format("noop").start());
  COSPARK_TRY(co_await events.next());  // the start
  COSPARK_TRY(co_await events.next());  // the end
  for (int i = 0; i < 3; ++i) COSPARK_TRY(co_await failing.is_active());  // the bell is called at the same time
  std::cout << spark.diagnostics();
  CHECK(spark.streams().remove_listener(bell));
  co_return cospark::success();
}

// clang-format on

}  // namespace

TEST_CASE("the guide: reading, watermarks, writing, inspecting and controlling") {
  spark_tests::folder files;
  const auto folder = files.put("events", "1.json", R"({"user":"a","event_time":"2026-01-01T00:00:00Z"})");
  std::string printed;
  spark_tests::spark_test([&](cospark::session spark) -> spark_tests::check {
    captured_output output;
    auto outcome = co_await read_and_write(spark, folder);
    printed = output.text();
    spark_tests::must(std::move(outcome));
  });
  CHECK(printed.find("true struct<timestamp:timestamp,value:bigint>\n") == 0);
  CHECK(printed.find("struct<window:struct<start:timestamp,end:timestamp>,count:bigint>") != std::string::npos);
}

TEST_CASE("the guide: files and tables as sinks") {
  spark_tests::folder files;
  const auto folder = files / "sinks";
  spark_tests::spark_test(
      [&](cospark::session spark) -> spark_tests::check { spark_tests::must(co_await write_files(spark, folder)); });
}

TEST_CASE("the guide: a failed query tells its causes") {
  std::string printed;
  spark_tests::spark_test([&](cospark::session spark) -> spark_tests::check {
    captured_output output;
    auto outcome = co_await fail(spark);
    printed = output.text();
    spark_tests::must(std::move(outcome));
  });
  CHECK(printed == "STREAM_FAILED\nDIVIDE_BY_ZERO\n");
}

TEST_CASE("the guide: a session, where there is no server") {
  // The server of the tests is elsewhere; the snippet has to say so, and how it was tried.
  asio::io_context context;
  const auto outcome = cospark::run(context, open_session());
  if (outcome) return;  // somebody's own server on the default port
  CHECK(outcome.error() == cospark::errc::unavailable);
  CHECK(outcome.error().message().find("localhost:15002") != std::string::npos);
}

TEST_CASE("the guide: listening to events") {
  std::string printed;
  spark_tests::spark_test([&](cospark::session spark) -> spark_tests::check {
    captured_output output;
    auto outcome = co_await listen(spark);
    printed = output.text();
    spark_tests::must(std::move(outcome));
  });
  CHECK(printed.find("batch 0 of watched\n") == 0);
  CHECK(printed.find("ended, well\n") != std::string::npos);
}

TEST_CASE("the guide: a listener, and how waits work") {
  std::string printed;
  spark_tests::spark_test([&](cospark::session spark) -> spark_tests::check {
    captured_output output;
    auto outcome = co_await ring(spark);
    printed = output.text();
    spark_tests::must(std::move(outcome));
  });
  CHECK(printed.find("ALERT DIVIDE_BY_ZERO\n") == 0);
  const std::string chosen = "waits: events, chosen automatically: Spark 4.0 and newer have a stream of query events\n";
  CHECK(printed.find(chosen) != std::string::npos);
}

TEST_CASE("the guide: managing queries") {
  spark_tests::spark_test(
      [](cospark::session spark) -> spark_tests::check { spark_tests::must(co_await manage(spark)); });
}
