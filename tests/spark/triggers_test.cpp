// The guide's "Triggers".
#include "support.hpp"

using namespace spark_tests;
using cospark::trigger;

namespace {

constexpr auto limit = std::chrono::seconds(60);

/// The three events again, one file a batch.
cospark::data_frame file_by_file(const cospark::session& spark, const folder& files) {
  three_events(spark, files);
  return spark.read_stream().schema(std::string(event_schema)).option("maxFilesPerTrigger", 1).json(files / "events");
}

}  // namespace

TEST_CASE("trigger(processing_time(\"1 second\")): a micro-batch every interval") {
  spark_test([](cospark::session spark) -> check {
    auto writer = spark.read_stream()
                      .format("rate-micro-batch")
                      .option("rowsPerBatch", 5)
                      .load()
                      .write_stream()
                      .format("noop")
                      .trigger(trigger::processing_time("1 second"));
    const auto query = must(co_await writer.start());
    std::vector<cospark::streaming_query_progress> progress;
    co_await eventually([&]() -> asio::awaitable<bool> {
      progress = must(co_await query.recent_progress());
      co_return progress.size() >= 4;
    });
    for (std::size_t i = 2; i < progress.size(); ++i) {
      CHECK(progress[i].num_input_rows() == 5);
      // Spark aims at whole seconds and skips one when a batch takes longer.
      CHECK(progress[i].timestamp() - progress[i - 1].timestamp() >= 500ms);
    }
    must(co_await query.stop());
  });
}

TEST_CASE("trigger(once): what is there in one batch, then the query ends") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer =
        three_events(spark, files).write_stream().format("memory").query_name("once").trigger(trigger::once());
    const auto query = must(co_await writer.start());
    CHECK(must(co_await query.await_termination(limit)));
    CHECK_FALSE(must(co_await query.is_active()));
    CHECK(must(co_await spark.table("once").count()) == 3);
    const auto progress = must(co_await query.recent_progress());
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].num_input_rows() == 3);
  });
}

TEST_CASE("trigger(available_now): what is there in several batches, then the query ends") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer = file_by_file(spark, files)
                      .write_stream()
                      .format("memory")
                      .query_name("available_now")
                      .trigger(trigger::available_now());
    const auto query = must(co_await writer.start());
    CHECK(must(co_await query.await_termination(limit)));
    CHECK(must(co_await spark.table("available_now").count()) == 3);
    std::size_t with_rows = 0;
    for (const auto& progress : must(co_await query.recent_progress()))
      with_rows += progress.num_input_rows() > 0 ? 1 : 0;
    CHECK(with_rows == 2);
  });
}

TEST_CASE("trigger(continuous(\"1 second\")): rows arrive without micro-batches") {
  spark_test([](cospark::session spark) -> check {
    auto writer = spark.read_stream()
                      .format("rate")
                      .option("rowsPerSecond", 20)
                      .option("numPartitions", 1)
                      .load()
                      .write_stream()
                      .format("memory")
                      .query_name("continuous")
                      .trigger(trigger::continuous("1 second"));
    const auto query = must(co_await writer.start());
    co_await eventually(
        [&]() -> asio::awaitable<bool> { co_return must(co_await spark.table("continuous").count()) > 0; });
    CHECK(must(co_await query.is_active()));
    CHECK(must(co_await query.recent_progress()).empty());
    must(co_await query.stop());
  });
}

TEST_CASE("trigger(real_time(…)): refused by a server that would ignore it, and by sinks that cannot do it") {
  spark_test([](cospark::session spark) -> check {
    auto writer = spark.read_stream().format("rate").load().write_stream().format("noop").output_mode("update").trigger(
        trigger::real_time(5s));
    const auto error = fails(co_await writer.start());
    INFO(error.to_string());
    if (spark_is_at_least(4, 2)) {
      CHECK(error == cospark::errc::analysis_failed);
      CHECK(error.condition().starts_with("STREAMING_REAL_TIME_MODE."));
    } else {
      CHECK(error == cospark::errc::unsupported_by_server);
      CHECK(error.message().find("4.2") != std::string::npos);
    }
    CHECK(must(co_await spark.streams().active()).empty());
  });
}

TEST_CASE("A negative interval is refused before anything is sent, an unreadable one by Spark") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto writer = three_events(spark, files).write_stream().format("noop");
    const auto negative = fails(co_await writer.trigger(trigger::processing_time(-1s)).start());
    CHECK(negative == cospark::errc::invalid_argument);
    const auto soon = fails(co_await writer.trigger(trigger::processing_time("soon")).start());
    INFO(soon.to_string());
    CHECK(soon == cospark::errc::analysis_failed);
    CHECK(soon.condition().starts_with("INVALID_INTERVAL_FORMAT"));
    CHECK(soon.sql_state() == "22006");
  });
}
