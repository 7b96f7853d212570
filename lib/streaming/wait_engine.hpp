// The waits of one session: N of them cost one stream of events, or one poll.
#pragma once

#include "connect/session_state.hpp"
#include "execute/wait_list.hpp"
#include "rpc/alarm.hpp"
#include "streaming/query_state.hpp"

#include <cospark/task.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace cospark::streaming {

using execute::wait_list;

/// How ends of queries become known (the order matters, and leaves no gap): a wait is registered, the session has an
/// acknowledged listener bus, then the server's list of active queries is read once. Who is not in it has ended;
/// everybody else's end comes as an event. Events are hints: each end is confirmed by a call that needs the session,
/// because an expired session looks like a normal end, and a sweep finds ends whose event was lost.
///
/// Thread safety: all members may be called from any thread.
class wait_engine final : public connect::session_state::part, public std::enable_shared_from_this<wait_engine> {
 public:
  explicit wait_engine(connect::session_state& session);

  static std::shared_ptr<wait_engine> of(connect::session_state& session) { return session.get_part<wait_engine>(); }

  /// Waits until the run has ended: true; false at the deadline; `errc::query_failed` if it failed.
  static task<bool> wait(query_ptr query, std::optional<wait_list::clock::time_point> deadline);
  /// The same for any query of the session.
  static task<bool> wait_any(connect::session_ptr session, std::optional<wait_list::clock::time_point> deadline);

  void session_stopped() override;

  /// Waits that are pending.
  std::size_t pending() const { return waits_->size(); }
  /// How many listener-bus streams this side has opened, and how often it has asked for the active queries.
  std::size_t buses_opened() const;
  std::size_t sweeps() const;

 private:
  enum class bus_state { closed, opening, ready, unusable };

  void begin(const connect::session_ptr& session);
  void settle_soon(const connect::session_ptr& session);
  void leave_later();
  void fail_all(const error& reason);
  void note_event(int type, const std::string& json, const connect::session_ptr& session);
  void remember(const std::string& run_id, bool failed);

  static asio::awaitable<void> watch(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  static task<> follow_bus(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  static asio::awaitable<void> settle(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  static task<> settle_once(std::shared_ptr<wait_engine> self, connect::session_ptr session);
  static asio::awaitable<void> fetch_outcomes(std::shared_ptr<wait_engine> self, connect::session_ptr session,
                                              std::shared_ptr<std::deque<query_ptr>> ended);

  const std::shared_ptr<wait_list> waits_;
  const asio::any_io_executor strand_;
  const std::weak_ptr<connect::session_state> session_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, query_ptr> waited_for_;  // by run id
  std::unordered_map<std::string, bool> ended_;            // by run id: known to have ended; failed?
  std::deque<std::string> ended_order_;
  std::unordered_set<std::string> asking_;  // run ids whose outcome is being fetched
  bus_state bus_ = bus_state::closed;
  bool had_bus_ = false;
  bool watching_ = false;
  bool settling_ = false;
  bool settle_again_ = false;
  bool leaving_ = false;
  std::chrono::milliseconds poll_interval_{0};
  std::size_t buses_opened_ = 0;
  std::size_t sweeps_ = 0;
  rpc::alarm leave_alarm_;
};

}  // namespace cospark::streaming
