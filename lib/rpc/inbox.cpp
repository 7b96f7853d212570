#include "rpc/inbox.hpp"

#include <asio/post.hpp>

#include <utility>

namespace cospark::rpc {

// Its destructor empties the list when the context dies with the handler unrun: what waits there may own a coroutine
// frame that owns, in the end, the inbox itself.
class inbox::drain {
 public:
  explicit drain(std::shared_ptr<inbox> owner) noexcept : owner_(std::move(owner)) {}
  drain(drain&&) noexcept = default;
  drain& operator=(drain&&) = delete;
  ~drain() {
    if (owner_) owner_->discard();
  }

  void operator()() {
    auto owner = std::exchange(owner_, nullptr);
    owner->deliver(reverse(owner->head_.exchange(nullptr, std::memory_order_acquire)));
  }

 private:
  std::shared_ptr<inbox> owner_;
};

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
  asio::post(executor_, drain(shared_from_this()));
}

void inbox::deliver(inbox_node* list) {
  // A completion that throws (user code in it did) must not lose the ones behind it.
  struct guard {
    inbox& owner;
    inbox_node*& rest;
    ~guard() {
      while (rest != nullptr) owner.push(*std::exchange(rest, rest->next_));
    }
  } keep_rest{*this, list};
  while (list != nullptr) {
    auto* node = std::exchange(list, list->next_);
    node->finish_(node, true);
  }
}

void inbox::discard() {
  while (auto* list = reverse(head_.exchange(nullptr, std::memory_order_acquire))) {
    while (list != nullptr) {
      auto* node = std::exchange(list, list->next_);
      node->finish_(node, false);
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
