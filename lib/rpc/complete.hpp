// The last steps of an operation, on the executor of whoever awaits it.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>

#include <utility>

namespace cospark::rpc {

/// Holds one reference to a counted object; the object's destructor may stay private to its base.
template <class T>
class call_owner {
 public:
  explicit call_owner(T* held) noexcept : held_(held) {}
  call_owner(call_owner&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  call_owner& operator=(call_owner&&) = delete;
  ~call_owner() { reset(); }

  T* operator->() const noexcept { return held_; }
  void reset() noexcept {
    if (auto* held = std::exchange(held_, nullptr)) held->release_reference();
  }

 private:
  T* held_;
};

/// A handler that waits for its operation. It belongs to a coroutine, and whoever spawned that keeps the context
/// running: Asio's co_spawn counts it as work until its end.
template <class Handler>
class completion {
 public:
  explicit completion(Handler handler) : handler_(std::move(handler)) {}

  auto slot() const noexcept { return asio::get_associated_cancellation_slot(handler_); }

  /// Takes the operation to the handler's executor, and there, in this order: clears the slot, so that no
  /// cancellation can reach the operation any more; takes handler and value out; frees the operation; calls.
  /// `here` is the executor that this runs on.
  template <class Owner, class TakeValue>
  void dispatch(const asio::any_io_executor& here, Owner owner, TakeValue take_value) {
    auto executor = asio::get_associated_executor(handler_);
    if (executor == here) {  // what Asio would find out, too, on a longer way
      finish(std::move(owner), take_value)();
    } else {
      asio::dispatch(executor, finish(std::move(owner), take_value));
    }
  }

  /// The same, never inside the call: for an operation that ends before it has begun.
  template <class Owner, class TakeValue>
  void post(Owner owner, TakeValue take_value) {
    auto executor = asio::get_associated_executor(handler_);
    asio::post(executor, finish(std::move(owner), take_value));
  }

 private:
  template <class Owner, class TakeValue>
  static auto finish(Owner owner, TakeValue take_value) {
    return [owner = std::move(owner), take_value]() mutable {
      auto& self = owner->completion_;
      auto slot = self.slot();
      if (slot.is_connected()) slot.clear();
      auto handler = std::move(self.handler_);
      auto value = take_value(owner);
      owner.reset();
      std::move(handler)(std::move(value));
    };
  }

  Handler handler_;
};

}  // namespace cospark::rpc
