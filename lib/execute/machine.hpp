// The decisions of one reattachable execution: given what happened, what next? Pure; no I/O, no clock of its own.
#pragma once

#include "execute/failure.hpp"

#include <cospark/retry_policy.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <unordered_set>

namespace cospark::execute {

class machine {
 public:
  using clock = std::chrono::steady_clock;

  enum class step {
    execute,   // send ExecutePlan with our operation id
    reattach,  // send ReattachExecute with `last_response_id()`, or from the start if that is empty
    deliver,   // hand the response to the consumer
    skip,      // a response that was seen before
    finish,    // the answer is complete
    ask,       // find out whether the server can be reattached to at all, and call `on_reattach_known`
    fail,      // end with `code`
  };
  struct decision {
    step what;
    std::chrono::milliseconds delay{0};  // before execute or reattach
    errc code{};                         // of fail; the failure itself says the rest
    bool retries_exhausted = false;      // fail: it was a passing fault, and the bounds are used up
  };

  /// `reattach`: whether the server can be reattached to. One that cannot be ends an answer with its stream.
  machine(retry_policy policy, clock::time_point now, bool reattach = true)
      : policy_(policy), last_progress_(now), reattach_(reattach) {}

  decision start() const { return {step::execute}; }
  /// A response arrived; `complete` if it is ResultComplete.
  decision on_response(const std::string& response_id, bool complete, clock::time_point now);
  /// The stream ended with status OK. `stood`: not at once, so there was just nothing to say.
  decision on_clean_end(clock::time_point now, bool stood = false);
  /// The stream ended with a failure. `segment_deadline` says that a deadline of ours for this segment did it, `stood`
  /// that the server was well meanwhile, and had just nothing to say.
  decision on_failure(const call_failure& failure, bool segment_deadline, clock::time_point now, bool stood = false);
  /// After `ask`: goes on with the failure that was asked about.
  decision on_reattach_known(bool reattach, const call_failure& failure, clock::time_point now);
  /// The stream that `refused` opened was refused for its token, and there is a new one.
  decision on_refused_token(step refused, clock::time_point now);

  /// Cursor for a reattach; empty when nothing has been received.
  const std::string& last_response_id() const noexcept { return last_response_id_; }
  bool received_anything() const noexcept { return !last_response_id_.empty(); }
  bool finished() const noexcept { return finished_; }
  unsigned failures_in_a_row() const noexcept { return failures_; }

 private:
  decision again(step what, std::optional<std::chrono::milliseconds> asked, clock::time_point now);

  retry_policy policy_;
  clock::time_point last_progress_;
  unsigned failures_ = 0;
  unsigned executions_ = 1;  // without those that were cut off
  step opened_by_ = step::execute;
  bool cut_off_ = false;  // the last execution was, so that the server may never have seen it
  bool segment_delivered_ = false;
  bool already_exists_ = false;
  bool reattach_;
  bool reattach_known_ = false;
  bool ended_in_order_ = false;  // a stream did, and the answer was not said to be complete
  bool finished_ = false;
  std::string last_response_id_;
  // The server resends at most what follows our cursor; a bounded memory of ids is enough to see a repetition.
  std::deque<std::string> recent_;
  std::unordered_set<std::string> recent_ids_;
};

/// The wait before try number `failures` (from 1), without the jitter.
std::chrono::milliseconds backoff(const retry_policy& policy, unsigned failures);
/// Adds the jitter.
std::chrono::milliseconds with_jitter(const retry_policy& policy, std::chrono::milliseconds wait);

}  // namespace cospark::execute
