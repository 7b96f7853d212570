#include "streaming/known_ends.hpp"

namespace cospark::streaming {
namespace {

constexpr std::size_t most_remembered = 10'000;

}  // namespace

bool known_ends::tell(const std::string& run_id, bool failed, std::size_t more) {
  const std::lock_guard lock(mutex_);
  ++told_;
  const auto [end, is_new] = failed_.emplace(run_id, failed);
  if (is_new) order_.push_back(run_id);
  const auto asked = absent_.find(run_id);
  const bool settled = asked != absent_.end() && asked->second && !end->second;
  // Two at most, so that this takes as long as ever when many more were remembered until now.
  for (int i = 0; i < 2 && order_.size() > most_remembered + more; ++i) {
    failed_.erase(order_.front());
    order_.pop_front();
  }
  return settled;
}

std::size_t known_ends::told() const {
  const std::lock_guard lock(mutex_);
  return told_;
}

bool known_ends::ended_well(const std::string& run_id) const {
  const std::lock_guard lock(mutex_);
  const auto end = failed_.find(run_id);
  return end != failed_.end() && !end->second;
}

bool known_ends::begin_asking(const std::string& run_id, bool absent) {
  const std::lock_guard lock(mutex_);
  return absent_.emplace(run_id, absent).second;
}

void known_ends::end_asking(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  absent_.erase(run_id);
}

}  // namespace cospark::streaming
