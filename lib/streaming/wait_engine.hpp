// The waits of one session: N of them cost one stream of events, or one poll.
#pragma once

#include "connect/session_state.hpp"
#include "execute/wait_list.hpp"
#include "streaming/known_ends.hpp"
#include "streaming/listener_bus.hpp"
#include "streaming/listener_list.hpp"
#include "streaming/query_state.hpp"
#include "streaming/run_queue.hpp"

#include <cospark/task.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace cospark::streaming {

/// How ends of queries become known (the order matters, and leaves no gap): a wait is registered, the session has an
/// acknowledged listener bus, then the server's list of active queries is read once. Who is not in it has ended;
/// everybody else's end comes as an event. Events are hints: each end is confirmed by a call that needs the session,
/// because an expired session looks like a normal end, and a sweep finds ends whose event was lost. Without a bus the
/// list of active queries is read again and again.
///
/// Thread safety: all members may be called from any thread.
class wait_engine final : public connect::session_state::part,
                          public listener_bus::subscriber,
                          public std::enable_shared_from_this<wait_engine> {
 public:
  explicit wait_engine(connect::session_state& session);

  static std::shared_ptr<wait_engine> of(connect::session_state& session) {
    auto engine = session.get_part<wait_engine>();
    engine->subscribe();
    return engine;
  }

  using time_limit = std::optional<std::chrono::milliseconds>;

  /// Waits until the run has ended: true; false when the time is up; `errc::query_failed` if it failed. T: bool, or
  /// void where there is no limit. An operation as the user gets it, cancellation and all.
  template <class T>
  static task<T> wait(query_ptr query, time_limit timeout);
  /// The same for any query of the session.
  static task<bool> wait_any(connect::session_ptr session, std::optional<wait_list::clock::time_point> deadline);

  const std::shared_ptr<listener_bus>& bus() const noexcept { return bus_; }
  const std::shared_ptr<listener_list>& listeners() const noexcept { return listeners_; }
  /// Which way of waiting is in use and why, for a human reader.
  std::string describe(const connect::session_state& session) const;

  void session_stopped() override;

  bool wants_events() const override;
  void on_open(const connect::session_ptr& session) override;
  void on_sweep(const connect::session_ptr& session) override;
  void on_event(const bus_event& event, const connect::session_ptr& session) override;
  void on_failure(const error& reason, const connect::session_ptr& session) override;

 private:
  class run_wait;
  template <class T>
  static task<T> blocking(std::shared_ptr<wait_engine> self, query_ptr query, time_limit timeout);
  wait_list::outcome left_wait(const query_state& query, wait_list::outcome ended);
  static const query_ptr& query_of(const wait_list::waiter& pending);
  query_ptr waited_for(const std::string& run_id) const;
  void subscribe();
  std::optional<error> refusal(const connect::session_state& session) const;
  bool uses_events() const;
  void begin(const connect::session_ptr& session);
  void poll_soon(const connect::session_ptr& session);
  void settle_soon(const connect::session_ptr& session);
  void confirm_soon(const std::string& run_id, const connect::session_ptr& session);

  static asio::awaitable<void> poll(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  static asio::awaitable<void> settle(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  static task<> settle_once(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  static asio::awaitable<void> until_all_told(std::shared_ptr<wait_engine> self);
  static task<> settle_any(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  void ask_about(query_ptr query, const connect::session_ptr& session, const std::shared_ptr<run_queue>& in);
  static asio::awaitable<void> fetch_outcomes(std::shared_ptr<wait_engine> self, connect::session_ptr session,
                                              std::shared_ptr<run_queue> ended);

  const wait_strategy strategy_;
  const bool server_has_events_;
  const std::shared_ptr<wait_list> waits_;
  const std::shared_ptr<listener_bus> bus_;
  const std::shared_ptr<listener_list> listeners_;
  known_ends ends_;
  mutable std::mutex mutex_;
  bool subscribed_ = false;
  std::optional<std::string> no_bus_because_;  // and the waits poll, until somebody gets one
  bool polling_ = false;
  bool settling_ = false;
  bool settle_again_ = false;
  std::chrono::milliseconds poll_interval_{0};
  std::size_t sweeps_ = 0;
  // On the strand: runs whose end was told. The coroutines that ask about them own it: a query holds its session, and
  // that this engine, so it goes with them, even if the context ends before they do.
  std::weak_ptr<run_queue> told_;
  bool many_end_ = false;  // on the strand, too: ends are being told, and one look will serve them all
};

}  // namespace cospark::streaming
