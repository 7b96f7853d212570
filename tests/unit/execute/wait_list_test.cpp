#include "execute/wait_list.hpp"
#include "catch.hpp"

#include <cospark/run.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using cospark::errc;
using cospark::execute::wait_list;
using outcome = wait_list::outcome;
using deadline = wait_list::clock::time_point;
constexpr auto never = wait_list::never;

struct fixture {
  asio::io_context io;
  std::shared_ptr<cospark::rpc::engine> engine = cospark::rpc::engine::make(io.get_executor());
  std::shared_ptr<wait_list> list = wait_list::make(*engine);
  std::vector<std::string> ended;  // "key=outcome", in order

  static std::string text(const outcome& value) {
    if (!value) return std::string(value.error() == errc::cancelled ? "cancelled" : "failed");
    return value.value() ? "true" : "false";
  }

  static asio::awaitable<void> wait(fixture& of, std::string key, deadline until) {
    auto value = co_await of.list->wait(key, until);
    of.ended.push_back(key + '=' + text(value));
  }
  void start(std::string key, deadline until = never) {
    asio::co_spawn(io, wait(*this, std::move(key), until), asio::detached);
  }
  void start(std::string key, asio::cancellation_signal& signal) {
    asio::co_spawn(io, wait(*this, std::move(key), never), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  }
  /// Keys of what a look leaves, `at_once` at a time.
  std::vector<std::string> rest(std::uint32_t look, std::size_t at_once) const {
    std::vector<std::string> keys;
    for (auto place = std::size_t(-1); place != 0;) {
      place = list->rest(look, place, at_once, [&](const wait_list::waiter& each) { keys.push_back(each.key()); });
    }
    return keys;
  }
  void end_all() {
    list->fail_all(cospark::error(errc::client_closed));
    poll();
  }
  void poll() {
    io.restart();
    io.poll();
  }
};

}  // namespace

TEST_CASE("resolving a key ends all its waits and no other") {
  fixture test;
  test.start("a");
  test.start("b");
  test.start("a");
  test.poll();
  CHECK(test.list->size() == 3);
  test.list->resolve("a", true);
  CHECK(test.ended.empty());  // never inside resolve
  test.poll();
  CHECK(test.ended == std::vector<std::string>{"a=true", "a=true"});
  CHECK(test.list->size() == 1);
  CHECK(test.list->contains("b"));
  CHECK_FALSE(test.list->contains("a"));
  test.list->resolve("nobody", true);
  test.list->resolve("b", cospark::failure(errc::query_failed, "it failed"));
  test.poll();
  CHECK(test.ended.back() == "b=failed");
}

TEST_CASE("a wait ends with false at its deadline, the earliest first") {
  fixture test;
  const auto now = wait_list::clock::now();
  test.start("late", now + 60ms);
  test.start("early", now + 20ms);
  test.start("never");
  test.io.run_for(5s);
  while (test.ended.size() < 2) test.io.run_for(10ms);
  CHECK(test.ended == std::vector<std::string>{"early=false", "late=false"});
  CHECK(wait_list::clock::now() >= now + 60ms);
  CHECK(test.list->size() == 1);
  test.list->resolve("never", true);
  test.poll();
  CHECK(test.ended.size() == 3);
}

TEST_CASE("a deadline that has passed already ends the wait at once") {
  fixture test;
  test.start("a", wait_list::clock::now() - 1s);
  test.io.run_for(5s);
  CHECK(test.ended == std::vector<std::string>{"a=false"});
}

TEST_CASE("cancelling one wait leaves the others of its key alone") {
  fixture test;
  asio::cancellation_signal signal;
  const auto cancelled = GENERATE(0, 1, 2);  // the list finds the waits of a key through one of them
  for (int i = 0; i < 3; ++i) {
    if (i == cancelled) {
      test.start("a", signal);
    } else {
      test.start("a");
    }
  }
  test.poll();
  signal.emit(asio::cancellation_type::terminal);
  signal.emit(asio::cancellation_type::terminal);
  test.poll();
  CHECK(test.ended == std::vector<std::string>{"a=cancelled"});
  CHECK(test.list->size() == 2);
  test.list->resolve("a", true);
  test.poll();
  CHECK(test.ended.size() == 3);
}

TEST_CASE("a wait that was resolved is not cancelled any more") {
  fixture test;
  asio::cancellation_signal signal;
  test.start("a", signal);
  test.poll();
  test.list->resolve("a", true);
  signal.emit(asio::cancellation_type::terminal);
  test.poll();
  CHECK(test.ended == std::vector<std::string>{"a=true"});
}

TEST_CASE("failing all waits ends each with the reason") {
  fixture test;
  test.start("a");
  test.start("b", wait_list::clock::now() + 1h);
  test.poll();
  test.list->fail_all(cospark::error(errc::session_lost));
  test.poll();
  CHECK(test.ended.size() == 2);
  CHECK(test.list->size() == 0);
}

TEST_CASE("a look tells the waits that are older than it and not running, each of a key") {
  fixture test;
  for (const char* key : {"ended", "running", "ended", "running"}) test.start(key);
  test.poll();
  const auto look = test.list->begin_look();
  test.start("young");
  test.start("ended");
  test.poll();
  test.list->running("running", look);
  test.list->running("unknown", look);
  CHECK(test.rest(look, 100) == std::vector<std::string>{"ended", "ended"});
  CHECK(test.rest(look, 1) == std::vector<std::string>{"ended", "ended"});
  // What an older look did not hear of, a younger one has.
  const auto next = test.list->begin_look();
  for (const char* key : {"running", "young", "ended"}) test.list->running(key, next);
  CHECK(test.rest(look, 100).empty());
  CHECK(test.rest(next, 100).empty());
  test.end_all();
}

TEST_CASE("waits that come and go during a look hide none that stays") {
  fixture test;
  constexpr int count = 1000;
  std::mt19937 random(GENERATE(1u, 2u, 3u));
  for (int i = 0; i < count; ++i) test.start(std::to_string(i));
  test.poll();
  const auto look = test.list->begin_look();
  std::set<std::string> told;
  std::set<std::string> gone;
  for (auto place = std::size_t(-1); place != 0;) {
    place = test.list->rest(look, place, 50, [&](const wait_list::waiter& each) { told.insert(each.key()); });
    for (int i = 0; i < 40; ++i) {
      const auto key = std::to_string(random() % count);
      gone.insert(key);
      test.list->resolve(key, true);
    }
    if (random() % 2 == 0) test.start("young");
    test.poll();
  }
  REQUIRE(gone.size() < count);
  for (int i = 0; i < count; ++i) {
    const auto key = std::to_string(i);
    CHECK((told.count(key) == 1 || gone.count(key) == 1));
  }
  CHECK(told.count("young") == 0);
  test.end_all();
}

TEST_CASE("what is called on registration runs when the wait can be resolved already") {
  fixture test;
  std::string seen;
  auto wait = [](fixture& of, std::string& result) -> asio::awaitable<void> {
    std::function<void()> registered = [&of] { of.list->resolve("a", true); };
    auto value = co_await of.list->wait("a", never, registered);
    result = fixture::text(value);
  };
  asio::co_spawn(test.io, wait(test, seen), asio::detached);
  test.poll();
  CHECK(seen == "true");
}

TEST_CASE("ten thousand waits are resolved one by one") {
  fixture test;
  constexpr int count = 10'000;
  for (int i = 0; i < count; ++i) test.start(std::to_string(i));
  test.poll();
  REQUIRE(test.list->size() == count);
  for (int i = count - 1; i >= 0; --i) test.list->resolve(std::to_string(i), true);
  test.poll();
  CHECK(test.ended.size() == count);
  CHECK(test.ended.front() == std::to_string(count - 1) + "=true");
}

TEST_CASE("waits are freed unrun when their context is destroyed") {
  const auto alive = std::make_shared<int>(0);
  {
    asio::io_context io;
    auto list = wait_list::make(*cospark::rpc::engine::make(io.get_executor()));
    auto hold = [](std::shared_ptr<wait_list> in, std::shared_ptr<int>, deadline until) -> asio::awaitable<void> {
      [[maybe_unused]] const auto outcome = co_await in->wait("a", until);
    };
    asio::co_spawn(io, hold(list, alive, never), asio::detached);
    asio::co_spawn(io, hold(list, alive, wait_list::clock::now() + 1h), asio::detached);
    io.poll();
    CHECK(alive.use_count() == 3);
    list->resolve("a", true);  // on its way, never run
    asio::co_spawn(io, hold(list, alive, never), asio::detached);
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("threads that resolve race with deadlines and cancellation, and each wait ends once") {
  fixture test;
  constexpr int count = 2000;
  std::vector<asio::cancellation_signal> signals(count / 4);
  const auto soon = wait_list::clock::now() + 2ms;
  for (int i = 0; i < count; ++i) {
    if (i % 4 == 0) {
      test.start(std::to_string(i), signals[static_cast<std::size_t>(i / 4)]);
    } else {
      test.start(std::to_string(i), i % 4 == 1 ? soon + std::chrono::microseconds(i) : never);
    }
  }
  test.poll();
  std::vector<std::thread> resolving;
  for (int t = 0; t < 2; ++t) {
    resolving.emplace_back([list = test.list, t] {
      for (int i = t; i < count; i += 2) list->resolve(std::to_string(i), true);
    });
  }
  for (auto& signal : signals) {
    signal.emit(asio::cancellation_type::terminal);
    test.poll();
  }
  for (auto& thread : resolving) thread.join();
  while (test.list->size() != 0) test.poll();
  test.poll();
  CHECK(test.ended.size() == count);
}
