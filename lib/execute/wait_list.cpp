#include "execute/wait_list.hpp"

#include <utility>

namespace cospark::execute {

asio::awaitable<wait_list::outcome> wait_list::wait(std::string key, std::optional<clock::time_point> deadline,
                                                    std::function<void()> registered) {
  auto initiate = [](auto handler, std::shared_ptr<wait_list> list, std::string for_key,
                     std::optional<clock::time_point> until, std::function<void()> then) {
    auto* made = new waiter_of<decltype(handler)>(std::move(list), std::move(handler), std::move(for_key), until);
    made->start();
    if (then) then();
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(outcome)>(
      initiate, asio::use_awaitable, shared_from_this(), std::move(key), deadline, std::move(registered));
}

void wait_list::add(waiter& added) {
  const std::lock_guard lock(mutex_);
  auto& first = first_[added.key];
  added.next_ = first;
  if (first != nullptr) first->previous_ = &added;
  first = &added;
  ++size_;
  if (added.deadline) {
    added.due_ = due_.emplace(*added.deadline, &added);
    set_alarm();
  }
}

// With the mutex held.
void wait_list::unlink(waiter& taken) {
  if (taken.next_ != nullptr) taken.next_->previous_ = taken.previous_;
  if (taken.previous_ != nullptr) {
    taken.previous_->next_ = taken.next_;
  } else if (taken.next_ != nullptr) {
    first_[taken.key] = taken.next_;
  } else {
    first_.erase(taken.key);
  }
  taken.previous_ = taken.next_ = nullptr;
  if (taken.deadline) due_.erase(taken.due_);
  --size_;
}

// With the mutex held: the inbox only notes the node.
void wait_list::deliver(waiter& taken, outcome value) {
  unlink(taken);
  taken.value.emplace(std::move(value));
  inbox_->push(taken);
}

void wait_list::cancel(waiter& cancelled) {
  const std::lock_guard lock(mutex_);
  if (cancelled.value) return;  // it is on its way already
  deliver(cancelled, failure(errc::cancelled, "the wait was cancelled; what it waited for goes on"));
}

void wait_list::resolve(const std::string& key, const outcome& value) {
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

std::vector<std::string> wait_list::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  keys.reserve(first_.size());
  for (const auto& [key, first] : first_) keys.push_back(key);
  return keys;
}

bool wait_list::contains(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return first_.find(key) != first_.end();
}

std::size_t wait_list::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
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
