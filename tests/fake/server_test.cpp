// The scriptable server as a user of cospark sees it: public headers alone.
#include "catch.hpp"

#include <cospark/cospark.hpp>
#include <cospark/testing.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using cospark::errc;
using cospark::testing::method;
using cospark::testing::operation_kind;
using cospark::testing::server;
using cospark::testing::server_error;
using cospark::testing::stream_script;

cospark::schema two_columns() {
  return cospark::schema().add("id", cospark::types::long_type(), false).add("name", cospark::types::string_type());
}

std::vector<cospark::row> some_rows(std::int64_t count) {
  std::vector<cospark::row> rows;
  for (std::int64_t i = 0; i < count; ++i) {
    std::vector<cospark::value> values;
    values.emplace_back(i);
    values.emplace_back("row " + std::to_string(i));
    rows.emplace_back(std::move(values));
  }
  return rows;
}

struct program {
  explicit program(server& to, cospark::session_options options = cospark::session_options())
      : spark(cospark::run(io, cospark::session::connect(to.remote(), std::move(options))).value()) {}

  asio::io_context io;
  cospark::session spark;
};

}  // namespace

TEST_CASE("a data frame answers the rows that the server was given") {
  server fake;
  REQUIRE(fake.set_rows(two_columns(), some_rows(10), 3));
  program user(fake);
  const auto rows = cospark::run(user.io, user.spark.table("anything").collect());
  REQUIRE(rows);
  REQUIRE(rows.value().size() == 10);
  CHECK(rows.value()[7].get<std::int64_t>("id") == 7);
  CHECK(rows.value()[7].get<std::string>("name") == "row 7");
  CHECK(cospark::run(user.io, user.spark.table("anything").schema()).value() == two_columns());
}

TEST_CASE("rows that do not fit their schema are refused") {
  server fake;
  std::vector<cospark::value> values;
  values.emplace_back("not a number");
  values.emplace_back("x");
  const auto refused = fake.set_rows(two_columns(), {cospark::row(std::move(values))});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::invalid_argument);
}

TEST_CASE("T1 rows survive a connection that is cut after every response") {
  server fake;
  REQUIRE(fake.set_rows(two_columns(), some_rows(20)));
  program user(fake);
  for (int i = 0; i < 20; ++i) {
    fake.script(operation_kind::rows, stream_script().send(1).fail(server_error(14, "connection reset")));
  }
  const auto rows = cospark::run(user.io, user.spark.table("t").collect());
  REQUIRE(rows);
  REQUIRE(rows.value().size() == 20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(rows.value()[i].get<std::int64_t>(0) == static_cast<std::int64_t>(i));
}

TEST_CASE("D9 a gap in a result is an error, never a shorter result") {
  server fake;
  REQUIRE(fake.set_rows(two_columns(), some_rows(10)));
  program user(fake);
  fake.script(operation_kind::rows, stream_script().send(4).skip(1));
  const auto rows = cospark::run(user.io, user.spark.table("t").collect());
  REQUIRE_FALSE(rows);
  CHECK(rows.error() == errc::protocol_error);
}

TEST_CASE("settings are kept by session, and an unknown one is an error") {
  server fake;
  cospark::session_options options;
  options.conf["spark.sql.session.timeZone"] = "UTC";
  program user(fake, options);
  const auto conf = user.spark.conf();
  CHECK(cospark::run(user.io, conf.get("spark.sql.session.timeZone")).value() == "UTC");
  CHECK(cospark::run(user.io, conf.set("my.key", "1")));
  CHECK(cospark::run(user.io, conf.get("my.key")).value() == "1");
  CHECK(cospark::run(user.io, conf.unset("my.key")));
  CHECK(cospark::run(user.io, conf.get("my.key", "fallback")).value() == "fallback");
  CHECK_FALSE(cospark::run(user.io, conf.find("my.key")).value());
  const auto unknown = cospark::run(user.io, conf.get("my.key"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().condition() == "SQL_CONF_NOT_FOUND");
  program other(fake);
  CHECK_FALSE(cospark::run(other.io, other.spark.conf().find("spark.sql.session.timeZone")).value());
}

TEST_CASE("the server says which version it plays") {
  server fake("4.0.5");
  program user(fake);
  CHECK(user.spark.version() == "4.0.5");
}

TEST_CASE("queries are started, listed, found, asked and stopped") {
  server fake;
  program user(fake);
  auto writer = user.spark.read_stream().format("rate").load().write_stream().format("noop").query_name("rates");
  const auto query = cospark::run(user.io, writer.start()).value();
  REQUIRE(fake.queries().size() == 1);
  CHECK(fake.queries()[0].run_id == query.run_id());
  CHECK(query.name() == "rates");
  CHECK(cospark::run(user.io, query.is_active()).value());
  const auto streams = user.spark.streams();
  CHECK(cospark::run(user.io, streams.active()).value().size() == 1);
  CHECK(cospark::run(user.io, streams.get(query.id())).value().value() == query);
  CHECK_FALSE(cospark::run(user.io, streams.get("00000000-0000-0000-0000-000000000000")).value());
  CHECK(cospark::run(user.io, query.recent_progress()).value().empty());
  CHECK(cospark::run(user.io, query.stop()));
  CHECK_FALSE(cospark::run(user.io, query.is_active()).value());
  CHECK(cospark::run(user.io, streams.active()).value().empty());
  CHECK(cospark::run(user.io, query.stop()));
}

TEST_CASE("the exception of a failed query is a value, with the ids of the query") {
  server fake;
  program user(fake);
  const auto query =
      cospark::run(user.io, user.spark.read_stream().format("rate").load().write_stream().format("noop").start());
  REQUIRE(query);
  CHECK_FALSE(cospark::run(user.io, query.value().exception()).value());
  CHECK(fake.fail_query(query.value().run_id(), server_error("STREAM_FAILED", "XXKST", "[STREAM_FAILED] it failed")));
  CHECK_FALSE(fake.end_query(query.value().run_id()));  // only once
  const auto problem = cospark::run(user.io, query.value().exception());
  REQUIRE(problem);
  REQUIRE(problem.value());
  CHECK(*problem.value() == errc::query_failed);
  CHECK(problem.value()->detail().run_id == query.value().run_id());
}

TEST_CASE("S3 a query of a server that was restarted is lost with its session") {
  server fake;
  program user(fake);
  const auto query =
      cospark::run(user.io, user.spark.read_stream().format("rate").load().write_stream().format("noop").start());
  fake.start(false);
  CHECK(cospark::run(user.io, query.value().status()).error() == errc::session_lost);
}

TEST_CASE("a token and headers reach the server, and the token is in no error") {
  server fake;
  asio::io_context io;
  const std::string canary = "s3cr3t-canary";
  auto spark = cospark::run(io, cospark::session::connect(fake.remote() + "/;token=" + canary + ";x-team=blue"));
  REQUIRE(spark);
  CHECK(fake.last_header("authorization") == "Bearer " + canary);
  CHECK(fake.last_header("x-team") == "blue");
  fake.fail(method::config, server_error(16, "bad token"));
  const auto refused = cospark::run(io, spark.value().conf().get("x"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::unauthenticated);
  CHECK(refused.error().to_string().find(canary) == std::string::npos);
}

TEST_CASE("what the client did can be counted") {
  server fake;
  REQUIRE(fake.set_rows(two_columns(), some_rows(1)));
  program user(fake);
  CHECK(cospark::run(user.io, user.spark.table("t").collect()));
  CHECK(fake.calls(method::execute_plan) == 1);
  const auto done = fake.operations(operation_kind::rows);
  REQUIRE(done.size() == 1);
  CHECK(done[0].executions == 1);
  CHECK(done[0].streams == 1);
  CHECK(fake.operations(operation_kind::start).empty());
  CHECK(cospark::run(user.io, user.spark.stop()));
  CHECK(fake.calls(method::release_session) == 1);
  CHECK(cospark::run(user.io, user.spark.table("t").collect()).error() == errc::client_closed);
}
