#include "waits/program.hpp"

#include <cospark/data_stream_writer.hpp>
#include <cospark/run.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t starts_at_once = 64;

[[noreturn]] void fail(const cospark::error& why) {
  throw std::runtime_error(why.to_string());
}

asio::awaitable<void> start_some(const cospark::session& session, std::size_t& left,
                                 std::vector<cospark::streaming_query>& into) {
  while (left != 0) {
    --left;
    auto started = co_await session.read_stream().format("rate").load().write_stream().format("noop").start();
    if (!started) fail(started.error());
    into.push_back(std::move(started).value());
  }
}

asio::awaitable<void> call_status(const cospark::streaming_query& query, std::size_t calls,
                                  std::vector<std::int64_t>& times) {
  for (std::size_t i = 0; i < calls; ++i) {
    const auto began = monotonic_ns();
    auto status = co_await query.status();
    if (!status) fail(status.error());
    times.push_back(monotonic_ns() - began);
  }
}

void rethrow(std::exception_ptr problem) {
  if (problem) std::rethrow_exception(problem);
}

}  // namespace

waiting_program::waiting_program(const std::string& remote) {
  auto opened = cospark::run(context_, cospark::session::connect(remote));
  if (!opened) fail(opened.error());
  session_.emplace(std::move(opened).value());
}

void waiting_program::run_for(std::chrono::milliseconds time) {
  context_.restart();
  context_.run_for(time);
}

void waiting_program::run_until(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + 2min;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("what was waited for did not happen");
    run_for(2ms);
  }
}

void waiting_program::start_queries(std::size_t count) {
  queries_.reserve(count);
  auto left = count;
  for (std::size_t i = 0; i < starts_at_once; ++i) {
    asio::co_spawn(context_, start_some(*session_, left, queries_), rethrow);
  }
  run_until([&] { return queries_.size() == count; });
  ends_.resize(count);
  for (std::size_t i = 0; i < count; ++i) index_.emplace(queries_[i].run_id(), i);
}

void waiting_program::await_all() {
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    asio::co_spawn(context_, await_one(queries_[i], ends_[i]), rethrow);
  }
}

asio::awaitable<void> waiting_program::await_one(const cospark::streaming_query& query, std::int64_t& end) {
  ++begun_;
  auto outcome = co_await query.await_termination();
  if (!outcome) fail(outcome.error());
  last_end_ = end = monotonic_ns();
  ++ended_;
}

std::string waiting_program::ask_meanwhile(server_process& server, const std::string& command) {
  std::atomic<bool> answered{false};
  std::string answer;
  std::thread asking([&] {
    answer = server.ask(command);
    answered = true;
  });
  run_until([&] { return answered.load(); });
  asking.join();
  return answer;
}

std::vector<std::int64_t> waiting_program::time_status(std::size_t calls) {
  std::vector<std::int64_t> times;
  asio::co_spawn(context_, call_status(queries_.back(), calls, times), rethrow);
  run_until([&] { return times.size() == calls; });
  return times;
}

void loop_probe::start() {
  alive_ = std::make_shared<bool>(true);
  tick();
}

void loop_probe::stop() {
  alive_.reset();
  timer_.cancel();
}

void loop_probe::tick() {
  timer_.expires_after(1ms);
  timer_.async_wait([this, computed = thread_cpu_seconds(), weak = std::weak_ptr<bool>(alive_)](std::error_code) {
    if (weak.expired()) return;
    lateness one;
    one.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - timer_.expiry()).count();
    one.busy_ms = std::min(one.ms, (thread_cpu_seconds() - computed) * 1000);
    seen_.push_back(one);
    tick();
  });
}

}  // namespace bench
