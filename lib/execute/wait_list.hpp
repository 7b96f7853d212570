// Waits that are pending on this side alone: a list node each, no call, no thread and no timer of their own.
#pragma once

#include "rpc/alarm.hpp"
#include "rpc/complete.hpp"
#include "rpc/context_part.hpp"
#include "rpc/engine.hpp"
#include "rpc/inbox.hpp"

#include <cospark/result.hpp>

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace cospark::execute {

/// Thread safety: all members may be called from any thread.
class wait_list : public rpc::context_part, public std::enable_shared_from_this<wait_list> {
 public:
  using clock = std::chrono::steady_clock;
  /// True: what was waited for happened. False: the time is up.
  using outcome = result<bool>;

  static std::shared_ptr<wait_list> make(rpc::engine& engine) {
    std::shared_ptr<wait_list> made(new wait_list(engine.shared_inbox()));
    engine.add_part(made);
    return made;
  }

  /// A wait, in the frame of the coroutine that waits.
  class request {
   public:
    /// Both must outlive the wait.
    request(const std::string& for_key, std::optional<clock::time_point> until) : key(for_key), deadline(until) {}
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    const std::string& key;
    const std::optional<clock::time_point> deadline;

   protected:
    ~request() = default;

   private:
    friend class wait_list;
    /// What to do once the wait is in the list. It must not use this object: the wait may be over by then.
    virtual std::function<void()> when_registered() const { return nullptr; }
  };

  /// Waits until `resolve` is called for the key, or `fail_all`, or until the deadline. Cancellation ends the wait with
  /// `errc::cancelled`.
  asio::awaitable<outcome> wait(request& what);
  /// The same, for waits that are few.
  asio::awaitable<outcome> wait(std::string key, std::optional<clock::time_point> deadline,
                                std::function<void()> registered = nullptr);

  void resolve(std::string_view key, const outcome& value);
  void fail_all(const error& reason);

  /// One wait for each key, while the list stands still. Nothing of the list may be called from there.
  void for_each_key(const std::function<void(const request&)>& look) const;
  void for_key(std::string_view key, const std::function<void(const request&)>& look) const;
  bool contains(std::string_view key) const;
  std::size_t size() const;

 private:
  explicit wait_list(std::shared_ptr<rpc::inbox> inbox) : inbox_(std::move(inbox)) {}
  void context_ends() override { fail_all(error(errc::client_closed)); }

  // A pending wait. In the list until somebody takes it out, under the mutex; whoever did delivers it.
  class waiter : public rpc::inbox_node {
   public:
    request* const what;  // while it is in the list
    std::optional<outcome> value;

   protected:
    waiter(finish_function finish, request& wanted) : inbox_node(finish), what(&wanted) {}
    ~waiter() = default;

   private:
    friend class wait_list;
    waiter* previous_ = nullptr;
    waiter* next_ = nullptr;
    std::multimap<clock::time_point, waiter*>::iterator due_;
  };

  template <class Handler>
  class waiter_of;

  static asio::awaitable<outcome> wait_in(std::shared_ptr<wait_list> self, std::string key,
                                          std::optional<clock::time_point> deadline, std::function<void()> registered);
  void add(waiter& added);
  void cancel(waiter& cancelled);
  void deliver(waiter& taken, outcome value);
  void unlink(waiter& taken);
  void set_alarm();
  void ring();

  const std::shared_ptr<rpc::inbox> inbox_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string_view, waiter*> first_;  // by the key of the first waiter itself
  std::multimap<clock::time_point, waiter*> due_;
  std::size_t size_ = 0;
  rpc::alarm alarm_;
  std::optional<clock::time_point> alarm_at_;
};

template <class Handler>
class wait_list::waiter_of final : public waiter {
 public:
  waiter_of(std::shared_ptr<wait_list> list, Handler handler, request& wanted)
      : waiter(&waiter_of::finish, wanted), list_(std::move(list)), completion_(std::move(handler)) {}

  void start() {
    auto slot = completion_.slot();
    if (slot.is_connected()) slot.assign([this](asio::cancellation_type) { list_->cancel(*this); });
    list_->add(*this);
  }
  void release_reference() noexcept { delete this; }

 private:
  ~waiter_of() = default;
  static void finish(inbox_node* node, bool deliver) {
    auto* self = static_cast<waiter_of*>(node);
    if (!deliver) {
      delete self;
      return;
    }
    self->completion_.dispatch(rpc::call_owner<waiter_of>(self), [](auto& owner) { return std::move(*owner->value); });
  }

  friend class rpc::completion<Handler>;
  std::shared_ptr<wait_list> list_;
  rpc::completion<Handler> completion_;
};

}  // namespace cospark::execute
