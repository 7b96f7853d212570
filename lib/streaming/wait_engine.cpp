#include "streaming/wait_engine.hpp"

#include "streaming/blocking_wait.hpp"
#include "streaming/commands.hpp"
#include "streaming/event_json.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <limits>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace cospark::streaming {
namespace {

using namespace std::chrono_literals;

constexpr auto first_poll = 50ms;
constexpr auto slowest_poll = 1000ms;
constexpr auto retry_pause = 500ms;
constexpr auto event_pause = 10ms;
constexpr int most_pauses_for_events = 100;
constexpr std::size_t fetches_at_once = 16;
constexpr std::size_t queries_at_once = 64;  // then other handlers of the context have their turn

const std::string any_query;  // the key of waits for any query: no run id is empty

using wait_deadline = std::optional<wait_list::clock::time_point>;

wait_deadline deadline_of(std::optional<std::chrono::milliseconds> timeout) {
  constexpr std::chrono::hours for_ever(24 * 36'500);  // the clock does not reach much further
  if (!timeout || *timeout > for_ever) return std::nullopt;
  return wait_list::clock::now() + *timeout;
}

template <class T>
task<T> refused(error reason) {
  co_return failure(std::move(reason));
}

}  // namespace

wait_engine::wait_engine(connect::session_state& session)
    : strategy_(session.options().waits),
      server_has_events_(session.server_is_at_least(4, 0)),
      waits_(wait_list::make(*session.link()->engine)),
      bus_(listener_bus::make(*session.link()->engine, asio::make_strand(session.executor()))),
      listeners_(std::make_shared<listener_list>()) {}

// Not in the constructor, where nobody can hold this yet.
void wait_engine::subscribe() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(subscribed_, true)) return;
  }
  bus_->add(weak_from_this());
  bus_->add(listeners_);
}

/// What the list of waits knows of a wait for one run.
class wait_engine::run_wait {
 public:
  run_wait(std::shared_ptr<wait_engine> engine, query_ptr query, time_limit timeout)
      : engine_(std::move(engine)), query_(std::move(query)), timeout_(timeout) {}

  const query_ptr& query() const noexcept { return query_; }

  const std::shared_ptr<wait_list>& list() const noexcept { return engine_->waits_; }
  const std::string& key() const noexcept { return query_->run_id; }
  wait_list::clock::time_point deadline() const { return deadline_of(timeout_).value_or(wait_list::never); }
  auto begun() const {
    return [engine = engine_, query = query_] {
      if (const auto refused = engine->refusal(*query->session)) {
        engine->waits_->resolve(query->run_id, failure(*refused));
      } else {
        engine->begin(query->session);
      }
    };
  }
  wait_list::outcome ended(wait_list::outcome outcome) const { return engine_->left_wait(*query_, std::move(outcome)); }

 private:
  std::shared_ptr<wait_engine> engine_;
  query_ptr query_;
  time_limit timeout_;
};

const query_ptr& wait_engine::query_of(const wait_list::waiter& pending) {
  return static_cast<const wait_list::waiter_for<run_wait>&>(pending).subject().query();
}

template <class T>
task<T> wait_engine::wait(query_ptr query, time_limit timeout) {
  if (timeout && timeout->count() <= 0) {
    return refused<T>(error(errc::invalid_argument, "await_termination: the timeout must be positive"));
  }
  auto self = of(*query->session);
  if (self->strategy_ == wait_strategy::blocking) {
    return execute::guarded(blocking<T>(std::move(self), std::move(query), timeout));
  }
  return wait_list::wait_for<T>(run_wait(std::move(self), std::move(query), timeout));
}

template task<bool> wait_engine::wait<bool>(query_ptr, time_limit);
template task<void> wait_engine::wait<void>(query_ptr, time_limit);

template <class T>
task<T> wait_engine::blocking(std::shared_ptr<wait_engine> self, query_ptr query, time_limit timeout) {
  if (auto reason = self->refusal(*query->session)) co_return failure(about(*query, *reason));
  auto ended = co_await blocking_wait(query, deadline_of(timeout));
  co_return wait_list::as<T>(std::move(ended));
}

wait_list::outcome wait_engine::left_wait(const query_state& query, wait_list::outcome ended) {
  if (waits_->size() == 0) bus_->leave_later(query.session);
  if (!ended) return failure(about(query, ended.error()));
  return ended;
}

/// Why there can be no wait of this strategy.
std::optional<error> wait_engine::refusal(const connect::session_state& session) const {
  if (session.link()->closed()) return session.link()->closed_error();
  if (strategy_ != wait_strategy::events) return std::nullopt;
  auto enough = connect::require_version(session, 4, 0, "wait_strategy::events");
  if (enough) return std::nullopt;
  return enough.error();
}

task<bool> wait_engine::wait_any(connect::session_ptr session, wait_deadline until) {
  const auto self = of(*session);
  if (auto refused = self->refusal(*session)) co_return failure(*std::move(refused));
  if (self->strategy_ == wait_strategy::blocking) co_return co_await blocking_wait_any(session, until);
  auto registered = [self, session] { self->begin(session); };
  auto outcome = co_await self->waits_->wait(any_query, until.value_or(wait_list::never), registered);
  if (self->waits_->size() == 0) self->bus_->leave_later(session);
  co_return outcome;
}

std::string wait_engine::describe(const connect::session_state& session) const {
  const std::lock_guard lock(mutex_);
  std::string text = "waits: ";
  switch (strategy_) {
    case wait_strategy::automatic:
      if (!server_has_events_) {
        text += "polling, chosen automatically: Spark " + session.server_version() + " has no stream of query events";
      } else if (no_bus_because_) {
        text += "polling, chosen automatically: " + *no_bus_because_;
      } else {
        text += "events, chosen automatically: Spark 4.0 and newer have a stream of query events";
      }
      break;
    case wait_strategy::events:
      text += "events, as session_options::waits says";
      break;
    case wait_strategy::polling:
      text += "polling, as session_options::waits says";
      break;
    case wait_strategy::blocking:
      text += "blocking, as session_options::waits says";
      break;
  }
  text += "\npending waits here: " + std::to_string(waits_->size()) +
          "; looks at the active queries: " + std::to_string(sweeps_);
  text += "\nstream of query events: " + bus_->describe() + "\nlisteners: " + std::to_string(listeners_->all().size()) +
          "; exceptions that left listeners: " + std::to_string(listeners_->exceptions());
  return text;
}

void wait_engine::session_stopped() {
  waits_->fail_all(error(errc::client_closed, "the session was stopped"));
}

bool wait_engine::uses_events() const {
  const std::lock_guard lock(mutex_);
  if (strategy_ == wait_strategy::automatic) return server_has_events_ && !no_bus_because_;
  return strategy_ == wait_strategy::events;
}

bool wait_engine::wants_events() const {
  return waits_->size() != 0 && uses_events();
}

// A wait has been registered.
void wait_engine::begin(const connect::session_ptr& session) {
  if (!uses_events()) {
    poll_soon(session);
  } else if (bus_->is_open()) {
    settle_soon(session);
  } else {
    bus_->begin(session);
  }
}

void wait_engine::poll_soon(const connect::session_ptr& session) {
  {
    const std::lock_guard lock(mutex_);
    poll_interval_ = first_poll;
    if (std::exchange(polling_, true)) return;
  }
  // Not under the mutex: co_spawn may run the coroutine at once.
  asio::co_spawn(bus_->strand(), poll(shared_from_this(), session), asio::detached);
}

void wait_engine::settle_soon(const connect::session_ptr& session) {
  {
    const std::lock_guard lock(mutex_);
    settle_again_ = true;
    if (std::exchange(settling_, true)) return;
  }
  asio::co_spawn(bus_->strand(), settle(shared_from_this(), session), asio::detached);
}

// On the strand from here on.

void wait_engine::on_open(const connect::session_ptr& session) {
  settle_soon(session);
}

void wait_engine::on_sweep(const connect::session_ptr& session) {
  settle_soon(session);
}

void wait_engine::on_event(const bus_event& event, const connect::session_ptr& session) {
  const auto ended = parse_if_terminated(event.type(), event.json());
  if (!ended) return;
  // An end that cannot be read is found by the next look at the active queries.
  if (!*ended) return settle_soon(session);
  const auto& end = ended->assume_value();
  // The next look may ask for as many as are waited for.
  if (ends_.tell(end.run_id, end.exception.has_value(), waits_->size())) {
    waits_->resolve(end.run_id, true);
  } else {
    confirm_soon(end.run_id, session);
  }
}

// A call about this run alone, however many others are waited for. When a good part of them ends together, one look
// at the active queries serves them all.
void wait_engine::confirm_soon(const std::string& run_id, const connect::session_ptr& session) {
  if (many_end_ || waits_->contains(any_query)) return settle_soon(session);
  auto query = waited_for(run_id);
  if (!query) return;
  auto told = told_.lock();
  if (!told) told_ = told = std::make_shared<run_queue>(fetches_at_once);
  if (told->size() > fetches_at_once + waits_->size() / 128) return settle_soon(session);
  if (!ends_.begin_asking(run_id, false)) return;
  ask_about(std::move(query), session, told);
}

// Not on the strand, which runs all that it has at one go: a good many calls that begin together take their time.
void wait_engine::ask_about(query_ptr query, const connect::session_ptr& session,
                            const std::shared_ptr<run_queue>& in) {
  if (!in->add(std::move(query))) return;
  asio::co_spawn(session->executor(), fetch_outcomes(shared_from_this(), session, in), asio::detached);
}

/// The run, if somebody waits for it.
query_ptr wait_engine::waited_for(const std::string& run_id) const {
  query_ptr found;
  if (run_id.empty()) return found;
  waits_->for_key(run_id, [&](const wait_list::waiter& one) { found = query_of(one); });
  return found;
}

void wait_engine::on_failure(const error& reason, const connect::session_ptr& session) {
  const bool refused =
      reason == errc::limit_exceeded || reason == errc::execution_failed || reason == errc::unsupported_by_server;
  if (strategy_ != wait_strategy::automatic || !refused) {
    waits_->fail_all(reason);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    no_bus_because_ = reason.message();
  }
  poll_soon(session);
}

asio::awaitable<void> wait_engine::poll(std::shared_ptr<wait_engine> self, connect::session_ptr session) {
  auto answered = wait_list::clock::now();
  for (;;) {
    // Somebody else may have got hold of the stream of events meanwhile: then it serves the waits, too.
    if (self->strategy_ == wait_strategy::automatic && self->bus_->is_open()) {
      const std::lock_guard lock(self->mutex_);
      self->no_bus_because_.reset();
    }
    const bool by_events = self->uses_events();
    {
      const std::lock_guard lock(self->mutex_);
      if (by_events || self->waits_->size() == 0) {
        self->polling_ = false;
        break;
      }
    }
    auto step = settle_once(self, session);
    const auto outcome = co_await std::move(step);
    const auto now = wait_list::clock::now();
    if (outcome) {
      answered = now;
    } else if (!is_bearable(outcome.error(), answered, session->options().retries)) {
      self->waits_->fail_all(outcome.error());
      answered = now;
    }
    std::chrono::milliseconds wait{0};
    {
      const std::lock_guard lock(self->mutex_);
      wait = self->poll_interval_;
      self->poll_interval_ = std::min<std::chrono::milliseconds>(wait * 2, slowest_poll);
    }
    co_await execute::pause(wait);
  }
  if (self->waits_->size() != 0) self->begin(session);
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
    if (!is_bearable(outcome.error(), trouble_since, session->options().retries)) {
      self->waits_->fail_all(outcome.error());
      continue;
    }
    co_await execute::pause(retry_pause);
    const std::lock_guard lock(self->mutex_);
    self->settle_again_ = self->waits_->size() != 0;
  }
}

task<> wait_engine::settle_once(std::shared_ptr<wait_engine> self, connect::session_ptr session) {
  // Only waits that were registered before the server is asked: an absent run has ended, and was not just started.
  const auto look = self->waits_->begin_look();
  {
    const std::lock_guard lock(self->mutex_);
    ++self->sweeps_;
  }
  if (self->waits_->size() == 0) co_return success();
  const bool any = self->waits_->contains(any_query);

  manager_command command;
  command.set_active(true);
  COSPARK_TRY(auto answer, co_await run(session, std::move(command), session->options().call_timeout));
  // Some at a time, the freeing of the answer, too: there may be ten thousand, and others of the context wait.
  auto& active = *answer.mutable_active()->mutable_active_queries();
  while (!active.empty()) {
    if (static_cast<std::size_t>(active.size()) % queries_at_once == 0) co_await asio::post(asio::use_awaitable);
    const std::unique_ptr<const std::remove_reference_t<decltype(active[0])>> one(active.ReleaseLast());
    self->waits_->running(one->id().run_id(), look);
  }

  std::vector<query_ptr> unknown;
  std::vector<query_ptr> ended;
  for (auto place = std::numeric_limits<std::size_t>::max(); place != 0;) {
    ended.clear();
    place = self->waits_->rest(look, place, queries_at_once, [&](const wait_list::waiter& each) {
      if (!each.key().empty()) ended.push_back(query_of(each));
    });
    for (const auto& query : ended) {
      if (self->ends_.ended_well(query->run_id)) {
        self->waits_->resolve(query->run_id, true);
      } else if (self->ends_.begin_asking(query->run_id, true)) {
        unknown.push_back(query);
      }
    }
    co_await asio::post(asio::use_awaitable);
  }
  if (!any && unknown.size() > fetches_at_once) co_await until_all_told(self);
  const auto asked = std::make_shared<run_queue>(fetches_at_once);
  for (auto& query : unknown) self->ask_about(std::move(query), session, asked);
  if (!any) co_return success();
  co_return co_await settle_any(std::move(self), std::move(session));
}

// When many end together, the server's list knows it before all the events have come, each of which saves a call.
asio::awaitable<void> wait_engine::until_all_told(std::shared_ptr<wait_engine> self) {
  self->many_end_ = true;
  for (int i = 0; i < most_pauses_for_events && self->uses_events(); ++i) {
    const auto before = self->ends_.told();
    co_await execute::pause(event_pause);
    if (self->ends_.told() == before) break;
  }
  self->many_end_ = false;
}

task<> wait_engine::settle_any(std::shared_ptr<wait_engine> self, connect::session_ptr session) {
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
  co_return success();
}

asio::awaitable<void> wait_engine::fetch_outcomes(std::shared_ptr<wait_engine> self, connect::session_ptr session,
                                                  std::shared_ptr<run_queue> ended) {
  co_await asio::post(asio::use_awaitable);  // a turn of its own
  std::size_t known_in_a_row = 0;
  while (const auto query = ended->take()) {
    struct finisher {
      wait_engine& engine;
      const std::string& run_id;
      ~finisher() { engine.ends_.end_asking(run_id); }
    };
    const finisher asked{*self, query->run_id};
    if (!self->waits_->contains(query->run_id)) {  // it has become known meanwhile
      if (++known_in_a_row % queries_at_once == 0) co_await asio::post(asio::use_awaitable);
      continue;
    }
    query_command command;
    command.set_status(true);
    auto status = co_await run(query, std::move(command), session->options().call_timeout);
    // Absent from the active queries and yet not ended: it is just ending, and the next look will find it.
    if (status && status.assume_value().status().is_active()) {
      self->settle_soon(session);
      continue;
    }
    result<void> outcome = success();
    if (!status) {
      outcome = failure(status.error());
    } else if (!self->ends_.ended_well(query->run_id)) {
      outcome = co_await fetch_outcome(query);
    }
    if (outcome) {
      self->waits_->resolve(query->run_id, true);
    } else if (is_passing(outcome.error())) {
      self->settle_soon(session);
    } else if (outcome.error() == errc::session_lost) {
      self->waits_->fail_all(outcome.error());
    } else {
      self->waits_->resolve(query->run_id, failure(outcome.error()));
    }
  }
}

}  // namespace cospark::streaming
