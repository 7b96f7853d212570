// Memory for a handler on its way to a loop. What is posted from a thread of gRPC's is freed on another, so that Asio's
// own recycling, which is by thread, has nothing to give.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

namespace cospark::rpc {

/// Room for one handler at a time; a second one is allocated as usual. Thread safety: any thread.
class handler_memory {
 public:
  handler_memory() = default;
  handler_memory(const handler_memory&) = delete;
  handler_memory& operator=(const handler_memory&) = delete;

  void* allocate(std::size_t size) {
    if (size <= room_.size() && !taken_.exchange(true, std::memory_order_acquire)) return room_.data();
    return ::operator new(size);
  }
  void deallocate(void* place) noexcept {
    if (place == room_.data()) {
      taken_.store(false, std::memory_order_release);
    } else {
      ::operator delete(place);
    }
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 128> room_;
  std::atomic<bool> taken_{false};
};

/// The allocator of a handler that keeps the memory alive.
template <class T>
class handler_allocator {
 public:
  using value_type = T;

  explicit handler_allocator(handler_memory& memory) noexcept : memory_(&memory) {}
  template <class Other>
  handler_allocator(const handler_allocator<Other>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->allocate(count * sizeof(T))); }
  void deallocate(T* place, std::size_t) noexcept { memory_->deallocate(place); }

  template <class Other>
  bool operator==(const handler_allocator<Other>& other) const noexcept {
    return memory_ == other.memory_;
  }

 private:
  template <class Other>
  friend class handler_allocator;
  handler_memory* memory_;
};

}  // namespace cospark::rpc
