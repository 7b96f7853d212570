// The guide's "Listening to events", and waits, where a real Spark has to agree.
#include "support.hpp"

#include "connect/session_state.hpp"
#include "streaming/access.hpp"

#include <algorithm>
#include <memory>
#include <optional>

using namespace spark_tests;

namespace {

using cospark::streaming_query_event;

/// The next event about this run that is of the kind; others are passed over.
template <class Event>
asio::awaitable<Event> next_of(cospark::event_stream& events, std::string run_id) {
  for (;;) {
    auto event = must(co_await events.next());
    REQUIRE(event.has_value());
    const auto* found = std::get_if<Event>(&*event);
    if (found == nullptr) continue;
    std::string run;
    if constexpr (std::is_same_v<Event, cospark::query_progress_event>) {
      run = found->progress.run_id();
    } else {
      run = found->run_id;
    }
    if (run == run_id) co_return *found;
  }
}

/// The runs of the next `count` ends, sorted.
asio::awaitable<lines> ends(cospark::event_stream& events, std::size_t count) {
  lines runs;
  while (runs.size() < count) {
    const auto event = must(co_await events.next());
    REQUIRE(event.has_value());
    if (const auto* end = std::get_if<cospark::query_terminated_event>(&*event)) runs.push_back(end->run_id);
  }
  std::sort(runs.begin(), runs.end());
  co_return runs;
}

cospark::session_options with(cospark::wait_strategy strategy) {
  cospark::session_options options;
  options.waits = strategy;
  return options;
}

cospark::session_options same_session(const cospark::session& spark) {
  cospark::session_options options;
  options.session_id = spark.id();
  return options;
}

class recorder final : public cospark::streaming_query_listener {
 public:
  void on_query_started(const cospark::query_started_event& event) override { started.push_back(event.run_id); }
  void on_query_progress(const cospark::query_progress_event& event) override {
    progress.push_back(event.progress.run_id());
  }
  void on_query_terminated(const cospark::query_terminated_event& event) override {
    terminated.push_back(event.run_id);
    if (then) then();
  }

  lines started;
  lines progress;
  lines terminated;
  std::function<void()> then;
};

}  // namespace

TEST_CASE("Events: a start, a progress and an end arrive, with the ids of the query") {
  spark_test([](cospark::session spark) -> check {
    auto events = must(co_await spark.streams().events());
    const auto query = co_await endless(spark);
    const auto started = co_await next_of<cospark::query_started_event>(events, query.run_id());
    CHECK(started.id == query.id());
    CHECK(started.name == query.name());
    const auto report = co_await next_of<cospark::query_progress_event>(events, query.run_id());
    CHECK(report.progress.id() == query.id());
    must(co_await query.stop());
    const auto ended = co_await next_of<cospark::query_terminated_event>(events, query.run_id());
    CHECK(ended.id == query.id());
    CHECK_FALSE(ended.exception.has_value());
  });
}

TEST_CASE("Events: a failed query ends with its exception") {
  spark_test([](cospark::session spark) -> check {
    auto events = must(co_await spark.streams().events());
    const auto query = co_await failing(spark);
    const auto ended = co_await next_of<cospark::query_terminated_event>(events, query.run_id());
    REQUIRE(ended.exception.has_value());
    CHECK(ended.exception->find("DIVIDE_BY_ZERO") != std::string::npos);
    CHECK(ended.error_class_on_exception == "DIVIDE_BY_ZERO");
  });
}

TEST_CASE("Events: a query without data is idle now and then") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto events = must(co_await spark.streams().events());
    auto writer = three_events(spark, files).write_stream().format("noop");
    const auto query = must(co_await writer.start());
    const auto idle = co_await next_of<cospark::query_idle_event>(events, query.run_id());
    CHECK(idle.id == query.id());
    must(co_await query.stop());
  });
}

TEST_CASE("Listeners hear of a query, and one of them removes itself") {
  spark_test([](cospark::session spark) -> check {
    const auto listener = std::make_shared<recorder>();
    const auto once = std::make_shared<recorder>();
    must(co_await spark.streams().add_listener(listener));
    must(co_await spark.streams().add_listener(once));
    once->then = [&] { CHECK(spark.streams().remove_listener(once)); };
    const auto first = co_await endless(spark);
    co_await eventually([&]() -> asio::awaitable<bool> { co_return !listener->progress.empty(); });
    must(co_await first.stop());
    const auto second = co_await endless(spark);
    must(co_await second.stop());
    co_await eventually([&]() -> asio::awaitable<bool> { co_return listener->terminated.size() == 2; });
    const auto runs = these(first.run_id(), second.run_id());
    CHECK(listener->started == runs);
    CHECK(listener->terminated == runs);
    const auto first_alone = these(first.run_id());
    CHECK(once->terminated == first_alone);
    CHECK(spark.streams().list_listeners().size() == 1);
    CHECK(spark.streams().remove_listener(listener));
  });
}

TEST_CASE("A stream of events that another client of the session holds is a clear error, and its waits poll") {
  spark_test([](cospark::session spark) -> check {
    auto events = must(co_await spark.streams().events());
    const auto remote = shared_server().remote();
    const auto other = must(co_await cospark::session::connect(remote, same_session(spark)));
    const auto refused = fails(co_await other.streams().events());
    CHECK(refused == cospark::errc::limit_exceeded);
    const auto query = co_await endless(spark);
    const auto same = must(co_await other.streams().get(query.id()));
    REQUIRE(same.has_value());
    const auto began = std::chrono::steady_clock::now();
    CHECK_FALSE(must(co_await same->await_termination(7s)));
    CHECK(std::chrono::steady_clock::now() - began < 3 * 7s);
    CHECK(other.diagnostics().find("waits: polling, chosen automatically") != std::string::npos);
    must(co_await query.stop());
    CHECK(must(co_await same->await_termination(30s)));
    // The holder was not disturbed.
    co_await next_of<cospark::query_terminated_event>(events, query.run_id());
  });
}

TEST_CASE("When another client removes the stream of events, it is opened again and the gap is told") {
  spark_test([](cospark::session spark) -> check {
    auto events = must(co_await spark.streams().events());
    const auto query = co_await sleeper(spark);
    spark::connect::Command remove;
    remove.mutable_streaming_query_listener_bus_command()->set_remove_listener_bus_listener(true);
    const auto session = cospark::streaming::access::state(query)->session;
    must(co_await cospark::connect::run_command(session, remove));
    for (;;) {
      const auto event = must(co_await events.next());
      REQUIRE(event.has_value());
      if (std::holds_alternative<cospark::missed_events>(*event)) break;
    }
    must(co_await query.stop());
    co_await next_of<cospark::query_terminated_event>(events, query.run_id());
  });
}

TEST_CASE("S16 a query that another client of the session stops ends our wait well, by every strategy") {
  event_loop_test([]() -> check {
    for (const auto strategy : {cospark::wait_strategy::automatic, cospark::wait_strategy::polling,
                                cospark::wait_strategy::blocking, cospark::wait_strategy::events}) {
      const auto remote = shared_server().remote();
      const auto spark = must(co_await cospark::session::connect(remote, with(strategy)));
      const auto query = co_await endless(spark);
      const auto executor = co_await asio::this_coro::executor;
      auto outcome = std::make_shared<std::optional<cospark::result<void>>>();
      auto store = [outcome](cospark::result<void> ended) { *outcome = std::move(ended); };
      cospark::spawn(executor, query.await_termination(), store);
      co_await pause(300ms);
      CHECK_FALSE(outcome->has_value());
      const auto other = must(co_await cospark::session::connect(remote, same_session(spark)));
      const auto same = must(co_await other.streams().get(query.id()));
      REQUIRE(same.has_value());
      must(co_await same->stop());
      co_await eventually([&]() -> asio::awaitable<bool> { co_return outcome->has_value(); });
      must(**outcome);
      must(co_await spark.stop());
    }
  });
}

TEST_CASE("S17 a restart from the checkpoint ends the wait for the run before; its handle says that it has ended") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    auto writer = spark.read_stream()
                      .format("rate-micro-batch")
                      .option("rowsPerBatch", 1)
                      .load()
                      .write_stream()
                      .format("noop")
                      .trigger(cospark::trigger::processing_time(1s))
                      .option("checkpointLocation", files / "checkpoint");
    const auto before = must(co_await writer.start());
    const auto executor = co_await asio::this_coro::executor;
    std::optional<cospark::result<void>> outcome;
    auto store = [&](cospark::result<void> ended) { outcome = std::move(ended); };
    cospark::spawn(executor, before.await_termination(), store);
    co_await pause(500ms);
    const auto after = must(co_await writer.start());
    CHECK(after.id() == before.id());
    CHECK(after.run_id() != before.run_id());
    co_await eventually([&]() -> asio::awaitable<bool> { co_return outcome.has_value(); });
    must(*outcome);
    CHECK_FALSE(must(co_await before.is_active()));
    CHECK(must(co_await after.is_active()));
    CHECK_FALSE(must(co_await after.await_termination(500ms)));
    must(co_await after.stop());
  });
}

TEST_CASE("Blocking waits: a timeout, a normal end and a failure, as by events") {
  event_loop_test([]() -> check {
    const auto remote = shared_server().remote();
    const auto spark = must(co_await cospark::session::connect(remote, with(cospark::wait_strategy::blocking)));
    const auto query = co_await endless(spark);
    CHECK_FALSE(must(co_await query.await_termination(300ms)));
    CHECK_FALSE(must(co_await spark.streams().await_any_termination(300ms)));
    must(co_await query.stop());
    CHECK(must(co_await query.await_termination(30s)));
    must(co_await spark.streams().await_any_termination());
    const auto bad = co_await failing(spark);
    const auto error = fails(co_await bad.await_termination());
    CHECK(error == cospark::errc::query_failed);
    CHECK(error.condition() == "STREAM_FAILED");
    must(co_await spark.stop());
  });
}

TEST_CASE("10,000 waits, two event streams and a listener cost the server no more threads than one stream") {
  spark_test([](cospark::session spark) -> check {
    constexpr int waits_each = 2500;
    std::vector<cospark::streaming_query> queries;
    for (int i = 0; i < 4; ++i) queries.push_back(co_await sleeper(spark));
    co_await pause(2s);
    const int before = operation_threads_of(shared_server().process_id());
    auto first = must(co_await spark.streams().events());
    auto second = must(co_await spark.streams().events());
    must(co_await spark.streams().add_listener(std::make_shared<recorder>()));
    const auto executor = co_await asio::this_coro::executor;
    int ended = 0;
    for (const auto& query : queries) {
      for (int i = 0; i < waits_each; ++i) {
        cospark::spawn(executor, query.await_termination(), [&ended](cospark::result<void> outcome) {
          CHECK(outcome.has_value());
          ++ended;
        });
      }
    }
    co_await pause(3s);
    const int after = operation_threads_of(shared_server().process_id());
    INFO("operation threads of the server: " << before << " -> " << after << "; " << spark.diagnostics());
    CHECK(ended == 0);
    CHECK(spark.diagnostics().find("pending waits here: 10000;") != std::string::npos);
    CHECK(spark.diagnostics().find("open; opened 1 times") != std::string::npos);
    CHECK(after <= before + 4);  // a thread or two for each wait of Spark's own clients
    must(co_await spark.interrupt_all());
    co_await eventually([&]() -> asio::awaitable<bool> { co_return ended == 4 * waits_each; });
    lines runs;
    for (const auto& query : queries) runs.push_back(query.run_id());
    std::sort(runs.begin(), runs.end());
    const auto seen_by_first = co_await ends(first, runs.size());
    const auto seen_by_second = co_await ends(second, runs.size());
    CHECK(seen_by_first == runs);
    CHECK(seen_by_second == runs);
  });
}
