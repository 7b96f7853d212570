// What goes wrong is a typed error with Spark's condition, SQLSTATE and message.
#include "support.hpp"

#include "streaming/access.hpp"

using namespace spark_tests;
using cospark::errc;

namespace {

void check_division(const cospark::error& error, const cospark::streaming_query& query) {
  INFO(error.to_string());
  CHECK(error == errc::query_failed);
  CHECK(error.condition() == "STREAM_FAILED");
  CHECK(error.message().find("DIVIDE_BY_ZERO") != std::string::npos);
  CHECK(error.detail().query_id == query.id());
  CHECK(error.detail().run_id == query.run_id());
}

void check_error(const cospark::error& error, errc code, std::string_view condition, std::string_view sql_state,
                 std::string_view part_of_message) {
  INFO(error.to_string());
  CHECK(error == code);
  CHECK(error.condition() == condition);
  CHECK(error.sql_state() == sql_state);
  CHECK(error.message().find(part_of_message) != std::string::npos);
}

}  // namespace

TEST_CASE("A bad connection string is an invalid argument that says what is wrong") {
  event_loop_test([]() -> check {
    const lines bad = these("", "http://localhost", "sc://", "sc://localhost:0", "sc://localhost:99999",
                            "sc://localhost/path", "sc://localhost/;use_ssl=perhaps");
    for (const std::string& remote : bad) {
      INFO(remote);
      const auto error = fails(co_await cospark::session::connect(remote));
      CHECK(error == errc::invalid_argument);
      CHECK_FALSE(error.message().empty());
    }
  });
}

TEST_CASE("A refused connection is unavailable, in bounded time, and names the server") {
  event_loop_test([]() -> check {
    cospark::session_options options;
    options.connect_timeout = 2s;
    const auto begin = std::chrono::steady_clock::now();
    const auto error = fails(co_await cospark::session::connect("sc://127.0.0.1:1", options));
    INFO(error.to_string());
    CHECK(error == errc::unavailable);
    CHECK(error.message().find("127.0.0.1:1") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - begin < 20s);
  });
}

TEST_CASE("A bad token, and a missing one, are unauthenticated; the good one works") {
  event_loop_test([]() -> check {
    auto options = server_options();
    options.token = "the-good-one";
    auto server = must(co_await cospark::local_server::start(options));
    const auto address = "sc://localhost:" + std::to_string(server.port()) + "/";
    const auto bad = fails(co_await cospark::session::connect(address + ";token=a-bad-one"));
    INFO(bad.to_string());
    CHECK(bad == errc::unauthenticated);
    CHECK(bad.to_string().find("a-bad-one") == std::string::npos);
    CHECK(fails(co_await cospark::session::connect(address)) == errc::unauthenticated);
    const auto spark = must(co_await cospark::session::connect(server.remote()));
    CHECK(must(co_await spark.range(3).count()) == 3);
    must(co_await server.stop());
  });
}

TEST_CASE("An unknown source format: DATA_SOURCE_NOT_FOUND") {
  spark_test([](cospark::session spark) -> check {
    const auto stream = spark.read_stream().format("no-such-format").load();
    check_error(fails(co_await stream.schema()), errc::analysis_failed, "DATA_SOURCE_NOT_FOUND", "42K02",
                "no-such-format");
  });
}

TEST_CASE("An unknown sink format: DATA_SOURCE_NOT_FOUND") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto writer = three_events(spark, files).write_stream().format("no-such-format");
    check_error(fails(co_await writer.start()), errc::analysis_failed, "DATA_SOURCE_NOT_FOUND", "42K02",
                "no-such-format");
  });
}

TEST_CASE("Without the Kafka connector the error says what is missing") {
  spark_test([](cospark::session spark) -> check {
    const auto stream = spark.read_stream()
                            .format("kafka")
                            .option("kafka.bootstrap.servers", "127.0.0.1:1")
                            .option("subscribe", "topic")
                            .load();
    const auto error = fails(co_await stream.schema());
    INFO(error.to_string());
    CHECK(error == errc::analysis_failed);
    if (spark_is_at_least(4, 3)) CHECK(error.condition() == "KAFKA_DATA_SOURCE_NOT_ENABLED");
    CHECK(error.message().find("kafka") != std::string::npos);
    CHECK(error.message().find("deploy") != std::string::npos);
  });
}

TEST_CASE("A missing path: PATH_NOT_FOUND, of a stream and of a batch") {
  spark_test([](cospark::session spark) -> check {
    const auto stream = spark.read_stream().schema("v BIGINT").json("/no/such/folder");
    check_error(fails(co_await stream.schema()), errc::analysis_failed, "PATH_NOT_FOUND", "42K03", "/no/such/folder");
    const auto batch = spark.read().schema("v BIGINT").json("/no/such/folder");
    check_error(fails(co_await batch.collect()), errc::analysis_failed, "PATH_NOT_FOUND", "42K03", "/no/such/folder");
  });
}

TEST_CASE("An output mode that the query does not support, and one that does not exist") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto events = three_events(spark, files);
    const auto aggregated = events.group_by("k").count().write_stream().format("noop").output_mode("append");
    check_error(fails(co_await aggregated.start()), errc::analysis_failed,
                "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "42KDE", "append");
    const auto plain = events.write_stream().format("noop").output_mode("complete");
    check_error(fails(co_await plain.start()), errc::analysis_failed, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                "42KDE", "complete");
    const auto sideways = events.write_stream().format("noop").output_mode("sideways");
    check_error(fails(co_await sideways.start()), errc::analysis_failed, "STREAMING_OUTPUT_MODE.INVALID", "42KDE",
                "sideways");
  });
}

TEST_CASE("An unknown column makes the start fail: UNRESOLVED_COLUMN.WITH_SUGGESTION") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto writer = three_events(spark, files).select("no_such_column").write_stream().format("noop");
    const auto error = fails(co_await writer.start());
    check_error(error, errc::analysis_failed, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "no_such_column");
    CHECK(error.detail().message_parameters.at("objectName") == "`no_such_column`");
    CHECK_FALSE(error.detail().class_hierarchy.empty());
    CHECK(must(co_await spark.streams().active()).empty());
  });
}

TEST_CASE("A memory sink without a query name, a batch frame and a file sink without a checkpoint do not start") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto events = three_events(spark, files);
    CHECK(fails(co_await events.write_stream().format("memory").start()) == errc::analysis_failed);
    check_error(fails(co_await spark.range(3).write_stream().format("noop").start()), errc::analysis_failed,
                "WRITE_STREAM_NOT_ALLOWED", "42601", "writeStream");
    const auto error = fails(co_await events.write_stream().format("parquet").start(files / "out"));
    CHECK(error == errc::analysis_failed);
    CHECK(error.message().find("checkpointLocation") != std::string::npos);
  });
}

TEST_CASE("A query name that is in use") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto writer = three_events(spark, files).write_stream().format("noop").query_name("taken");
    must(co_await writer.start());
    const auto error = fails(co_await writer.start());
    INFO(error.to_string());
    CHECK(error == errc::analysis_failed);
    CHECK(error.message().find("taken") != std::string::npos);
    CHECK(must(co_await spark.streams().active()).size() == 1);
  });
}

TEST_CASE("A failure in a batch comes through await_termination, exception and await_any_termination alike") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await failing(spark);
    const auto awaited = fails(co_await query.await_termination());
    check_division(awaited, query);
    CHECK(awaited.sql_state() == "XXKST");
    const auto within_time = fails(co_await query.await_termination(30s));
    check_division(within_time, query);
    const auto asked = must(co_await query.exception());
    REQUIRE(asked.has_value());
    check_division(*asked, query);
    const auto any = fails(co_await spark.streams().await_any_termination());
    INFO(any.to_string());
    CHECK(any == errc::query_failed);
    CHECK(any.condition() == "STREAM_FAILED");
    CHECK(any.sql_state() == "XXKST");
    CHECK(any.message().find("DIVIDE_BY_ZERO") != std::string::npos);
    CHECK(fails(co_await query.process_all_available()) == errc::query_failed);
    const auto status = must(co_await query.status());
    CHECK_FALSE(status.is_active);
  });
}

TEST_CASE("The causes of a failed query are told, outermost first") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await failing(spark);
    const auto error = fails(co_await query.await_termination());
    const auto& causes = error.detail().causes;
    REQUIRE(causes.size() >= 2);
    CHECK(causes.front().class_name.ends_with("StreamingQueryException"));
    CHECK(causes.back().condition == "DIVIDE_BY_ZERO");
    CHECK(causes.back().sql_state == "22012");
  });
}

TEST_CASE("A query that the server does not know, and a run of it that it does not know") {
  spark_test([](cospark::session spark) -> check {
    const auto real = co_await endless(spark);
    // No user can make such a handle; the server makes one of an old query's by forgetting it.
    using cospark::streaming::access;
    const auto handle = [&](std::string id, std::string run_id) {
      return access::make_query(std::make_shared<cospark::streaming::query_state>(
          access::state(real)->session, std::move(id), std::move(run_id), std::nullopt));
    };
    const std::string unknown_id = "11111111-2222-3333-4444-555555555555";
    const auto unknown = handle(unknown_id, unknown_id);
    const auto error = fails(co_await unknown.status());
    INFO(error.to_string());
    CHECK(error == errc::query_not_found);
    CHECK(error.message().find("is not found") != std::string::npos);
    CHECK(error.detail().query_id == unknown_id);
    CHECK(fails(co_await unknown.stop()) == errc::query_not_found);
    CHECK(fails(co_await unknown.exception()) == errc::query_not_found);
    CHECK(fails(co_await unknown.await_termination()) == errc::query_not_found);
    const auto stale = handle(real.id(), unknown_id);
    const auto mismatch = fails(co_await stale.status());
    INFO(mismatch.to_string());
    CHECK(mismatch == errc::query_not_found);
    if (spark_is_at_least(4, 2)) {
      CHECK(error.condition() == "CONNECT_INVALID_PLAN.STREAMING_QUERY_NOT_FOUND");
      CHECK(error.sql_state() == "56K00");
      CHECK(mismatch.condition() == "CONNECT_INVALID_PLAN.STREAMING_QUERY_RUN_ID_MISMATCH");
    }
    CHECK(must(co_await real.is_active()));
  });
}

TEST_CASE("A query of a session that was stopped is lost, never a success") {
  spark_test([](cospark::session) -> check {
    const auto other = must(co_await cospark::session::connect(shared_server().remote()));
    folder files;
    const auto query = must(co_await three_events(other, files).write_stream().format("noop").start());
    must(co_await other.stop());
    const auto status = fails(co_await query.status());
    INFO(status.to_string());
    const bool typed = status == errc::client_closed || status == errc::session_lost;
    CHECK(typed);
    const auto waited = co_await query.await_termination(5s);
    CHECK_FALSE(waited.has_value());
  });
}

TEST_CASE("An older run of a query is not found once it was restarted") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto writer =
        three_events(spark, files).write_stream().format("noop").option("checkpointLocation", files / "checkpoint");
    const auto first = must(co_await writer.start());
    must(co_await first.process_all_available());
    must(co_await first.stop());
    const auto second = must(co_await writer.start());
    CHECK(first.id() == second.id());
    // The server keeps ended runs for an hour, so the old handle may still be answered, but never as the new run.
    const auto old = co_await first.is_active();
    if (old) {
      CHECK_FALSE(old.value());
    } else {
      INFO(old.error().to_string());
      CHECK(old.error() == errc::query_not_found);
    }
    CHECK(must(co_await second.is_active()));
  });
}

TEST_CASE("SQL: a parse error, a missing table, a division by zero and a bad cast") {
  spark_test([](cospark::session spark) -> check {
    check_error(fails(co_await spark.sql("SELEC 1")), errc::analysis_failed, "PARSE_SYNTAX_ERROR", "42601", "SELEC");
    const auto missing = spark.table("no_such_table");
    check_error(fails(co_await missing.collect()), errc::analysis_failed, "TABLE_OR_VIEW_NOT_FOUND", "42P01",
                "no_such_table");
    const auto division = must(co_await spark.sql("SELECT 1 / (id - id) FROM range(1)"));
    check_error(fails(co_await division.collect()), errc::execution_failed, "DIVIDE_BY_ZERO", "22012", "zero");
    const auto cast = must(co_await spark.sql("SELECT cast(concat('x', id) AS INT) FROM range(1)"));
    check_error(fails(co_await cast.collect()), errc::execution_failed, "CAST_INVALID_INPUT", "22018", "x0");
  });
}

TEST_CASE("Settings: an unknown one, a static one, and a value of the wrong type") {
  spark_test([](cospark::session spark) -> check {
    const auto conf = spark.conf();
    check_error(fails(co_await conf.get("no.such.setting")), errc::analysis_failed, "SQL_CONF_NOT_FOUND", "42K0I",
                "no.such.setting");
    CHECK_FALSE(must(co_await conf.find("no.such.setting")).has_value());
    const auto fixed = fails(co_await conf.set("spark.sql.warehouse.dir", "/elsewhere"));
    INFO(fixed.to_string());
    CHECK(fixed == errc::analysis_failed);
    CHECK(fixed.condition().starts_with("CANNOT_MODIFY_"));
    CHECK(fails(co_await conf.set("spark.sql.shuffle.partitions", "many")) == errc::analysis_failed);
    must(co_await conf.set("spark.sql.shuffle.partitions", "3"));
    CHECK(must(co_await conf.get("spark.sql.shuffle.partitions")) == "3");
    must(co_await conf.unset("spark.sql.shuffle.partitions"));
    CHECK(must(co_await conf.get("no.such.setting", "fallback")) == "fallback");
  });
}

TEST_CASE("A stream that is collected like a batch is refused") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto error = fails(co_await three_events(spark, files).collect());
    INFO(error.to_string());
    CHECK(error == errc::analysis_failed);
    CHECK(error.message().find("writeStream") != std::string::npos);
  });
}
