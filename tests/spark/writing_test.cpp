// The guide's "Writing a stream" and "Sinks": every setter of the writer, every sink.
#include "support.hpp"

#include <fstream>
#include <sstream>

using namespace spark_tests;

namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream input(file);
  std::ostringstream text;
  text << input.rdbuf();
  return text.str();
}

/// Writes the three events to files and reads them back.
asio::awaitable<void> check_file_sink(cospark::session spark, std::string format) {
  folder files;
  auto writer = three_events(spark, files)
                    .write_stream()
                    .format(format)
                    .option("checkpointLocation", files / "checkpoint")
                    .trigger(cospark::trigger::available_now());
  const auto query = must(co_await writer.start(files / "out"));
  must(co_await query.await_termination());
  const auto back = spark.read().format(format).schema(std::string(event_schema)).load(files / "out");
  CHECK(co_await sorted_rows_of(back) == these("{a, 1}", "{a, 3}", "{b, 2}"));
}

}  // namespace

TEST_CASE("write_stream().format(\"memory\").query_name(…).output_mode(\"append\").trigger(processing_time).start()") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer = three_events(spark, files)
                      .write_stream()
                      .format("memory")
                      .query_name("rates")
                      .output_mode("append")
                      .trigger(cospark::trigger::processing_time("1 second"));
    const auto query = must(co_await writer.start());
    CHECK(query.id().size() == 36);
    CHECK(query.run_id().size() == 36);
    CHECK(query.id() != query.run_id());
    REQUIRE(query.name().has_value());
    CHECK(*query.name() == "rates");
    CHECK(must(co_await query.is_active()));
    must(co_await query.process_all_available());
    CHECK(co_await sorted_rows_of(spark.table("rates")) == these("{a, 1}", "{a, 3}", "{b, 2}"));
    must(co_await query.stop());
    CHECK_FALSE(must(co_await query.is_active()));
  });
}

TEST_CASE("query_name: a query without one has no name") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto query = must(co_await three_events(spark, files).write_stream().format("noop").start());
    CHECK_FALSE(query.name().has_value());
    must(co_await query.stop());
  });
}

TEST_CASE("output_mode: append, complete and update write what they should") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("events", "1.json", "{\"k\":\"a\",\"v\":1}\n{\"k\":\"b\",\"v\":2}\n");
    const auto events = spark.read_stream().schema(std::string(event_schema)).json(source);
    const auto sums = events.group_by("k").sum("v");
    auto complete = sums.write_stream().format("memory").query_name("complete_sums").output_mode("complete");
    auto update =
        sums.write_stream().format("memory").query_name("update_sums").output_mode(cospark::output_mode::update);
    auto append =
        events.write_stream().format("memory").query_name("append_rows").output_mode(cospark::output_mode::append);
    const auto first = must(co_await complete.start());
    const auto second = must(co_await update.start());
    const auto third = must(co_await append.start());
    must(co_await first.process_all_available());
    must(co_await second.process_all_available());
    must(co_await third.process_all_available());
    files.put("events", "2.json", "{\"k\":\"a\",\"v\":3}\n");
    must(co_await first.process_all_available());
    must(co_await second.process_all_available());
    must(co_await third.process_all_available());
    CHECK(co_await sorted_rows_of(spark.table("complete_sums")) == these("{a, 4}", "{b, 2}"));
    CHECK(co_await sorted_rows_of(spark.table("update_sums")) == these("{a, 1}", "{a, 4}", "{b, 2}"));
    CHECK(co_await sorted_rows_of(spark.table("append_rows")) == these("{a, 1}", "{a, 3}", "{b, 2}"));
  });
}

TEST_CASE("Sink memory: the table grows with the stream") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto query =
        must(co_await three_events(spark, files).write_stream().format("memory").query_name("growing").start());
    must(co_await query.process_all_available());
    CHECK(must(co_await spark.table("growing").count()) == 3);
    files.put("events", "3.json", "{\"k\":\"c\",\"v\":4}\n");
    must(co_await query.process_all_available());
    CHECK(must(co_await spark.table("growing").count()) == 4);
    must(co_await query.stop());
    // The table stays when the query has ended.
    CHECK(must(co_await spark.table("growing").count()) == 4);
  });
}

TEST_CASE("Sink console: the server prints the rows") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("console", "1.json", "{\"k\":\"printed-by-the-console-sink\",\"v\":1}\n");
    auto writer = spark.read_stream()
                      .schema(std::string(event_schema))
                      .json(source)
                      .write_stream()
                      .format("console")
                      .option("truncate", false)
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    CHECK(content_of(shared_server().log_file()).find("|printed-by-the-console-sink|1  |") != std::string::npos);
  });
}

TEST_CASE("Sink noop: rows are processed and dropped") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto query = must(co_await three_events(spark, files).write_stream().format("noop").start());
    must(co_await query.process_all_available());
    std::int64_t rows = 0;
    for (const auto& progress : must(co_await query.recent_progress())) rows += progress.num_input_rows();
    CHECK(rows == 3);
    must(co_await query.stop());
  });
}

TEST_CASE("Sink parquet: format(\"parquet\").option(\"checkpointLocation\", …).start(path)") {
  spark_test([](cospark::session spark) -> check { co_await check_file_sink(spark, "parquet"); });
}

TEST_CASE("Sink csv") {
  spark_test([](cospark::session spark) -> check { co_await check_file_sink(spark, "csv"); });
}

TEST_CASE("Sink json") {
  spark_test([](cospark::session spark) -> check { co_await check_file_sink(spark, "json"); });
}

TEST_CASE("Sink orc") {
  spark_test([](cospark::session spark) -> check { co_await check_file_sink(spark, "orc"); });
}

TEST_CASE("Sink text: files of lines") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer = three_events(spark, files)
                      .select(f::concat("k", f::col("v").cast("string")).alias("value"))
                      .write_stream()
                      .format("text")
                      .option("checkpointLocation", files / "checkpoint")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start(files / "out"));
    must(co_await query.await_termination());
    CHECK(co_await sorted_rows_of(spark.read().text(files / "out")) == these("{a1}", "{a3}", "{b2}"));
  });
}

TEST_CASE("Sink table: to_table(name) makes a table and appends to it") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto name = unique("events_table");
    auto writer = three_events(spark, files)
                      .write_stream()
                      .format("parquet")
                      .option("checkpointLocation", files / "checkpoint")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.to_table(name));
    must(co_await query.await_termination());
    CHECK(co_await sorted_rows_of(spark.table(name)) == these("{a, 1}", "{a, 3}", "{b, 2}"));
    must(co_await spark.sql("DROP TABLE " + name));
  });
}

TEST_CASE("partition_by: files are laid out in folders") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer = three_events(spark, files)
                      .write_stream()
                      .format("parquet")
                      .partition_by("k")
                      .option("checkpointLocation", files / "checkpoint")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start(files / "out"));
    must(co_await query.await_termination());
    CHECK(std::filesystem::exists(files / "out/k=a"));
    CHECK(std::filesystem::exists(files / "out/k=b"));
    CHECK(must(co_await spark.read().parquet(files / "out").filter("k = 'a'").count()) == 2);
  });
}

TEST_CASE("cluster_by: a table gets its clustering columns") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto name = unique("clustered");
    auto writer = three_events(spark, files)
                      .write_stream()
                      .format("parquet")
                      .cluster_by("k")
                      .option("checkpointLocation", files / "checkpoint")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.to_table(name));
    must(co_await query.await_termination());
    const auto description = must(co_await spark.sql("DESCRIBE EXTENDED " + name));
    const auto about = co_await rows_of(description);
    INFO(Catch::Detail::stringify(about));
    CHECK(std::find(about.begin(), about.end(), "{# Clustering Information, , }") != about.end());
    CHECK(must(co_await spark.table(name).count()) == 3);
    must(co_await spark.sql("DROP TABLE " + name));
  });
}

TEST_CASE("options: several at once") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    cospark::option_map options;
    options["checkpointLocation"] = files / "checkpoint";
    options["header"] = "true";
    options["path"] = files / "out";
    auto writer = three_events(spark, files)
                      .write_stream()
                      .format("csv")
                      .options(options)
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    const auto back = spark.read().option("header", true).csv(files / "out");
    CHECK(co_await schema_of(back) == "struct<k:string,v:string>");
    CHECK(must(co_await back.count()) == 3);
  });
}

TEST_CASE("A setter leaves the writer it was called on as it is") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto plain = three_events(spark, files).write_stream().format("noop");
    const auto named = plain.query_name("named");
    const auto query = must(co_await plain.start());
    CHECK_FALSE(query.name().has_value());
    const auto other = must(co_await named.start());
    CHECK(other.name() == std::optional<std::string>("named"));
  });
}

TEST_CASE("The id of a query survives a restart from its checkpoint, the run id does not") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer = three_events(spark, files)
                      .write_stream()
                      .format("parquet")
                      .option("checkpointLocation", files / "checkpoint")
                      .trigger(cospark::trigger::available_now());
    const auto first = must(co_await writer.start(files / "out"));
    must(co_await first.await_termination());
    files.put("events", "3.json", "{\"k\":\"c\",\"v\":4}\n");
    const auto second = must(co_await writer.start(files / "out"));
    must(co_await second.await_termination());
    CHECK(first.id() == second.id());
    CHECK(first.run_id() != second.run_id());
    CHECK_FALSE(first == second);
    // Nothing was lost and nothing was written twice.
    CHECK(co_await sorted_rows_of(spark.read().parquet(files / "out").select("k", "v")) ==
          these("{a, 1}", "{a, 3}", "{b, 2}", "{c, 4}"));
  });
}

TEST_CASE("A10 names that look like SQL are names: of a view, a column, a folder, an option and a query") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const std::string odd = "it's; DROP VIEW kept; -- `x`.y";
    const auto quoted = cospark::quote_identifier(odd);
    must(co_await spark.range(3).create_or_replace_temp_view("kept"));
    const auto frame = spark.range(2).with_column(odd, cospark::functions::lit(odd));
    must(co_await frame.create_or_replace_temp_view(quoted));
    CHECK(co_await sorted_rows_of(spark.table(quoted).select(quoted).distinct()) == these("{" + odd + "}"));
    const auto counted = must(co_await spark.sql("SELECT count(*) FROM " + quoted));
    CHECK(co_await sorted_rows_of(counted) == these("{2}"));

    must(co_await frame.write().option("nullValue", odd).json(files / odd));
    CHECK(must(co_await spark.read().json(files / odd).count()) == 2);

    // The memory sink makes its table of the query's name, which Spark parses.
    auto writer = three_events(spark, files).write_stream().format("memory");
    for (const auto* bad : {"it's; DROP VIEW kept", "a.b", "`a`.`b`", "a`b"}) {
      CHECK(fails(co_await writer.query_name(bad).start()) == cospark::errc::invalid_argument);
    }
    CHECK(must(co_await spark.streams().active()).empty());
    const auto query = must(co_await writer.query_name(quoted).start());
    must(co_await query.process_all_available());
    CHECK(must(co_await spark.table(quoted).count()) == 3);
    must(co_await query.stop());
    CHECK(must(co_await spark.table("kept").count()) == 3);
  });
}
