// Calls a function after a while, on an executor.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

namespace cospark::rpc {

/// A timer that its pending handler owns: when the executor's context is destroyed the timer goes with it, and whoever
/// holds the alarm may outlive the context. A cancelled alarm does not ring, even if its time had come already.
///
/// Thread safety: none; a pending alarm counts as work of the context.
class alarm {
 public:
  alarm() = default;
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;
  ~alarm() { cancel(); }

  /// Replaces what was set before.
  template <class Function>
  void set(const asio::any_io_executor& executor, std::chrono::steady_clock::duration delay, Function function) {
    cancel();
    auto entry = std::make_shared<pending>(executor, delay);
    pending_ = entry;
    auto ring = [entry, function = std::move(function)](std::error_code) mutable {
      if (!entry->cancelled.load()) function();
    };
    entry->timer.async_wait(std::move(ring));
  }

  bool is_set() const noexcept { return !pending_.expired(); }

  void cancel() {
    if (const auto entry = pending_.lock()) {
      entry->cancelled.store(true);
      entry->timer.cancel();
    }
    pending_.reset();
  }

 private:
  struct pending {
    pending(const asio::any_io_executor& executor, std::chrono::steady_clock::duration delay)
        : timer(executor, delay) {}

    asio::steady_timer timer;
    std::atomic<bool> cancelled{false};
  };

  std::weak_ptr<pending> pending_;
};

}  // namespace cospark::rpc
