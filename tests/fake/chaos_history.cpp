#include "chaos_history.hpp"

#include "execute/machine.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <set>

namespace fake::chaos {
namespace {

using std::chrono::microseconds;

struct whole {  // an operation
  const event* start = nullptr;
  const event* cancel = nullptr;
  const event* end = nullptr;
  int ends = 0;
};

struct truth_of_run {
  std::optional<microseconds> ended, failed;
};

bool is_value(const std::string& outcome) {
  static const std::set<std::string> values{"ok",       "ended", "running", "active",
                                            "inactive", "rows",  "nothing", "failure"};
  return values.count(outcome) != 0;
}

// What an operation may end with besides a value, and when.
bool is_allowed(const std::string& outcome) {
  static const std::set<std::string> errors{
      "server unavailable",     "timed out",      "cancelled",      "session lost",
      "streaming query failed", "operation lost", "outcome unknown"};
  return is_value(outcome) || errors.count(outcome) != 0;
}

class checker {
 public:
  checker(const std::vector<event>& history, const bounds& asked) : asked_(asked) {
    for (const auto& each : history) take(each);
    for (const auto& [id, operation] : operations_) check(operation);
    for (const auto& [id, attempts] : attempts_) check(id, attempts);
    check_runs();
  }

  std::vector<std::string> found;

 private:
  void take(const event& happened) {
    auto& operation = operations_[happened.operation];
    switch (happened.what) {
      case event::kind::start:
        operation.start = &happened;
        return;
      case event::kind::cancel:
        operation.cancel = &happened;
        return;
      case event::kind::end:
        operation.end = &happened;
        ++operation.ends;
        return;
      case event::kind::attempt:
        attempts_[happened.subject].push_back(&happened);
        return;
      case event::kind::truth: {
        if (happened.outcome == "lost") losses_.push_back(happened.at);
        auto& run = truths_[happened.subject];
        auto& when = happened.outcome == "failed" ? run.failed : run.ended;
        if (happened.outcome != "lost" && !when) when = happened.at;
        return;
      }
      case event::kind::fault:
        return;
    }
  }

  void say(const event& about, const std::string& what) {
    found.push_back(about.name + ' ' + std::to_string(about.operation) + (about.subject.empty() ? "" : " of ") +
                    about.subject + " at " + std::to_string(about.at.count() / 1000) + " ms: " + what);
  }

  // The first loss of the session that the operation uses.
  std::optional<microseconds> lost(const event& start) const {
    for (const auto at : losses_) {
      if (at >= start.session_began) return at;
    }
    return std::nullopt;
  }

  void check(const whole& one) {
    if (one.start == nullptr) {
      if (one.ends != 0) say(*one.end, "an end without a start");
      return;
    }
    const auto& start = *one.start;
    if (one.ends == 0) return say(start, "never ended");
    if (one.ends > 1) return say(start, "ended " + std::to_string(one.ends) + " times");
    const auto& end = *one.end;
    const auto took = end.at - start.at;
    if (!is_allowed(end.outcome)) say(start, "wrong outcome: " + end.outcome);
    if (end.outcome == "cancelled" && one.cancel == nullptr) say(start, "cancelled by nobody");
    // A value that was on its way when the program cancelled may still come, but at once.
    if (one.cancel != nullptr && end.at > one.cancel->at + std::chrono::seconds(1) && is_value(end.outcome)) {
      say(start, "a value after it was cancelled: " + end.outcome);
    }
    if (one.cancel != nullptr && end.at > one.cancel->at + asked_.slack) say(start, "cancelled, and went on");
    const auto gone = lost(start);
    if (end.outcome == "session lost" && (!gone || *gone > end.at)) say(start, "a session lost that was there");
    if (end.outcome == "operation lost" && (!gone || *gone > end.at)) say(start, "an operation lost that was there");
    const auto limit = asked_.limits.find(start.name);
    if (limit != asked_.limits.end()) {
      if (took > limit->second + asked_.slack) say(start, "ended late: " + std::to_string(took.count() / 1000) + " ms");
      const bool gave_up = end.outcome == "server unavailable" || end.outcome == "timed out";
      if (gave_up && took < limit->second * 8 / 10) {
        say(start, "given up early: " + end.outcome + " after " + std::to_string(took.count() / 1000) + " ms");
      }
    }
    if (start.name == "wait") check_wait(start, end, gone);
    if (start.name == "exception" && end.outcome == "failure" && !before(truths_[start.subject].failed, end.at)) {
      say(start, "a failure of a query that did not fail");
    }
  }

  static bool before(const std::optional<microseconds>& when, microseconds end) { return when && *when <= end; }

  void check_wait(const event& start, const event& end, const std::optional<microseconds>& gone) {
    const auto& run = truths_[start.subject];
    if (end.outcome == "ended" && !before(run.ended, end.at)) say(start, "ended well, and the query did not");
    if (end.outcome == "streaming query failed" && !before(run.failed, end.at))
      say(start, "failed, and the query did not");
    auto known = gone;
    for (const auto& when : {run.ended, run.failed}) {
      if (when && (!known || *when < *known)) known = when;
    }
    if (known && end.at > std::max(*known, start.at) + asked_.to_notice + asked_.slack) {
      say(start, "noticed the end of its query late");
    }
  }

  // Who has said once that a run is over must not say later that it is not.
  void check_runs() {
    std::map<std::string, microseconds> over;
    for (const auto& [id, one] : operations_) {
      if (one.start == nullptr || one.end == nullptr) continue;
      const auto& outcome = one.end->outcome;
      const bool stopped = one.start->name == "stop" && outcome == "ok";
      if (!stopped && outcome != "ended" && outcome != "inactive" && outcome != "streaming query failed") continue;
      const auto at = over.emplace(one.start->subject, one.end->at).first;
      at->second = std::min(at->second, one.end->at);
    }
    for (const auto& [id, one] : operations_) {
      if (one.start == nullptr || one.end == nullptr || one.end->outcome != "active") continue;
      const auto known = over.find(one.start->subject);
      if (known != over.end() && known->second < one.start->at) say(*one.start, "active after its end was known");
    }
  }

  void check(const std::string& id, const std::vector<const event*>& attempts) {
    std::set<std::string> passed;
    for (std::size_t i = 1; i < attempts.size(); ++i) {
      const auto& position = attempts[i]->outcome;
      if (position == attempts[i - 1]->outcome) continue;
      passed.insert(attempts[i - 1]->outcome);
      if (passed.count(position) != 0) say(*attempts[i], "operation " + id + " went back to an earlier response");
    }
    // So many in a row without a response have waited about as long as the policy says.
    constexpr std::size_t in_a_row = 6;
    std::chrono::milliseconds least{0};
    for (unsigned i = 1; i < in_a_row; ++i) least += cospark::execute::backoff(asked_.retries, i);
    for (std::size_t i = in_a_row; i < attempts.size(); ++i) {
      const auto& first = *attempts[i - in_a_row + 1];
      const bool no_response = std::all_of(attempts.begin() + static_cast<std::ptrdiff_t>(i - in_a_row),
                                           attempts.begin() + static_cast<std::ptrdiff_t>(i),
                                           [&](const event* each) { return each->outcome == attempts[i]->outcome; });
      if (no_response && attempts[i]->at - first.at < least / 2) {
        say(*attempts[i], "operation " + id + " reattaches faster than the policy says");
      }
    }
    const std::size_t most = asked_.retries.max_attempts;
    std::size_t same = 0;
    for (std::size_t i = 1; i < attempts.size(); ++i) {
      same = attempts[i]->outcome == attempts[i - 1]->outcome ? same + 1 : 0;
      if (same == most + 1) say(*attempts[i], "operation " + id + " has more attempts than the policy allows");
    }
  }

  const bounds& asked_;
  std::map<std::uint64_t, whole> operations_;
  std::map<std::string, std::vector<const event*>> attempts_;
  std::map<std::string, truth_of_run> truths_;
  std::vector<microseconds> losses_;
};

}  // namespace

std::vector<std::string> violations(const std::vector<event>& history, const bounds& asked) {
  return checker(history, asked).found;
}

void write_lines(std::ostream& to, const std::vector<event>& history) {
  static const char* const kinds[] = {"start", "cancel", "end", "attempt", "truth", "fault"};
  for (const auto& each : history) {
    to << R"({"what":")" << kinds[static_cast<int>(each.what)] << R"(","at_us":)" << each.at.count()
       << R"(,"operation":)" << each.operation << R"(,"name":")" << each.name << R"(","subject":")" << each.subject
       << R"(","outcome":")" << each.outcome << R"(","session_began_us":)" << each.session_began.count() << "}\n";
  }
}

}  // namespace fake::chaos
