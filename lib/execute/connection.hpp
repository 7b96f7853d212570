// The connection that calls of one kind share, replaced when it has fallen silent.
#pragma once

#include "rpc/unary.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace cospark::execute {

using stub_ptr = std::shared_ptr<rpc::service::StubInterface>;

/// A peer that vanishes without a word leaves a connection that looks alive until the kernel gives up resending, a
/// quarter of an hour later, and gRPC sends every further call over it. So whoever waited in vain says so, and later
/// calls take a new connection. Calls under way keep the one that they have.
///
/// The same for a channel that fails to connect again and again: once refused, gRPC 1.51 sometimes tries no more (seen
/// in 2 of some 200 runs of chaos, for as long as they went on), and answers all calls with the failure of its last
/// try.
///
/// Thread safety: all members may be called from any thread, after `open`.
class connection {
 public:
  using clock = std::chrono::steady_clock;

  /// `patience`: how long a channel may fail to connect; at least what one try takes.
  explicit connection(clock::duration patience = std::chrono::seconds(5)) : patience_(patience) {}

  /// `make` gives a stub with connections of its own.
  void open(std::function<stub_ptr()> make) {
    make_ = std::move(make);
    stub_ = make_();
    heard();
  }

  stub_ptr get() const {
    const std::lock_guard lock(mutex_);
    return stub_;
  }

  /// The peer has answered something.
  void heard() { heard_.store(clock::now()); }

  /// A call over `used` had no answer in time. Replaced if that is the current one, and has been silent for all calls
  /// since `since`.
  void replace_if_silent(const stub_ptr& used, clock::time_point since) {
    stub_ptr old;  // freed without the mutex
    const std::lock_guard lock(mutex_);
    if (used != stub_ || heard_.load() > since) return;
    old = std::exchange(stub_, make_());
    heard();
  }

  /// A call over `used` failed to connect.
  void replace_if_stuck(const stub_ptr& used) { replace_if_silent(used, clock::now() - patience_); }

 private:
  const clock::duration patience_;
  mutable std::mutex mutex_;
  std::function<stub_ptr()> make_;
  stub_ptr stub_;
  std::atomic<clock::time_point> heard_{clock::time_point()};
};

}  // namespace cospark::execute
