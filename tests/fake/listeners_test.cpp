// Listeners of streaming queries, under faults, against the scriptable server.
#include "program.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace fake;
using cospark::streaming_query_listener;

namespace {

constexpr int progress = 1;
constexpr int idle = 3;

const std::string idle_json = R"({"id":"i","runId":"r","timestamp":"2026-01-01T00:00:00.000Z"})";
const std::string progress_json =
    R"({"id":"i","runId":"r","name":null,"timestamp":"2026-01-01T00:00:00.000Z","batchId":7,"sources":[],)"
    R"("sink":{"description":"x"},"stateOperators":[]})";

/// Writes down what it hears.
class recorder : public streaming_query_listener {
 public:
  explicit recorder(std::string name = "", std::vector<std::string>* common = nullptr)
      : name_(std::move(name)), heard_(common != nullptr ? common : &own_) {}

  void on_query_started(const cospark::query_started_event& event) override { note("started " + event.run_id); }
  void on_query_progress(const cospark::query_progress_event& event) override {
    note("progress " + std::to_string(event.progress.batch_id()));
  }
  void on_query_idle(const cospark::query_idle_event&) override { note("idle"); }
  void on_query_terminated(const cospark::query_terminated_event& event) override {
    note("terminated " + event.run_id);
  }
  void on_missed_events() override { note("missed"); }
  void on_end(const cospark::error& reason) override {
    note("end");
    end = reason;
  }

  const std::vector<std::string>& heard() const { return *heard_; }
  std::function<void()> then;
  std::optional<cospark::error> end;
  std::vector<std::thread::id> threads;

 private:
  void note(const std::string& what) {
    heard_->push_back(name_ + what);
    threads.push_back(std::this_thread::get_id());
    const auto reaction = then;  // a copy: it may give itself up
    if (reaction) reaction();
  }

  std::string name_;
  std::vector<std::string> own_;
  std::vector<std::string>* heard_;
};

using recorder_ptr = std::shared_ptr<recorder>;

recorder_ptr listen(program& user, recorder_ptr listener = std::make_shared<recorder>()) {
  REQUIRE(cospark::run(user.io, user.session->streams().add_listener(listener)));
  return listener;
}

bool until_heard(program& user, const recorder& listener, std::size_t count) {
  return eventually(user.io, [&] { return listener.heard().size() >= count; });
}

}  // namespace

TEST_CASE("a listener hears of starts, progress, idleness and ends, on the thread of the event loop") {
  server spark;
  program user(spark);
  const auto listener = listen(user);
  const auto query = user.start();
  spark.send_event(progress, progress_json);
  spark.send_event(idle, idle_json);
  spark.end_query(query.run_id());
  REQUIRE(until_heard(user, *listener, 4));
  let_run(user.io, 20ms);
  REQUIRE(listener->heard().size() == 4);
  CHECK(listener->heard()[0] == "started " + query.run_id());
  CHECK(listener->heard()[1] == "progress 7");
  CHECK(listener->heard()[2] == "idle");
  CHECK(listener->heard()[3] == "terminated " + query.run_id());
  for (const auto& thread : listener->threads) CHECK(thread == std::this_thread::get_id());
}

TEST_CASE("listeners are called one after the other, in the order in which they were added") {
  server spark;
  program user(spark);
  std::vector<std::string> heard;
  const auto first = listen(user, std::make_shared<recorder>("1 ", &heard));
  const auto second = listen(user, std::make_shared<recorder>("2 ", &heard));
  spark.send_event(idle, idle_json);
  spark.send_event(idle, idle_json);
  REQUIRE(until_heard(user, *first, 4));
  const std::vector<std::string> expected{"1 idle", "2 idle", "1 idle", "2 idle"};
  CHECK(heard == expected);
  CHECK(buses_opened(spark) == 1);
}

TEST_CASE("listeners are listed, added once, and removed") {
  server spark;
  program user(spark);
  const auto streams = user.session->streams();
  CHECK(streams.list_listeners().empty());
  const auto first = listen(user);
  const auto second = listen(user);
  listen(user, first);  // again
  const std::vector<std::shared_ptr<streaming_query_listener>> both{first, second};
  CHECK(streams.list_listeners() == both);
  CHECK(streams.remove_listener(first));
  CHECK_FALSE(streams.remove_listener(first));
  CHECK_FALSE(streams.remove_listener(nullptr));
  spark.send_event(idle, idle_json);
  REQUIRE(until_heard(user, *second, 1));
  CHECK(first->heard().empty());
  CHECK(cospark::run(user.io, streams.add_listener(nullptr)).error() == errc::invalid_argument);
}

TEST_CASE("the stream of the server is given back after the last listener") {
  server spark;
  program user(spark);
  const auto listener = listen(user);
  CHECK(spark.buses() == 1);
  CHECK(user.session->streams().remove_listener(listener));
  CHECK(eventually(user.io, [&] { return spark.buses() == 0; }));
  CHECK(spark.operations(operation_kind::bus_remove).size() == 1);
  listen(user, listener);
  spark.send_event(idle, idle_json);
  REQUIRE(until_heard(user, *listener, 1));
}

TEST_CASE("a listener that throws disturbs nobody") {
  server spark;
  program user(spark);
  const auto thrower = listen(user);
  thrower->then = [] { throw std::runtime_error("a listener's own trouble"); };
  const auto other_thrower = listen(user);
  other_thrower->then = [] { throw 42; };
  const auto listener = listen(user);
  const auto query = user.start();
  user.wait(query);
  spark.send_event(idle, idle_json);
  spark.end_query(query.run_id());
  REQUIRE(until_heard(user, *listener, 3));
  CHECK(thrower->heard().size() == 3);
  CHECK(other_thrower->heard().size() == 3);
  REQUIRE(user.until_ended(1));
  CHECK(user.ended[0].outcome);
  CHECK(user.session->diagnostics().find("exceptions that left listeners: 6") != std::string::npos);
}

TEST_CASE("a listener may remove itself, and others, while it is called") {
  server spark;
  program user(spark);
  const auto streams = user.session->streams();
  const auto once = listen(user);
  const auto victim = listen(user);
  const auto listener = listen(user);
  once->then = [&] {
    CHECK(streams.remove_listener(once));
    CHECK(streams.remove_listener(victim));
  };
  spark.send_event(idle, idle_json);
  spark.send_event(idle, idle_json);
  REQUIRE(until_heard(user, *listener, 2));
  CHECK(once->heard().size() == 1);
  CHECK(victim->heard().empty());
}

TEST_CASE("a listener may start work of the session, and add a listener") {
  server spark;
  program user(spark);
  const auto listener = listen(user);
  const auto late = std::make_shared<recorder>();
  std::optional<bool> active;
  const auto query = user.start();
  REQUIRE(until_heard(user, *listener, 1));
  listener->then = [&] {
    listener->then = nullptr;
    auto store = [&](result<bool> is) { active = is && is.value(); };
    cospark::spawn(user.io.get_executor(), query.is_active(), store);
    auto ignore = [](const result<void>&) {};
    cospark::spawn(user.io.get_executor(), user.session->streams().add_listener(late), ignore);
  };
  spark.send_event(idle, idle_json);
  REQUIRE(eventually(user.io, [&] { return active.has_value(); }));
  CHECK(*active);
  REQUIRE(eventually(user.io, [&] { return user.session->streams().list_listeners().size() == 2; }));
  spark.send_event(idle, idle_json);
  REQUIRE(until_heard(user, *late, 1));
}

TEST_CASE("a listener that frees the last handles of its session ends cleanly") {
  server spark;
  program user(spark);
  const auto listener = listen(user);
  listener->then = [&] {
    if (user.session) user.session->streams().remove_listener(listener);
    user.session.reset();
  };
  spark.send_event(idle, idle_json);
  REQUIRE(until_heard(user, *listener, 1));
  CHECK(eventually(user.io, [&] { return spark.buses() == 0; }));
}

TEST_CASE("a listener is told that events may be missing when the stream was lost") {
  server spark;
  program user(spark);
  const auto listener = listen(user);
  spark.remove_buses();
  REQUIRE(until_heard(user, *listener, 1));
  CHECK(listener->heard()[0] == "missed");
  REQUIRE(bus_is_ready(user, spark));
  spark.send_event(idle, idle_json);
  REQUIRE(until_heard(user, *listener, 2));
  CHECK(listener->heard()[1] == "idle");
}

TEST_CASE("a listener is told, and removed, when its session is lost") {
  server spark;
  program user(spark);
  const auto listener = listen(user);
  spark.start(false);
  REQUIRE(eventually(user.io, [&] { return listener->end.has_value(); }));
  CHECK(*listener->end == errc::session_lost);
  CHECK(user.session->streams().list_listeners().empty());
}

TEST_CASE("a listener is told, and removed, when this program stops the session") {
  server spark;
  program user(spark);
  const auto listener = listen(user);
  REQUIRE(cospark::run(user.io, user.session->stop()));
  REQUIRE(eventually(user.io, [&] { return listener->end.has_value(); }));
  CHECK(*listener->end == errc::client_closed);
  CHECK(cospark::run(user.io, user.session->streams().add_listener(listener)).error() == errc::client_closed);
  CHECK(user.session->streams().list_listeners().empty());
}

TEST_CASE("adding a listener while another client has the stream is a clear error") {
  server spark;
  spark.set_bus_taken(true);
  auto options = client::quick();
  options.call_timeout = 1s;
  program user(spark, options);
  const auto listener = std::make_shared<recorder>();
  auto added = cospark::run(user.io, user.session->streams().add_listener(listener));
  REQUIRE_FALSE(added);
  CHECK(added.error() == errc::limit_exceeded);
  CHECK(user.session->streams().list_listeners().empty());
  CHECK(spark.operations(operation_kind::bus_remove).empty());
}

TEST_CASE("a cancelled add leaves no listener behind") {
  server spark;
  program user(spark);
  spark.script(operation_kind::bus_add, stream_script().hold());
  const auto listener = std::make_shared<recorder>();
  asio::cancellation_signal signal;
  std::optional<result<void>> outcome;
  auto add = [&]() -> asio::awaitable<void> {
    outcome.emplace(co_await user.session->streams().add_listener(listener));
  };
  asio::co_spawn(user.io, add(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  REQUIRE(eventually(user.io, [&] { return buses_opened(spark) == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  CHECK(outcome->error() == errc::cancelled);
  CHECK(user.session->streams().list_listeners().empty());
  spark.release_held();
  CHECK(eventually(user.io, [&] { return spark.buses() == 0 && spark.open_streams() == 0; }));
}

TEST_CASE("a listener that is removed while it is being added leaves nothing behind, and the add ends") {
  server spark;
  program user(spark);
  spark.script(operation_kind::bus_add, stream_script().hold());
  const auto listener = std::make_shared<recorder>();
  const auto streams = user.session->streams();
  std::optional<result<void>> outcome;
  auto store = [&](result<void> added) { outcome.emplace(std::move(added)); };
  cospark::spawn(user.io.get_executor(), streams.add_listener(listener), store);
  REQUIRE(eventually(user.io, [&] { return buses_opened(spark) == 1; }));
  CHECK(streams.remove_listener(listener));
  spark.release_held();
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  CHECK(eventually(user.io, [&] { return spark.buses() == 0 && spark.open_streams() == 0; }));
  CHECK(listener->heard().empty());
}

TEST_CASE("listeners need Spark 4.0") {
  server spark("3.5.8");
  program user(spark);
  auto added = cospark::run(user.io, user.session->streams().add_listener(std::make_shared<recorder>()));
  REQUIRE_FALSE(added);
  CHECK(added.error() == errc::unsupported_by_server);
  CHECK(user.session->streams().list_listeners().empty());
}

TEST_CASE("listeners of an executor with several threads are still called one after the other") {
  server spark;
  program user(spark);
  std::atomic<int> inside = 0;
  std::atomic<int> calls = 0;
  std::atomic<bool> overlapped = false;
  class counter final : public streaming_query_listener {
   public:
    explicit counter(std::function<void()> call) : call_(std::move(call)) {}
    void on_query_idle(const cospark::query_idle_event&) override { call_(); }

   private:
    std::function<void()> call_;
  };
  auto call = [&] {
    if (++inside != 1) overlapped = true;
    std::this_thread::sleep_for(1ms);
    --inside;
    ++calls;
  };
  const auto streams = user.session->streams();
  std::vector<std::shared_ptr<counter>> listeners;
  for (int i = 0; i < 3; ++i) {
    listeners.push_back(std::make_shared<counter>(call));
    REQUIRE(cospark::run(user.io, streams.add_listener(listeners.back())));
  }
  for (int i = 0; i < 30; ++i) spark.send_event(idle, idle_json);
  user.io.restart();
  std::vector<std::thread> threads;
  const auto until = std::chrono::steady_clock::now() + 30s;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (calls < 90 && std::chrono::steady_clock::now() < until) user.io.run_for(5ms);
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(calls == 90);
  CHECK_FALSE(overlapped);
}
