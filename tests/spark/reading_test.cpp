// The guide's "Reading a stream": every way to describe a source.
#include "support.hpp"

using namespace spark_tests;

namespace {

/// Reads a streaming frame to its end and gives its rows.
asio::awaitable<lines> drain(cospark::session spark, cospark::data_frame stream) {
  const auto name = unique("drained");
  auto writer = stream.write_stream().format("memory").query_name(name).trigger(cospark::trigger::available_now());
  const auto query = must(co_await writer.start());
  must(co_await query.await_termination());
  co_return co_await sorted_rows_of(spark.table(name));
}

asio::awaitable<void> write_events(cospark::session spark, std::string format, std::string path) {
  const auto frame = must(co_await spark.sql("SELECT * FROM VALUES ('a', 1L), ('b', 2L) AS t(k, v)"));
  must(co_await frame.write().format(format).save(path));
}

}  // namespace

TEST_CASE("read_stream().format(\"rate\").option(\"rowsPerSecond\", 10).load() is streaming, with the rate schema") {
  spark_test([](cospark::session spark) -> check {
    const auto stream = spark.read_stream().format("rate").option("rowsPerSecond", 10).load();
    CHECK(must(co_await stream.is_streaming()));
    const auto schema = must(co_await stream.schema());
    CHECK(schema.simple_string() == "struct<timestamp:timestamp,value:bigint>");
    CHECK_FALSE(must(co_await spark.range(3).is_streaming()));
  });
}

TEST_CASE("option: rowsPerSecond reaches the rate source") {
  spark_test([](cospark::session spark) -> check {
    auto slow =
        spark.read_stream().format("rate-micro-batch").option("rowsPerBatch", 7).option("numPartitions", 1).load();
    auto writer = slow.write_stream().format("memory").query_name("seven").trigger(cospark::trigger::once());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    CHECK(must(co_await spark.table("seven").count()) == 7);
  });
}

TEST_CASE("options: several at once, for a CSV source with a header and another separator") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("csv", "1.csv", "k;v\na;1\nb;2\n");
    cospark::option_map options;
    options["header"] = "true";
    options["sep"] = ";";
    auto stream = spark.read_stream().format("csv").options(options).schema("k STRING, v BIGINT").load(source);
    CHECK(co_await drain(spark, stream) == these("{a, 1}", "{b, 2}"));
  });
}

TEST_CASE("schema: from DDL text and from a schema value") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("json", "1.json", "{\"k\":\"a\",\"v\":1}\n");
    const auto by_text = spark.read_stream().schema("k STRING, v BIGINT").json(source);
    CHECK(co_await schema_of(by_text) == "struct<k:string,v:bigint>");
    const auto schema = cospark::schema().add("k", cospark::types::string_type()).add("v", cospark::types::long_type());
    const auto by_value = spark.read_stream().schema(schema).format("json").load(source);
    CHECK(co_await schema_of(by_value) == "struct<k:string,v:bigint>");
    CHECK(co_await drain(spark, by_value) == these("{a, 1}"));
  });
}

TEST_CASE("load: a path given as an option") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("json", "1.json", "{\"v\":5}\n");
    const auto stream = spark.read_stream().format("json").schema("v BIGINT").option("path", source).load();
    CHECK(co_await drain(spark, stream) == these("{5}"));
  });
}

TEST_CASE("csv, json, parquet, orc and text are shortcuts that read streams of files") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const lines formats = these("csv", "json", "parquet", "orc");
    for (const std::string& format : formats) {
      INFO(format);
      const auto path = files / format;
      co_await write_events(spark, format, path);
      const auto reader = spark.read_stream().schema("k STRING, v BIGINT");
      const auto stream = format == "csv"    ? reader.csv(path)
                          : format == "json" ? reader.json(path)
                          : format == "orc"  ? reader.orc(path)
                                             : reader.parquet(path);
      CHECK(co_await drain(spark, stream) == these("{a, 1}", "{b, 2}"));
    }
    const auto text = files.put("text", "1.txt", "one\ntwo\n");
    CHECK(co_await drain(spark, spark.read_stream().text(text)) == these("{one}", "{two}"));
  });
}

TEST_CASE("xml: a stream of XML files") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("xml", "1.xml", "<all><e><k>a</k><v>1</v></e><e><k>b</k><v>2</v></e></all>");
    const auto stream = spark.read_stream().schema("k STRING, v BIGINT").option("rowTag", "e").xml(source);
    CHECK(co_await drain(spark, stream) == these("{a, 1}", "{b, 2}"));
  });
}

TEST_CASE("table: the rows of a table as a stream") {
  spark_test([](cospark::session spark) -> check {
    const auto name = unique("stream_source");
    const auto rows = must(co_await spark.sql("SELECT 'a' AS k, 1L AS v"));
    must(co_await rows.write().format("parquet").save_as_table(name));
    const auto stream = spark.read_stream().table(name);
    CHECK(must(co_await stream.is_streaming()));
    CHECK(co_await drain(spark, stream) == these("{a, 1}"));
    must(co_await spark.sql("DROP TABLE " + name));
  });
}

TEST_CASE("name: a source's name, refused by a server that would ignore it") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("named", "1.json", "{\"v\":5}\n");
    const auto stream = spark.read_stream().name("events").schema("v BIGINT").json(source);
    if (!spark_is_at_least(4, 2)) {
      CHECK(fails(co_await stream.schema()) == cospark::errc::unsupported_by_server);
      co_return;
    }
    must(co_await spark.conf().set("spark.sql.streaming.queryEvolution.enableSourceEvolution", "true"));
    CHECK(co_await drain(spark, stream) == these("{5}"));
  });
}

TEST_CASE("A streaming frame is a normal data frame: select, filter and group_by apply to it") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto big = three_events(spark, files).filter(f::col("v") > 1).select(f::upper("k").alias("K"), "v");
    CHECK(co_await drain(spark, big) == these("{A, 3}", "{B, 2}"));
  });
}

TEST_CASE("A stream that is given a temporary view's name can be queried by SQL as a stream") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    must(co_await three_events(spark, files).create_or_replace_temp_view("events_view"));
    const auto doubled = must(co_await spark.sql("SELECT k, v * 2 AS w FROM events_view WHERE k = 'a'"));
    CHECK(must(co_await doubled.is_streaming()));
    CHECK(co_await drain(spark, doubled) == these("{a, 2}", "{a, 6}"));
  });
}

TEST_CASE("with_watermark(\"event_time\", \"10 minutes\").group_by(window(event_time, \"5 minutes\")).count()") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source =
        files.put("timed", "1.json",
                  "{\"event_time\":\"2026-01-01T00:01:00Z\"}\n{\"event_time\":\"2026-01-01T00:04:59Z\"}\n"
                  "{\"event_time\":\"2026-01-01T00:05:00Z\"}\n");
    // Half an hour later everything before 00:20 is final, and append mode writes it.
    files.put("timed", "2.json", "{\"event_time\":\"2026-01-01T00:30:00Z\"}\n");
    const auto counts = spark.read_stream()
                            .schema("event_time TIMESTAMP")
                            .option("maxFilesPerTrigger", 1)
                            .json(source)
                            .with_watermark("event_time", "10 minutes")
                            .group_by(f::window(f::col("event_time"), "5 minutes"))
                            .count();
    CHECK(co_await schema_of(counts) == "struct<window:struct<start:timestamp,end:timestamp>,count:bigint>");
    auto writer = counts.write_stream().format("memory").query_name("window_counts").output_mode("append");
    const auto query = must(co_await writer.start());
    must(co_await query.process_all_available());
    const auto late = files.put("timed", "3.json", "{\"event_time\":\"2026-01-01T00:31:00Z\"}\n");
    must(co_await query.process_all_available());
    const auto rows = spark.table("window_counts").select(f::col("window.start").cast("string"), "count");
    CHECK(co_await sorted_rows_of(rows) == these("{2026-01-01 00:00:00, 2}", "{2026-01-01 00:05:00, 1}"));
    const auto progress = must(co_await query.last_progress());
    REQUIRE(progress.has_value());
    CHECK(progress->event_time().count("watermark") == 1);
    must(co_await query.stop());
  });
}
