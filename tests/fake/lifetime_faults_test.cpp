// Threads, processes and ends: of operations, sessions, contexts and the program.
#include "client.hpp"
#include "own_process.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <thread>

using namespace fake;

namespace {

std::string remote_of(std::uint16_t port) {
  return "sc://localhost:" + std::to_string(port);
}

cospark::task<proto::ConfigResponse> short_call(cospark::connect::session_ptr session) {
  proto::ConfigRequest request;
  request.mutable_operation()->mutable_get_all();
  return cospark::connect::configure(std::move(session), std::move(request));
}

}  // namespace

TEST_CASE("L5 a client that is destroyed with a thousand operations in flight leaves nothing behind") {
  server spark;
  spark.script_always(operation_kind::rows, stream_script().hold());
  std::weak_ptr<cospark::connect::session_state> session;
  constexpr std::size_t count = 1000;
  {
    client user(spark);
    session = user.session;
    for (std::size_t i = 0; i < count; ++i) user.begin_rows();
    REQUIRE(eventually(user.io, [&] { return user.session->link()->engine->calls_in_flight() == count; }));
    CHECK(user.ended.empty());
  }
  CHECK(session.expired());
}

TEST_CASE("L5 a session that is stopped with a thousand operations in flight ends each of them once") {
  server spark;
  spark.script_always(operation_kind::rows, stream_script().hold());
  client user(spark);
  constexpr std::size_t count = 1000;
  for (std::size_t i = 0; i < count; ++i) user.begin_rows();
  REQUIRE(eventually(user.io, [&] { return user.session->link()->engine->calls_in_flight() == count; }));
  user.session->close();
  REQUIRE(user.until_ended(count));
  let_run(user.io, 20ms);
  CHECK(user.ended.size() == count);
  for (const auto& each : user.ended) CHECK(*each.error == errc::client_closed);
}

TEST_CASE("L10 eight threads share one session, and each operation ends with its own answer") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  asio::thread_pool pool(8);
  asio::io_context io;
  auto options = client::quick();
  options.executor = pool.get_executor();
  auto opened = cospark::run(io, cospark::connect::open_session(spark.remote(), options));
  REQUIRE(opened);
  auto session = opened.value();
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  auto work = [&](cospark::connect::session_ptr with) -> asio::awaitable<void> {
    for (int i = 0; i < 100; ++i) {
      auto settings = co_await short_call(with);
      proto::Plan plan;
      plan.mutable_root()->mutable_range()->set_end(1);
      auto all = co_await collect(cospark::connect::execute(with, std::move(plan)));
      const bool right = settings && all && !all.value().error && all.value().numbers == up_to(3);
      ++(right ? good : bad);
    }
  };
  for (int i = 0; i < 16; ++i) asio::co_spawn(pool, work(session), asio::detached);
  pool.join();
  CHECK(good == 1600);
  CHECK(bad == 0);
}

TEST_CASE("L11 a completion may start operations, stop the session, and drop its last handle") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  client user(spark);
  std::weak_ptr<cospark::connect::session_state> watched = user.session;
  int steps = 0;
  auto third = [&](result<proto::ConfigResponse> outcome) {
    CHECK_FALSE(outcome);
    ++steps;
    user.session.reset();
  };
  auto second = [&](result<collected> outcome) {
    CHECK(outcome.value().numbers == up_to(3));
    ++steps;
    cospark::spawn(user.io.get_executor(), short_call(user.session), third);
    user.session->close();
  };
  auto first = [&](result<proto::ConfigResponse> outcome) {
    CHECK(outcome);
    ++steps;
    cospark::spawn(user.io.get_executor(), collect(user.rows()), second);
  };
  cospark::spawn(user.io.get_executor(), short_call(user.session), first);
  REQUIRE(eventually(user.io, [&] { return steps == 3; }));
  CHECK(eventually(user.io, [&] { return watched.expired(); }));
}

TEST_CASE("L13 a fork of the process that opened the session is told so at once") {
  server spark;
  client user(spark);
  REQUIRE(user.short_call());
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(20);
    const auto refused = user.short_call();
    const bool right = !refused && refused.error() == errc::client_closed &&
                       refused.error().message().find("fork") != std::string::npos;
    const auto rows = cospark::run(user.io, collect(user.rows()));
    ::_exit(right && rows.value().error && *rows.value().error == errc::client_closed ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(user.short_call());
}

TEST_CASE("child: leaves with operations open", "[.child]") {
  if (own_process::child_port() == 0) return;
  // As a program with everything in static storage.
  static auto* io = new asio::io_context;
  static auto opened =
      cospark::run(*io, cospark::connect::open_session(remote_of(own_process::child_port()), client::quick()));
  if (!opened) std::exit(2);
  for (int i = 0; i < 20; ++i) {
    proto::Plan plan;
    plan.mutable_root()->mutable_range()->set_end(1);
    cospark::spawn(io->get_executor(), collect(cospark::connect::execute(opened.value(), std::move(plan))),
                   [](const result<collected>&) {});
  }
  io->restart();
  io->run_for(std::chrono::milliseconds(std::random_device{}() % 50));
  std::exit(0);
}

TEST_CASE("L14 a program that leaves with operations open ends, and soon") {
  server spark;
  spark.script_always(operation_kind::rows, stream_script().hold());
  for (int i = 0; i < 5; ++i) {
    own_process child("child: leaves with operations open", spark.port());
    CHECK(child.wait(20s) == 0);
  }
}

TEST_CASE("child: has few descriptors", "[.child]") {
  if (own_process::child_port() == 0) return;
  asio::io_context io;
  std::vector<cospark::connect::session_ptr> sessions;
  bool failed = false;
  for (int i = 0; i < 40 && !failed; ++i) {
    auto options = client::quick();
    options.connect_timeout = 1s;
    auto opened = cospark::run(io, cospark::connect::open_session(remote_of(own_process::child_port()), options));
    failed = !opened;
    if (opened) sessions.push_back(opened.value());
  }
  // A context that has no timers yet cannot get them now.
  asio::io_context late;
  const auto refused =
      cospark::run(late, cospark::connect::open_session(remote_of(own_process::child_port()), client::quick()));
  failed = failed && !refused && refused.error() == cospark::errc::limit_exceeded;
  std::_Exit(failed && !sessions.empty() && cospark::run(io, short_call(sessions[0])) ? 0 : 1);
}

// The address sanitizer needs descriptors of its own. g++ and clang tell of it in different ways.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COSPARK_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define COSPARK_ADDRESS_SANITIZER
#endif
#ifndef COSPARK_ADDRESS_SANITIZER
TEST_CASE("L15 a process without descriptors left gets an error, and what it has goes on") {
  server spark;
  own_process child("child: has few descriptors", spark.port(), "ulimit -n 24");
  CHECK(child.wait(60s) == 0);
}
#endif

TEST_CASE("child: waits in short segments", "[.child]") {
  if (own_process::child_port() == 0) return;
  auto options = client::quick();
  options.segment_timeout = 300ms;
  client user(remote_of(own_process::child_port()), options);
  for (int i = 0; i < 20; ++i) user.begin_rows();
  const bool all = user.until_ended(20);
  const auto good = [](const collected& each) { return !each.error && each.numbers == up_to(10); };
  std::_Exit(all && std::all_of(user.ended.begin(), user.ended.end(), good) ? 0 : 1);
}

TEST_CASE("L18 a process that slept wakes up and goes on, without a storm") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  spark.script_always(operation_kind::rows, stream_script().send(1).hold());
  own_process child("child: waits in short segments", spark.port());
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (spark.held() < 20 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
  REQUIRE(spark.held() > 0);
  child.send(SIGSTOP);
  std::this_thread::sleep_for(1s);
  const auto before = spark.calls(method::reattach_execute);
  spark.script_always(operation_kind::rows, stream_script());
  child.send(SIGCONT);
  CHECK(child.wait(30s) == 0);
  CHECK(spark.calls(method::reattach_execute) - before < 200);
}
