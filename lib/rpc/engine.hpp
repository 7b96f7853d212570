// What all calls of an executor share: the inbox and the registry of calls in flight.
#pragma once

#include "rpc/context_part.hpp"
#include "rpc/inbox.hpp"

#include <grpcpp/client_context.h>

#include <asio/any_io_executor.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace cospark::rpc {

class engine;

/// A call in flight. Reference-counted by hand because gRPC keeps a plain pointer to it; the last reference is never
/// dropped on a thread of gRPC, where destroying the context could drop the last reference to a channel.
class call_base : public inbox_node {
 public:
  call_base(const call_base&) = delete;
  call_base& operator=(const call_base&) = delete;

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  /// False when the last reference is gone already.
  bool try_add_reference() noexcept {
    auto references = references_.load(std::memory_order_relaxed);
    while (references != 0) {
      if (references_.compare_exchange_weak(references, references + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void release_reference() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  /// Asks gRPC to end the call soon. Any thread, any number of times; the call still ends through gRPC.
  virtual void cancel() { context_.TryCancel(); }

 protected:
  explicit call_base(finish_function finish, std::shared_ptr<engine> owner)
      : inbox_node(finish), engine_(std::move(owner)) {}
  virtual ~call_base() = default;

  grpc::ClientContext context_;
  std::shared_ptr<engine> engine_;

 private:
  friend class engine;
  std::atomic<int> references_{1};
  call_base* previous_ = nullptr;
  call_base* next_ = nullptr;
};

/// Thread safety: all members may be called from any thread.
class engine : public std::enable_shared_from_this<engine> {
 public:
  /// An engine for an executor. It registers with the executor's context, whose destruction ends every call first:
  /// no callback of gRPC can reach a dead context.
  static std::shared_ptr<engine> make(asio::any_io_executor executor);
  ~engine();

  rpc::inbox& inbox() noexcept { return *inbox_; }
  const std::shared_ptr<rpc::inbox>& shared_inbox() const noexcept { return inbox_; }
  const asio::any_io_executor& executor() const noexcept { return inbox_->executor(); }

  /// Notes a call that is about to start; false when the context is going away and nothing may start any more.
  bool enter(call_base& call);
  /// Notes that gRPC is done with a call, and hands the call over. The last thing its callback does.
  void leave(call_base& call);
  /// A call that has entered is being destroyed.
  void forget(call_base& call);

  /// Tells a part when the context ends.
  void add_part(const std::shared_ptr<context_part>& part);

  /// False once the context is going away: nothing can be posted any more.
  bool is_open() const;
  /// Counts them, one by one: for tests.
  std::size_t calls_in_flight() const;
  void cancel_all();
  /// Cancels all calls, waits until gRPC has let go of them, and frees what was not delivered.
  void shut_down();

 private:
  explicit engine(asio::any_io_executor executor);

  const std::shared_ptr<rpc::inbox> inbox_;
  // Threads of gRPC do without the mutex: the loop would stand at it.
  std::atomic<std::size_t> with_grpc_{0};  // entered, and not through the last line of their callback
  std::atomic<bool> closed_{false};        // written with the mutex held
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  call_base* first_ = nullptr;  // entered, and not yet destroyed
  std::vector<std::weak_ptr<context_part>> parts_;
};

}  // namespace cospark::rpc
