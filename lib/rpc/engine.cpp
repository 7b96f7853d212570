#include "rpc/engine.hpp"

#include "rpc/heartbeat.hpp"

#include <asio/execution_context.hpp>
#include <asio/query.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <vector>

namespace cospark::rpc {
namespace {

// Knows the engines of one execution context and ends them when the context is destroyed. A context shuts down its
// youngest service first, so this happens before the context frees the handlers that it holds.
class engines final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;

  explicit engines(asio::execution_context& context) : service(context) {}

  void add(const std::shared_ptr<engine>& added) {
    const std::lock_guard lock(mutex_);
    std::erase_if(members_, [](const auto& member) { return member.expired(); });
    members_.push_back(added);
  }

 private:
  void shutdown() override {
    std::vector<std::weak_ptr<engine>> members;
    {
      const std::lock_guard lock(mutex_);
      members.swap(members_);
    }
    for (const auto& member : members) {
      if (const auto alive = member.lock()) alive->shut_down();
    }
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<engine>> members_;
};

asio::execution_context::id engines::id;

}  // namespace

std::shared_ptr<engine> engine::make(asio::any_io_executor executor) {
  asio::execution_context& context = asio::query(executor, asio::execution::context);
  // The context's timers, and their descriptors, come with the first timer. Now they are to be had, and so they are
  // older than the service, which must go first.
  asio::steady_timer timer(executor);
  std::shared_ptr<engine> made(new engine(std::move(executor)));
  asio::use_service<engines>(context).add(made);
  return made;
}

engine::engine(asio::any_io_executor executor) : inbox_(std::make_shared<rpc::inbox>(std::move(executor))) {}

engine::~engine() = default;

bool engine::enter(call_base& call) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_.load()) return false;
    call.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &call;
    first_ = &call;
    with_grpc_.fetch_add(1);
  }
  call_begins();
  return true;
}

void engine::leave(call_base& call) {
  // The call may be freed as soon as it is in the inbox, and the engine with it.
  const auto self = shared_from_this();
  inbox_->push(call);
  call_ends();
  // Whoever shuts down sets the one and then looks at the other: at least one of the two sees what the other wrote.
  if (with_grpc_.fetch_sub(1) == 1 && closed_.load()) {
    const std::lock_guard lock(mutex_);
    empty_.notify_all();
  }
}

void engine::forget(call_base& call) {
  const std::lock_guard lock(mutex_);
  (call.previous_ != nullptr ? call.previous_->next_ : first_) = call.next_;
  if (call.next_ != nullptr) call.next_->previous_ = call.previous_;
}

void engine::add_part(const std::shared_ptr<context_part>& part) {
  const std::lock_guard lock(mutex_);
  std::erase_if(parts_, [](const auto& known) { return known.expired(); });
  parts_.push_back(part);
}

bool engine::is_open() const {
  return !closed_.load();
}

std::size_t engine::calls_in_flight() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto* call = first_; call != nullptr; call = call->next_) ++count;
  return count;
}

void engine::cancel_all() {
  std::vector<call_base*> calls;
  {
    const std::lock_guard lock(mutex_);
    for (auto* call = first_; call != nullptr; call = call->next_) {
      if (call->try_add_reference()) calls.push_back(call);
    }
  }
  for (auto* call : calls) {
    call->cancel();
    call->release_reference();
  }
}

void engine::shut_down() {
  std::vector<std::weak_ptr<context_part>> parts;
  {
    const std::lock_guard lock(mutex_);
    closed_.store(true);
    parts.swap(parts_);
  }
  for (const auto& part : parts) {
    if (const auto alive = part.lock()) alive->context_ends();
  }
  cancel_all();
  {
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [this] { return with_grpc_.load() == 0; });
  }
  inbox_->close();
}

}  // namespace cospark::rpc
