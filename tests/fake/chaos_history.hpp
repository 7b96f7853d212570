// What happened in a run under random faults, and what must never have happened.
#pragma once

#include <cospark/retry_policy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace fake::chaos {

/// One thing that happened. Times are since the run began.
struct event {
  enum class kind {
    start,    // of an operation of the program
    cancel,   // the program cancels it
    end,      // how it ended: a word for the value, or the text of an errc
    attempt,  // the library reattaches: `subject` is Spark's operation, `outcome` the response after which
    truth,    // the server has a run that `ended` or `failed`; or every session was `lost`
    fault,    // something is broken on purpose
  };
  event() = default;

  kind what = kind::start;
  std::chrono::microseconds at{0};
  std::uint64_t operation = 0;
  std::string name;     // start, wait, stop, status, …
  std::string subject;  // the run that it is about
  std::string outcome;
  std::chrono::microseconds session_began{0};  // of the session that it uses
};

/// What the program asked for.
struct bounds {
  bounds() = default;
  /// Most time for the operations of a name; others, once their run has ended, have `to_notice`.
  std::map<std::string, std::chrono::milliseconds> limits;
  std::chrono::milliseconds to_notice = std::chrono::seconds(20);
  /// What a slow machine may need on top.
  std::chrono::milliseconds slack = std::chrono::seconds(10);
  cospark::retry_policy retries;
};

/// Every rule that was broken, a sentence each.
std::vector<std::string> violations(const std::vector<event>& history, const bounds& asked);

/// One JSON object a line.
void write_lines(std::ostream& to, const std::vector<event>& history);

/// Collects events. Thread safety: all members may be called from any thread.
class recorder {
 public:
  std::chrono::microseconds now() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
  }
  void add(event happened) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(happened));
  }
  std::vector<event> all() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::vector<event> events_;
};

}  // namespace fake::chaos
