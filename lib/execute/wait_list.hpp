// Waits that are pending on this side alone: a list node each, no call, no thread and no timer of their own.
#pragma once

#include "rpc/alarm.hpp"
#include "rpc/complete.hpp"
#include "rpc/context_part.hpp"
#include "rpc/engine.hpp"
#include "rpc/inbox.hpp"

#include <cospark/result.hpp>
#include <cospark/task.hpp>

#include <asio/async_result.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cospark::execute {

/// Thread safety: all members may be called from any thread.
class wait_list : public rpc::context_part, public std::enable_shared_from_this<wait_list> {
 public:
  using clock = std::chrono::steady_clock;
  /// True: what was waited for happened. False: the time is up.
  using outcome = result<bool>;

  static constexpr clock::time_point never = clock::time_point::max();

  static std::shared_ptr<wait_list> make(rpc::engine& engine) {
    std::shared_ptr<wait_list> made(new wait_list(engine.shared_inbox()));
    engine.add_part(made);
    return made;
  }

  /// A wait that is pending. In the list until somebody takes it out, under the mutex; whoever did delivers it.
  class waiter : public rpc::inbox_node {
   public:
    const std::string& key() const noexcept { return *key_; }

   protected:
    explicit waiter(finish_function finish) noexcept : inbox_node(finish) {}
    ~waiter() = default;

    const std::string* key_ = nullptr;
    clock::time_point deadline_ = never;
    std::optional<outcome> value_;

   private:
    friend class wait_list;
    waiter* previous_ = nullptr;  // of those with the same key
    waiter* next_ = nullptr;
    std::multimap<clock::time_point, waiter*>::iterator due_;
    std::uint32_t index_ = 0;       // in all_
    std::uint32_t running_at_ = 0;  // the last look that is known not to concern it
  };

  template <class Subject>
  class waiter_for : public waiter {
   public:
    const Subject& subject() const noexcept { return subject_; }

   protected:
    waiter_for(finish_function finish, Subject subject) : waiter(finish), subject_(std::move(subject)) {
      key_ = &subject_.key();
      deadline_ = subject_.deadline();
    }
    ~waiter_for() = default;

    Subject subject_;
  };

  /// Waits until `resolve` is called for the subject's key, or `fail_all`, or until its deadline. Cancellation ends the
  /// wait with `errc::cancelled`. Thousands are pending, so this is no coroutine with a frame of its own: the subject
  /// is moved into the list, and has
  ///
  ///   const std::shared_ptr<wait_list>& list();
  ///   const std::string& key();                 // the same as long as the subject stays where it is
  ///   clock::time_point deadline();             // asked once, when the wait begins
  ///   a function begun();                       // called once the wait is in the list, where it may have ended
  ///   outcome ended(outcome);                   // what the coroutine gets, on its executor
  template <class T, class Subject>
  static task<T> wait_for(Subject subject);
  /// The same for waits that are few.
  task<bool> wait(std::string key, clock::time_point deadline = never, std::function<void()> begun = nullptr);

  void resolve(std::string_view key, const outcome& value);
  void fail_all(const error& reason);

  /// Calls `look` with one of the waits for the key, if there is one. Nothing of the list may be called from there.
  void for_key(std::string_view key, const std::function<void(const waiter&)>& look) const;
  bool contains(std::string_view key) const;
  std::size_t size() const;

  /// An outcome for a coroutine that does not want to know whether the time is up.
  template <class T>
  static result<T> as(outcome value) {
    if constexpr (std::is_void_v<T>) {
      if (!value) return failure(std::move(value).error());
      return success();
    } else {
      return value;
    }
  }

  /// What is still running is asked elsewhere, which takes its time, and in between waits come and go. So: begin a
  /// look, ask, tell what is `running`, and the waits that are older than the look and not among those are the `rest`.
  std::uint32_t begin_look();
  void running(std::string_view key, std::uint32_t look);
  /// Calls `tell` with those of the rest that are among the `count` waits before place `end` (at first: `size_t(-1)`),
  /// and returns the next place to go on from. 0: that was all. Those that are there all the time are told at least
  /// once.
  std::size_t rest(std::uint32_t look, std::size_t end, std::size_t count,
                   const std::function<void(const waiter&)>& tell) const;

 private:
  explicit wait_list(std::shared_ptr<rpc::inbox> inbox) : inbox_(std::move(inbox)) {}
  void context_ends() override { fail_all(error(errc::client_closed)); }

  class keyed;
  template <class T, class Subject, class Handler>
  class waiter_of;

  void add(waiter& added);
  void cancel(waiter& cancelled);
  void deliver(waiter& taken, outcome value);
  void unlink(waiter& taken);
  void set_alarm();
  void ring();

  const std::shared_ptr<rpc::inbox> inbox_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string_view, waiter*> first_;  // by the key of the first waiter itself
  std::vector<waiter*> all_;
  std::multimap<clock::time_point, waiter*> due_;
  std::uint32_t looks_ = 0;
  rpc::alarm alarm_;
  std::optional<clock::time_point> alarm_at_;
};

template <class T, class Subject, class Handler>
class wait_list::waiter_of final : public waiter_for<Subject> {
 public:
  waiter_of(Handler handler, Subject subject)
      : waiter_for<Subject>(&waiter_of::finish, std::move(subject)), completion_(std::move(handler)) {}

  void start() {
    auto slot = completion_.slot();
    if (slot.is_connected()) slot.assign([this](asio::cancellation_type) { this->subject_.list()->cancel(*this); });
    const auto list = this->subject_.list();  // once it is added, the wait may end, and this object with it
    list->add(*this);
  }
  void release_reference() noexcept { delete this; }

 private:
  ~waiter_of() = default;
  static void finish(rpc::inbox_node* node, const asio::any_io_executor* here) {
    auto* self = static_cast<waiter_of*>(node);
    if (here == nullptr) {
      delete self;
      return;
    }
    self->completion_.dispatch(*here, rpc::call_owner<waiter_of>(self), [](auto& owner) -> result<T> {
      return as<T>(owner->subject_.ended(*std::move(owner->value_)));
    });
  }

  friend class rpc::completion<Handler>;
  rpc::completion<Handler> completion_;
};

template <class T, class Subject>
task<T> wait_list::wait_for(Subject subject) {
  auto initiate = [](auto handler, Subject about) {
    auto* made = new waiter_of<T, Subject, decltype(handler)>(std::move(handler), std::move(about));
    auto begun = made->subject().begun();
    made->start();
    begun();
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(result<T>)>(initiate, asio::use_awaitable,
                                                                              std::move(subject));
}

}  // namespace cospark::execute
