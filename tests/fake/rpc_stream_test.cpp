// The bridge from gRPC to awaitables: response streams, and the end of everything.
#include "rpc.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <random>
#include <thread>

using namespace fake;
using cospark::rpc::response_stream;

namespace {

struct read_result {
  std::vector<int> numbers;
  std::optional<grpc::Status> status;
};

asio::awaitable<void> read_all(response_stream& stream, read_result& into) {
  for (;;) {
    auto item = co_await stream.next();
    if (item.status) {
      into.status = item.status;
      co_return;
    }
    if (item.response->has_arrow_batch()) {
      into.numbers.push_back(static_cast<int>(item.response->arrow_batch().start_offset()));
    }
  }
}

read_result read_now(bridge& to, response_stream stream) {
  read_result result;
  asio::co_spawn(to.io, read_all(stream, result), asio::detached);
  REQUIRE(eventually(to.io, [&] { return result.status.has_value(); }));
  return result;
}

bool no_streams(const server& spark) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (spark.open_streams() != 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(2ms);
  return spark.open_streams() == 0;
}

}  // namespace

TEST_CASE("what has come is there at once, without a wait") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  bridge to(spark);
  auto stream = to.rows();
  read_result taken;
  const auto take_all = [&] {
    while (!taken.status) {
      auto item = stream.try_next();
      if (!item) return false;
      taken.status = item->status;
      if (item->response && item->response->has_arrow_batch()) {
        taken.numbers.push_back(static_cast<int>(item->response->arrow_batch().start_offset()));
      }
    }
    return true;
  };
  REQUIRE(eventually(to.io, take_all));
  CHECK(taken.numbers == up_to(3));
  // The end stays, so a wait for it has nothing to wait for.
  read_result result;
  asio::co_spawn(to.io, read_all(stream, result), asio::detached);
  to.io.restart();
  to.io.poll();
  CHECK(result.status.has_value());
}

TEST_CASE("a wait before the response gets it when it comes") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  spark.script(operation_kind::rows, stream_script().hold());
  bridge to(spark);
  auto stream = to.rows();
  read_result result;
  asio::co_spawn(to.io, read_all(stream, result), asio::detached);
  REQUIRE(eventually(to.io, [&] { return spark.held() == 1; }));
  CHECK(result.numbers.empty());
  spark.release_held();
  REQUIRE(eventually(to.io, [&] { return result.status.has_value(); }));
  CHECK(result.numbers == up_to(3));
  CHECK(result.status->ok());
}

TEST_CASE("an empty stream ends with its status, good or bad") {
  server spark;
  bridge to(spark);
  spark.script(operation_kind::rows, stream_script().end());
  CHECK(read_now(to, to.rows()).status->ok());
  spark.script(operation_kind::rows, stream_script().fail(server_error(13, "broken")));
  const auto failed = read_now(to, to.rows(cospark::rpc::read_ahead(), "op2"));
  CHECK(failed.status->error_message() == "broken");
  CHECK(failed.numbers.empty());
}

TEST_CASE("an error after rows: the rows come first") {
  server spark;
  server_access::set_responses(spark, numbered_responses(100));
  bridge to(spark);
  spark.script(operation_kind::rows, stream_script().send(50).fail(server_error(14, "cut")));
  const auto result = read_now(to, to.rows());
  CHECK(result.numbers == up_to(50));
  CHECK(result.status->error_code() == 14);
}

TEST_CASE("the end is told again to who asks again") {
  server spark;
  bridge to(spark);
  spark.script(operation_kind::rows, stream_script().end());
  auto stream = to.rows();
  read_result first;
  asio::co_spawn(to.io, read_all(stream, first), asio::detached);
  REQUIRE(eventually(to.io, [&] { return first.status.has_value(); }));
  read_result second;
  asio::co_spawn(to.io, read_all(stream, second), asio::detached);
  CHECK(eventually(to.io, [&] { return second.status.has_value(); }));
}

TEST_CASE("L16 a slow consumer stops the server: memory stays bounded") {
  server spark;
  constexpr int count = 200;
  std::vector<proto::ExecutePlanResponse> large;
  for (int i = 0; i < count; ++i) {
    large.push_back(numbered(i));
    large.back().mutable_arrow_batch()->set_data(std::string(1 << 20, 'x'));
  }
  server_access::set_responses(spark, std::move(large));
  bridge to(spark);
  cospark::rpc::read_ahead limits;
  limits.messages = 4;
  auto stream = to.rows(limits);
  bool begun = false;
  const auto first_item = [&]() -> asio::awaitable<void> {
    co_await stream.next();
    begun = true;
  };
  asio::co_spawn(to.io, first_item(), asio::detached);
  REQUIRE(eventually(to.io, [&] { return begun; }));
  let_run(to.io, 500ms);  // the consumer sleeps
  int ahead = 0;
  // What can be had without letting the executor or the network do anything is what was read ahead.
  CHECK(spark.open_streams() == 1);  // the server is still writing: it was stopped
  while (stream.try_next()) {
    if (++ahead == 64) break;
  }
  CHECK(ahead < 64);
  read_result rest;
  asio::co_spawn(to.io, read_all(stream, rest), asio::detached);
  REQUIRE(eventually(to.io, [&] { return rest.status.has_value(); }));
  CHECK(static_cast<int>(rest.numbers.size()) + ahead + 1 >= count);
}

TEST_CASE("a message larger than the read-ahead passes") {
  server spark;
  std::vector<proto::ExecutePlanResponse> large{numbered(0), numbered(1)};
  for (auto& each : large) each.mutable_arrow_batch()->set_data(std::string(3 << 20, 'x'));
  server_access::set_responses(spark, std::move(large));
  bridge to(spark);
  cospark::rpc::read_ahead limits;
  limits.bytes = 1000;
  CHECK(read_now(to, to.rows(limits)).numbers == up_to(2));
}

TEST_CASE("L12 a stream dropped mid-way is cancelled on the server") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  bridge to(spark);
  spark.script(operation_kind::rows, stream_script().send(2).hold());
  {
    auto stream = to.rows();
    REQUIRE(eventually(to.io, [&] { return spark.held() == 1; }));
  }
  CHECK(eventually(to.io, [&] { return spark.open_streams() == 0; }));
  CHECK(eventually(to.io, [&] { return to.engine->calls_in_flight() == 0; }));
}

TEST_CASE("a full stream that is dropped ends although no read is in flight") {
  server spark;
  server_access::set_responses(spark, numbered_responses(1000));
  bridge to(spark);
  {
    cospark::rpc::read_ahead limits;
    limits.messages = 2;
    auto stream = to.rows(limits);
    let_run(to.io, 200ms);
  }
  CHECK(eventually(to.io, [&] { return to.engine->calls_in_flight() == 0; }));
}

TEST_CASE("a stream that is let finish is not cancelled") {
  server spark;
  server_access::set_responses(spark, numbered_responses(5));
  bridge to(spark);
  spark.script(operation_kind::rows, stream_script().send(5).wait(50ms));
  auto stream = to.rows();
  stream.let_finish();
  CHECK(eventually(to.io, [&] { return to.engine->calls_in_flight() == 0; }));
}

TEST_CASE("a cancelled wait leaves the stream as it was") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  bridge to(spark);
  spark.script(operation_kind::rows, stream_script().send(1).hold());
  auto stream = to.rows();
  asio::cancellation_signal signal;
  read_result result;
  bool aborted = false;
  auto read = [&]() -> asio::awaitable<void> {
    try {
      co_await read_all(stream, result);
    } catch (const std::system_error& problem) {
      aborted = problem.code() == asio::error::operation_aborted;
    }
  };
  asio::co_spawn(to.io, read(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  REQUIRE(eventually(to.io, [&] { return result.numbers.size() == 1 && spark.held() == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(to.io, [&] { return aborted; }));
  spark.release_held();
  asio::co_spawn(to.io, read_all(stream, result), asio::detached);
  REQUIRE(eventually(to.io, [&] { return result.status.has_value(); }));
  CHECK(result.numbers == up_to(3));
}

TEST_CASE("L1 cancelled waits race responses, and no response is lost") {
  server spark;
  constexpr int count = 300;
  server_access::set_responses(spark, numbered_responses(count));
  bridge to(spark);
  auto stream = to.rows();
  read_result result;
  std::minstd_rand random(Catch::rngSeed());
  while (!result.status) {
    asio::cancellation_signal signal;
    bool over = false;
    auto note = [&over](std::exception_ptr) { over = true; };
    asio::co_spawn(to.io, read_all(stream, result), asio::bind_cancellation_slot(signal.slot(), note));
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 300);
    to.io.restart();
    while (std::chrono::steady_clock::now() < until) to.io.poll();
    signal.emit(asio::cancellation_type::terminal);
    REQUIRE(eventually(to.io, [&] { return over; }));
  }
  CHECK(result.numbers == up_to(count));
}

TEST_CASE("L6 a stopped context that runs again delivers everything") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  bridge to(spark);
  auto stream = to.rows();
  read_result result;
  asio::co_spawn(to.io, read_all(stream, result), asio::detached);
  to.io.poll();
  to.io.stop();
  std::this_thread::sleep_for(100ms);
  CHECK(to.io.run() == 0);
  REQUIRE(eventually(to.io, [&] { return result.status.has_value(); }));
  CHECK(result.numbers == up_to(10));
}

TEST_CASE("L7 a context destroyed with calls in flight frees them, and nothing reaches it afterwards") {
  server spark;
  spark.script_always(operation_kind::rows, stream_script().hold());
  spark.hold(method::config);
  const auto alive = std::make_shared<int>(0);
  for (int round = 0; round < 10; ++round) {
    auto to = std::make_unique<bridge>(spark);
    auto waits_for_call = [](bridge& with, std::shared_ptr<int>) -> asio::awaitable<void> { co_await with.config(); };
    auto waits_for_row = [](bridge& with, std::string id, std::shared_ptr<int>) -> asio::awaitable<void> {
      auto stream = with.rows(cospark::rpc::read_ahead(), id);
      co_await stream.next();
    };
    for (int i = 0; i < 5; ++i) {
      asio::co_spawn(to->io, waits_for_call(*to, alive), asio::detached);
      const auto id = std::to_string(round) + '.' + std::to_string(i);
      asio::co_spawn(to->io, waits_for_row(*to, id, alive), asio::detached);
    }
    REQUIRE(eventually(to->io, [&] { return spark.held() >= 10; }));
    if (round % 2 == 0) spark.release_held();  // answers are on their way while it goes
    spark.hold(method::config);
    to.reset();
    CHECK(alive.use_count() == 1);
  }
  spark.release_held();
  CHECK(no_streams(spark));
}

TEST_CASE("L5 an engine dropped with calls in flight, its context running elsewhere") {
  server spark;
  spark.script_always(operation_kind::rows, stream_script().hold());
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::thread runner([&] { io.run(); });
  const auto stub = bridge::stub_to(spark);
  std::atomic<int> ended{0};
  constexpr int count = 100;
  {
    const auto engine = cospark::rpc::engine::make(io.get_executor());
    spark.hold(method::config);
    auto call = [](std::shared_ptr<cospark::rpc::engine> with, bridge::stub_ptr to,
                   std::atomic<int>& cancelled) -> asio::awaitable<void> {
      auto reply = co_await bridge::config_call(std::move(with), std::move(to));
      if (reply.status.error_code() == grpc::StatusCode::CANCELLED) ++cancelled;
    };
    for (int i = 0; i < count; ++i) asio::co_spawn(io, call(engine, stub, ended), asio::detached);
    while (spark.held() < count) std::this_thread::sleep_for(1ms);
    engine->cancel_all();
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (ended < count && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
  CHECK(ended == count);
  work.reset();
  runner.join();
}

TEST_CASE("a call started while the context is going away ends, and is not sent") {
  server spark;
  bridge to(spark);
  to.engine->shut_down();
  CHECK_FALSE(to.rows().try_next()->status->ok());
  CHECK(spark.calls(method::execute_plan) == 0);
}

TEST_CASE("L11 the last session reference is released inside a completion") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  for (int round = 0; round < 20; ++round) {
    asio::io_context io;
    bool over = false;
    auto use = [&]() -> asio::awaitable<void> {
      auto opened = co_await cospark::session::connect(spark.remote());
      auto version = std::move(opened).value().version();
      CHECK(version == "4.3.0");
      over = true;
    };
    asio::co_spawn(io, use(), asio::detached);
    REQUIRE(eventually(io, [&] { return over; }));
  }
}

TEST_CASE("two hundred sessions are opened and closed") {
  server spark;
  asio::io_context io;
  auto cycle = [&](bool stops) -> task<> {
    COSPARK_TRY(auto opened, co_await cospark::session::connect(spark.remote()));
    if (stops) COSPARK_TRY(co_await opened.stop());
    co_return cospark::success();
  };
  for (int i = 0; i < 200; ++i) CHECK(cospark::run(io, cycle(i % 2 == 0)));
  CHECK(spark.calls(method::release_session) == 100);
}

TEST_CASE("stress: random cancels, early drops, destroyed contexts; nothing hangs, nothing leaks") {
  server spark;
  server_access::set_responses(spark, numbered_responses(30));
  std::minstd_rand random(Catch::rngSeed());
  int serial = 0;
  for (int round = 0; round < 60; ++round) {
    auto to = std::make_unique<bridge>(spark);
    std::vector<asio::cancellation_signal> signals(20);
    int ended = 0;
    auto call = [](bridge& with, std::string id, bool drops) -> asio::awaitable<void> {
      try {
        co_await with.config();
        cospark::rpc::read_ahead limits;
        limits.messages = 3;
        auto stream = with.rows(limits, id);
        read_result result;
        if (drops) {
          co_await stream.next();
        } else {
          co_await read_all(stream, result);
        }
      } catch (const std::system_error&) {
      }
    };
    auto note = [&ended](std::exception_ptr) { ++ended; };
    for (auto& signal : signals) {
      asio::co_spawn(to->io, call(*to, std::to_string(++serial), random() % 2 == 0),
                     asio::bind_cancellation_slot(signal.slot(), note));
    }
    for (int i = 0; i < 10; ++i) {
      to->io.restart();
      to->io.run_for(std::chrono::microseconds(random() % 800));
      signals[random() % signals.size()].emit(asio::cancellation_type::terminal);
    }
    if (round % 2 == 0) REQUIRE(eventually(to->io, [&] { return ended == 20; }));
    to.reset();
  }
  CHECK(no_streams(spark));
}
