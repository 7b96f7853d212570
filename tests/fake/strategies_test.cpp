// The ways in which a session learns that queries have ended, and what it says about them.
#include "program.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>

#include <string_view>

using namespace fake;
using cospark::wait_strategy;

namespace {

cospark::session_options by(wait_strategy strategy) {
  auto options = client::quick();
  options.waits = strategy;
  options.call_timeout = 1s;
  return options;
}

bool says(const program& user, std::string_view text) {
  return user.session->diagnostics().find(text) != std::string::npos;
}

/// Operations that wait on the server for a query to end.
std::size_t open_awaits(const server& spark) {
  return spark.open_streams();
}

/// The start of a second query, whose answer stands still on the server while the query runs.
class held_start {
 public:
  held_start(program& user, server& spark) : user_(user), spark_(spark) {
    spark.script(operation_kind::start, stream_script().hold());
    auto store = [this](result<streaming_query> query) { answer.emplace(std::move(query)); };
    auto writer = user.session->read_stream().format("rate").load().write_stream().format("noop");
    cospark::spawn(user.io.get_executor(), writer.start(), store);
    REQUIRE(eventually(user.io, [&] { return spark.queries().size() == 2; }));
  }
  held_start(const held_start&) = delete;
  held_start& operator=(const held_start&) = delete;

  /// Lets the answer go.
  streaming_query answered() {
    spark_.release_held();
    REQUIRE(eventually(user_.io, [&] { return answer.has_value(); }));
    REQUIRE(answer->has_value());
    return answer->value();
  }

  std::optional<result<streaming_query>> answer;

 private:
  program& user_;
  server& spark_;
};

}  // namespace

TEST_CASE("automatic waits use events where the server has them, and the session says so") {
  server spark;
  program user(spark);
  CHECK(says(user, "Spark 4.3.0"));
  CHECK(says(user, "waits: events, chosen automatically: Spark 4.0 and newer have"));
  CHECK(says(user, "stream of query events: closed; opened 0 times"));
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  REQUIRE(eventually(user.io, [&] { return says(user, "stream of query events: open; opened 1 times"); }));
  CHECK(says(user, "pending waits here: 1;"));
}

TEST_CASE("automatic waits poll a server of before 4.0, and the session says why") {
  server spark("3.5.8");
  program user(spark);
  CHECK(says(user, "waits: polling, chosen automatically: Spark 3.5.8 has no stream of query events"));
  const auto query = user.start();
  user.wait(query);
  let_run(user.io, 200ms);
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
  CHECK(buses_opened(spark) == 0);
}

TEST_CASE("automatic waits poll while another client has the events, say why, and use events again when they can") {
  server spark;
  spark.set_bus_taken(true);
  program user(spark, by(wait_strategy::automatic));
  const auto first = user.start();
  const auto second = user.start();
  user.wait(first);
  user.wait(second);
  REQUIRE(eventually(user.io, [&] { return says(user, "waits: polling, chosen automatically: a session has one"); }));
  spark.end_query(first.run_id());
  REQUIRE(user.until_ended(1));
  spark.set_bus_taken(false);
  auto events = cospark::run(user.io, user.session->streams().events());
  REQUIRE(events);
  REQUIRE(eventually(user.io, [&] { return says(user, "waits: events, chosen automatically"); }));
  spark.end_query(second.run_id());
  REQUIRE(user.until_ended(2));
  CHECK(user.ended[1].outcome);
  CHECK(spark.operations(operation_kind::bus_remove).empty());
}

TEST_CASE("the timeout of a wait holds while its session finds out that another client has the events") {
  server spark;
  spark.set_bus_taken(true);
  program user(spark);
  const auto query = user.start();
  const auto began = std::chrono::steady_clock::now();
  CHECK_FALSE(cospark::run(user.io, query.await_termination(7s)).value());
  CHECK(std::chrono::steady_clock::now() - began < 12s);
}

TEST_CASE("waits by events fail with a clear error where there are none") {
  server old("3.5.8");
  program user(old, by(wait_strategy::events));
  CHECK(says(user, "waits: events, as session_options::waits says"));
  const auto query = user.start();
  CHECK(cospark::run(user.io, query.await_termination()).error() == errc::unsupported_by_server);
  CHECK(cospark::run(user.io, user.session->streams().await_any_termination()).error() == errc::unsupported_by_server);

  server taken;
  taken.set_bus_taken(true);
  program other(taken, by(wait_strategy::events));
  const auto another = other.start();
  CHECK(cospark::run(other.io, another.await_termination()).error() == errc::limit_exceeded);
  CHECK(taken.operations(operation_kind::bus_remove).empty());
}

TEST_CASE("waits by polling open no stream, and one poll serves all") {
  server spark;
  program user(spark, by(wait_strategy::polling));
  CHECK(says(user, "waits: polling, as session_options::waits says"));
  std::vector<streaming_query> queries;
  for (int i = 0; i < 20; ++i) queries.push_back(user.start());
  for (const auto& query : queries) user.wait(query);
  let_run(user.io, 500ms);
  CHECK(user.ended.empty());
  CHECK(buses_opened(spark) == 0);
  CHECK(spark.operations(operation_kind::manager_command).size() <= 10);
  for (const auto& query : queries) spark.end_query(query.run_id());
  REQUIRE(user.until_ended(20));
  for (const auto& each : user.ended) CHECK(each.outcome);
}

TEST_CASE("waits by polling go on polling beside a stream of events") {
  server spark;
  program user(spark, by(wait_strategy::polling));
  auto events = cospark::run(user.io, user.session->streams().events());
  REQUIRE(events);
  const auto query = user.start();
  user.wait(query);
  let_run(user.io, 100ms);
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
  CHECK(says(user, "waits: polling"));
}

TEST_CASE("blocking waits are one call of the server each") {
  server spark;
  program user(spark, by(wait_strategy::blocking));
  CHECK(says(user, "waits: blocking, as session_options::waits says"));
  std::vector<streaming_query> queries;
  for (int i = 0; i < 5; ++i) queries.push_back(user.start());
  for (const auto& query : queries) user.wait(query);
  REQUIRE(eventually(user.io, [&] { return open_awaits(spark) == 5; }));
  CHECK(buses_opened(spark) == 0);
  for (const auto& query : queries) spark.end_query(query.run_id());
  REQUIRE(user.until_ended(5));
  for (const auto& each : user.ended) CHECK(each.outcome);
  CHECK(eventually(user.io, [&] { return spark.open_streams() == 0; }));
}

TEST_CASE("blocking waits end with Spark's error, with false at their timeout, and with cancelled") {
  server spark;
  program user(spark, by(wait_strategy::blocking));
  const auto query = user.start();
  CHECK_FALSE(cospark::run(user.io, query.await_termination(100ms)).value());
  CHECK_FALSE(cospark::run(user.io, user.session->streams().await_any_termination(100ms)).value());
  CHECK(spark.calls(method::interrupt) == 0);  // the server kept the time
  // A coroutine that is cancelled before its first co_await throws there: the wait below must have begun.
  REQUIRE(eventually(user.io, [&] { return open_awaits(spark) == 0; }));

  asio::cancellation_signal signal;
  std::optional<result<void>> cancelled;
  auto wait = [&]() -> asio::awaitable<void> { cancelled.emplace(co_await query.await_termination()); };
  asio::co_spawn(user.io, wait(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  REQUIRE(eventually(user.io, [&] { return open_awaits(spark) == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(user.io, [&] { return cancelled.has_value(); }));
  CHECK(cancelled->error() == errc::cancelled);
  CHECK(eventually(user.io, [&] { return open_awaits(spark) == 0; }));
  CHECK(spark.queries()[0].is_active);

  user.wait(query);
  REQUIRE(eventually(user.io, [&] { return open_awaits(spark) == 1; }));
  spark.fail_query(query.run_id(), division());
  REQUIRE(user.until_ended(1));
  REQUIRE_FALSE(user.ended[0].outcome);
  const auto& error = user.ended[0].outcome.error();
  CHECK(error == errc::query_failed);
  CHECK(error.detail().run_id == query.run_id());
  REQUIRE(error.detail().causes.size() == 2);
  CHECK(error.detail().causes[1].condition == "DIVIDE_BY_ZERO");
  CHECK(cospark::run(user.io, user.session->streams().await_any_termination()).error() == errc::query_failed);
}

TEST_CASE("a failure whose causes the server cannot send has its stack trace") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  auto error = division();
  error.causes.clear();
  spark.fail_query(query.run_id(), error);
  REQUIRE(user.until_ended(1));
  REQUIRE_FALSE(user.ended[0].outcome);
  const auto& detail = user.ended[0].outcome.error().detail();
  CHECK(user.ended[0].outcome.error() == errc::query_failed);
  CHECK(detail.condition == "STREAM_FAILED");
  CHECK(detail.sql_state == "XXKST");
  REQUIRE(detail.causes.size() == 1);
  CHECK(detail.causes[0].stack_trace.find("\tat ") != std::string::npos);
  const auto problem = cospark::run(user.io, query.exception()).value();
  REQUIRE(problem);
  CHECK(problem->detail().causes.size() == 1);
}

TEST_CASE("a blocking wait with a timeout ends although the server is silent") {
  server spark;
  program user(spark, by(wait_strategy::blocking));
  const auto query = user.start();
  spark.script(operation_kind::query_command, stream_script().hold());
  auto outcome = cospark::run(user.io, query.await_termination(200ms));
  REQUIRE(outcome);
  CHECK_FALSE(outcome.value());
  spark.release_held();
}

TEST_CASE("S5 a blocking wait in an expired session ends as lost, never as well ended") {
  server spark;
  program user(spark, by(wait_strategy::blocking));
  const auto query = user.start();
  user.wait(query);
  REQUIRE(eventually(user.io, [&] { return open_awaits(spark) == 1; }));
  spark.expire_sessions();  // the wait itself answers true
  REQUIRE(user.until_ended(1));
  REQUIRE_FALSE(user.ended[0].outcome);
  CHECK(user.ended[0].outcome.error() == errc::session_lost);
}

TEST_CASE("S11 a blocking wait outlives segments that end without an answer") {
  server spark;
  program user(spark, by(wait_strategy::blocking));
  const auto query = user.start();
  for (int i = 0; i < 3; ++i) spark.script(operation_kind::query_command, stream_script().wait(20ms).end());
  user.wait(query);
  REQUIRE(eventually(user.io, [&] { return spark.calls(method::reattach_execute) >= 3; }));
  CHECK(user.ended.empty());
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
}

TEST_CASE("S11 waits outlive the bounds of the retry policy while the server just has nothing to say") {
  for (const auto strategy : {wait_strategy::blocking, wait_strategy::events}) {
    server spark;
    auto options = by(strategy);
    options.retries.max_elapsed = 2s;
    options.retries.max_attempts = 2;
    program user(spark, options);
    const auto query = user.start();
    const auto kind = strategy == wait_strategy::blocking ? operation_kind::query_command : operation_kind::bus_add;
    if (strategy == wait_strategy::events) spark.script(kind, stream_script().send(1).wait(1100ms).end());
    for (int i = 0; i < 3; ++i) spark.script(kind, stream_script().wait(1100ms).end());
    user.wait(query);
    REQUIRE(eventually(user.io, [&] { return spark.calls(method::reattach_execute) >= 3; }));
    let_run(user.io, 300ms);
    CHECK(user.ended.empty());
    spark.end_query(query.run_id());
    REQUIRE(user.until_ended(1));
    CHECK(user.ended[0].outcome);
    if (strategy == wait_strategy::events) CHECK(buses_opened(spark) == 1);
  }
}

TEST_CASE("T7 waits outlive a proxy that cuts silent streams again and again, as long as the server answers others") {
  server spark;
  auto options = by(wait_strategy::blocking);
  options.retries.max_attempts = 2;
  options.retries.max_elapsed = 3s;
  program user(spark, options);
  const auto query = user.start();
  spark.script_always(operation_kind::query_command, stream_script().wait(1200ms).fail(server_error(14, "idle")));
  user.wait(query);
  for (int i = 0; i < 50; ++i) {
    let_run(user.io, 100ms);
    CHECK(cospark::run(user.io, user.session->streams().active()));
  }
  CHECK(user.ended.empty());
  spark.script_always(operation_kind::query_command, stream_script());
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
}

TEST_CASE("S16 a query that we stop ends its waits well, whatever the strategy") {
  for (const auto strategy :
       {wait_strategy::automatic, wait_strategy::events, wait_strategy::polling, wait_strategy::blocking}) {
    server spark;
    program user(spark, by(strategy));
    const auto query = user.start();
    user.wait(query);
    let_run(user.io, 50ms);
    CHECK(user.ended.empty());
    REQUIRE(cospark::run(user.io, query.stop()));
    REQUIRE(user.until_ended(1));
    CHECK(user.ended[0].outcome);
  }
}

TEST_CASE("S16 a query that another client of the session stops ends its waits well, whatever the strategy") {
  for (const auto strategy :
       {wait_strategy::automatic, wait_strategy::events, wait_strategy::polling, wait_strategy::blocking}) {
    server spark;
    program user(spark, by(strategy));
    const auto query = user.start();
    user.wait(query);
    let_run(user.io, 50ms);
    program other(spark, same_session(user));
    auto found = cospark::run(other.io, other.session->streams().get(query.id()));
    REQUIRE(found);
    REQUIRE(found.value().has_value());
    REQUIRE(cospark::run(other.io, found.value()->stop()));
    REQUIRE(user.until_ended(1));
    CHECK(user.ended[0].outcome);
  }
}

TEST_CASE("S17 a restart from a checkpoint ends the waits for the run before, and not those for the new run") {
  for (const auto strategy :
       {wait_strategy::automatic, wait_strategy::events, wait_strategy::polling, wait_strategy::blocking}) {
    server spark;
    program user(spark, by(strategy));
    const auto before = user.start("/checkpoint");
    user.wait(before);
    let_run(user.io, 50ms);
    const auto after = user.start("/checkpoint");
    CHECK(after.id() == before.id());
    CHECK(after.run_id() != before.run_id());
    CHECK_FALSE(after == before);
    REQUIRE(user.until_ended(1));
    CHECK(user.ended[0].run_id == before.run_id());
    CHECK(user.ended[0].outcome);
    user.wait(after);
    let_run(user.io, 50ms);
    CHECK(user.ended.size() == 1);
    CHECK_FALSE(cospark::run(user.io, before.is_active()).value());
    CHECK(cospark::run(user.io, after.is_active()).value());
  }
}

TEST_CASE("S17 the handle of a run that the server has forgotten says so") {
  server spark;
  program user(spark);
  const auto query = user.start();
  const server_error mismatch("CONNECT_INVALID_PLAN.STREAMING_QUERY_RUN_ID_MISMATCH", "56K00",
                              "[CONNECT_INVALID_PLAN.STREAMING_QUERY_RUN_ID_MISMATCH] Run id mismatch for query id x.");
  spark.end_query(query.run_id());
  spark.script_always(operation_kind::query_command, stream_script().refuse(mismatch));
  CHECK(cospark::run(user.io, query.status()).error() == errc::query_not_found);
  auto waited = cospark::run(user.io, query.await_termination());
  REQUIRE_FALSE(waited);
  CHECK(waited.error() == errc::query_not_found);
  CHECK(waited.error().detail().run_id == query.run_id());
}

TEST_CASE("an end that is told before the answer of the start is not lost") {
  server spark;
  program user(spark);
  const auto keeper = user.start();
  user.wait(keeper);
  REQUIRE(bus_is_ready(user, spark));
  held_start start(user, spark);
  spark.end_query(spark.queries()[1].run_id);
  let_run(user.io, 50ms);
  CHECK_FALSE(start.answer.has_value());
  const auto started = start.answered();
  const auto asked = spark.operations(operation_kind::query_command).size();
  CHECK(cospark::run(user.io, started.await_termination()));
  CHECK(spark.operations(operation_kind::query_command).size() == asked);  // the event was remembered
}

TEST_CASE("a failure that is told before the answer of the start is not lost") {
  server spark;
  program user(spark);
  const auto keeper = user.start();
  user.wait(keeper);
  REQUIRE(bus_is_ready(user, spark));
  held_start start(user, spark);
  spark.fail_query(spark.queries()[1].run_id, division());
  let_run(user.io, 50ms);
  const auto started = start.answered();
  CHECK(cospark::run(user.io, started.await_termination()).error() == errc::query_failed);
}
