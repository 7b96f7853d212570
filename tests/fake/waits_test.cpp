// Waits for streaming queries: many of them, under faults, against the scriptable server.
#include "program.hpp"
#include "streaming/access.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <thread>

using namespace fake;

namespace {

/// Starts queries and waits for each, by events.
std::vector<streaming_query> await_many(program& user, const server& spark, std::size_t count) {
  std::vector<streaming_query> queries;
  for (std::size_t i = 0; i < count; ++i) queries.push_back(user.start());
  for (const auto& query : queries) user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  return queries;
}

using all_outcomes = result<std::vector<cospark::query_outcome>>;

asio::awaitable<void> await_all_into(std::optional<all_outcomes>& outcomes, std::vector<streaming_query> queries) {
  outcomes.emplace(co_await cospark::await_all(std::move(queries)));
}

}  // namespace

TEST_CASE("a thousand waits cost one stream, and each ends when its query does") {
  server spark;
  program user(spark);
  constexpr std::size_t count = 1000;
  const auto queries = await_many(user, spark, count);
  let_run(user.io, 100ms);
  CHECK(spark.open_streams() <= 2);  // the bus, and perhaps one short call
  CHECK(user.ended.empty());

  CHECK(spark.end_query(queries[7].run_id()));
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].run_id == queries[7].run_id());
  CHECK(user.ended[0].outcome);
  for (std::size_t i = 0; i < count; ++i) spark.end_query(queries[i].run_id());
  REQUIRE(user.until_ended(count));
  for (const auto& each : user.ended) CHECK(each.outcome);
  CHECK(buses_opened(spark) == 1);
  CHECK(spark.operations(operation_kind::bus_add)[0].streams == 1);
}

TEST_CASE("a program that goes while many ends are still being confirmed leaves nothing behind") {
  server spark;
  std::weak_ptr<const cospark::connect::session_state> session;
  {
    program user(spark);
    const auto queries = await_many(user, spark, 40);
    session = cospark::streaming::access::state(queries[0])->session;
    let_run(user.io, 50ms);
    for (const auto& query : queries) spark.end_query(query.run_id());
    REQUIRE(user.until_ended(1));
  }
  CHECK(session.expired());
}

TEST_CASE("S15 a query that failed ends its wait with Spark's error") {
  server spark;
  program user(spark);
  const auto good = user.start();
  const auto bad = user.start();
  user.wait(good);
  user.wait(bad);
  user.wait(bad);
  REQUIRE(bus_is_ready(user, spark));
  spark.fail_query(bad.run_id(), division());
  REQUIRE(user.until_ended(2));
  let_run(user.io, 50ms);
  REQUIRE(user.ended.size() == 2);
  for (const auto& each : user.ended) {
    CHECK(each.run_id == bad.run_id());
    REQUIRE_FALSE(each.outcome);
    const auto& error = each.outcome.error();
    CHECK(error == errc::query_failed);
    CHECK(error.condition() == "STREAM_FAILED");
    CHECK(error.detail().query_id == bad.id());
    CHECK(error.detail().run_id == bad.run_id());
    REQUIRE(error.detail().causes.size() == 2);
    CHECK(error.detail().causes[1].condition == "DIVIDE_BY_ZERO");
  }
  CHECK(spark.calls(method::fetch_error_details) == 1);
}

TEST_CASE("queries that fail together are asked once each") {
  server spark;
  program user(spark);
  constexpr std::size_t count = 100;
  const auto queries = await_many(user, spark, count);
  for (const auto& query : queries) spark.fail_query(query.run_id(), division());
  REQUIRE(user.until_ended(count));
  for (const auto& each : user.ended) CHECK(each.outcome.error() == errc::query_failed);
  CHECK(spark.operations(operation_kind::query_command).size() <= 2 * count);  // status, then the exception
  CHECK(spark.calls(method::fetch_error_details) == count);
}

TEST_CASE("queries that end together are not asked one by one") {
  server spark;
  program user(spark);
  constexpr std::size_t count = 1000;
  const auto queries = await_many(user, spark, count);
  for (const auto& query : queries) spark.end_query(query.run_id());
  REQUIRE(user.until_ended(count));
  for (const auto& each : user.ended) CHECK(each.outcome);
  CHECK(spark.operations(operation_kind::query_command).size() < count / 2);
}

TEST_CASE("of many that end together each wait ends as its query did, even if its event is lost") {
  server spark;
  auto options = client::quick();
  options.sweep_interval = 200ms;
  program user(spark, options);
  constexpr std::size_t count = 300;
  const auto queries = await_many(user, spark, count);
  std::set<std::string> failed;
  for (std::size_t i = 0; i < count; ++i) {
    spark.set_sends_events(i % 4 < 2);
    const auto& run_id = queries[i].run_id();
    if (i % 2 == 0) {
      spark.end_query(run_id);
    } else {
      spark.fail_query(run_id, division());
      failed.insert(run_id);
    }
  }
  REQUIRE(user.until_ended(count));
  for (const auto& each : user.ended) {
    CHECK(each.outcome.has_value() == (failed.count(each.run_id) == 0));
    if (!each.outcome) CHECK(each.outcome.error() == errc::query_failed);
  }
}

TEST_CASE("waiting for a query that ended before costs no wait, and tells how it ended") {
  server spark;
  program user(spark);
  const auto good = user.start();
  const auto bad = user.start();
  spark.end_query(good.run_id());
  spark.fail_query(bad.run_id(), division());
  CHECK(cospark::run(user.io, good.await_termination()));
  CHECK(cospark::run(user.io, good.await_termination(10s)).value());
  auto failed = cospark::run(user.io, bad.await_termination());
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == errc::query_failed);
}

TEST_CASE("a wait with a timeout ends with false while the query runs") {
  server spark;
  program user(spark);
  const auto query = user.start();
  auto outcome = cospark::run(user.io, query.await_termination(150ms));
  REQUIRE(outcome);
  CHECK_FALSE(outcome.value());
  CHECK(spark.queries()[0].is_active);
  CHECK(cospark::run(user.io, query.await_termination(0ms)).error() == errc::invalid_argument);
  CHECK(cospark::run(user.io, query.await_termination(-1ms)).error() == errc::invalid_argument);
}

TEST_CASE("S2 a wait with a timeout ends within it although the server has gone") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.stop();
  const auto began = std::chrono::steady_clock::now();
  auto outcome = cospark::run(user.io, query.await_termination(300ms));
  REQUIRE(outcome);
  CHECK_FALSE(outcome.value());
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}

TEST_CASE("a cancelled wait leaves the query and the other waits alone") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  asio::cancellation_signal signal;
  std::optional<result<void>> outcome;
  auto wait = [&]() -> asio::awaitable<void> { outcome.emplace(co_await query.await_termination()); };
  asio::co_spawn(user.io, wait(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  REQUIRE(bus_is_ready(user, spark));
  signal.emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  CHECK(outcome->error() == errc::cancelled);
  let_run(user.io, 50ms);
  CHECK(spark.queries()[0].is_active);
  CHECK(user.ended.empty());
  CHECK(spark.calls(method::interrupt) == 0);
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
}

TEST_CASE("an end whose event is lost is found by the sweep") {
  server spark;
  auto options = client::quick();
  options.sweep_interval = 200ms;
  program user(spark, options);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.set_sends_events(false);
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
}

TEST_CASE("unknown and damaged events disturb nobody") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.send_event(99, "{\"something\":\"new\"}");
  spark.send_event(2, "not JSON");
  spark.send_event(2, "{\"id\":null}");
  spark.send_event(1, "");
  spark.send_event(2, "{\"id\":\"x\",\"runId\":\"y\",\"exception\":null}");
  let_run(user.io, 100ms);
  CHECK(user.ended.empty());
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
  CHECK(buses_opened(spark) == 1);
}

TEST_CASE("an event that claims an end is not believed while the server says that the query runs") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.send_event(2, "{\"id\":\"" + query.id() + "\",\"runId\":\"" + query.run_id() + "\",\"exception\":null}");
  let_run(user.io, 200ms);
  CHECK(user.ended.empty());
}

TEST_CASE("a bus that another client has is left alone, and the waits poll") {
  server spark;
  spark.set_bus_taken(true);
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  // The acknowledgement is waited for five seconds; a timeout of the user's own still holds meanwhile.
  CHECK_FALSE(cospark::run(user.io, query.await_termination(200ms)).value());
  REQUIRE(eventually(user.io, [&] { return spark.operations(operation_kind::manager_command).size() >= 2; }));
  CHECK(spark.operations(operation_kind::bus_remove).empty());
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
  CHECK(buses_opened(spark) == 1);
  CHECK(eventually(user.io, [&] { return spark.operations(operation_kind::bus_add)[0].releases == 1; }));
}

TEST_CASE("a bus that was removed is opened again, and no end is missed") {
  server spark;
  program user(spark);
  const auto first = user.start();
  const auto second = user.start();
  user.wait(first);
  user.wait(second);
  REQUIRE(bus_is_ready(user, spark));
  spark.set_sends_events(false);
  spark.remove_buses();
  spark.end_query(first.run_id());  // while there is no bus
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].run_id == first.run_id());
  REQUIRE(bus_is_ready(user, spark));
  CHECK(buses_opened(spark) == 2);
  spark.set_sends_events(true);
  spark.end_query(second.run_id());
  REQUIRE(user.until_ended(2));
  CHECK(user.ended[1].outcome);
}

TEST_CASE("a server that removes every bus at once is not asked for another at full speed") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  const auto until = std::chrono::steady_clock::now() + 1s;
  while (std::chrono::steady_clock::now() < until) {
    spark.remove_buses();
    let_run(user.io, 2ms);
  }
  CHECK(buses_opened(spark) <= 12);
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
}

TEST_CASE("T1 a bus whose connection breaks goes on where it stopped") {
  server spark;
  program user(spark);
  const auto query = user.start();
  spark.script(operation_kind::bus_add, stream_script().send(1).wait(50ms).fail(server_error(unavailable, "cut")));
  user.wait(query);
  REQUIRE(eventually(user.io, [&] { return spark.calls(method::reattach_execute) >= 1; }));
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
  CHECK(buses_opened(spark) == 1);
}

TEST_CASE("S5 the queries of an expired session end as lost, never as well ended") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.expire_sessions();  // the server sends a normal end of the query, and a normal end of the bus
  REQUIRE(user.until_ended(2));
  for (const auto& each : user.ended) {
    REQUIRE_FALSE(each.outcome);
    CHECK(each.outcome.error() == errc::session_lost);
    CHECK(each.outcome.error().detail().run_id == query.run_id());
  }
  CHECK(cospark::run(user.io, query.await_termination()).error() == errc::session_lost);
}

TEST_CASE("S3 waits on a server that was restarted end as lost") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.start(false);
  REQUIRE(user.until_ended(1));
  REQUIRE_FALSE(user.ended[0].outcome);
  CHECK(user.ended[0].outcome.error() == errc::session_lost);
}

TEST_CASE("S2 waits on a server that went for good end within the bounds of the policy") {
  server spark;
  auto options = client::quick();
  options.retries.max_elapsed = 700ms;
  options.call_timeout = 500ms;
  program user(spark, options);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.stop();
  REQUIRE(user.until_ended(1));
  REQUIRE_FALSE(user.ended[0].outcome);
  CHECK(user.ended[0].outcome.error() == errc::unavailable);
}

TEST_CASE("S2 waits that begin when the server is gone end after as many attempts as the policy allows") {
  for (const char* version : {"4.3.0", "3.5.8"}) {
    INFO(version);
    server spark(version);
    auto options = client::quick();
    options.retries.max_attempts = 2;  // the other bound is ten minutes
    program user(spark, options);
    const auto query = user.start();
    spark.stop();
    user.wait(query);
    REQUIRE(user.until_ended(1));
    REQUIRE_FALSE(user.ended[0].outcome);
    CHECK(user.ended[0].outcome.error() == errc::unavailable);
  }
}

TEST_CASE("S2 waits that poll a server that went for good end within the bounds of the policy") {
  server spark("3.5.8");
  auto options = client::quick();
  options.retries.max_elapsed = 700ms;
  options.call_timeout = 500ms;
  program user(spark, options);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(eventually(user.io, [&] { return !spark.operations(operation_kind::manager_command).empty(); }));
  spark.stop();
  REQUIRE(user.until_ended(1));
  REQUIRE_FALSE(user.ended[0].outcome);
  CHECK(user.ended[0].outcome.error() == errc::unavailable);
}

TEST_CASE("T1 a connection that comes back within the bounds costs no wait") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  spark.stop();
  let_run(user.io, 300ms);
  spark.start(true);
  let_run(user.io, 100ms);
  CHECK(user.ended.empty());
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
}

TEST_CASE("a server of before 4.0 is polled, once for all waits") {
  server spark("3.5.8");
  program user(spark);
  std::vector<streaming_query> queries;
  for (int i = 0; i < 20; ++i) queries.push_back(user.start());
  for (const auto& query : queries) user.wait(query);
  let_run(user.io, 500ms);
  CHECK(buses_opened(spark) == 0);
  CHECK(user.ended.empty());
  CHECK(spark.operations(operation_kind::manager_command).size() <= 10);
  for (const auto& query : queries) spark.end_query(query.run_id());
  REQUIRE(user.until_ended(20));
  for (const auto& each : user.ended) CHECK(each.outcome);
}

TEST_CASE("a failed query of a server of before 4.0 is a failed query, too") {
  server spark("3.5.8");
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  spark.fail_query(query.run_id(), division());
  REQUIRE(user.until_ended(1));
  REQUIRE_FALSE(user.ended[0].outcome);
  CHECK(user.ended[0].outcome.error() == errc::query_failed);
}

TEST_CASE("await_any_termination ends with the first end of any query of the session") {
  server spark;
  program user(spark);
  const auto first = user.start();
  const auto second = user.start();
  const auto streams = user.session->streams();
  CHECK_FALSE(cospark::run(user.io, streams.await_any_termination(100ms)).value());
  std::optional<result<void>> outcome;
  auto store = [&](result<void> value) { outcome.emplace(std::move(value)); };
  cospark::spawn(user.io.get_executor(), streams.await_any_termination(), store);
  let_run(user.io, 50ms);
  CHECK_FALSE(outcome);
  spark.end_query(second.run_id());
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  CHECK(*outcome);
  CHECK(cospark::run(user.io, streams.await_any_termination()));  // it is remembered
  CHECK(cospark::run(user.io, streams.reset_terminated()));
  CHECK_FALSE(cospark::run(user.io, streams.await_any_termination(100ms)).value());
  spark.fail_query(first.run_id(), division());
  CHECK(cospark::run(user.io, streams.await_any_termination()).error() == errc::query_failed);
}

TEST_CASE("await_first ends with the first of the given queries, and leaves no wait behind") {
  server spark;
  program user(spark);
  std::vector<streaming_query> queries;
  for (int i = 0; i < 3; ++i) queries.push_back(user.start());
  CHECK(cospark::run(user.io, cospark::await_first({})).error() == errc::invalid_argument);
  std::optional<cospark::query_outcome> first;
  auto store = [&](result<cospark::query_outcome> value) { first.emplace(std::move(value).value()); };
  cospark::spawn(user.io.get_executor(), cospark::await_first(queries), store);
  REQUIRE(bus_is_ready(user, spark));
  spark.fail_query(queries[1].run_id(), division());
  REQUIRE(eventually(user.io, [&] { return first.has_value(); }));
  CHECK(first->query == queries[1]);
  CHECK(first->outcome.error() == errc::query_failed);
  // Without waits the bus is given back.
  CHECK(eventually(user.io, [&] { return spark.buses() == 0; }));
}

TEST_CASE("await_all tells of each query how it ended, in the given order") {
  server spark;
  program user(spark);
  std::vector<streaming_query> queries;
  for (int i = 0; i < 4; ++i) queries.push_back(user.start());
  std::optional<all_outcomes> all;
  asio::co_spawn(user.io, await_all_into(all, queries), asio::detached);
  REQUIRE(bus_is_ready(user, spark));
  spark.end_query(queries[3].run_id());
  spark.fail_query(queries[1].run_id(), division());
  spark.end_query(queries[2].run_id());
  let_run(user.io, 50ms);
  CHECK_FALSE(all);
  spark.end_query(queries[0].run_id());
  REQUIRE(eventually(user.io, [&] { return all.has_value(); }));
  const auto& outcomes = all->value();
  REQUIRE(outcomes.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(outcomes[i].query == queries[i]);
    CHECK(outcomes[i].outcome.has_value() == (i != 1));
  }
}

TEST_CASE("await_all asks why a query failed while it waits for others: a server forgets it") {
  server spark;
  program user(spark);
  std::vector<streaming_query> queries;
  for (int i = 0; i < 200; ++i) queries.push_back(user.start());
  std::optional<all_outcomes> all;
  asio::co_spawn(user.io, await_all_into(all, queries), asio::detached);
  REQUIRE(bus_is_ready(user, spark));
  const auto& failing = queries.back().run_id();
  const auto asked_why = [&] {
    const auto calls = spark.operations(operation_kind::query_command);
    return std::any_of(calls.begin(), calls.end(), [&](const operation_record& call) {
      return call.plan.find(failing) != std::string::npos && call.plan.find("exception") != std::string::npos;
    });
  };
  spark.fail_query(failing, division());
  CHECK(eventually(user.io, asked_why));
  CHECK_FALSE(all);
  for (const auto& query : queries) spark.end_query(query.run_id());
  REQUIRE(eventually(user.io, [&] { return all.has_value(); }));
  const auto& outcomes = all->value();
  REQUIRE(outcomes.size() == queries.size());
  CHECK(outcomes.front().outcome);
  CHECK(outcomes.back().outcome.error() == errc::query_failed);
}

TEST_CASE("await_all of no queries ends at once, and a cancelled one leaves no wait behind") {
  server spark;
  program user(spark);
  CHECK(cospark::run(user.io, cospark::await_all({})).value().empty());
  const std::vector<streaming_query> queries{user.start(), user.start()};
  std::optional<all_outcomes> all;
  asio::cancellation_signal cancel;
  asio::co_spawn(user.io, await_all_into(all, queries), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  REQUIRE(bus_is_ready(user, spark));
  cancel.emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(user.io, [&] { return all.has_value(); }));
  CHECK(all->error() == errc::cancelled);
  CHECK(eventually(user.io, [&] { return spark.buses() == 0; }));
  CHECK(spark.queries()[0].is_active);
}

TEST_CASE("stopping the session ends its waits with client_closed") {
  server spark;
  program user(spark);
  const auto query = user.start();
  user.wait(query);
  REQUIRE(bus_is_ready(user, spark));
  CHECK(cospark::run(user.io, user.session->stop()));
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome.error() == errc::client_closed);
}

TEST_CASE("L12 a session that is dropped with waits pending leaves nothing behind") {
  server spark;
  {
    program user(spark);
    const auto query = user.start();
    for (int i = 0; i < 10; ++i) user.wait(query);
    REQUIRE(bus_is_ready(user, spark));
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (spark.open_streams() != 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(5ms);
  }
  CHECK(spark.open_streams() == 0);
  CHECK(spark.queries()[0].is_active);
}
