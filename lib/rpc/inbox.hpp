// The hand-over from gRPC's threads to an executor: a lock-free list, drained by posted handlers, some nodes each.
#pragma once

#include "rpc/handler_memory.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

namespace cospark::rpc {

/// Something to finish on the executor. The node owns itself until `finish` runs.
class inbox_node {
 protected:
  /// `here` is the executor on which it is called. None when that one's context goes away: free everything, run no user
  /// code, and do not touch the cancellation slot, whose signal may be gone already.
  using finish_function = void (*)(inbox_node* self, const asio::any_io_executor* here);
  explicit inbox_node(finish_function finish) noexcept : finish_(finish) {}
  ~inbox_node() = default;

 private:
  friend class inbox;
  finish_function finish_;
  inbox_node* next_ = nullptr;
};

/// Thread safety: all members may be called from any thread.
class inbox : public std::enable_shared_from_this<inbox> {
 public:
  explicit inbox(asio::any_io_executor executor);
  ~inbox() { discard(); }
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  /// Hands a node over. It finishes on the executor, after this call has returned; nodes of one thread in order.
  void push(inbox_node& node);
  /// Frees everything that waits, without delivering it, and everything that is pushed from now on.
  void close();

  const asio::any_io_executor& executor() const noexcept { return executor_; }

 private:
  class drain;
  void post_drain();
  inbox_node* take();
  void give_back(inbox_node* list);
  void deliver(inbox_node* list);
  void discard();
  static inbox_node* reverse(inbox_node* list) noexcept;

  asio::any_io_executor executor_;
  // The same, if it is one of those: behind any_io_executor Asio allocates each handler twice, and by no allocator.
  std::optional<asio::io_context::executor_type> io_context_executor_;
  handler_memory memory_;
  std::atomic<inbox_node*> head_{nullptr};  // the newest first
  std::mutex taking_;
  inbox_node* backlog_ = nullptr;  // the oldest first, all older than those of `head_`
  std::atomic<bool> closed_{false};
};

}  // namespace cospark::rpc
