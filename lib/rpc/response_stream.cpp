#include "rpc/response_stream.hpp"

#include <asio/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>

#include <chrono>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace cospark::rpc {

namespace {

using clock = std::chrono::steady_clock;

// A reader that is faster than its stream would be woken for every message, which costs more than a small message. One
// that found nothing so often, each time so soon after the last, is on such a stream: from then on it looks again after
// a moment, and takes what has come by then at once.
constexpr int soon_in_a_row = 8;
constexpr auto soon = std::chrono::microseconds(500);
constexpr auto a_moment = std::chrono::microseconds(100);

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
    if (reserve_read()) read_more();
    StartCall();
  }

  std::optional<item> try_next() {
    item result;
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      if (ready_.empty()) {
        if (!status_) return std::nullopt;
        result.status = status_;
        return result;
      }
      result.response = std::move(ready_.front());
      ready_.pop_front();
      ready_bytes_ -= weight(*result.response);
      more = held_ && !reading_ && reserve_read();
    }
    if (more) read_more();
    return result;
  }

  // The reader has found nothing: whether to look again after a moment, instead of being woken.
  bool is_fast() {
    const auto now = clock::now();
    found_nothing_soon_ = now - found_nothing_ < soon ? found_nothing_soon_ + 1 : 0;
    found_nothing_ = now;
    return found_nothing_soon_ >= soon_in_a_row;
  }

  // The reader is gone: nobody wants what is still to come.
  void abandon(bool cancelling) {
    std::deque<message_ptr> unread;
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
      unread.swap(ready_);
      ready_bytes_ = 0;
      more = !cancelling && held_ && !reading_ && reserve_read();
    }
    if (more) read_more();
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
    static void finish(inbox_node* node, const asio::any_io_executor* here) {
      auto* self = static_cast<waiter_of*>(node);
      if (here == nullptr) {
        delete self;
        return;
      }
      self->completion_.dispatch(*here, call_owner<waiter_of>(self), [](auto&) { return std::monostate(); });
    }
  };

  ~core() override {
    messages_->close();
    if (entered_) engine_->forget(*this);
  }

  static void finish(inbox_node* node, const asio::any_io_executor*) { static_cast<core*>(node)->release_reference(); }

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

  // With the mutex held: whether to read on. Whoever gets true starts the read, without the mutex: gRPC takes its time,
  // and the reader would stand at the mutex for that long with every message.
  bool reserve_read() {
    if (stopping_ || ready_.size() >= limits_.messages || ready_bytes_ >= limits_.bytes) return false;
    reading_ = true;
    return true;
  }

  void read_more() {
    incoming_ = message_ptr(messages_->take().release(), message_dropper{messages_});
    incoming_->set_session_id(untouched);
    StartRead(incoming_.get());
  }

  void OnReadDone(bool ok) override {
    waiter* wake = nullptr;
    bool more = false;
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
      more = ok && reserve_read();
      if (!ok || (stopping_ && !reading_)) drop = std::exchange(held_, false);
    }
    if (more) read_more();
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

  const std::shared_ptr<message_pool> messages_ = std::make_shared<message_pool>();
  std::mutex mutex_;
  starter start_;
  const read_ahead limits_;
  clock::time_point found_nothing_;  // these two are the reader's
  int found_nothing_soon_ = 0;
  std::deque<message_ptr> ready_;
  std::size_t ready_bytes_ = 0;
  message_ptr incoming_;  // of whoever has reserved the read
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
  if (auto ready = stream->try_next()) co_return std::move(*ready);
  if (stream->is_fast()) {
    asio::steady_timer timer(co_await asio::this_coro::executor, a_moment);
    co_await timer.async_wait(asio::use_awaitable);
  }
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
