#include <cospark/event_stream.hpp>

#include "streaming/event_queue.hpp"

#include <algorithm>
#include <utility>

namespace cospark::streaming {
namespace {

const std::string gate_key = "event";

bool may_give_way(const streaming_query_event& event) {
  return std::holds_alternative<query_progress_event>(event) || std::holds_alternative<query_idle_event>(event);
}

const missed_events* counted_gap(const streaming_query_event& event) {
  const auto* gap = std::get_if<missed_events>(&event);
  return gap != nullptr && gap->count ? gap : nullptr;
}

}  // namespace

event_queue::event_queue(connect::session_ptr session, std::shared_ptr<listener_bus> bus, std::size_t capacity)
    : session_(std::move(session)),
      bus_(std::move(bus)),
      capacity_(capacity),
      gate_(wait_list::make(*session_->link()->engine)) {}

bool event_queue::wants_events() const {
  const std::lock_guard lock(mutex_);
  return !closed_ && !end_;
}

bool event_queue::has_news() const {
  const std::lock_guard lock(mutex_);
  return !events_.empty() || closed_ || end_;
}

task<std::optional<streaming_query_event>> event_queue::next(std::shared_ptr<event_queue> self) {
  {
    const std::lock_guard lock(self->mutex_);
    if (std::exchange(self->reading_, true)) {
      co_return failure(errc::invalid_argument, "event_stream::next is under way already");
    }
  }
  struct reader {
    event_queue& queue;
    ~reader() {
      const std::lock_guard lock(queue.mutex_);
      queue.reading_ = false;
    }
  };
  const reader reading{*self};
  for (;;) {
    {
      const std::lock_guard lock(self->mutex_);
      std::optional<streaming_query_event> event;
      if (self->closed_) co_return failure(errc::cancelled, "the event stream was destroyed");
      if (!self->events_.empty()) {
        event = std::move(self->events_.front());
        self->events_.pop_front();
        if (!std::holds_alternative<missed_events>(*event)) --self->count_;
        co_return event;
      }
      if (self->end_ && *self->end_ == errc::client_closed) co_return event;
      if (self->end_) co_return failure(*self->end_);
    }
    auto registered = [self] {
      if (self->has_news()) self->gate_->resolve(gate_key, true);
    };
    auto news = co_await self->gate_->wait(gate_key, wait_list::never, registered);
    if (!news) co_return failure(news.error());
  }
}

void event_queue::hand_out() {
  const std::lock_guard lock(mutex_);
  handed_out_ = true;
}

void event_queue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    events_.clear();
  }
  gate_->resolve(gate_key, true);
  bus_->leave_later(session_);
}

void event_queue::on_event(const bus_event& event, const connect::session_ptr&) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (count_ == capacity_) make_room();
    events_.push_back(event.read());
    ++count_;
  }
  gate_->resolve(gate_key, true);
}

// With the mutex held. A missed_events takes the place of the event that gives way, and of its neighbours of that kind.
void event_queue::make_room() {
  auto at = std::find_if(events_.begin(), events_.end(), may_give_way);
  if (at == events_.end()) {
    const auto is_event = [](const auto& each) { return !std::holds_alternative<missed_events>(each); };
    at = std::find_if(events_.begin(), events_.end(), is_event);
  }
  missed_events gap(1);
  if (at + 1 != events_.end()) {
    if (const auto* next = counted_gap(*(at + 1))) {
      *gap.count += *next->count;
      at = events_.erase(at + 1) - 1;
    }
  }
  if (at != events_.begin()) {
    if (const auto* before = counted_gap(*(at - 1))) {
      *gap.count += *before->count;
      at = events_.erase(at - 1);
    }
  }
  *at = gap;
  --count_;
}

void event_queue::on_missed_events() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || !handed_out_) return;
    const auto* last = events_.empty() ? nullptr : std::get_if<missed_events>(&events_.back());
    if (last != nullptr && !last->count) return;
    events_.emplace_back(missed_events());
  }
  gate_->resolve(gate_key, true);
}

void event_queue::on_failure(const error& reason, const connect::session_ptr&) {
  {
    const std::lock_guard lock(mutex_);
    end_ = reason;
  }
  gate_->resolve(gate_key, true);
}

}  // namespace cospark::streaming

namespace cospark {

event_stream::event_stream(std::shared_ptr<streaming::event_queue> queue) noexcept : queue_(std::move(queue)) {}
event_stream::event_stream(event_stream&&) noexcept = default;

event_stream& event_stream::operator=(event_stream&& other) noexcept {
  if (this == &other) return *this;
  if (queue_) queue_->close();
  queue_ = std::move(other.queue_);
  return *this;
}

event_stream::~event_stream() {
  if (queue_) queue_->close();
}

task<std::optional<streaming_query_event>> event_stream::next() {
  return execute::guarded(streaming::event_queue::next(queue_));
}

}  // namespace cospark
