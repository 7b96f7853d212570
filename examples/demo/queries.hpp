// The four streaming queries of the demo.
#pragma once

#include <cospark/cospark.hpp>

#include <chrono>
#include <filesystem>

namespace demo {

namespace f = cospark::functions;
using namespace std::chrono_literals;

inline cospark::data_frame rate(const cospark::session& spark, int rows_per_second) {
  return spark.read_stream().format("rate").option("rowsPerSecond", rows_per_second).option("numPartitions", 1).load();
}

// Events in windows of five seconds, counted; the memory sink keeps the whole result as the table "counts".
inline cospark::task<cospark::streaming_query> start_counts(cospark::session spark) {
  auto counts = rate(spark, 20)
                    .with_watermark("timestamp", "10 seconds")
                    .group_by(f::window("timestamp", "5 seconds"))
                    .count()
                    .select(f::col("window.start").alias("from"), f::col("window.end").alias("to"), f::col("count"));
  return counts.write_stream()
      .format("memory")
      .query_name("counts")
      .output_mode("complete")
      .trigger(cospark::trigger::processing_time(1s))
      .start();
}

// JSON files that appear in a folder, as parquet files of one folder per kind.
inline cospark::task<cospark::streaming_query> start_files(cospark::session spark, std::filesystem::path folder) {
  auto orders = spark.read_stream()
                    .schema("id BIGINT, kind STRING, price DOUBLE")
                    .option("maxFilesPerTrigger", 1)
                    .json((folder / "incoming").string());
  return orders.filter(f::col("price") > 10)
      .write_stream()
      .format("parquet")
      .query_name("orders")
      .partition_by("kind")
      .option("checkpointLocation", (folder / "checkpoint").string())
      .trigger(cospark::trigger::processing_time(500ms))
      .start((folder / "orders").string());
}

// Two streams, joined where their numbers agree and their times are close.
inline cospark::task<cospark::streaming_query> start_join(cospark::session spark) {
  auto shown = rate(spark, 5)
                   .select(f::col("value").alias("shown_id"), f::col("timestamp").alias("shown_at"))
                   .with_watermark("shown_at", "10 seconds");
  auto clicked = rate(spark, 5)
                     .filter(f::col("value") % 2 == 0)
                     .select(f::col("value").alias("clicked_id"), f::col("timestamp").alias("clicked_at"))
                     .with_watermark("clicked_at", "10 seconds");
  auto both = shown.join(clicked, f::expr("shown_id = clicked_id AND clicked_at BETWEEN shown_at - INTERVAL 5 SECONDS "
                                          "AND shown_at + INTERVAL 5 SECONDS"));
  return both.write_stream()
      .format("memory")
      .query_name("joined")
      .output_mode("append")
      .trigger(cospark::trigger::processing_time(1s))
      .start();
}

// Divides by zero when the eleventh row comes.
inline cospark::task<cospark::streaming_query> start_failing(cospark::session spark) {
  auto doomed = rate(spark, 5).select((f::lit(100) / (f::col("value") - 10)).alias("quotient"));
  return doomed.write_stream()
      .format("noop")
      .query_name("doomed")
      .trigger(cospark::trigger::processing_time(1s))
      .start();
}

}  // namespace demo
