// The bridge from gRPC to awaitables: unary calls.
#include "rpc.hpp"
#include "rpc/heartbeat.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>

using namespace fake;

TEST_CASE("a call completes on the executor's thread") {
  server spark;
  bridge to(spark);
  std::thread::id resumed_on;
  auto call = [&]() -> asio::awaitable<void> {
    auto reply = co_await to.config();
    resumed_on = std::this_thread::get_id();
    CHECK(reply.status.ok());
  };
  asio::co_spawn(to.io, call(), asio::detached);
  std::thread runner([&] { to.io.run(); });
  const auto runner_id = runner.get_id();
  runner.join();
  CHECK(resumed_on == runner_id);
}

TEST_CASE("L9 no completion runs on a thread of gRPC") {
  server spark;
  asio::thread_pool pool(2);
  const auto engine = cospark::rpc::engine::make(pool.get_executor());
  const auto stub = bridge::stub_to(spark);
  std::atomic<int> done{0};
  std::atomic<bool> foreign{false};
  auto call = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 20; ++i) {
      auto made = bridge::config_call(engine, stub);
      auto reply = co_await std::move(made);
      if (!pool.get_executor().running_in_this_thread()) foreign = true;
      if (reply.status.ok()) ++done;
    }
  };
  for (int i = 0; i < 10; ++i) asio::co_spawn(pool, call(), asio::detached);
  pool.join();
  CHECK(done == 200);
  CHECK_FALSE(foreign);
}

TEST_CASE("calls that follow one another set off no heartbeat of their own") {
  server spark;
  bridge to(spark);
  constexpr int calls = 100;
  auto work = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < calls; ++i) co_await to.config();
  };
  const auto beats_before = cospark::rpc::beats();
  const auto began = std::chrono::steady_clock::now();
  asio::co_spawn(to.io, work(), asio::detached);
  to.io.run();
  const auto periods = (std::chrono::steady_clock::now() - began) / cospark::rpc::heartbeat_period;
  CHECK(cospark::rpc::beats() - beats_before <= static_cast<std::size_t>(periods) + 1);
}

TEST_CASE("a call never completes inside the call that started it") {
  server spark;
  bridge to(spark);
  bool completed = false;
  bool inside = false;
  auto call = [&]() -> asio::awaitable<void> {
    co_await to.config();
    completed = true;
  };
  auto start = [&] {
    asio::co_spawn(to.io, call(), asio::detached);
    inside = completed;
  };
  asio::post(to.io, start);
  to.io.run();
  CHECK(completed);
  CHECK_FALSE(inside);
}

TEST_CASE("L3 cancelled before start: the coroutine ends, and nothing is sent") {
  server spark;
  bridge to(spark);
  asio::cancellation_signal signal;
  std::optional<int> code;
  bool over = false;
  auto call = [&]() -> asio::awaitable<void> {
    auto reply = co_await to.config();
    code = reply.status.error_code();
  };
  // A coroutine that is cancelled before it begins does not begin: the exception says so.
  auto note = [&](std::exception_ptr problem) {
    over = true;
    CHECK((problem || code == grpc::StatusCode::CANCELLED));
  };
  asio::co_spawn(to.io, call(), asio::bind_cancellation_slot(signal.slot(), note));
  signal.emit(asio::cancellation_type::terminal);
  to.io.run();
  CHECK(over);
  CHECK(spark.calls(method::config) == 0);
}

TEST_CASE("cancelled in flight: the call ends with CANCELLED although the server is silent") {
  server spark;
  bridge to(spark);
  spark.hold(method::config);
  asio::cancellation_signal signal;
  std::optional<int> code;
  auto call = [&]() -> asio::awaitable<void> {
    auto reply = co_await to.config();
    code = reply.status.error_code();
  };
  asio::co_spawn(to.io, call(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  REQUIRE(eventually(to.io, [&] { return spark.held() == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  signal.emit(asio::cancellation_type::terminal);  // twice is as good as once
  REQUIRE(eventually(to.io, [&] { return code.has_value(); }));
  CHECK(*code == grpc::StatusCode::CANCELLED);
  CHECK(eventually(to.io, [&] { return spark.held() == 0; }));
}

TEST_CASE("L3 cancelled after completion: nothing happens") {
  server spark;
  bridge to(spark);
  asio::cancellation_signal signal;
  int completed = 0;
  auto call = [&]() -> asio::awaitable<void> {
    co_await to.config();
    ++completed;
  };
  asio::co_spawn(to.io, call(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  to.io.run();
  signal.emit(asio::cancellation_type::terminal);
  to.io.restart();
  to.io.run();
  CHECK(completed == 1);
}

TEST_CASE("L1 cancellation races completion: each call ends exactly once") {
  server spark;
  bridge to(spark);
  std::minstd_rand random(Catch::rngSeed());
  // The cancellation must come about when the call ends, on this machine, at this time.
  using std::chrono::microseconds;
  CHECK(to.config_now().status.ok());
  const auto began = std::chrono::steady_clock::now();
  constexpr int trials = 20;
  for (int i = 0; i < trials; ++i) to.config_now();
  const auto usual =
      std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - began) / trials + microseconds(1);
  std::uniform_int_distribution<microseconds::rep> wait(0, 3 * usual.count());
  int ended = 0;
  int cancelled = 0;
  constexpr int rounds = 500;
  for (int i = 0; i < rounds; ++i) {
    asio::cancellation_signal signal;
    bool over = false;
    auto call = [&]() -> asio::awaitable<void> {
      auto reply = co_await to.config();
      if (reply.status.error_code() == grpc::StatusCode::CANCELLED) ++cancelled;
    };
    auto note = [&](std::exception_ptr problem) {
      if (problem) ++cancelled;  // before it began
      ++ended;
      over = true;
    };
    asio::co_spawn(to.io, call(), asio::bind_cancellation_slot(signal.slot(), note));
    const auto until = std::chrono::steady_clock::now() + microseconds(wait(random));
    to.io.restart();
    while (std::chrono::steady_clock::now() < until) to.io.poll();
    signal.emit(asio::cancellation_type::terminal);
    REQUIRE(eventually(to.io, [&] { return over; }));
  }
  CHECK(ended == rounds);
  CHECK(cancelled > 0);
  CHECK(cancelled < rounds);
  CHECK(to.engine->calls_in_flight() == 0);
}

TEST_CASE("a deadline that passes ends the call") {
  server spark;
  bridge to(spark);
  spark.hold(method::config);
  to.options.deadline = 100ms;
  const auto reply = to.config_now();
  CHECK(reply.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE("L2 a spent deadline is not no deadline") {
  server spark;
  bridge to(spark);
  spark.hold(method::config);
  to.options.deadline = -5000ms;
  CHECK(to.config_now().status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE("without a deadline a slow answer is waited for") {
  server spark;
  bridge to(spark);
  spark.delay(method::config, 300ms);
  CHECK(to.config_now().status.ok());
}

TEST_CASE("the server answers with each code of gRPC, and the call says which") {
  server spark;
  bridge to(spark);
  for (int code = 1; code <= 16; ++code) {
    spark.fail(method::config, server_error(code, "code " + std::to_string(code)));
    const auto reply = to.config_now();
    CHECK(reply.status.error_code() == code);
    CHECK(reply.status.error_message() == "code " + std::to_string(code));
  }
  CHECK(to.config_now().status.ok());
}

TEST_CASE("metadata travels with the call") {
  server spark;
  bridge to(spark);
  to.options.metadata.emplace_back("x-team", "blue");
  CHECK(to.config_now().status.ok());
  CHECK(spark.last_header("x-team") == "blue");
}

TEST_CASE("D2 a request larger than the limit fails alone, and the next call works") {
  server spark;
  bridge to(spark, [](grpc::ChannelArguments& arguments) { arguments.SetMaxSendMessageSize(1000); });
  proto::ConfigRequest large;
  large.set_session_id(std::string(5000, 'x'));
  const auto reply = to.config_now(large);
  CHECK(reply.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(spark.calls(method::config) == 0);
  CHECK(to.config_now().status.ok());
}

TEST_CASE("the server goes and comes back, and so do calls on the same channel") {
  server spark;
  bridge to(spark, [](grpc::ChannelArguments& arguments) {
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  });
  CHECK(to.config_now().status.ok());
  spark.stop();
  CHECK(to.config_now().status.error_code() == grpc::StatusCode::UNAVAILABLE);
  spark.start();
  CHECK(eventually(to.io, [&] { return to.config_now().status.ok(); }));
}

TEST_CASE("two sessions, one of them blocked: the other goes on") {
  server spark;
  server other;
  bridge blocked(spark);
  bridge free(other);
  spark.hold(method::config);
  bool over = false;
  auto call = [&]() -> asio::awaitable<void> {
    co_await blocked.config();
    over = true;
  };
  asio::co_spawn(blocked.io, call(), asio::detached);
  REQUIRE(eventually(blocked.io, [&] { return spark.held() == 1; }));
  for (int i = 0; i < 50; ++i) CHECK(free.config_now().status.ok());
  CHECK_FALSE(over);
  spark.release_held();
  CHECK(eventually(blocked.io, [&] { return over; }));
}

TEST_CASE("L8 an exception of user code after a call reaches the one who runs the context, and loses no other call") {
  server spark;
  bridge to(spark);
  int completed = 0;
  auto call = [&](bool throws) -> asio::awaitable<void> {
    co_await to.config();
    ++completed;
    if (throws) throw std::runtime_error("user code");
  };
  auto rethrow = [](std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
  };
  for (int i = 0; i < 20; ++i) asio::co_spawn(to.io, call(i == 3), rethrow);
  int thrown = 0;
  const auto all = [&] {
    try {
      to.io.restart();
      to.io.run_for(2ms);
    } catch (const std::runtime_error&) {
      ++thrown;
    }
    return completed == 20;
  };
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!all() && std::chrono::steady_clock::now() < until) {
  }
  CHECK(completed == 20);
  CHECK(thrown == 1);
  CHECK(to.config_now().status.ok());
}

TEST_CASE("starting a call throws: nothing leaks, and the engine ends at once") {
  server spark;
  auto io = std::make_unique<asio::io_context>();
  auto engine = cospark::rpc::engine::make(io->get_executor());
  {
    cospark::rpc::response_stream stream(engine, cospark::rpc::call_options(),
                                         [](auto&, auto&) { throw std::runtime_error("the stub throws"); });
    const auto item = stream.try_next();
    REQUIRE(item);
    REQUIRE(item->status);
    CHECK(item->status->error_message().find("the stub throws") != std::string::npos);
  }
  io->poll();
  CHECK(engine->calls_in_flight() == 0);
  const auto began = std::chrono::steady_clock::now();
  io.reset();
  CHECK(std::chrono::steady_clock::now() - began < 5s);
}
