// What a session tells of its connection: its state, its log, its measurements. And what of it outlives a lost session.
#include "client.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace fake;
using cospark::connection_state;
using cospark::connection_status;

namespace {

struct program {
  explicit program(server& to, cospark::session_options options = client::quick())
      : spark(cospark::run(io, cospark::session::connect(to.remote(), std::move(options))).value()) {}

  /// Waits for the next status after `known`.
  void watch(const connection_state& known) {
    changed.reset();
    cospark::spawn(io.get_executor(), spark.connection_changed(known),
                   [this](result<connection_state> state) { changed = std::move(state); });
  }

  asio::io_context io;
  cospark::session spark;
  std::optional<result<connection_state>> changed;
};

struct recorder {
  std::shared_ptr<std::vector<cospark::log_entry>> entries = std::make_shared<std::vector<cospark::log_entry>>();
  std::shared_ptr<std::vector<cospark::metric>> metrics = std::make_shared<std::vector<cospark::metric>>();

  cospark::session_options options() const {
    auto options = client::quick();
    options.log = [entries = entries](const cospark::log_entry& entry) { entries->push_back(entry); };
    options.metrics = [metrics = metrics](const cospark::metric& measured) { metrics->push_back(measured); };
    return options;
  }

  /// The sum of a counter whose labels hold all of these values.
  std::uint64_t count(const std::string& name, const std::vector<std::string>& values = {}) const {
    std::uint64_t sum = 0;
    for (const auto& each : *metrics) {
      const bool fits = std::all_of(values.begin(), values.end(), [&](const std::string& value) {
        return std::any_of(each.labels.begin(), each.labels.end(),
                           [&](const auto& label) { return label.second == value; });
      });
      if (each.name == name && fits) sum += each.what == cospark::metric::kind::counter ? each.count : 1;
    }
    return sum;
  }
  bool logged(const std::string& message) const {
    return std::any_of(entries->begin(), entries->end(),
                       [&](const auto& entry) { return entry.message.find(message) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE("a session that was opened is connected, and says since when") {
  server fake;
  const auto before = std::chrono::system_clock::now();
  program user(fake);
  const auto state = user.spark.connection();
  CHECK(state.status == connection_status::connected);
  CHECK(state.since >= before);
  CHECK(state.reason.empty());
  CHECK(state.changes == 0);
}

TEST_CASE("while the server is away the session is reconnecting, says why, and is connected again afterwards") {
  server fake;
  program user(fake);
  const auto query =
      cospark::run(user.io, user.spark.read_stream().format("rate").load().write_stream().format("noop").start());
  REQUIRE(query);
  std::optional<result<void>> ended;
  cospark::spawn(user.io.get_executor(), query.value().await_termination(),
                 [&](result<void> outcome) { ended = std::move(outcome); });
  REQUIRE(eventually(user.io, [&] { return fake.buses() == 1; }));

  user.watch(user.spark.connection());
  let_run(user.io, 20ms);
  CHECK_FALSE(user.changed);
  fake.stop();
  REQUIRE(eventually(user.io, [&] { return user.changed.has_value(); }));
  const auto away = user.changed->value();
  CHECK(away.status == connection_status::reconnecting);
  CHECK_FALSE(away.reason.empty());
  CHECK(away.changes == 1);
  CHECK_FALSE(ended);

  user.watch(away);
  REQUIRE(eventually(user.io, [&] { return user.spark.connection().failures > 2; }));
  CHECK_FALSE(user.changed);
  fake.start(true);
  REQUIRE(eventually(user.io, [&] { return user.changed.has_value(); }));
  CHECK(user.changed->value().status == connection_status::connected);
  CHECK(user.changed->value().reason.empty());
  CHECK(user.changed->value().since >= away.since);
  CHECK_FALSE(ended);
  CHECK(fake.end_query(query.value().run_id()));
  REQUIRE(eventually(user.io, [&] { return ended.has_value(); }));
  CHECK(*ended);
}

TEST_CASE("a wait for a change of the connection ends when it is cancelled, and with the session's end") {
  server fake;
  program user(fake);
  asio::cancellation_signal cancel;
  bool cancelled = false;
  asio::co_spawn(
      user.io,
      [](cospark::session spark, bool& seen) -> asio::awaitable<void> {
        auto outcome = co_await spark.connection_changed(spark.connection());
        seen = !outcome && outcome.error() == errc::cancelled;
      }(user.spark, cancelled),
      asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  user.watch(user.spark.connection());
  let_run(user.io, 10ms);
  cancel.emit(asio::cancellation_type::terminal);
  CHECK(eventually(user.io, [&] { return cancelled; }));
  CHECK_FALSE(user.changed);
  CHECK(cospark::run(user.io, user.spark.stop()));
  REQUIRE(eventually(user.io, [&] { return user.changed.has_value(); }));
  CHECK(user.changed->value().status == connection_status::lost);
  // It stays so: no wait for a change is left to wait.
  CHECK(cospark::run(user.io, user.spark.connection_changed(user.changed->value())).value().status ==
        connection_status::lost);
}

TEST_CASE("a context that is destroyed with a wait for a change lets go of it") {
  server fake;
  std::weak_ptr<int> alive;
  {
    program user(fake);
    auto held = std::make_shared<int>(1);
    alive = held;
    cospark::spawn(user.io.get_executor(), user.spark.connection_changed(user.spark.connection()),
                   [held](const result<connection_state>&) { FAIL("it did not change"); });
    let_run(user.io, 10ms);
  }
  CHECK(alive.expired());
}

TEST_CASE("S4 a session that the server lost is lost for all its handles, and never mixed with the one behind it") {
  server fake;
  const recorder told;
  program user(fake, told.options());
  const auto query =
      cospark::run(user.io, user.spark.read_stream().format("rate").load().write_stream().format("noop").start());
  REQUIRE(query);
  fake.replace_sessions(false);
  CHECK(cospark::run(user.io, query.value().status()).error() == errc::session_lost);
  const auto state = user.spark.connection();
  CHECK(state.status == connection_status::lost);
  CHECK(state.reason.find("another session") != std::string::npos);

  // Nothing is sent any more that the other session would carry out.
  const auto config = fake.calls(method::config);
  const auto executions = fake.calls(method::execute_plan);
  CHECK(cospark::run(user.io, user.spark.conf().set("a", "b")).error() == errc::session_lost);
  CHECK(cospark::run(user.io, user.spark.range(1).collect()).error() == errc::session_lost);
  CHECK(cospark::run(user.io, query.value().stop()).error() == errc::session_lost);
  CHECK(fake.calls(method::config) == config);
  CHECK(fake.calls(method::execute_plan) == executions);
  // Not even the end of the session.
  CHECK(cospark::run(user.io, user.spark.stop()));
  CHECK(fake.calls(method::release_session) == 0);
  CHECK(cospark::run(user.io, user.spark.conf().set("a", "b")).error() == errc::client_closed);
  let_run(user.io, 10ms);
  CHECK(told.count("connection_changes", {"lost"}) == 1);
}

TEST_CASE("S4 on Spark 3.5, which says nothing of a new session, a lost session stays lost, too") {
  server fake("3.5.7");
  program user(fake);
  fake.start(false);
  fake.fail(method::config, server_error("INVALID_HANDLE.SESSION_NOT_FOUND", "HY000", "[INVALID_HANDLE] gone"));
  CHECK(cospark::run(user.io, user.spark.conf().get("a", "b")).error() == errc::session_lost);
  CHECK(cospark::run(user.io, user.spark.conf().get("a", "b")).error() == errc::session_lost);
}

TEST_CASE("a lost session is replaced by one with the same server, options and no memory") {
  server fake;
  auto options = client::quick();
  options.conf["spark.sql.shuffle.partitions"] = "3";
  options.session_id = "123e4567-e89b-42d3-a456-426614174000";
  options.user_id = "anna";
  program user(fake, options);
  CHECK(cospark::run(user.io, user.spark.conf().set("only.here", "x")));
  fake.expire_sessions();
  CHECK(cospark::run(user.io, user.spark.conf().get("only.here", "y")).error() == errc::session_lost);
  const auto next = cospark::run(user.io, user.spark.replacement());
  REQUIRE(next);
  CHECK(next.value().id() != user.spark.id());
  CHECK(next.value().connection().status == connection_status::connected);
  CHECK(cospark::run(user.io, next.value().conf().get("only.here", "y")).value() == "y");
  CHECK(cospark::run(user.io, next.value().conf().get("spark.sql.shuffle.partitions", "0")).value() == "3");
  CHECK(cospark::run(user.io, next.value().range(1).collect()));
  CHECK(user.spark.connection().status == connection_status::lost);
  // Stopping the old one, also late, does not reach the new one.
  CHECK(cospark::run(user.io, user.spark.stop()));
  CHECK(cospark::run(user.io, next.value().conf().get("only.here", "y")));
}

TEST_CASE("S5 a session with a query is kept alive, one without is not, and a stopped one neither") {
  server fake;
  auto options = client::quick();
  options.keep_alive_interval = 20ms;
  program user(fake, options);
  const auto asked = [&] { return fake.calls(method::analyze_plan); };
  const auto before = asked();
  let_run(user.io, 200ms);
  CHECK(asked() == before);
  const auto query =
      cospark::run(user.io, user.spark.read_stream().format("rate").load().write_stream().format("noop").start());
  REQUIRE(query);
  const auto started = asked();
  CHECK(eventually(user.io, [&] { return asked() >= started + 5; }));
  CHECK(cospark::run(user.io, user.spark.stop()));
  CHECK(fake.calls(method::release_session) == 1);
  const auto stopped = asked();
  let_run(user.io, 200ms);
  CHECK(asked() <= stopped + 1);
}

TEST_CASE("without a call the keep-alive notices that the server is gone, and that it is back") {
  server fake;
  auto options = client::quick();
  options.keep_alive_interval = 20ms;
  program user(fake, options);
  REQUIRE(cospark::run(user.io, user.spark.read_stream().format("rate").load().write_stream().format("noop").start()));
  fake.stop();
  CHECK(eventually(user.io, [&] { return user.spark.connection().status == connection_status::reconnecting; }));
  fake.start(true);
  CHECK(eventually(user.io, [&] { return user.spark.connection().status == connection_status::connected; }));
  fake.start(false);
  CHECK(eventually(user.io, [&] { return user.spark.connection().status == connection_status::lost; }));
}

TEST_CASE("operations, retries, reattaches and bytes are counted") {
  server fake;
  server_access::set_responses(fake, numbered_responses(10));
  const recorder told;
  client user(fake, told.options());
  fake.script(operation_kind::rows, stream_script().send(3).fail(server_error(unavailable, "cut")));
  CHECK(cospark::run(user.io, collect(user.rows())).value().numbers == up_to(10));
  fake.fail(method::config, server_error(unavailable, "cut"), 2);
  proto::ConfigRequest request;
  request.mutable_operation()->mutable_get_all();
  CHECK(cospark::run(user.io, cospark::connect::configure(user.session, request)));
  fake.fail(method::config, server_error("A.CONDITION", "42000", "no"));
  CHECK_FALSE(cospark::run(user.io, cospark::connect::configure(user.session, request)));
  { auto dropped = user.rows(); }
  REQUIRE(user.settle());
  let_run(user.io, 10ms);

  CHECK(told.count("operations_started", {"query"}) == 2);
  CHECK(told.count("operations_ended", {"query", "ok"}) == 1);
  CHECK(told.count("operations_ended", {"query", "dropped"}) == 1);
  CHECK(told.count("operation_duration", {"query", "ok"}) == 1);
  CHECK(told.count("reattaches", {"query"}) == 1);
  CHECK(told.count("retries", {"query"}) == 1);
  CHECK(told.count("retries", {"Config"}) == 2);
  CHECK(told.count("operations_started", {"Config"}) == 3);
  CHECK(told.count("operations_ended", {"Config", "ok"}) == 2);
  CHECK(told.count("operations_ended", {"Config", "analysis failed"}) == 1);
  CHECK(told.count("bytes_received", {"query"}) > 100);
  CHECK(told.count("connection_changes", {"reconnecting"}) == 2);
  CHECK(told.count("connection_changes", {"connected"}) == 2);
  CHECK(told.logged("session opened"));
  CHECK(told.logged("reconnecting"));
}

TEST_CASE("a start of a query is measured under Spark's name of the command") {
  server fake;
  const recorder told;
  program user(fake, told.options());
  REQUIRE(cospark::run(user.io, user.spark.read_stream().format("rate").load().write_stream().format("noop").start()));
  let_run(user.io, 10ms);
  CHECK(told.count("operations_ended", {"write_stream_operation_start", "ok"}) == 1);
}

TEST_CASE("hooks are called on the session's executor, never on a thread of gRPC") {
  server fake;
  server_access::set_responses(fake, numbered_responses(10));
  const auto mine = std::this_thread::get_id();
  auto foreign = std::make_shared<int>(0);
  auto calls = std::make_shared<int>(0);
  auto options = client::quick();
  options.log = [=](const cospark::log_entry&) {
    ++*calls;
    if (std::this_thread::get_id() != mine) ++*foreign;
  };
  options.metrics = [=](const cospark::metric&) {
    ++*calls;
    if (std::this_thread::get_id() != mine) ++*foreign;
  };
  client user(fake, options);
  CHECK(cospark::run(user.io, collect(user.rows())));
  let_run(user.io, 10ms);
  CHECK(*calls > 4);
  CHECK(*foreign == 0);
}

TEST_CASE("hooks that throw, and hooks that use the session, disturb nobody") {
  server fake;
  server_access::set_responses(fake, numbered_responses(10));
  auto options = client::quick();
  auto spark = std::make_shared<std::optional<cospark::session>>();
  options.log = [spark](const cospark::log_entry&) {
    if (*spark) (*spark)->connection();
    throw std::runtime_error("the log is full");
  };
  options.metrics = [](const cospark::metric&) { throw 7; };
  client user(fake, options);
  for (int i = 0; i < 5; ++i) {
    fake.script(operation_kind::rows, stream_script().send(2).fail(server_error(unavailable, "cut")));
  }
  const auto all = cospark::run(user.io, collect(user.rows()));
  CHECK_FALSE(all.value().error);
  CHECK(all.value().numbers == up_to(10));
  CHECK(user.settle());
}
