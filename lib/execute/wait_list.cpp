#include "execute/wait_list.hpp"

#include <utility>

namespace cospark::execute {

asio::awaitable<wait_list::outcome> wait_list::wait(request& what) {
  auto initiate = [](auto handler, std::shared_ptr<wait_list> list, request* wanted) {
    auto then = wanted->when_registered();
    auto* made = new waiter_of<decltype(handler)>(std::move(list), std::move(handler), *wanted);
    made->start();
    if (then) then();
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(outcome)>(initiate, asio::use_awaitable,
                                                                            shared_from_this(), &what);
}

asio::awaitable<wait_list::outcome> wait_list::wait(std::string key, std::optional<clock::time_point> deadline,
                                                    std::function<void()> registered) {
  return wait_in(shared_from_this(), std::move(key), deadline, std::move(registered));
}

asio::awaitable<wait_list::outcome> wait_list::wait_in(std::shared_ptr<wait_list> self, std::string key,
                                                       std::optional<clock::time_point> deadline,
                                                       std::function<void()> registered) {
  class simple final : public request {
   public:
    simple(const std::string& for_key, std::optional<clock::time_point> until, std::function<void()> then)
        : request(for_key, until), then_(std::move(then)) {}

   private:
    std::function<void()> when_registered() const override { return then_; }
    std::function<void()> then_;
  };
  simple what(key, deadline, std::move(registered));
  co_return co_await self->wait(what);
}

void wait_list::add(waiter& added) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = first_.try_emplace(added.what->key, &added);
  if (!is_new) {  // behind the first, whose key the map uses
    auto& first = *place->second;
    added.previous_ = &first;
    added.next_ = std::exchange(first.next_, &added);
    if (added.next_ != nullptr) added.next_->previous_ = &added;
  }
  ++size_;
  if (added.what->deadline) {
    added.due_ = due_.emplace(*added.what->deadline, &added);
    set_alarm();
  }
}

// With the mutex held.
void wait_list::unlink(waiter& taken) {
  if (taken.next_ != nullptr) taken.next_->previous_ = taken.previous_;
  if (taken.previous_ != nullptr) {
    taken.previous_->next_ = taken.next_;
  } else {
    auto place = first_.extract(taken.what->key);
    if (taken.next_ != nullptr) {
      place.key() = taken.next_->what->key;
      place.mapped() = taken.next_;
      first_.insert(std::move(place));
    }
  }
  taken.previous_ = taken.next_ = nullptr;
  if (taken.what->deadline) due_.erase(taken.due_);
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

void wait_list::for_each_key(const std::function<void(const request&)>& look) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, first] : first_) look(*first->what);
}

void wait_list::for_key(std::string_view key, const std::function<void(const request&)>& look) const {
  const std::lock_guard lock(mutex_);
  const auto found = first_.find(key);
  if (found != first_.end()) look(*found->second->what);
}

bool wait_list::contains(std::string_view key) const {
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
