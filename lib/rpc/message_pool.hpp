// Messages that go back to the thread that reads.
#pragma once

#include <spark/connect/base.pb.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cospark::rpc {

using response_message = spark::connect::ExecutePlanResponse;

/// What a message costs to keep: walking all of it would cost more than the answer is worth.
inline std::size_t weight(const response_message& message) {
  return 256 + message.arrow_batch().data().size();
}

/// A message is parsed on a thread of gRPC and dropped on one of the program, and memory that one thread takes and
/// another frees is the slow case of allocators that keep some for each thread. So the messages of a stream go back as
/// they are, and whoever reads the next one empties them.
///
/// Thread safety: all members may be called from any thread.
class message_pool {
 public:
  /// A message to read into: empty, and perhaps used before.
  std::unique_ptr<response_message> take() {
    std::unique_ptr<response_message> taken;
    {
      const std::lock_guard lock(mutex_);
      if (!used_.empty()) {
        taken = std::move(used_.back());
        used_.pop_back();
      }
    }
    if (!taken) return std::make_unique<response_message>();
    taken->Clear();
    return taken;
  }

  void give_back(std::unique_ptr<response_message> message) {
    if (weight(*message) > most_bytes) return;
    const std::lock_guard lock(mutex_);
    if (closed_ || used_.size() == most_messages) return;
    used_.push_back(std::move(message));
  }

  /// The stream has ended: nothing is kept any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    used_.clear();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return used_.size();
  }

 private:
  static constexpr std::size_t most_messages = 128;
  // Of one message. A large one is better freed at once: as long as it waits, its memory is missing to the next.
  static constexpr std::size_t most_bytes = std::size_t{64} << 10;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<response_message>> used_;
  bool closed_ = false;
};

/// Drops a message where it belongs.
struct message_dropper {
  std::shared_ptr<message_pool> pool;  // none: it is deleted
  void operator()(response_message* dropped) const {
    std::unique_ptr<response_message> message(dropped);
    if (pool) pool->give_back(std::move(message));
  }
};

using message_ptr = std::unique_ptr<response_message, message_dropper>;

}  // namespace cospark::rpc
