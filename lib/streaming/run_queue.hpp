// Runs to ask the server about, and how many coroutines ask.
#pragma once

#include "streaming/query_state.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace cospark::streaming {

/// Coroutines that ask, each on its own, take from it until nothing is left; whoever adds begins one more, up to a
/// number.
///
/// Thread safety: all members may be called from any thread.
class run_queue {
 public:
  explicit run_queue(std::size_t most_askers) : most_askers_(most_askers) {}

  /// True: one more is to begin, and call `take`.
  [[nodiscard]] bool add(query_ptr query) {
    const std::lock_guard lock(mutex_);
    runs_.push_back(std::move(query));
    if (askers_ == most_askers_) return false;
    ++askers_;
    return true;
  }

  /// The oldest; null: the asker has to end.
  query_ptr take() {
    const std::lock_guard lock(mutex_);
    if (runs_.empty()) {
      --askers_;
      return nullptr;
    }
    auto taken = std::move(runs_.front());
    runs_.pop_front();
    return taken;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return runs_.size();
  }

 private:
  const std::size_t most_askers_;
  mutable std::mutex mutex_;
  std::deque<query_ptr> runs_;
  std::size_t askers_ = 0;
};

}  // namespace cospark::streaming
