#include <cospark/streaming_query_manager.hpp>

#include "connect/uuid.hpp"
#include "streaming/access.hpp"
#include "streaming/commands.hpp"
#include "streaming/event_queue.hpp"
#include "streaming/wait_engine.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cospark {
namespace streaming {
namespace {

using query_instance = manager_answer::StreamingQueryInstance;

streaming_query to_query(const connect::session_ptr& session, const query_instance& from) {
  std::optional<std::string> name;
  if (from.has_name()) name = execute::printable(from.name());
  return access::make_query(std::make_shared<const query_state>(session, execute::printable(from.id().id(), 256),
                                                                execute::printable(from.id().run_id(), 256), name));
}

task<std::vector<streaming_query>> active(connect::session_ptr session) {
  manager_command command;
  command.set_active(true);
  COSPARK_TRY(auto answer, co_await run(session, std::move(command), session->options().call_timeout));
  std::vector<streaming_query> queries;
  queries.reserve(static_cast<std::size_t>(answer.active().active_queries_size()));
  for (const auto& query : answer.active().active_queries()) queries.push_back(to_query(session, query));
  co_return queries;
}

task<std::optional<streaming_query>> get(connect::session_ptr session, std::string id) {
  if (!connect::is_uuid(id)) {
    co_return failure(errc::invalid_argument,
                      "the id of a streaming query is a UUID, not '" + execute::printable(id, 64) + "'");
  }
  manager_command command;
  command.set_get_query(std::move(id));
  COSPARK_TRY(auto answer, co_await run(session, std::move(command), session->options().call_timeout));
  std::optional<streaming_query> found;
  if (answer.has_query()) found = to_query(session, answer.query());
  co_return found;
}

task<> await_any(connect::session_ptr session) {
  COSPARK_TRY(co_await wait_engine::wait_any(std::move(session), std::nullopt));
  co_return success();
}

task<bool> await_any(connect::session_ptr session, std::chrono::milliseconds timeout) {
  if (timeout.count() <= 0) {
    co_return failure(errc::invalid_argument, "await_any_termination: the timeout must be positive");
  }
  co_return co_await wait_engine::wait_any(std::move(session), std::chrono::steady_clock::now() + timeout);
}

task<> reset_terminated(connect::session_ptr session) {
  manager_command command;
  command.set_reset_terminated(true);
  COSPARK_TRY(co_await run(session, std::move(command), session->options().call_timeout));
  co_return success();
}

task<event_stream> open_events(connect::session_ptr session, event_options options) {
  if (options.capacity == 0) co_return failure(errc::invalid_argument, "event_options::capacity must be at least 1");
  COSPARK_TRY(connect::require_version(*session, 4, 0, "a stream of query events"));
  const auto& bus = wait_engine::of(*session)->bus();
  event_stream stream = access::make_events(std::make_shared<event_queue>(session, bus, options.capacity));
  bus->add(access::queue(stream));
  COSPARK_TRY(co_await listener_bus::opened(bus, session));
  access::queue(stream)->hand_out();
  co_return stream;
}

task<> add_listener(connect::session_ptr session, listener_list::listener_ptr listener) {
  if (!listener) co_return failure(errc::invalid_argument, "add_listener: there is no listener");
  COSPARK_TRY(connect::require_version(*session, 4, 0, "a listener of streaming queries"));
  const auto engine = wait_engine::of(*session);
  const bool added = engine->listeners()->add(listener);
  auto opened = co_await listener_bus::opened(engine->bus(), session);
  if (opened) co_return success();
  // After a failure all have been removed already; after a cancellation this one has to go.
  if (added && engine->listeners()->remove(listener)) engine->bus()->leave_later(session);
  co_return failure(opened.error());
}

bool remove_listener(const connect::session_ptr& session, const listener_list::listener_ptr& listener) {
  const auto engine = wait_engine::of(*session);
  if (!engine->listeners()->remove(listener)) return false;
  engine->bus()->leave_later(session);
  return true;
}

// The waits of one await_all or await_first, all at once: a server forgets how a query ended an hour after it did. They
// run on a strand, where the last end that is needed wakes the caller.
class joint_wait : public std::enable_shared_from_this<joint_wait> {
 public:
  static inline const std::string gate_key = "ended";

  joint_wait(std::vector<streaming_query> queries, std::size_t needed, std::shared_ptr<wait_list> gate,
             const asio::any_io_executor& executor)
      : queries_(std::move(queries)),
        needed_(needed),
        gate_(std::move(gate)),
        strand_(asio::make_strand(executor)),
        signals_(queries_.size()) {}

  void start() { asio::co_spawn(strand_, begin(shared_from_this()), asio::detached); }
  void end_others() {
    auto end = [self = shared_from_this()] {
      self->over_ = true;
      for (auto& signal : self->signals_) signal.emit(asio::cancellation_type::terminal);
    };
    asio::post(strand_, std::move(end));
  }
  /// Where the queries stand in the list they were given in, and how they ended, in the order of the ends.
  using ends = std::vector<std::pair<std::size_t, result<void>>>;
  const ends& ended() const noexcept { return ended_; }
  const std::vector<streaming_query>& queries() const noexcept { return queries_; }

 private:
  static asio::awaitable<void> begin(std::shared_ptr<joint_wait> self) {
    // Asio uses a signal until it calls the handler, which is after the coroutine and what that holds have gone.
    auto keep = [self](std::exception_ptr) {};
    for (std::size_t i = 0; i < self->queries_.size() && !self->over_; ++i) {
      auto slot = self->signals_[i].slot();
      asio::co_spawn(self->strand_, run(self, i), asio::bind_cancellation_slot(slot, keep));
      if ((i + 1) % waits_at_once == 0) co_await asio::post(asio::use_awaitable);
    }
  }
  static asio::awaitable<void> run(std::shared_ptr<joint_wait> self, std::size_t index) {
    auto outcome = co_await self->queries_[index].await_termination();
    if (self->over_) co_return;
    self->ended_.emplace_back(index, std::move(outcome));
    if (self->ended_.size() < self->needed_) co_return;
    self->over_ = true;
    self->gate_->resolve(gate_key, true);
  }

  static constexpr std::size_t waits_at_once = 64;  // then other handlers of the context have their turn

  const std::vector<streaming_query> queries_;
  const std::size_t needed_;
  const std::shared_ptr<wait_list> gate_;
  const asio::any_io_executor strand_;
  std::vector<asio::cancellation_signal> signals_;
  ends ended_;
  bool over_ = false;
};

task<std::shared_ptr<joint_wait>> joined(std::vector<streaming_query> queries, std::size_t needed) {
  const auto gate = wait_list::make(*access::state(queries.front())->session->link()->engine);
  const auto waits = std::make_shared<joint_wait>(std::move(queries), needed, gate,
                                                  asio::any_io_executor(co_await asio::this_coro::executor));
  struct finisher {
    std::shared_ptr<joint_wait> waits;
    ~finisher() { waits->end_others(); }
  } finish{waits};
  auto begin = [waits] { waits->start(); };
  COSPARK_TRY(co_await gate->wait(joint_wait::gate_key, wait_list::never, begin));
  co_return waits;
}

task<std::vector<query_outcome>> await_each(std::vector<streaming_query> queries) {
  std::vector<query_outcome> outcomes;
  if (queries.empty()) co_return outcomes;
  const auto needed = queries.size();
  COSPARK_TRY(const auto waits, co_await joined(std::move(queries), needed));
  for (const auto& query : waits->queries()) outcomes.emplace_back(query, success());
  for (const auto& [place, how] : waits->ended()) outcomes[place].outcome = how;
  co_return outcomes;
}

task<query_outcome> first_of(std::vector<streaming_query> queries) {
  if (queries.empty()) co_return failure(errc::invalid_argument, "await_first: there are no queries to wait for");
  COSPARK_TRY(const auto waits, co_await joined(std::move(queries), 1));
  const auto& [place, how] = waits->ended().front();
  co_return query_outcome(waits->queries()[place], how);
}

}  // namespace
}  // namespace streaming

task<std::vector<streaming_query>> streaming_query_manager::active() const {
  return execute::guarded(streaming::active(session_));
}

task<std::optional<streaming_query>> streaming_query_manager::get(std::string id) const {
  return execute::guarded(streaming::get(session_, std::move(id)));
}

task<> streaming_query_manager::await_any_termination() const {
  return execute::guarded(streaming::await_any(session_));
}

task<bool> streaming_query_manager::await_any_termination(std::chrono::milliseconds timeout) const {
  return execute::guarded(streaming::await_any(session_, timeout));
}

task<> streaming_query_manager::reset_terminated() const {
  return execute::guarded(streaming::reset_terminated(session_));
}

task<event_stream> streaming_query_manager::events(event_options options) const {
  return execute::guarded(streaming::open_events(session_, options));
}

task<> streaming_query_manager::add_listener(std::shared_ptr<streaming_query_listener> listener) const {
  return execute::guarded(streaming::add_listener(session_, std::move(listener)));
}

bool streaming_query_manager::remove_listener(const std::shared_ptr<streaming_query_listener>& listener) const {
  return streaming::remove_listener(session_, listener);
}

std::vector<std::shared_ptr<streaming_query_listener>> streaming_query_manager::list_listeners() const {
  return streaming::wait_engine::of(*session_)->listeners()->all();
}

task<std::vector<query_outcome>> await_all(std::vector<streaming_query> queries) {
  return execute::guarded(streaming::await_each(std::move(queries)));
}

task<query_outcome> await_first(std::vector<streaming_query> queries) {
  return execute::guarded(streaming::first_of(std::move(queries)));
}

}  // namespace cospark
