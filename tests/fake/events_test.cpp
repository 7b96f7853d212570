// Streams of query events, under faults, against the scriptable server.
#include "program.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>

#include <memory>

using namespace fake;
using cospark::event_options;
using cospark::event_stream;
using cospark::missed_events;
using cospark::query_idle_event;
using cospark::query_progress_event;
using cospark::query_started_event;
using cospark::query_terminated_event;
using cospark::streaming_query_event;
using cospark::unknown_event;

namespace {

using next_event = result<std::optional<streaming_query_event>>;

constexpr int progress = 1;
constexpr int idle = 3;

event_stream open(program& user, std::size_t capacity = 1000) {
  event_options options;
  options.capacity = capacity;
  auto opened = cospark::run(user.io, user.session->streams().events(options));
  REQUIRE(opened);
  return std::move(opened).value();
}

streaming_query_event next(program& user, event_stream& events) {
  auto event = cospark::run(user.io, events.next());
  REQUIRE(event);
  REQUIRE(event.value().has_value());
  return *std::move(event).value();
}

/// Reads in the background, once.
std::shared_ptr<std::optional<next_event>> read(program& user, event_stream& events) {
  auto read = std::make_shared<std::optional<next_event>>();
  auto store = [read](next_event event) { read->emplace(std::move(event)); };
  cospark::spawn(user.io.get_executor(), events.next(), store);
  return read;
}

std::string idle_json(int number) {
  return "{\"id\":\"" + std::to_string(number) + "\",\"runId\":\"run\",\"timestamp\":\"2026-01-01T00:00:00.000Z\"}";
}

std::string progress_json(int batch) {
  return "{\"id\":\"id\",\"runId\":\"run\",\"name\":null,\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"batchId\":" +
         std::to_string(batch) + ",\"sources\":[],\"sink\":{\"description\":\"x\"},\"stateOperators\":[]}";
}

std::string run_of(const streaming_query_event& event) {
  if (const auto* ended = std::get_if<query_terminated_event>(&event)) return ended->run_id;
  if (const auto* started = std::get_if<query_started_event>(&event)) return started->run_id;
  return "";
}

struct initial {
  std::string operator()(const query_started_event&) const { return "s"; }
  std::string operator()(const query_progress_event&) const { return "p"; }
  std::string operator()(const query_idle_event&) const { return "i"; }
  std::string operator()(const query_terminated_event&) const { return "t"; }
  std::string operator()(const missed_events& missed) const {
    return "m" + (missed.count ? std::to_string(*missed.count) : std::string("?"));
  }
  std::string operator()(const unknown_event&) const { return "u"; }
};

/// The next events by their initials.
std::string in_short(program& user, event_stream& events, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::visit(initial(), next(user, events));
  return text;
}

}  // namespace

TEST_CASE("an event stream tells of starts, progress, idleness and ends, in order") {
  server spark;
  program user(spark);
  auto events = open(user);
  const auto query = user.start("", "counts");
  spark.send_event(progress, progress_json(0));
  spark.send_event(idle, idle_json(1));
  spark.fail_query(query.run_id(), division());

  const auto started = next(user, events);
  REQUIRE(std::holds_alternative<query_started_event>(started));
  CHECK(std::get<query_started_event>(started).id == query.id());
  CHECK(std::get<query_started_event>(started).run_id == query.run_id());
  CHECK(std::get<query_started_event>(started).name == "counts");
  const auto report = next(user, events);
  REQUIRE(std::holds_alternative<query_progress_event>(report));
  CHECK(std::get<query_progress_event>(report).progress.batch_id() == 0);
  CHECK(std::holds_alternative<query_idle_event>(next(user, events)));
  const auto ended = next(user, events);
  REQUIRE(std::holds_alternative<query_terminated_event>(ended));
  CHECK(std::get<query_terminated_event>(ended).run_id == query.run_id());
  CHECK(std::get<query_terminated_event>(ended).exception);
  CHECK(std::get<query_terminated_event>(ended).error_class_on_exception == "STREAM_FAILED");
}

TEST_CASE("several event streams and waits share one stream of the server, and each gets everything") {
  server spark;
  program user(spark);
  auto first = open(user);
  auto second = open(user);
  const auto query = user.start();
  user.wait(query);
  spark.end_query(query.run_id());
  REQUIRE(user.until_ended(1));
  for (auto* events : {&first, &second}) {
    CHECK(run_of(next(user, *events)) == query.run_id());
    CHECK(run_of(next(user, *events)) == query.run_id());
  }
  CHECK(buses_opened(spark) == 1);
}

TEST_CASE("the stream of the server is given back after the last event stream, not before") {
  server spark;
  program user(spark);
  {
    auto first = open(user);
    { auto second = open(user); }
    let_run(user.io, 2500ms);
    CHECK(spark.buses() == 1);
    CHECK(spark.operations(operation_kind::bus_remove).empty());
  }
  CHECK(eventually(user.io, [&] { return spark.buses() == 0; }));
  CHECK(spark.operations(operation_kind::bus_remove).size() == 1);
  auto again = open(user);
  const auto query = user.start();
  CHECK(run_of(next(user, again)) == query.run_id());
  CHECK(buses_opened(spark) == 2);
}

TEST_CASE("a session that only had event streams ends its event loop's work with them") {
  server spark;
  asio::io_context io;
  {
    auto session = cospark::run(io, cospark::session::connect(spark.remote(), client::quick()));
    REQUIRE(session);
    auto events = cospark::run(io, session.value().streams().events());
    REQUIRE(events);
  }
  io.restart();
  const auto began = std::chrono::steady_clock::now();
  io.run_for(30s);
  CHECK(io.stopped());
  CHECK(std::chrono::steady_clock::now() - began < 25s);
  CHECK(spark.buses() == 0);
}

TEST_CASE("a full queue drops the oldest progress and idle events, keeps the ends, and says what is missing") {
  server spark;
  program user(spark);
  const auto first = user.start();
  const auto second = user.start();
  auto events = open(user, 4);
  spark.send_event(progress, progress_json(0));
  spark.end_query(first.run_id());
  for (int i = 0; i < 3; ++i) spark.send_event(idle, idle_json(i));
  for (int i = 1; i < 6; ++i) spark.send_event(progress, progress_json(i));
  spark.end_query(second.run_id());
  let_run(user.io, 200ms);  // nobody reads meanwhile
  CHECK(in_short(user, events, 6) == "m1tm6ppt");
}

TEST_CASE("a queue full of ends drops the oldest of them") {
  server spark;
  program user(spark);
  std::vector<streaming_query> queries;
  for (int i = 0; i < 5; ++i) queries.push_back(user.start());
  auto events = open(user, 2);
  for (const auto& query : queries) spark.end_query(query.run_id());
  let_run(user.io, 200ms);
  const auto missed = next(user, events);
  REQUIRE(std::holds_alternative<missed_events>(missed));
  CHECK(std::get<missed_events>(missed).count == 3U);
  CHECK(run_of(next(user, events)) == queries[3].run_id());
  CHECK(run_of(next(user, events)) == queries[4].run_id());
}

TEST_CASE("a reader that is slow, but in time, misses nothing") {
  server spark;
  program user(spark);
  auto events = open(user, 3);
  int batch = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 3; ++i) spark.send_event(progress, progress_json(round * 3 + i));
    for (int i = 0; i < 3; ++i) {
      const auto event = next(user, events);
      REQUIRE(std::holds_alternative<query_progress_event>(event));
      CHECK(std::get<query_progress_event>(event).progress.batch_id() == batch++);
    }
  }
}

TEST_CASE("a connection that breaks costs no event, and no event comes twice") {
  server spark;
  program user(spark);
  for (int i = 0; i < 5; ++i) {
    spark.script(operation_kind::bus_add, stream_script().send(2).fail(server_error(unavailable, "cut")));
  }
  auto events = open(user);
  for (int i = 0; i < 30; ++i) {
    spark.send_event(progress, progress_json(i));
    let_run(user.io, 3ms);
  }
  for (int i = 0; i < 30; ++i) {
    const auto event = next(user, events);
    REQUIRE(std::holds_alternative<query_progress_event>(event));
    CHECK(std::get<query_progress_event>(event).progress.batch_id() == i);
  }
  CHECK(buses_opened(spark) == 1);
  CHECK(spark.calls(method::reattach_execute) >= 5);
}

TEST_CASE("when another client removes the stream, it is opened again, and the gap is told") {
  server spark;
  program user(spark);
  auto events = open(user);
  const auto first = user.start();
  const auto second = user.start();
  CHECK(run_of(next(user, events)) == first.run_id());
  CHECK(run_of(next(user, events)) == second.run_id());
  spark.set_sends_events(false);
  spark.remove_buses();
  spark.end_query(first.run_id());  // unseen
  const auto missed = next(user, events);
  REQUIRE(std::holds_alternative<missed_events>(missed));
  CHECK_FALSE(std::get<missed_events>(missed).count.has_value());
  REQUIRE(bus_is_ready(user, spark));
  spark.set_sends_events(true);
  spark.end_query(second.run_id());
  CHECK(run_of(next(user, events)) == second.run_id());
  CHECK(buses_opened(spark) == 2);
  // Nothing of ours was left, so nobody's stream was removed.
  CHECK(spark.operations(operation_kind::bus_remove).empty());
}

TEST_CASE("two clients of a session do not take the stream from each other for ever") {
  server spark;
  program user(spark);
  auto events = open(user);
  auto waiting = read(user, events);
  spark.remove_buses();
  spark.set_bus_taken(true);  // the other client was quicker
  REQUIRE(eventually(user.io, [&] { return waiting->has_value(); }));
  REQUIRE_FALSE((*waiting)->has_value());
  CHECK((*waiting)->error() == errc::limit_exceeded);
  CHECK(spark.operations(operation_kind::bus_remove).empty());
}

TEST_CASE("S7 a stream that the server has abandoned is removed, opened again, and the gap is told") {
  server spark;
  program user(spark);
  spark.script(operation_kind::bus_add, stream_script().send(1).wait(100ms).fail(server_error(unavailable, "cut")));
  spark.script(operation_kind::bus_add, stream_script().refuse(server_error(
                                            "INVALID_HANDLE.OPERATION_ABANDONED", "HY000",
                                            "[INVALID_HANDLE.OPERATION_ABANDONED] The operation was abandoned.")));
  auto events = open(user);
  const auto query = user.start();
  user.wait(query);
  CHECK(run_of(next(user, events)) == query.run_id());
  CHECK(std::holds_alternative<missed_events>(next(user, events)));
  // The server still has the orphan: without a REMOVE no new stream would be acknowledged.
  REQUIRE(eventually(user.io, [&] { return buses_opened(spark) == 2 && spark.buses() == 1; }));
  CHECK(spark.operations(operation_kind::bus_remove).size() == 1);
  spark.end_query(query.run_id());
  CHECK(run_of(next(user, events)) == query.run_id());
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
}

TEST_CASE("a stream that another client has is a clear error, and is not taken away") {
  server spark;
  spark.set_bus_taken(true);
  auto options = client::quick();
  options.call_timeout = 1s;  // also the limit of the acknowledgement
  program user(spark, options);
  auto refused = cospark::run(user.io, user.session->streams().events());
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::limit_exceeded);
  CHECK(refused.error().message().find("another client of this session") != std::string::npos);
  CHECK(spark.operations(operation_kind::bus_remove).empty());
  // Later the other one has left.
  spark.set_bus_taken(false);
  auto events = open(user);
  const auto query = user.start();
  CHECK(run_of(next(user, events)) == query.run_id());
}

TEST_CASE("a server that cannot be reached while the stream is opened is not taken for one whose stream is taken") {
  server spark;
  auto options = client::quick();
  options.call_timeout = 500ms;
  program user(spark, options);
  spark.stop();
  std::optional<result<event_stream>> opened;
  auto store = [&](result<event_stream> stream) { opened.emplace(std::move(stream)); };
  cospark::spawn(user.io.get_executor(), user.session->streams().events(), store);
  let_run(user.io, 2s);
  CHECK_FALSE(opened.has_value());
  spark.start(true);
  REQUIRE(eventually(user.io, [&] { return opened.has_value(); }));
  REQUIRE(opened->has_value());
  const auto query = user.start();
  CHECK(run_of(next(user, opened->value())) == query.run_id());
}

TEST_CASE("a server that is slow with everything is not taken for one whose stream is taken") {
  server spark;
  auto options = client::quick();
  options.call_timeout = 800ms;  // also how long the acknowledgement is waited for before another call is tried
  program user(spark, options);
  spark.script(operation_kind::bus_add, stream_script().wait(2s).send(1000));
  spark.delay(method::execute_plan, 300ms);
  const auto events = cospark::run(user.io, user.session->streams().events());
  INFO((events ? std::string() : events.error().to_string()));
  CHECK(events.has_value());
}

TEST_CASE("events of a server that is gone for good are given up within the bounds of the policy") {
  server spark;
  auto options = client::quick();
  options.retries.max_elapsed = 700ms;
  options.call_timeout = 500ms;
  program user(spark, options);
  auto events = open(user);
  spark.stop();
  for (int i = 0; i < 3; ++i) {
    auto end = cospark::run(user.io, events.next());
    REQUIRE_FALSE(end);
    CHECK(end.error() == errc::unavailable);
  }
  auto refused = cospark::run(user.io, user.session->streams().events());
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::unavailable);
}

TEST_CASE("S5 events of an expired session end as lost") {
  server spark;
  program user(spark);
  auto events = open(user);
  const auto query = user.start();
  CHECK(run_of(next(user, events)) == query.run_id());
  spark.expire_sessions();  // looks like a normal end of the query and of the stream
  CHECK(run_of(next(user, events)) == query.run_id());
  for (int i = 0; i < 2; ++i) {
    auto end = cospark::run(user.io, events.next());
    REQUIRE_FALSE(end);
    CHECK(end.error() == errc::session_lost);
  }
}

TEST_CASE("S3 events of a server that was restarted end as lost") {
  server spark;
  program user(spark);
  auto events = open(user);
  spark.start(false);
  auto end = cospark::run(user.io, events.next());
  REQUIRE_FALSE(end);
  CHECK(end.error() == errc::session_lost);
}

TEST_CASE("events end with nothing when this program stops the session") {
  server spark;
  program user(spark);
  auto events = open(user);
  auto waiting = read(user, events);
  REQUIRE(cospark::run(user.io, user.session->stop()));
  REQUIRE(eventually(user.io, [&] { return waiting->has_value(); }));
  REQUIRE((*waiting)->has_value());
  CHECK_FALSE((*waiting)->assume_value().has_value());
  auto after = cospark::run(user.io, events.next());
  REQUIRE(after);
  CHECK_FALSE(after.value().has_value());
  CHECK(cospark::run(user.io, user.session->streams().events()).error() == errc::client_closed);
}

TEST_CASE("a cancelled read loses no event") {
  server spark;
  program user(spark);
  auto events = open(user);
  for (int i = 0; i < 20; ++i) {
    asio::cancellation_signal signal;
    std::optional<next_event> outcome;
    auto reading = [&]() -> asio::awaitable<void> { outcome.emplace(co_await events.next()); };
    asio::co_spawn(user.io, reading(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
    let_run(user.io, 2ms);
    spark.send_event(progress, progress_json(i));
    let_run(user.io, std::chrono::milliseconds(i % 4));
    signal.emit(asio::cancellation_type::terminal);
    REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
    if (!outcome->has_value()) {
      CHECK(outcome->error() == errc::cancelled);
      outcome.emplace(cospark::run(user.io, events.next()));
    }
    REQUIRE(outcome->has_value());
    const auto& event = outcome->assume_value();
    REQUIRE(event.has_value());
    REQUIRE(std::holds_alternative<query_progress_event>(*event));
    CHECK(std::get<query_progress_event>(*event).progress.batch_id() == i);
  }
}

TEST_CASE("a second read meanwhile is refused, and the first goes on") {
  server spark;
  program user(spark);
  auto events = open(user);
  auto first = read(user, events);
  let_run(user.io, 20ms);
  auto second = cospark::run(user.io, events.next());
  REQUIRE_FALSE(second);
  CHECK(second.error() == errc::invalid_argument);
  spark.send_event(idle, idle_json(1));
  REQUIRE(eventually(user.io, [&] { return first->has_value(); }));
  CHECK((*first)->has_value());
}

TEST_CASE("an event stream that is destroyed ends the read that is under way") {
  server spark;
  program user(spark);
  std::optional<event_stream> events(open(user));
  auto reading = read(user, *events);
  let_run(user.io, 20ms);
  events.reset();
  REQUIRE(eventually(user.io, [&] { return reading->has_value(); }));
  REQUIRE_FALSE((*reading)->has_value());
  CHECK((*reading)->error() == errc::cancelled);
}

TEST_CASE("an event stream may outlive its context") {
  server spark;
  std::optional<event_stream> events;
  {
    program user(spark);
    events.emplace(open(user));
    read(user, *events);
    let_run(user.io, 20ms);
  }
  events.reset();
}

TEST_CASE("unknown and damaged events are handed out as they came") {
  server spark;
  program user(spark);
  auto events = open(user);
  spark.send_event(99, "{\"something\":\"new\"}");
  spark.send_event(2, "not JSON");
  const auto fresh = next(user, events);
  REQUIRE(std::holds_alternative<unknown_event>(fresh));
  CHECK(std::get<unknown_event>(fresh).type == 99);
  CHECK(std::get<unknown_event>(fresh).json == "{\"something\":\"new\"}");
  const auto damaged = next(user, events);
  REQUIRE(std::holds_alternative<unknown_event>(damaged));
  REQUIRE(std::get<unknown_event>(damaged).problem);
  CHECK(*std::get<unknown_event>(damaged).problem == errc::protocol_error);
}

TEST_CASE("events need Spark 4.0, and room for at least one") {
  server old("3.5.8");
  program user(old);
  auto refused = cospark::run(user.io, user.session->streams().events());
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::unsupported_by_server);
  CHECK(refused.error().message().find("4.0") != std::string::npos);
  CHECK(buses_opened(old) == 0);
  event_options none;
  none.capacity = 0;
  CHECK(cospark::run(user.io, user.session->streams().events(none)).error() == errc::invalid_argument);
}

TEST_CASE("ten thousand pending waits and three event streams are one open stream") {
  server spark;
  program user(spark);
  constexpr std::size_t number_of_queries = 100;
  constexpr std::size_t waits_each = 100;
  std::vector<streaming_query> queries;
  for (std::size_t i = 0; i < number_of_queries; ++i) queries.push_back(user.start());
  std::vector<event_stream> streams;
  for (int i = 0; i < 3; ++i) streams.push_back(open(user));
  for (const auto& query : queries) {
    for (std::size_t i = 0; i < waits_each; ++i) user.wait(query);
  }
  REQUIRE(eventually(user.io, [&] {
    return user.session->diagnostics().find("pending waits here: 10000;") != std::string::npos &&
           spark.open_streams() == 1;
  }));
  let_run(user.io, 200ms);
  CHECK(spark.open_streams() == 1);
  CHECK(user.ended.empty());
  for (const auto& query : queries) spark.end_query(query.run_id());
  REQUIRE(user.until_ended(number_of_queries * waits_each));
  for (const auto& each : user.ended) CHECK(each.outcome);
  for (auto& stream : streams) {
    for (const auto& query : queries) CHECK(run_of(next(user, stream)) == query.run_id());
  }
  CHECK(buses_opened(spark) == 1);
}
