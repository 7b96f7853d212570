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
#include <unordered_map>
#include <vector>

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

  /// Waits until `resolve` is called for the key, or `fail_all`, or until the deadline. `registered` is called once the
  /// wait is in the list. Cancellation ends the wait with `errc::cancelled`.
  asio::awaitable<outcome> wait(std::string key, std::optional<clock::time_point> deadline,
                                std::function<void()> registered = nullptr);

  void resolve(const std::string& key, const outcome& value);
  void fail_all(const error& reason);

  std::vector<std::string> keys() const;
  bool contains(const std::string& key) const;
  std::size_t size() const;

 private:
  explicit wait_list(std::shared_ptr<rpc::inbox> inbox) : inbox_(std::move(inbox)) {}
  void context_ends() override { fail_all(error(errc::client_closed)); }

  // A pending wait. In the list until somebody takes it out, under the mutex; whoever did delivers it.
  class waiter : public rpc::inbox_node {
   public:
    std::string key;
    std::optional<clock::time_point> deadline;
    std::optional<outcome> value;

   protected:
    waiter(finish_function finish, std::string for_key, std::optional<clock::time_point> until)
        : inbox_node(finish), key(std::move(for_key)), deadline(until) {}
    ~waiter() = default;

   private:
    friend class wait_list;
    waiter* previous_ = nullptr;
    waiter* next_ = nullptr;
    std::multimap<clock::time_point, waiter*>::iterator due_;
  };

  template <class Handler>
  class waiter_of;

  void add(waiter& added);
  void cancel(waiter& cancelled);
  void deliver(waiter& taken, outcome value);
  void unlink(waiter& taken);
  void set_alarm();
  void ring();

  const std::shared_ptr<rpc::inbox> inbox_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, waiter*> first_;
  std::multimap<clock::time_point, waiter*> due_;
  std::size_t size_ = 0;
  rpc::alarm alarm_;
  std::optional<clock::time_point> alarm_at_;
};

template <class Handler>
class wait_list::waiter_of final : public waiter {
 public:
  waiter_of(std::shared_ptr<wait_list> list, Handler handler, std::string for_key,
            std::optional<clock::time_point> until)
      : waiter(&waiter_of::finish, std::move(for_key), until),
        list_(std::move(list)),
        completion_(std::move(handler)) {}

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
