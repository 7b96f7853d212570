#include "rpc/inbox.hpp"
#include "catch.hpp"

#include <asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using cospark::rpc::inbox;
using cospark::rpc::inbox_node;

using namespace std::chrono_literals;

[[noreturn]] void fail() {
  throw std::runtime_error("user code failed");
}

struct record {
  std::vector<int> delivered;
  std::atomic<int> discarded{0};
};

class note : public inbox_node {
 public:
  note(record& to, int number, std::function<void()> then = nullptr)
      : inbox_node(&note::finish), record_(to), number_(number), then_(std::move(then)) {}

 private:
  static void finish(inbox_node* node, const asio::any_io_executor* here) {
    const std::unique_ptr<note> self(static_cast<note*>(node));
    if (here == nullptr) {
      ++self->record_.discarded;
      return;
    }
    self->record_.delivered.push_back(self->number_);
    if (self->then_) self->then_();
  }

  record& record_;
  int number_;
  std::function<void()> then_;
};

// Owns the inbox that it waits in, as a coroutine frame does in the end.
class owner : public inbox_node {
 public:
  owner(std::shared_ptr<inbox> held, std::atomic<int>& freed)
      : inbox_node(&owner::finish), held_(std::move(held)), freed_(freed) {}

 private:
  static void finish(inbox_node* node, const asio::any_io_executor*) {
    const std::unique_ptr<owner> self(static_cast<owner*>(node));
    ++self->freed_;
  }

  std::shared_ptr<inbox> held_;
  std::atomic<int>& freed_;
};

}  // namespace

TEST_CASE("an inbox delivers in order, and never inside push") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  for (int i = 0; i < 5; ++i) box->push(*new note(seen, i));
  CHECK(seen.delivered.empty());
  CHECK(io.run() < 5);  // one handler for all five, or two if it is held up
  CHECK(seen.delivered == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("what is pushed after a drain is delivered by the next one") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  box->push(*new note(seen, 1));
  io.run();
  box->push(*new note(seen, 2));
  io.restart();
  io.run();
  CHECK(seen.delivered == std::vector<int>{1, 2});
}

TEST_CASE("a stopped context loses nothing") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  box->push(*new note(seen, 1));
  io.stop();
  CHECK(io.run() == 0);
  box->push(*new note(seen, 2));
  io.restart();
  io.run();
  CHECK(seen.delivered == std::vector<int>{1, 2});
}

TEST_CASE("a drain that is never run frees what waits, even if that owns the inbox") {
  record seen;
  std::atomic<int> freed{0};
  {
    asio::io_context io;
    auto box = std::make_shared<inbox>(io.get_executor());
    box->push(*new note(seen, 1));
    box->push(*new owner(box, freed));
    box.reset();
    CHECK(freed == 0);
  }
  CHECK(seen.discarded == 1);
  CHECK(freed == 1);
  CHECK(seen.delivered.empty());
}

TEST_CASE("a closed inbox frees everything, now and later") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  box->push(*new note(seen, 1));
  box->close();
  CHECK(seen.discarded == 1);
  box->push(*new note(seen, 2));
  CHECK(seen.discarded == 2);
  io.run();
  CHECK(seen.delivered.empty());
}

TEST_CASE("an exception in one completion does not lose the rest") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  box->push(*new note(seen, 1));
  box->push(*new note(seen, 2, fail));
  box->push(*new note(seen, 3));
  box->push(*new note(seen, 4));
  CHECK_THROWS_AS(io.run(), std::runtime_error);
  CHECK(seen.delivered == std::vector<int>{1, 2});
  io.run();
  CHECK(seen.delivered == std::vector<int>{1, 2, 3, 4});
  CHECK(seen.discarded == 0);
}

TEST_CASE("many threads push, all is delivered, and each thread's part in its order") {
  constexpr int threads = 4;
  constexpr int each = 2000;
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  std::vector<std::thread> pushing;
  for (int t = 0; t < threads; ++t) {
    pushing.emplace_back([&seen, box, t] {
      for (int i = 0; i < each; ++i) box->push(*new note(seen, t * each + i));
    });
  }
  while (seen.delivered.size() < threads * each) {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(1));
  }
  for (auto& thread : pushing) thread.join();
  std::vector<int> next(threads, 0);
  bool in_order = true;
  for (const int number : seen.delivered) {
    auto& expected = next[static_cast<std::size_t>(number / each)];
    in_order = in_order && number % each == expected;
    ++expected;
  }
  CHECK(in_order);
  CHECK(next == std::vector<int>(threads, each));
}

TEST_CASE("an inbox that closes while threads push delivers or frees each note once") {
  for (int round = 0; round < 50; ++round) {
    record seen;
    {
      asio::io_context io;
      const auto box = std::make_shared<inbox>(io.get_executor());
      std::vector<std::thread> pushing;
      for (int t = 0; t < 3; ++t) {
        pushing.emplace_back([&seen, box] {
          for (int i = 0; i < 100; ++i) box->push(*new note(seen, i));
        });
      }
      io.poll();
      box->close();
      for (auto& thread : pushing) thread.join();
      io.restart();
      io.poll();
    }
    REQUIRE(seen.delivered.size() + static_cast<std::size_t>(seen.discarded) == 300);
  }
}

TEST_CASE("thousands of nodes leave other handlers their turn, and stay in order") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  constexpr int count = 5000;
  for (int i = 0; i < count; ++i) box->push(*new note(seen, i));
  std::size_t longest = 0;
  std::size_t before = 0;
  bool pushed_more = false;
  while (io.poll_one() != 0) {
    longest = std::max(longest, seen.delivered.size() - before);
    before = seen.delivered.size();
    if (before > count / 2 && !std::exchange(pushed_more, true)) box->push(*new note(seen, count));
  }
  CHECK(longest == 64);
  REQUIRE(seen.delivered.size() == count + 1);
  for (int i = 0; i <= count; ++i) CHECK(seen.delivered[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("completions that take their time leave other handlers their turn") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  for (int i = 0; i < 5; ++i) box->push(*new note(seen, i, [] { std::this_thread::sleep_for(1ms); }));
  CHECK(io.run() == 5);
  CHECK(seen.delivered == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("what is behind a completion that throws comes ahead of what was pushed later, whole or not at all") {
  asio::io_context io;
  const auto box = std::make_shared<inbox>(io.get_executor());
  record seen;
  constexpr int count = 200;
  for (int i = 0; i < count; ++i) box->push(*new note(seen, i, i == 10 ? fail : nullptr));
  CHECK_THROWS_AS(io.run(), std::runtime_error);
  CHECK(seen.delivered.size() == 11);
  box->push(*new note(seen, count));
  io.run_one();
  REQUIRE(seen.delivered.size() > 11);
  for (std::size_t i = 0; i < seen.delivered.size(); ++i) CHECK(seen.delivered[i] == static_cast<int>(i));
  box->close();
  io.run();
  CHECK(static_cast<int>(seen.delivered.size()) + seen.discarded == count + 1);
}
