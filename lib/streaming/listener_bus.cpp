#include "streaming/listener_bus.hpp"

#include "streaming/commands.hpp"
#include "streaming/event_json.hpp"

#include <cospark/run.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace cospark::streaming {
namespace {

using namespace std::chrono_literals;
using clock = wait_list::clock;

// A second stream of a session is neither acknowledged nor refused.
constexpr std::chrono::milliseconds acknowledgement_limit = 5s;
// Kept open for a while when nobody wants events any more: the next wait often follows at once.
constexpr auto linger = 2s;
constexpr std::chrono::milliseconds first_pause = 50ms;
constexpr std::chrono::milliseconds longest_pause = 1000ms;
constexpr std::size_t events_at_once = 16;  // then other handlers of the context have their turn

const std::string open_key = "open";

spark::connect::Command bus_command(bool add) {
  spark::connect::Command command;
  auto& bus = *command.mutable_streaming_query_listener_bus_command();
  if (add) {
    bus.set_add_listener_bus_listener(true);
  } else {
    bus.set_remove_listener_bus_listener(true);
  }
  return command;
}

task<> remove_bus(connect::session_ptr session) {
  connect::execute_options options;
  options.limit = session->options().call_timeout;
  COSPARK_TRY(co_await connect::run_command(session, bus_command(false), std::move(options)));
  co_return success();
}

// Ends well when a server has been silent about a stream while it answers other calls as quickly as ever: then another
// client has the stream. One that is slow with everything is given more time, but not for ever.
task<> until_refused(connect::session_ptr session, std::chrono::milliseconds limit) {
  for (int looks = 0; looks < 4; ++looks) {
    co_await execute::pause(limit);
    manager_command probe;
    probe.set_active(true);
    const auto asked = clock::now();
    auto answer = co_await run(session, std::move(probe), session->options().call_timeout);
    if (!answer) co_return failure(answer.error());
    if (clock::now() - asked < limit / 5) break;
  }
  co_return success();
}

}  // namespace

const streaming_query_event& bus_event::read() const {
  if (!read_) {
    auto parsed = parse_event(type_, *json_);
    if (parsed) {
      read_ = std::move(parsed).assume_value();
    } else {
      read_ = unknown_event(type_, *json_, parsed.error());
    }
  }
  return *read_;
}

listener_bus::listener_bus(rpc::engine& engine, asio::any_io_executor strand)
    : strand_(std::move(strand)), opening_(wait_list::make(engine)) {}

std::shared_ptr<listener_bus> listener_bus::make(rpc::engine& engine, asio::any_io_executor strand) {
  std::shared_ptr<listener_bus> made(new listener_bus(engine, std::move(strand)));
  engine.add_part(made);
  return made;
}

void listener_bus::add(std::weak_ptr<subscriber> added) {
  const std::lock_guard lock(mutex_);
  subscribers_.push_back(std::move(added));
}

std::vector<std::shared_ptr<listener_bus::subscriber>> listener_bus::subscribers() const {
  std::vector<std::shared_ptr<subscriber>> all;  // outlives the lock: it may free what nobody else holds any more
  const std::lock_guard lock(mutex_);
  std::erase_if(subscribers_, [](const auto& each) { return each.expired(); });
  for (const auto& each : subscribers_) {
    if (auto held = each.lock()) all.push_back(std::move(held));
  }
  return all;
}

bool listener_bus::wanted() const {
  if (opening_->size() != 0) return true;
  const auto all = subscribers();
  return std::any_of(all.begin(), all.end(), [](const auto& each) { return each->wants_events(); });
}

template <class Call>
void listener_bus::tell(Call call) {
  for (const auto& each : subscribers()) {
    if (each->wants_events()) call(*each);
  }
}

void listener_bus::begin(const connect::session_ptr& session) {
  auto start = [self = shared_from_this(), session] {
    if (self->is_open()) self->opening_->resolve(open_key, true);
    if (std::exchange(self->watching_, true)) return;
    asio::co_spawn(self->strand_, watch(self, session), asio::detached);
  };
  asio::post(strand_, std::move(start));
}

task<> listener_bus::opened(std::shared_ptr<listener_bus> self, connect::session_ptr session) {
  if (session->link()->closed()) co_return failure(session->link()->closed_error());
  auto registered = [self, session] { self->begin(session); };
  COSPARK_TRY(co_await self->opening_->wait(open_key, wait_list::never, registered));
  co_return success();
}

void listener_bus::note_started(const connect::session_ptr& session, const std::string& json) {
  if (!wanted()) return;
  auto started = parse_started_event(json);
  std::optional<streaming_query_event> read;
  if (started) {
    read = std::move(started).assume_value();
  } else {
    read = unknown_event(0, json, started.error());
  }
  auto pass_on = [self = shared_from_this(), session, event = bus_event(*std::move(read))] {
    self->tell([&](subscriber& to) { to.on_event(event, session); });
  };
  asio::post(strand_, std::move(pass_on));
}

std::string listener_bus::describe() const {
  std::string text;
  switch (state_.load()) {
    case state::closed:
      text = "closed";
      break;
    case state::opening:
      text = "being opened";
      break;
    case state::open:
    case state::leaving:
      text = "open";
      break;
  }
  return text + "; opened " + std::to_string(times_opened()) + " times";
}

// On the strand from here on.

asio::awaitable<void> listener_bus::watch(std::shared_ptr<listener_bus> self, connect::session_ptr session) {
  auto answered = clock::now();
  auto pause = first_pause;
  while (self->wanted()) {
    const auto began = clock::now();
    auto step = follow(self, session);
    const auto outcome = co_await std::move(step);
    const auto now = clock::now();
    const auto before = self->state_.exchange(state::closed);
    const bool was_open = before == state::open || before == state::leaving;
    if (was_open) answered = now;
    // A stream that was open has used up its retries; one that could not be opened yet has a time of its own.
    const bool bearable = !was_open && !outcome && is_bearable(outcome.error(), answered, session->options().retries);
    if (outcome || bearable || outcome.error() == errc::operation_lost) {
      self->lost_ = self->lost_ || before == state::open;
    } else {
      self->lost_ = false;
      self->opening_->fail_all(outcome.error());
      self->tell([&](subscriber& to) { to.on_failure(outcome.error(), session); });
    }
    if (!self->wanted()) break;
    // A stream that somebody keeps removing is not opened again at full speed.
    if (now - began > longest_pause) pause = first_pause;
    co_await execute::pause(std::exchange(pause, std::min(pause * 2, longest_pause)));
  }
  self->lost_ = false;
  self->watching_ = false;
}

task<> listener_bus::follow(std::shared_ptr<listener_bus> self, connect::session_ptr session) {
  using asio::experimental::awaitable_operators::operator||;
  const auto limit = std::min(acknowledgement_limit, session->options().call_timeout);
  self->state_ = state::opening;
  // What is left of an earlier stream of ours would keep the new one from being acknowledged. Only then: a stream of
  // another client must not be ended.
  if (self->orphan_) COSPARK_TRY(co_await remove_bus(session));
  self->orphan_ = false;
  ++self->times_opened_;
  spark::connect::Plan plan;
  *plan.mutable_command() = bus_command(true);
  auto bus = connect::execute(session, std::move(plan));
  auto first = co_await (bus.next() || until_refused(session, limit));
  if (first.index() == 1) {
    if (auto refused = std::get<1>(std::move(first)); !refused) {
      self->orphan_ = true;
      co_return failure(refused.error());
    }
    co_return failure(errc::limit_exceeded,
                      "a session has one stream of query events on its server, and another client of this session has "
                      "it");
  }
  COSPARK_TRY(auto response, std::get<0>(std::move(first)));
  if (!response) co_return success();
  self->orphan_ = true;
  self->state_ = state::open;
  if (std::exchange(self->lost_, false)) self->tell([](subscriber& to) { to.on_missed_events(); });
  self->opening_->resolve(open_key, true);
  self->tell([&](subscriber& to) { to.on_open(session); });

  rpc::alarm sweep;
  const auto sweep_later = [self, session, &sweep](const auto& again) -> void {
    auto ring = [self, session, again] {
      self->tell([&](subscriber& to) { to.on_sweep(session); });
      if (!self->wanted()) self->leave_later(session);
      again(again);
    };
    sweep.set(self->strand_, session->options().sweep_interval, std::move(ring));
  };
  sweep_later(sweep_later);
  if (!self->wanted()) self->leave_later(session);
  std::size_t events = 0;
  while (response) {
    for (const auto& event : response->streaming_query_listener_events_result().events()) {
      const bus_event passed(event.event_type(), event.event_json());
      self->tell([&](subscriber& to) { to.on_event(passed, session); });
      if (++events % events_at_once == 0) co_await asio::post(asio::use_awaitable);
    }
    auto next = co_await bus.next();
    if (!next) co_return failure(next.error());
    response = std::move(next).assume_value();
  }
  // Removed, by us or by another client, or the session is closed: whoever looks at the session will see.
  self->orphan_ = false;
  co_return success();
}

// First REMOVE, which ends the stream, never the other way round: a stream that is merely dropped stays registered.
void listener_bus::leave_later(const std::weak_ptr<connect::session_state>& session) {
  if (context_ended_) return;
  auto set = [self = shared_from_this(), session] {
    if (!self->is_open() || self->leave_alarm_.is_set() || self->wanted()) return;
    auto ring = [weak = self->weak_from_this(), session] {
      const auto bus = weak.lock();
      const auto alive = session.lock();
      if (bus && alive) bus->leave(alive);
    };
    self->leave_alarm_.set(self->strand_, linger, ring);
  };
  asio::dispatch(strand_, std::move(set));
}

void listener_bus::leave(const connect::session_ptr& session) {
  if (!is_open() || wanted()) return;
  state_ = state::leaving;
  auto done = [self = shared_from_this(), session](const result<void>& removed) {
    if (removed || self->state_ != state::leaving) return;
    self->state_ = state::open;  // it could not be given back: who came meanwhile can have it
    self->opening_->resolve(open_key, true);
    self->tell([&](subscriber& to) { to.on_open(session); });
    self->leave_later(session);
  };
  spawn(strand_, execute::guarded(remove_bus(session)), done);
}

}  // namespace cospark::streaming
