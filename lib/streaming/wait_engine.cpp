#include "streaming/wait_engine.hpp"

#include "streaming/commands.hpp"
#include "streaming/event_json.hpp"

#include <cospark/run.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/strand.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace cospark::streaming {
namespace {

using namespace std::chrono_literals;

// A second listener bus of a session is neither acknowledged nor refused.
constexpr auto acknowledgement_limit = 5s;
// Kept open for a while when the last wait is over: the next one often follows at once.
constexpr auto linger = 2s;
constexpr auto first_poll = 50ms;
constexpr auto slowest_poll = 1000ms;
constexpr auto retry_pause = 500ms;
constexpr std::size_t remembered_ends = 10'000;
constexpr int fetches_at_once = 16;

const std::string any_query;  // the key of waits for any query: no run id is empty

// Whether asking again may help.
bool is_passing(const error& reason) {
  return reason == errc::unavailable || reason == errc::timed_out;
}

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

}  // namespace

wait_engine::wait_engine(connect::session_state& session)
    : waits_(wait_list::make(*session.link()->engine)),
      strand_(asio::make_strand(session.executor())),
      session_(session.weak_from_this()) {}

task<bool> wait_engine::wait(query_ptr query, std::optional<wait_list::clock::time_point> deadline) {
  const auto session = query->session;
  const auto self = of(*session);
  if (session->link()->closed()) co_return failure(about(*query, session->link()->closed_error()));
  auto registered = [self, session, query] {
    {
      const std::lock_guard lock(self->mutex_);
      self->waited_for_.emplace(query->run_id, query);
    }
    self->begin(session);
  };
  // The entry holds the session, which holds this engine: it must go with its last wait, however that ends.
  struct forgetter {
    std::shared_ptr<wait_engine> engine;
    std::string run_id;
    ~forgetter() {
      query_ptr last;
      const std::lock_guard lock(engine->mutex_);
      const auto found = engine->waited_for_.find(run_id);
      if (found == engine->waited_for_.end() || engine->waits_->contains(run_id)) return;
      last = std::move(found->second);
      engine->waited_for_.erase(found);
    }
  };
  const forgetter forget{self, query->run_id};
  auto outcome = co_await self->waits_->wait(query->run_id, deadline, registered);
  self->leave_later();
  if (!outcome) co_return failure(about(*query, outcome.error()));
  co_return outcome.assume_value();
}

task<bool> wait_engine::wait_any(connect::session_ptr session, std::optional<wait_list::clock::time_point> deadline) {
  const auto self = of(*session);
  if (session->link()->closed()) co_return failure(session->link()->closed_error());
  auto registered = [self, session] { self->begin(session); };
  auto outcome = co_await self->waits_->wait(any_query, deadline, registered);
  self->leave_later();
  co_return outcome;
}

void wait_engine::session_stopped() {
  fail_all(error(errc::client_closed, "the session was stopped"));
}

std::size_t wait_engine::buses_opened() const {
  const std::lock_guard lock(mutex_);
  return buses_opened_;
}

std::size_t wait_engine::sweeps() const {
  const std::lock_guard lock(mutex_);
  return sweeps_;
}

void wait_engine::fail_all(const error& reason) {
  {
    const std::lock_guard lock(mutex_);
    waited_for_.clear();
  }
  waits_->fail_all(reason);
}

// A wait has been registered.
void wait_engine::begin(const connect::session_ptr& session) {
  bool settle_now = false;
  bool watch_now = false;
  {
    const std::lock_guard lock(mutex_);
    poll_interval_ = first_poll;
    settle_now = bus_ == bus_state::ready;
    watch_now = !std::exchange(watching_, true);
  }
  // Not under the mutex: co_spawn may run the coroutine at once.
  if (watch_now) asio::co_spawn(strand_, watch(shared_from_this(), session), asio::detached);
  if (settle_now) settle_soon(session);
}

void wait_engine::settle_soon(const connect::session_ptr& session) {
  {
    const std::lock_guard lock(mutex_);
    settle_again_ = true;
    if (std::exchange(settling_, true)) return;
  }
  asio::co_spawn(strand_, settle(shared_from_this(), session), asio::detached);
}

void wait_engine::remember(const std::string& run_id, bool failed) {
  const std::lock_guard lock(mutex_);
  if (!ended_.emplace(run_id, failed).second) return;
  ended_order_.push_back(run_id);
  if (ended_order_.size() > remembered_ends) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
}

void wait_engine::note_event(int type, const std::string& json, const connect::session_ptr& session) {
  const auto ended = parse_if_terminated(type, json);
  if (!ended) return;
  // An end that cannot be read is found by the next look at the active queries.
  if (*ended) remember(ended->assume_value().run_id, ended->assume_value().exception.has_value());
  settle_soon(session);
}

// On the strand from here on.

asio::awaitable<void> wait_engine::watch(std::shared_ptr<wait_engine> self, connect::session_ptr session) {
  using clock = wait_list::clock;
  auto answered = clock::now();
  std::chrono::milliseconds reopen = first_poll;
  for (;;) {
    bool with_bus = false;
    {
      const std::lock_guard lock(self->mutex_);
      self->leaving_ = false;
      if (self->waits_->size() == 0) {
        self->watching_ = false;
        co_return;
      }
      if (!session->server_is_at_least(4, 0)) self->bus_ = bus_state::unusable;
      with_bus = self->bus_ != bus_state::unusable;
    }
    const auto began = clock::now();
    auto step = with_bus ? follow_bus(self, session) : settle_once(self, session);
    const auto outcome = co_await std::move(step);
    const auto now = clock::now();
    if (outcome || with_bus) answered = now;
    if (!outcome) {
      const auto& reason = outcome.error();
      if (with_bus && (reason == errc::execution_failed || reason == errc::unsupported_by_server)) {
        const std::lock_guard lock(self->mutex_);
        self->bus_ = bus_state::unusable;
        continue;
      }
      const bool forgotten = with_bus && reason == errc::operation_lost;  // another stream can be opened
      const bool bearable = !with_bus && is_passing(reason) && now - answered <= session->options().retries.max_elapsed;
      if (!forgotten && !bearable) {
        self->fail_all(reason);
        answered = now;
      }
    }
    std::chrono::milliseconds wait{0};
    if (with_bus) {
      // A bus that somebody keeps removing is not opened again at full speed.
      if (now - began > slowest_poll) reopen = first_poll;
      wait = std::exchange(reopen, std::min<std::chrono::milliseconds>(reopen * 2, slowest_poll));
    } else {
      const std::lock_guard lock(self->mutex_);
      wait = self->poll_interval_;
      self->poll_interval_ = std::min<std::chrono::milliseconds>(wait * 2, slowest_poll);
    }
    co_await execute::pause(wait);
  }
}

task<> wait_engine::follow_bus(std::shared_ptr<wait_engine> self, connect::session_ptr session) {
  using namespace asio::experimental::awaitable_operators;
  bool ours_before = false;
  {
    const std::lock_guard lock(self->mutex_);
    ours_before = self->had_bus_;
    self->bus_ = bus_state::opening;
    ++self->buses_opened_;
  }
  const auto set_state = [&self](bus_state state) {
    const std::lock_guard lock(self->mutex_);
    self->bus_ = state;
  };
  // What is left of an earlier bus of ours would keep the new one from being acknowledged.
  if (ours_before) COSPARK_TRY(co_await remove_bus(session));
  spark::connect::Plan plan;
  *plan.mutable_command() = bus_command(true);
  auto bus = connect::execute(session, std::move(plan));
  auto first = co_await (bus.next() || execute::pause(acknowledgement_limit));
  if (first.index() == 1) {
    // Another client of the session has it. Taking it over would end that client's events.
    set_state(bus_state::unusable);
    co_return success();
  }
  COSPARK_TRY(auto response, std::get<0>(std::move(first)));
  {
    const std::lock_guard lock(self->mutex_);
    self->bus_ = bus_state::ready;
    self->had_bus_ = true;
  }
  rpc::alarm sweep;
  auto look = [self, session, &sweep](auto&& again) -> void {
    if (self->waits_->size() == 0) {
      self->leave_later();
    } else {
      self->settle_soon(session);
    }
    sweep.set(self->strand_, session->options().sweep_interval, [again] { again(again); });
  };
  look(look);
  while (response) {
    for (const auto& event : response->streaming_query_listener_events_result().events()) {
      self->note_event(event.event_type(), event.event_json(), session);
    }
    auto next = co_await bus.next();
    if (!next) {
      set_state(bus_state::closed);
      co_return failure(next.error());
    }
    response = std::move(next).assume_value();
  }
  // Removed by us, by another client, or because the session is closed: looking at the session tells which.
  set_state(bus_state::closed);
  co_return success();
}

// When nobody waits any more the bus is given back: first REMOVE, which ends the stream, never the other way round.
void wait_engine::leave_later() {
  const std::lock_guard lock(mutex_);
  if (bus_ != bus_state::ready || waits_->size() != 0 || leave_alarm_.is_set()) return;
  auto leave = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const auto session = self->session_.lock();
    {
      const std::lock_guard alarm_lock(self->mutex_);
      if (!session || self->waits_->size() != 0 || self->bus_ != bus_state::ready) return;
      if (std::exchange(self->leaving_, true)) return;
    }
    auto forget = [](const result<void>&) {};
    spawn(self->strand_, execute::guarded(remove_bus(session)), forget);
  };
  leave_alarm_.set(strand_, linger, leave);
}

asio::awaitable<void> wait_engine::settle(std::shared_ptr<wait_engine> self, connect::session_ptr session) {
  auto trouble_since = wait_list::clock::now();
  for (;;) {
    {
      const std::lock_guard lock(self->mutex_);
      if (!std::exchange(self->settle_again_, false)) {
        self->settling_ = false;
        co_return;
      }
    }
    auto outcome = co_await settle_once(self, session);
    const auto now = wait_list::clock::now();
    if (outcome) {
      trouble_since = now;
      continue;
    }
    if (!is_passing(outcome.error()) || now - trouble_since > session->options().retries.max_elapsed) {
      self->fail_all(outcome.error());
      continue;
    }
    co_await execute::pause(retry_pause);
    const std::lock_guard lock(self->mutex_);
    self->settle_again_ = self->waits_->size() != 0;
  }
}

task<> wait_engine::settle_once(std::shared_ptr<wait_engine> self, connect::session_ptr session) {
  // Only waits that were registered before the server is asked: an absent run has ended, and was not just started.
  std::unordered_map<std::string, query_ptr> asked;
  {
    const std::lock_guard lock(self->mutex_);
    std::erase_if(self->waited_for_, [&](const auto& entry) { return !self->waits_->contains(entry.first); });
    asked = self->waited_for_;
    ++self->sweeps_;
  }
  const bool any = self->waits_->contains(any_query);
  if (asked.empty() && !any) co_return success();

  manager_command command;
  command.set_active(true);
  COSPARK_TRY(auto answer, co_await run(session, std::move(command), session->options().call_timeout));
  std::unordered_set<std::string> active;
  for (const auto& query : answer.active().active_queries()) active.insert(query.id().run_id());

  auto unknown = std::make_shared<std::deque<query_ptr>>();
  for (const auto& [run_id, query] : asked) {
    if (active.count(run_id) != 0 || !self->waits_->contains(run_id)) continue;
    bool ended_well = false;
    {
      const std::lock_guard lock(self->mutex_);
      const auto known = self->ended_.find(run_id);
      ended_well = known != self->ended_.end() && !known->second;
    }
    if (ended_well) {
      self->waits_->resolve(run_id, true);
    } else {
      const std::lock_guard lock(self->mutex_);
      if (self->asking_.insert(run_id).second) unknown->push_back(query);
    }
  }
  const auto workers = std::min<std::size_t>(unknown->size(), fetches_at_once);
  for (std::size_t i = 0; i < workers; ++i) {
    asio::co_spawn(self->strand_, fetch_outcomes(self, session, unknown), asio::detached);
  }
  if (any) {
    manager_command probe;
    probe.mutable_await_any_termination()->set_timeout_ms(0);
    auto ended = co_await run(session, std::move(probe), session->options().call_timeout);
    if (ended && ended.assume_value().await_any_termination().terminated()) {
      self->waits_->resolve(any_query, true);
    } else if (!ended && ended.error() == errc::query_failed) {
      self->waits_->resolve(any_query, failure(ended.error()));
    } else if (!ended) {
      co_return failure(ended.error());
    }
  }
  co_return success();
}

asio::awaitable<void> wait_engine::fetch_outcomes(std::shared_ptr<wait_engine> self, connect::session_ptr session,
                                                  std::shared_ptr<std::deque<query_ptr>> ended) {
  while (!ended->empty()) {
    const auto query = ended->front();
    ended->pop_front();
    struct finisher {
      wait_engine& engine;
      const std::string& run_id;
      ~finisher() {
        const std::lock_guard lock(engine.mutex_);
        engine.asking_.erase(run_id);
      }
    };
    const finisher asked{*self, query->run_id};
    query_command command;
    command.set_status(true);
    auto status = co_await run(query, std::move(command), session->options().call_timeout);
    // Absent from the active queries and yet not ended: it is just ending, and the next look will find it.
    if (status && status.assume_value().status().is_active()) {
      self->settle_soon(session);
      continue;
    }
    result<void> outcome = success();
    if (status) {
      outcome = co_await fetch_outcome(query);
    } else {
      outcome = failure(status.error());
    }
    if (outcome) {
      self->waits_->resolve(query->run_id, true);
    } else if (is_passing(outcome.error())) {
      self->settle_soon(session);
    } else if (outcome.error() == errc::session_lost) {
      self->fail_all(outcome.error());
    } else {
      self->waits_->resolve(query->run_id, failure(outcome.error()));
    }
  }
}

}  // namespace cospark::streaming
