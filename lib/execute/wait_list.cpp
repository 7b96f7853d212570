#include "execute/wait_list.hpp"

#include <algorithm>
#include <utility>

namespace cospark::execute {

class wait_list::keyed {
 public:
  keyed(std::shared_ptr<wait_list> list, std::string key, clock::time_point deadline, std::function<void()> begun)
      : list_(std::move(list)), key_(std::move(key)), deadline_(deadline), begun_(std::move(begun)) {}

  const std::shared_ptr<wait_list>& list() const noexcept { return list_; }
  const std::string& key() const noexcept { return key_; }
  clock::time_point deadline() const noexcept { return deadline_; }
  std::function<void()> begun() const {
    if (begun_) return begun_;
    return [] {};
  }
  static outcome ended(outcome value) { return value; }

 private:
  std::shared_ptr<wait_list> list_;
  std::string key_;
  clock::time_point deadline_;
  std::function<void()> begun_;
};

task<bool> wait_list::wait(std::string key, clock::time_point deadline, std::function<void()> begun) {
  return wait_for<bool>(keyed(shared_from_this(), std::move(key), deadline, std::move(begun)));
}

void wait_list::add(waiter& added) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = first_.try_emplace(added.key(), &added);
  if (!is_new) {  // behind the first, whose key the map uses
    auto& first = *place->second;
    added.previous_ = &first;
    added.next_ = std::exchange(first.next_, &added);
    if (added.next_ != nullptr) added.next_->previous_ = &added;
  }
  added.index_ = static_cast<std::uint32_t>(all_.size());
  added.running_at_ = looks_;
  all_.push_back(&added);
  if (added.deadline_ != never) {
    added.due_ = due_.emplace(added.deadline_, &added);
    set_alarm();
  }
}

// With the mutex held.
void wait_list::unlink(waiter& taken) {
  if (taken.next_ != nullptr) taken.next_->previous_ = taken.previous_;
  if (taken.previous_ != nullptr) {
    taken.previous_->next_ = taken.next_;
  } else {
    auto place = first_.extract(taken.key());
    if (taken.next_ != nullptr) {
      place.key() = taken.next_->key();
      place.mapped() = taken.next_;
      first_.insert(std::move(place));
    }
  }
  taken.previous_ = taken.next_ = nullptr;
  // The last takes its place: what moves, moves down. `rest` goes down, too, and so misses nobody.
  all_[taken.index_] = all_.back();
  all_[taken.index_]->index_ = taken.index_;
  all_.pop_back();
  if (taken.deadline_ != never) due_.erase(taken.due_);
}

// With the mutex held: the inbox only notes the node.
void wait_list::deliver(waiter& taken, outcome value) {
  unlink(taken);
  taken.value_.emplace(std::move(value));
  inbox_->push(taken);
}

void wait_list::cancel(waiter& cancelled) {
  const std::lock_guard lock(mutex_);
  if (cancelled.value_) return;  // it is on its way already
  deliver(cancelled, failure(errc::cancelled, "the wait was cancelled; what it waited for goes on"));
}

void wait_list::resolve(std::string_view key, const outcome& value) {
  const std::lock_guard lock(mutex_);
  for (;;) {
    const auto found = first_.find(key);
    if (found == first_.end()) return;
    deliver(*found->second, value);
  }
}

void wait_list::fail_all(const error& reason) {
  const std::lock_guard lock(mutex_);
  while (!first_.empty()) deliver(*first_.begin()->second, failure(reason));
}

void wait_list::for_key(std::string_view key, const std::function<void(const waiter&)>& look) const {
  const std::lock_guard lock(mutex_);
  const auto found = first_.find(key);
  if (found != first_.end()) look(*found->second);
}

bool wait_list::contains(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  return first_.find(key) != first_.end();
}

std::size_t wait_list::size() const {
  const std::lock_guard lock(mutex_);
  return all_.size();
}

std::uint32_t wait_list::begin_look() {
  const std::lock_guard lock(mutex_);
  return ++looks_;
}

void wait_list::running(std::string_view key, std::uint32_t look) {
  const std::lock_guard lock(mutex_);
  const auto found = first_.find(key);
  if (found == first_.end()) return;
  for (auto* each = found->second; each != nullptr; each = each->next_) {
    each->running_at_ = std::max(each->running_at_, look);
  }
}

std::size_t wait_list::rest(std::uint32_t look, std::size_t end, std::size_t count,
                            const std::function<void(const waiter&)>& tell) const {
  const std::lock_guard lock(mutex_);
  end = std::min(end, all_.size());
  const auto begin = end - std::min(end, count);
  while (end != begin) {
    const auto& each = *all_[--end];
    if (each.running_at_ < look) tell(each);
  }
  return begin;
}

// With the mutex held.
void wait_list::set_alarm() {
  if (due_.empty()) {
    alarm_.cancel();
    alarm_at_.reset();
    return;
  }
  const auto next = due_.begin()->first;
  if (alarm_at_ && *alarm_at_ <= next && alarm_.is_set()) return;
  alarm_at_ = next;
  auto ring = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ring();
  };
  alarm_.set(inbox_->executor(), next - clock::now(), ring);
}

void wait_list::ring() {
  const std::lock_guard lock(mutex_);
  alarm_at_.reset();
  const auto now = clock::now();
  while (!due_.empty() && due_.begin()->first <= now) deliver(*due_.begin()->second, false);
  set_alarm();
}

}  // namespace cospark::execute
