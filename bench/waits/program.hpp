// A program that waits for queries: what the benchmark looks at.
#pragma once

#include "support/process.hpp"

#include <cospark/session.hpp>
#include <cospark/streaming_query.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace bench {

class waiting_program {
 public:
  /// Opens a session.
  explicit waiting_program(const std::string& remote);

  asio::io_context& context() noexcept { return context_; }
  void run_for(std::chrono::milliseconds time);
  /// Runs the loop until the condition holds; throws `std::runtime_error` after two minutes.
  void run_until(const std::function<bool()>& condition);

  void start_queries(std::size_t count);
  /// One coroutine each, that notes when its wait has ended.
  void await_all();
  /// Asks the server while the loop runs.
  std::string ask_meanwhile(server_process& server, const std::string& command);
  /// The times of calls of status(), one after the other, in nanoseconds.
  std::vector<std::int64_t> time_status(std::size_t calls);

  std::size_t begun() const noexcept { return begun_; }
  std::size_t ended() const noexcept { return ended_; }
  std::int64_t last_end() const noexcept { return last_end_; }
  std::int64_t end_of(const std::string& run_id) const { return ends_[index_.at(run_id)]; }

 private:
  asio::awaitable<void> await_one(const cospark::streaming_query& query, std::int64_t& end);

  asio::io_context context_;
  std::optional<cospark::session> session_;
  std::vector<cospark::streaming_query> queries_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::int64_t> ends_;
  std::size_t begun_ = 0;
  std::size_t ended_ = 0;
  std::int64_t last_end_ = 0;
};

/// How late a timer ran, and for how much of that time the thread of the loop was computing. The rest it waited: for a
/// processor, or for a mutex.
struct lateness {
  double ms = 0;
  double busy_ms = 0;
};

/// A timer of 1 ms on the loop: how late does it run?
class loop_probe {
 public:
  explicit loop_probe(asio::io_context& context) : timer_(context) { start(); }
  ~loop_probe() { stop(); }
  loop_probe(const loop_probe&) = delete;
  loop_probe& operator=(const loop_probe&) = delete;

  void start();
  void stop();
  /// Since the last call.
  std::vector<lateness> take() { return std::exchange(seen_, {}); }

 private:
  void tick();

  asio::steady_timer timer_;
  std::shared_ptr<bool> alive_;
  std::vector<lateness> seen_;
};

}  // namespace bench
