// Servers with settings that a server of the tests does not have: sessions that expire, operations that are forgotten.
#include "support.hpp"

#include "tcp_gate.hpp"

#include <asio/this_coro.hpp>

#include <optional>

using namespace spark_tests;
using cospark::errc;

namespace {

constexpr auto own_server_limit = 600s;

/// Bounds that do not matter here, for slow machines.
cospark::session_options patient() {
  cospark::session_options options;
  options.connect_timeout = 2min;
  options.call_timeout = 1min;
  return options;
}

asio::awaitable<cospark::local_server> start_server(std::map<std::string, std::string> conf) {
  auto options = server_options();
  for (auto& [name, value] : conf) options.conf[name] = value;
  co_return must(co_await cospark::local_server::start(options));
}

template <class T>
void keep(asio::any_io_executor executor, cospark::task<T> operation, std::optional<cospark::result<T>>& outcome) {
  cospark::spawn(executor, std::move(operation), [&outcome](cospark::result<T> ended) { outcome = std::move(ended); });
}

struct owner {
  cospark::session session;
  cospark::streaming_query query;
};

/// A session with a query. A slow machine may take longer to start it than such a session lives.
asio::awaitable<owner> session_with_query(std::string remote, cospark::session_options options) {
  for (int tries = 1;; ++tries) {
    const auto spark = must(co_await cospark::session::connect(remote, options));
    auto writer = spark.read_stream()
                      .format("rate-micro-batch")
                      .option("rowsPerBatch", 5)
                      .load()
                      .write_stream()
                      .format("noop")
                      .trigger(cospark::trigger::processing_time(200ms));
    auto query = co_await writer.start();
    if (query) {
      owner made{spark, query.assume_value()};
      co_return made;
    }
    if (tries == 10 || query.error() != errc::session_lost) FAIL(query.error().to_string());
  }
}

/// One row, after half a minute.
cospark::data_frame slow_row(const cospark::session& spark) {
  return spark.range(1).select(f::expr("reflect('java.lang.Thread', 'sleep', 30000L)").alias("slept"));
}

}  // namespace

TEST_CASE(
    "S5 a session that keeps itself alive outlives the server's timeout; without that it is lost, and no wait ends "
    "well",
    "[own_server][.crash]") {
  event_loop_test(
      []() -> check {
        std::map<std::string, std::string> conf;
        conf["spark.connect.session.manager.defaultSessionTimeout"] = "5s";
        conf["spark.connect.session.manager.maintenanceInterval"] = "1s";
        auto server = co_await start_server(conf);
        const auto executor = co_await asio::this_coro::executor;
        auto options = patient();
        options.keep_alive_interval = 1s;
        const auto kept = co_await session_with_query(server.remote(), options);
        const auto alive = kept.query;
        auto alive_wait = std::optional<cospark::result<void>>();
        keep(executor, alive.await_termination(), alive_wait);

        for (const auto strategy : {cospark::wait_strategy::automatic, cospark::wait_strategy::blocking}) {
          options.keep_alive_interval = 0s;
          options.waits = strategy;
          const auto owned = co_await session_with_query(server.remote(), options);
          const auto& idle = owned.session;
          const auto& query = owned.query;
          std::optional<cospark::result<void>> one;
          std::optional<cospark::result<void>> any;
          keep(executor, query.await_termination(), one);
          keep(executor, idle.streams().await_any_termination(), any);
          co_await eventually([&]() -> asio::awaitable<bool> { co_return one.has_value() && any.has_value(); });
          const auto lost = fails(*one);
          INFO(lost.to_string());
          CHECK(lost == errc::session_lost);
          CHECK(lost.detail().query_id == query.id());
          CHECK(lost.detail().run_id == query.run_id());
          CHECK(fails(*any) == errc::session_lost);
          CHECK(fails(co_await query.status()) == errc::session_lost);
          CHECK(idle.connection().status == cospark::connection_status::lost);
        }

        co_await pause(6s);
        CHECK_FALSE(alive_wait.has_value());
        CHECK(must(co_await alive.is_active()));
        must(co_await alive.stop());
        co_await eventually([&]() -> asio::awaitable<bool> { co_return alive_wait.has_value(); });
        must(*alive_wait);
        must(co_await kept.session.stop());
        must(co_await server.stop());
      },
      own_server_limit);
}

TEST_CASE("S7 an operation that the server abandons while nobody can reach it is lost; waits of the session go on",
          "[own_server][.crash]") {
  event_loop_test(
      []() -> check {
        std::map<std::string, std::string> conf;
        conf["spark.connect.execute.manager.detachedTimeout"] = "5s";
        conf["spark.connect.execute.manager.maintenanceInterval"] = "1s";
        // A sender notices only at its next message or at its end that the connection is gone.
        conf["spark.connect.execute.reattachable.senderMaxStreamDuration"] = "1s";
        auto server = co_await start_server(conf);
        tcp_gate gate(server.port());
        const auto executor = co_await asio::this_coro::executor;
        const auto spark = must(co_await cospark::session::connect(gate.remote(), patient()));
        const auto query = co_await endless(spark);
        std::optional<cospark::result<void>> wait;
        keep(executor, query.await_termination(), wait);
        std::optional<cospark::result<std::vector<cospark::row>>> rows;
        keep(executor, slow_row(spark).collect(), rows);
        co_await pause(3s);
        REQUIRE_FALSE(rows.has_value());
        gate.set_listening(false);
        gate.reset();
        co_await pause(8s);
        gate.set_listening(true);
        co_await eventually([&]() -> asio::awaitable<bool> { co_return rows.has_value(); });
        const auto lost = fails(*rows);
        INFO(lost.to_string());
        CHECK(lost == errc::operation_lost);
        CHECK(lost.condition() == "INVALID_HANDLE.OPERATION_ABANDONED");
        CHECK_FALSE(lost.detail().operation_id.empty());
        CHECK_FALSE(wait.has_value());
        CHECK(must(co_await query.is_active()));
        must(co_await query.stop());
        co_await eventually([&]() -> asio::awaitable<bool> { co_return wait.has_value(); });
        must(*wait);
        must(co_await spark.stop());
        must(co_await server.stop());
      },
      own_server_limit);
}

TEST_CASE("S11 a result larger than a stream may be is whole, and waits longer than one may last go on",
          "[own_server][.crash]") {
  event_loop_test(
      []() -> check {
        std::map<std::string, std::string> conf;
        conf["spark.connect.execute.reattachable.senderMaxStreamSize"] = "1m";
        conf["spark.connect.execute.reattachable.senderMaxStreamDuration"] = "2s";
        auto server = co_await start_server(conf);
        const auto executor = co_await asio::this_coro::executor;
        for (const auto strategy : {cospark::wait_strategy::automatic, cospark::wait_strategy::blocking}) {
          auto options = patient();
          options.waits = strategy;
          const auto owned = co_await session_with_query(server.remote(), options);
          std::optional<cospark::result<void>> wait;
          keep(executor, owned.query.await_termination(), wait);
          const auto rows = must(co_await owned.session.range(1'000'000).collect());
          REQUIRE(rows.size() == 1'000'000);
          std::int64_t next = 0;
          for (const auto& row : rows) next += row.get<std::int64_t>(0) == next ? 1 : 0;
          CHECK(next == 1'000'000);
          co_await pause(7s);
          CHECK_FALSE(wait.has_value());
          must(co_await owned.query.stop());
          co_await eventually([&]() -> asio::awaitable<bool> { co_return wait.has_value(); });
          must(*wait);
          must(co_await owned.session.stop());
        }
        must(co_await server.stop());
      },
      own_server_limit);
}

TEST_CASE("A server without reattach: queries and results work; a broken result is lost and says why, a wait goes on",
          "[own_server]") {
  event_loop_test(
      []() -> check {
        std::map<std::string, std::string> conf;
        conf["spark.connect.execute.reattachable.enabled"] = "false";
        auto server = co_await start_server(conf);
        tcp_gate gate(server.port());
        const auto executor = co_await asio::this_coro::executor;
        const auto spark = must(co_await cospark::session::connect(gate.remote(), patient()));
        CHECK(must(co_await spark.range(1000).count()) == 1000);
        const auto query = co_await endless(spark);
        std::optional<cospark::result<void>> wait;
        keep(executor, query.await_termination(), wait);
        std::optional<cospark::result<std::vector<cospark::row>>> rows;
        keep(executor, slow_row(spark).collect(), rows);
        co_await pause(3s);
        REQUIRE_FALSE(rows.has_value());
        gate.reset();
        co_await eventually([&]() -> asio::awaitable<bool> { co_return rows.has_value(); });
        const auto lost = fails(*rows);
        INFO(lost.to_string());
        CHECK(lost == errc::operation_lost);
        CHECK(lost.condition() == "INVALID_CURSOR.NOT_REATTACHABLE");
        CHECK_FALSE(wait.has_value());
        must(co_await query.stop());
        co_await eventually([&]() -> asio::awaitable<bool> { co_return wait.has_value(); });
        must(*wait);
        must(co_await spark.stop());
        must(co_await server.stop());
      },
      own_server_limit);
}

TEST_CASE("D3 one row of 300 MiB, more than any message may have, arrives in chunks", "[own_server][.crash]") {
  if (!spark_is_at_least(4, 1)) return;  // no chunks
  event_loop_test(
      []() -> check {
        auto options = server_options();
        options.jvm_options.emplace_back("-Xmx4g");
        auto server = must(co_await cospark::local_server::start(options));
        const auto spark = must(co_await cospark::session::connect(server.remote(), patient()));
        constexpr std::size_t size = std::size_t{300} << 20;
        const auto frame = spark.range(1).select(f::expr("repeat('a', 314572800)").alias("long"));
        const auto rows = must(co_await frame.collect());
        REQUIRE(rows.size() == 1);
        const auto& text = rows[0].get<std::string>("long");
        CHECK(text.size() == size);
        CHECK(text.find_first_not_of('a') == std::string::npos);
        must(co_await spark.stop());
        must(co_await server.stop());
      },
      own_server_limit);
}

TEST_CASE("D5 results that the server compresses are smaller on the way, and the same rows") {
  event_loop_test([]() -> check {
    std::optional<lines> plain;
    std::uint64_t plain_bytes = 0;
    for (const std::string codec : {"none", "lz4", "zstd"}) {
      std::uint64_t bytes = 0;
      cospark::session_options options;
      options.conf["spark.sql.execution.arrow.compression.codec"] = codec;
      options.metrics = [&bytes](const cospark::metric& measured) {
        if (measured.name != "bytes_received") return;
        for (const auto& label : measured.labels) {
          if (label.second == "query") bytes += measured.count;
        }
      };
      const auto spark = must(co_await cospark::session::connect(shared_server().remote(), options));
      const auto frame = spark.range(5000).select("id", f::expr("concat('text ', id % 7)").alias("text"),
                                                  f::expr("id / 4").alias("quarter"),
                                                  f::expr("IF(id % 3 = 0, NULL, array(id, id + 1))").alias("pair"));
      const auto rows = co_await rows_of(frame);
      must(co_await spark.stop());
      co_await pause(50ms);  // what was measured is told on this thread, later
      if (!plain) {
        plain = rows;
        plain_bytes = bytes;
        REQUIRE(rows.size() == 5000);
        REQUIRE(plain_bytes > 0);
        continue;
      }
      CHECK(rows == *plain);
      INFO(codec << ": " << bytes << " bytes, plain " << plain_bytes);
      if (spark_is_at_least(4, 1)) CHECK(2 * bytes < plain_bytes);  // Spark 4.0 ignores the setting
    }
  });
}
