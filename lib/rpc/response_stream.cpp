#include "rpc/response_stream.hpp"

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace cospark::rpc {

namespace {

// What a message costs to keep: walking all of it would cost more than the answer is worth.
std::size_t weight(const response_stream::message& message) {
  return 256 + message.arrow_batch().data().size();
}

}  // namespace

// Two references: the reader's, and gRPC's, which passes through the inbox after OnDone.
//
// The hold keeps OnDone away while a read may be started from outside of a reaction. It is dropped as soon as reads
// have ended, or when the reader has gone and no read is in flight; a cancelled call whose hold stayed would never
// reach OnDone.
class response_stream::core final : public call_base, public grpc::ClientReadReactor<message> {
 public:
  core(std::shared_ptr<engine> owner, const call_options& options, starter start, read_ahead limits)
      : call_base(&core::finish, std::move(owner)), start_(std::move(start)), limits_(limits) {
    apply(options, context_);
  }

  void begin() {
    if (!engine_->enter(*this)) {
      status_ = grpc::Status(grpc::StatusCode::CANCELLED, "the execution context is going away");
      release_reference();
      return;
    }
    entered_ = true;
    try {
      start_(context_, *this);
    } catch (const std::exception& problem) {
      // gRPC has not got it: nobody else would take it out of the registry.
      status_ = grpc::Status(grpc::StatusCode::INTERNAL, std::string("the call cannot be started: ") + problem.what());
      engine_->leave(*this);
      return;
    }
    AddHold();
    held_ = true;
    read_more();
    StartCall();
  }

  std::optional<item> try_next() {
    const std::lock_guard lock(mutex_);
    if (!ready_.empty()) {
      item result;
      result.response = std::move(ready_.front());
      ready_.pop_front();
      ready_bytes_ -= weight(*result.response);
      if (held_ && !reading_) read_more();
      return result;
    }
    if (status_) {
      item result;
      result.status = status_;
      return result;
    }
    return std::nullopt;
  }

  // The reader is gone: nobody wants what is still to come.
  void abandon(bool cancelling) {
    std::deque<message_ptr> unread;
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
      unread.swap(ready_);
      ready_bytes_ = 0;
      if (!cancelling && held_ && !reading_) read_more();
    }
    if (cancelling) cancel();
    release_reference();
  }

  void cancel() override {
    bool drop = false;
    {
      const std::lock_guard lock(mutex_);
      if (status_) return;
      stopping_ = true;
      drop = held_ && !reading_;
      if (drop) held_ = false;
    }
    context_.TryCancel();
    if (drop) RemoveHold();
  }

  asio::awaitable<std::monostate> changed() {
    auto initiate = [](auto handler, core* stream) {
      using wait_operation = waiter_of<decltype(handler)>;
      auto* made = new wait_operation(*stream, std::move(handler));
      auto slot = made->completion_.slot();
      if (slot.is_connected()) slot.assign([made](asio::cancellation_type) { made->stream_->stop_waiting(*made); });
      stream->wait(*made);
    };
    // Not void(error_code), which use_awaitable would turn into an exception of its own.
    return asio::async_initiate<const asio::use_awaitable_t<>, void(std::monostate)>(initiate, asio::use_awaitable,
                                                                                     this);
  }

 private:
  // What a message holds until gRPC parses into it. A message that cannot be parsed looks like the end of the stream,
  // and gRPC then waits for ever for the end of what nobody reads.
  static constexpr const char* untouched = "untouched";

  // Waits for a message or the end; completes through the inbox like everything that gRPC's threads set off.
  class waiter : public inbox_node {
   public:
    core* stream_;

   protected:
    waiter(finish_function finish, core& stream) : inbox_node(finish), stream_(&stream) { stream.add_reference(); }
    ~waiter() { stream_->release_reference(); }
  };

  template <class Handler>
  class waiter_of final : public waiter {
   public:
    waiter_of(core& stream, Handler handler) : waiter(&waiter_of::finish, stream), completion_(std::move(handler)) {}
    void release_reference() noexcept { delete this; }

    completion<Handler> completion_;

   private:
    ~waiter_of() = default;
    static void finish(inbox_node* node, bool deliver) {
      auto* self = static_cast<waiter_of*>(node);
      if (!deliver) {
        delete self;
        return;
      }
      self->completion_.dispatch(call_owner<waiter_of>(self), [](auto&) { return std::monostate(); });
    }
  };

  ~core() override {
    if (entered_) engine_->finished();
  }

  static void finish(inbox_node* node, bool) { static_cast<core*>(node)->release_reference(); }

  void wait(waiter& waiting) {
    {
      const std::lock_guard lock(mutex_);
      if (ready_.empty() && !status_) {
        waiting_ = &waiting;
        return;
      }
    }
    engine_->inbox().push(waiting);
  }

  void stop_waiting(waiter& waiting) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_ != &waiting) return;  // it is on its way already
      waiting_ = nullptr;
    }
    engine_->inbox().push(waiting);
  }

  // With the mutex held.
  void read_more() {
    if (stopping_ || ready_.size() >= limits_.messages || ready_bytes_ >= limits_.bytes) return;
    incoming_ = std::make_unique<message>();
    incoming_->set_session_id(untouched);
    reading_ = true;
    StartRead(incoming_.get());
  }

  void OnReadDone(bool ok) override {
    waiter* wake = nullptr;
    bool drop = false;
    bool damaged = false;
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
      if (!ok && incoming_) damaged = damaged_ = incoming_->session_id() != untouched;
      if (ok && !abandoned_) {
        ready_bytes_ += weight(*incoming_);
        ready_.push_back(std::move(incoming_));
        wake = std::exchange(waiting_, nullptr);
      }
      if (ok) read_more();
      if (!ok || (stopping_ && !reading_)) drop = std::exchange(held_, false);
    }
    if (wake != nullptr) engine_->inbox().push(*wake);
    if (damaged) context_.TryCancel();
    if (drop) RemoveHold();
  }

  void OnDone(const grpc::Status& status) override {
    waiter* wake = nullptr;
    {
      const std::lock_guard lock(mutex_);
      status_ = status;
      if (damaged_)
        status_ = grpc::Status(grpc::StatusCode::DATA_LOSS, "a response that is no message of the protocol");
      wake = std::exchange(waiting_, nullptr);
    }
    if (wake != nullptr) engine_->inbox().push(*wake);
    engine_->leave(*this);
  }

  std::mutex mutex_;
  starter start_;
  const read_ahead limits_;
  std::deque<message_ptr> ready_;
  std::size_t ready_bytes_ = 0;
  message_ptr incoming_;
  waiter* waiting_ = nullptr;
  std::optional<grpc::Status> status_;
  bool entered_ = false;
  bool held_ = false;
  bool reading_ = false;
  bool stopping_ = false;
  bool abandoned_ = false;
  bool damaged_ = false;

  friend class response_stream;
};

response_stream::response_stream(std::shared_ptr<engine> owner, const call_options& options, starter start,
                                 read_ahead limits)
    : core_(new core(std::move(owner), options, std::move(start), limits)) {
  core_->add_reference();
  core_->begin();
}

response_stream::response_stream(response_stream&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

response_stream& response_stream::operator=(response_stream&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

response_stream::~response_stream() {
  if (core_ != nullptr) core_->abandon(true);
}

void response_stream::let_finish() {
  std::exchange(core_, nullptr)->abandon(false);
}

std::optional<response_stream::item> response_stream::try_next() {
  return core_->try_next();
}

asio::awaitable<response_stream::item> response_stream::next() {
  core_->add_reference();
  return read(call_owner<core>(core_));
}

asio::awaitable<response_stream::item> response_stream::read(call_owner<core> stream) {
  for (;;) {
    if (auto ready = stream->try_next()) co_return std::move(*ready);
    co_await stream->changed();
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
      throw std::system_error(asio::error::operation_aborted);
    }
  }
}

}  // namespace cospark::rpc
