#include "rpc/inbox.hpp"

#include <asio/post.hpp>

#include <chrono>
#include <utility>

namespace cospark::rpc {
namespace {

// What one handler delivers, and how long it takes at most, but for the last. When ten thousand completions come
// together, other handlers of the context have their turn in between.
constexpr int at_once = 64;
constexpr std::chrono::microseconds time_at_once(500);

}  // namespace

// Its destructor empties the list when the context dies with the handler unrun: what waits there may own a coroutine
// frame that owns, in the end, the inbox itself.
class inbox::drain {
 public:
  using allocator_type = handler_allocator<void>;

  explicit drain(std::shared_ptr<inbox> owner) noexcept : owner_(std::move(owner)) {}
  drain(drain&&) noexcept = default;
  drain& operator=(drain&&) = delete;
  ~drain() {
    if (owner_) owner_->discard();
  }

  allocator_type get_allocator() const noexcept { return allocator_type(owner_->memory_); }

  void operator()() {
    auto owner = std::exchange(owner_, nullptr);
    owner->deliver(owner->take());
  }

 private:
  std::shared_ptr<inbox> owner_;
};

inbox::inbox(asio::any_io_executor executor) : executor_(std::move(executor)) {
  const auto* const known = executor_.target<asio::io_context::executor_type>();
  if (known != nullptr) io_context_executor_.emplace(*known);
}

void inbox::push(inbox_node& node) {
  auto* head = head_.load(std::memory_order_relaxed);
  do {
    node.next_ = head;
  } while (!head_.compare_exchange_weak(head, &node, std::memory_order_release, std::memory_order_relaxed));
  if (closed_.load()) {
    discard();
  } else if (head == nullptr) {
    post_drain();
  }
}

void inbox::close() {
  closed_.store(true);
  discard();
}

void inbox::post_drain() {
  drain handler(shared_from_this());
  if (io_context_executor_) {
    asio::post(*io_context_executor_, std::move(handler));
  } else {
    asio::post(executor_, std::move(handler));
  }
}

// The oldest nodes. There is always a handler on its way for the backlog, if it has nodes, and another for `head_`.
inbox_node* inbox::take() {
  inbox_node* taken = nullptr;
  {
    const std::lock_guard lock(taking_);
    if (backlog_ == nullptr) backlog_ = reverse(head_.exchange(nullptr, std::memory_order_acquire));
    taken = backlog_;
    auto* last = taken;
    for (int i = 1; last != nullptr && i < at_once; ++i) last = last->next_;
    backlog_ = last == nullptr ? nullptr : std::exchange(last->next_, nullptr);
    if (backlog_ == nullptr) return taken;
  }
  post_drain();
  return taken;
}

void inbox::give_back(inbox_node* list) {
  auto* last = list;
  while (last->next_ != nullptr) last = last->next_;
  {
    const std::lock_guard lock(taking_);
    last->next_ = std::exchange(backlog_, list);
  }
  post_drain();
  if (closed_.load()) discard();
}

void inbox::deliver(inbox_node* list) {
  // A completion that throws (user code in it did) must not lose the ones behind it.
  struct guard {
    inbox& owner;
    inbox_node*& rest;
    ~guard() {
      if (rest != nullptr) owner.give_back(rest);
    }
  } keep_rest{*this, list};
  const auto until = std::chrono::steady_clock::now() + time_at_once;
  while (list != nullptr) {
    auto* node = std::exchange(list, list->next_);
    node->finish_(node, &executor_);
    if (std::chrono::steady_clock::now() > until) break;
  }
}

void inbox::discard() {
  for (;;) {
    inbox_node* list = nullptr;
    {
      const std::lock_guard lock(taking_);
      list = std::exchange(backlog_, nullptr);
    }
    if (list == nullptr) list = reverse(head_.exchange(nullptr, std::memory_order_acquire));
    if (list == nullptr) return;
    while (list != nullptr) {
      auto* node = std::exchange(list, list->next_);
      node->finish_(node, nullptr);
    }
  }
}

inbox_node* inbox::reverse(inbox_node* list) noexcept {
  inbox_node* result = nullptr;
  while (list != nullptr) {
    auto* next = std::exchange(list->next_, result);
    result = std::exchange(list, next);
  }
  return result;
}

}  // namespace cospark::rpc
