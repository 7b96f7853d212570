#include "execute/machine.hpp"

#include <grpcpp/support/status_code_enum.h>

#include <algorithm>

namespace cospark::execute {
namespace {

constexpr std::size_t remembered_ids = 1024;
// A server that forgets the operation each time we send it would otherwise run it for ever.
constexpr unsigned max_executions = 5;

}  // namespace

std::chrono::milliseconds backoff(const retry_policy& policy, unsigned failures) {
  const auto most = policy.max_backoff;
  auto wait = std::min(policy.initial_backoff, most);
  if (policy.multiplier <= 1) return wait;
  for (unsigned i = 1; i < failures && wait.count() > 0 && wait < most; ++i) {
    wait = wait > most / policy.multiplier ? most : wait * policy.multiplier;
  }
  return wait;
}

std::chrono::milliseconds with_jitter(const retry_policy& policy, std::chrono::milliseconds wait) {
  if (wait < std::chrono::seconds(1) || policy.jitter.count() <= 0) return wait;
  thread_local std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> extra(0, policy.jitter.count());
  return wait + std::chrono::milliseconds(extra(random));
}

machine::decision machine::on_response(const std::string& response_id, bool complete, clock::time_point now) {
  if (finished_) return {step::skip};
  if (!response_id.empty()) {
    // Not progress: a server that repeats itself for ever would never be given up.
    if (!recent_ids_.insert(response_id).second) return {step::skip};
    recent_.push_back(response_id);
    last_response_id_ = response_id;
    if (recent_.size() > remembered_ids) {
      recent_ids_.erase(recent_.front());
      recent_.pop_front();
    }
  }
  failures_ = 0;
  last_progress_ = now;
  segment_delivered_ = true;
  if (complete) {
    finished_ = true;
    return {step::finish};
  }
  return {step::deliver};
}

machine::decision machine::on_clean_end(clock::time_point now, bool stood) {
  if (finished_) return {step::finish};
  if (!reattach_) {
    finished_ = true;
    return {step::finish};
  }
  ended_in_order_ = true;
  cut_off_ = false;
  opened_by_ = step::reattach;
  // Waits are silent for hours: what was heard of a server that keeps its streams open is that it is well.
  if (stood) last_progress_ = now;
  // Servers end a segment after two minutes or so; the next one begins where this one stopped. A server that ends
  // each at once, without a response, is slowed down and in the end given up.
  if (std::exchange(segment_delivered_, false) || stood) {
    failures_ = 0;
    return {step::reattach};
  }
  return again(step::reattach, std::nullopt, now);
}

machine::decision machine::on_failure(const call_failure& failure, bool segment_deadline, clock::time_point now,
                                      bool stood) {
  if (finished_) return {step::finish};
  if (stood) {
    failures_ = 0;
    last_progress_ = now;
  }
  segment_delivered_ = false;
  if (is_transient(failure) || segment_deadline) {
    if (opened_by_ == step::execute) cut_off_ = true;
    return again(step::reattach, failure.retry_after, now);
  }

  const auto& condition = failure.condition;
  // What a server without reattach says after a whole answer is what others say after a broken one.
  const bool gone = condition == "INVALID_HANDLE.OPERATION_NOT_FOUND" ||
                    condition == "INVALID_HANDLE.OPERATION_ABANDONED" || condition == "INVALID_CURSOR.NOT_REATTACHABLE";
  if (gone && ended_in_order_ && !reattach_known_) return {step::ask};
  if (condition == "INVALID_HANDLE.OPERATION_ALREADY_EXISTS" && !already_exists_) {
    already_exists_ = true;  // it is ours: an earlier try did reach the server
    return again(step::reattach, std::nullopt, now);
  }
  if (condition == "INVALID_HANDLE.OPERATION_NOT_FOUND" || condition == "INVALID_HANDLE.SESSION_NOT_FOUND") {
    // Nothing received: the server never saw it, or the session is not there yet. Otherwise a part is lost.
    if (!received_anything() && executions_ < max_executions) {
      if (!std::exchange(cut_off_, false)) ++executions_;
      return again(step::execute, std::nullopt, now);
    }
    const bool session = condition == "INVALID_HANDLE.SESSION_NOT_FOUND";
    return {step::fail, {}, session ? errc::session_lost : errc::operation_lost};
  }
  return {step::fail, {}, classify(failure)};
}

machine::decision machine::on_reattach_known(bool reattach, const call_failure& failure, clock::time_point now) {
  reattach_known_ = true;
  if (reattach) return on_failure(failure, false, now);
  finished_ = true;
  return {step::finish};
}

machine::decision machine::on_refused_token(step refused, clock::time_point now) {
  // A token is looked at before anything else: what was refused has not begun.
  segment_delivered_ = false;
  return again(received_anything() ? step::reattach : refused, std::nullopt, now);
}

machine::decision machine::again(step what, std::optional<std::chrono::milliseconds> asked, clock::time_point now) {
  opened_by_ = what;
  ++failures_;
  if (failures_ > policy_.max_attempts || now - last_progress_ > policy_.max_elapsed) {
    return {step::fail, {}, errc::unavailable, true};
  }
  auto wait = with_jitter(policy_, backoff(policy_, failures_));
  if (asked) wait = std::max(wait, std::min(*asked, policy_.max_server_delay));
  return {what, wait};
}

}  // namespace cospark::execute
