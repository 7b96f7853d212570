// Kafka on a real broker: topic, transform, topic, with every record counted.
#include "support.hpp"

#include <cstdlib>

using namespace spark_tests;

namespace {

std::string bootstrap() {
  const char* const servers = std::getenv("COSPARK_KAFKA_BOOTSTRAP");
  if (servers == nullptr) FAIL("COSPARK_KAFKA_BOOTSTRAP is not set; scripts/test starts a broker and sets it");
  return servers;
}

/// Names that no earlier run with this broker has used.
std::string topic(std::string_view name) {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return std::string(name) + "-" + std::to_string(now);
}

/// Puts {"n": first}, …, {"n": first + count - 1} into a topic.
asio::awaitable<void> produce(cospark::session spark, std::string to, int first, int count) {
  const auto records = spark.range(first, first + count)
                           .select(f::col("id").cast("string").alias("key"),
                                   f::to_json(f::struct_(f::col("id").alias("n"))).alias("value"));
  must(co_await records.write()
           .format("kafka")
           .option("kafka.bootstrap.servers", bootstrap())
           .option("topic", to)
           .save());
}

cospark::data_stream_reader kafka_reader(const cospark::session& spark) {
  return spark.read_stream()
      .format("kafka")
      .option("kafka.bootstrap.servers", bootstrap())
      .option("startingOffsets", "earliest");
}

/// All records of a topic: how many, how many different n, their sum.
asio::awaitable<std::string> totals(cospark::session spark, std::string of) {
  const auto records = spark.read()
                           .format("kafka")
                           .option("kafka.bootstrap.servers", bootstrap())
                           .option("subscribe", of)
                           .option("startingOffsets", "earliest")
                           .load();
  const auto n = f::from_json(f::col("value").cast("string"), "n BIGINT").get_field("n");
  const auto summary = records.select(n.alias("n")).agg(f::count("n"), f::count_distinct("n"), f::sum("n"));
  const auto row = must(co_await summary.first());
  co_return row ? row->to_string() : "no row";
}

cospark::data_frame doubled(const cospark::data_frame& records) {
  const auto n = f::from_json(f::col("value").cast("string"), "n BIGINT").get_field("n");
  return records.select(f::col("key"), f::to_json(f::struct_((n * 2).alias("n"))).alias("value"));
}

cospark::data_stream_writer kafka_writer(const cospark::data_frame& frame, const std::string& to, const folder& files) {
  return frame.write_stream()
      .format("kafka")
      .option("kafka.bootstrap.servers", bootstrap())
      .option("topic", to)
      .option("checkpointLocation", files / "checkpoint");
}

}  // namespace

TEST_CASE("The schema of a Kafka stream is Kafka's", "[kafka]") {
  spark_test([](cospark::session spark) -> check {
    const auto stream = kafka_reader(spark).option("subscribe", "any").load();
    CHECK(must(co_await stream.is_streaming()));
    CHECK(co_await schema_of(stream) ==
          "struct<key:binary,value:binary,topic:string,partition:int,offset:bigint,timestamp:timestamp,timestampType:"
          "int>");
  });
}

TEST_CASE("Topic to topic: from_json, transform, to_json, and no record is lost or doubled", "[kafka]") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = topic("in");
    const auto target = topic("out");
    co_await produce(spark, source, 0, 1000);
    auto writer = kafka_writer(doubled(kafka_reader(spark).option("subscribe", source).load()), target, files);
    const auto query = must(co_await writer.start());
    must(co_await query.process_all_available());
    CHECK(co_await totals(spark, target) == "{1000, 1000, 999000}");
    co_await produce(spark, source, 1000, 500);
    must(co_await query.process_all_available());
    must(co_await query.stop());
    // A restart from the checkpoint goes on where the first run ended.
    co_await produce(spark, source, 1500, 500);
    const auto again = must(co_await writer.trigger(cospark::trigger::available_now()).start());
    CHECK(again.id() == query.id());
    must(co_await again.await_termination());
    CHECK(co_await totals(spark, target) == "{2000, 2000, 3998000}");
    const auto progress = must(co_await again.recent_progress());
    REQUIRE_FALSE(progress.empty());
    CHECK(progress.front().num_input_rows() == 500);
    CHECK(progress.front().sources().at(0).description.find(source) != std::string::npos);
    CHECK(progress.front().sources().at(0).end_offset.has_value());
  });
}

TEST_CASE("subscribePattern reads all topics of a pattern", "[kafka]") {
  spark_test([](cospark::session spark) -> check {
    const auto prefix = topic("pattern");
    co_await produce(spark, prefix + "-a", 0, 10);
    co_await produce(spark, prefix + "-b", 10, 20);
    const auto stream = kafka_reader(spark).option("subscribePattern", prefix + "-.*").load();
    auto writer = stream.select("topic")
                      .write_stream()
                      .format("memory")
                      .query_name("by_pattern")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    const auto counts = spark.table("by_pattern").group_by("topic").count().order_by("topic").select("count");
    CHECK(co_await rows_of(counts) == these("{10}", "{20}"));
  });
}

TEST_CASE("maxOffsetsPerTrigger: available_now takes several batches and ends", "[kafka]") {
  spark_test([](cospark::session spark) -> check {
    const auto source = topic("limited");
    co_await produce(spark, source, 0, 100);
    auto writer = kafka_reader(spark)
                      .option("subscribe", source)
                      .option("maxOffsetsPerTrigger", 30)
                      .load()
                      .write_stream()
                      .format("noop")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    std::int64_t rows = 0;
    std::size_t batches = 0;
    for (const auto& progress : must(co_await query.recent_progress())) {
      rows += progress.num_input_rows();
      batches += progress.num_input_rows() > 0 ? 1 : 0;
    }
    CHECK(rows == 100);
    CHECK(batches >= 3);
  });
}

TEST_CASE("trigger(real_time(…)) from Kafka to Kafka", "[kafka]") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = topic("real-time-in");
    const auto target = topic("real-time-out");
    co_await produce(spark, source, 0, 100);
    auto writer = kafka_writer(doubled(kafka_reader(spark).option("subscribe", source).load()), target, files)
                      .output_mode(cospark::output_mode::update)
                      .trigger(cospark::trigger::real_time(5s));
    const auto query = must(co_await writer.start());
    co_await produce(spark, source, 100, 100);
    std::string written;
    co_await eventually(
        [&]() -> asio::awaitable<bool> {
          if (const auto failed = must(co_await query.exception())) FAIL(failed->to_string());
          written = co_await totals(spark, target);
          co_return written == "{200, 200, 39800}";
        },
        90s);
    CHECK(must(co_await query.is_active()));
    must(co_await query.stop());
  });
}

TEST_CASE("A Kafka stream without a topic is refused", "[kafka]") {
  spark_test([](cospark::session spark) -> check {
    const auto error = fails(co_await kafka_reader(spark).load().schema());
    INFO(error.to_string());
    CHECK(error.to_string().find("subscribe") != std::string::npos);
  });
}
