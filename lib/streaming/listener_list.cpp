#include "streaming/listener_list.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace cospark::streaming {
namespace {

struct teller {
  streaming_query_listener& listener;

  void operator()(const query_started_event& event) const { listener.on_query_started(event); }
  void operator()(const query_progress_event& event) const { listener.on_query_progress(event); }
  void operator()(const query_idle_event& event) const { listener.on_query_idle(event); }
  void operator()(const query_terminated_event& event) const { listener.on_query_terminated(event); }
  void operator()(const missed_events&) const { listener.on_missed_events(); }
  void operator()(const unknown_event&) const {}
};

}  // namespace

bool listener_list::add(listener_ptr added) {
  const std::lock_guard lock(mutex_);
  if (std::find(listeners_.begin(), listeners_.end(), added) != listeners_.end()) return false;
  listeners_.push_back(std::move(added));
  return true;
}

bool listener_list::remove(const listener_ptr& removed) {
  listener_ptr last;  // freed after the lock: its destructor is not ours
  const std::lock_guard lock(mutex_);
  const auto found = std::find(listeners_.begin(), listeners_.end(), removed);
  if (found == listeners_.end()) return false;
  last = std::move(*found);
  listeners_.erase(found);
  return true;
}

std::vector<listener_list::listener_ptr> listener_list::all() const {
  const std::lock_guard lock(mutex_);
  return listeners_;
}

bool listener_list::contains(const listener_ptr& listener) const {
  const std::lock_guard lock(mutex_);
  return std::find(listeners_.begin(), listeners_.end(), listener) != listeners_.end();
}

bool listener_list::wants_events() const {
  const std::lock_guard lock(mutex_);
  return !listeners_.empty();
}

template <class Call>
void listener_list::call_one(streaming_query_listener& listener, Call call) {
  try {
    call(listener);
  } catch (...) {
    ++exceptions_;
  }
}

// One that was removed meanwhile, by another listener perhaps, is not called any more.
template <class Call>
void listener_list::call_each(Call call) {
  for (const auto& each : all()) {
    if (contains(each)) call_one(*each, call);
  }
}

void listener_list::on_event(const bus_event& event, const connect::session_ptr&) {
  call_each([&](streaming_query_listener& listener) { std::visit(teller{listener}, event.read()); });
}

void listener_list::on_missed_events() {
  call_each([](streaming_query_listener& listener) { listener.on_missed_events(); });
}

void listener_list::on_failure(const error& reason, const connect::session_ptr&) {
  std::vector<listener_ptr> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(listeners_);
  }
  for (const auto& each : ended) {
    call_one(*each, [&](streaming_query_listener& listener) { listener.on_end(reason); });
  }
}

}  // namespace cospark::streaming
