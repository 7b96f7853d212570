// The one stream of query events that a session has on its server, shared by everybody here who wants events.
#pragma once

#include "connect/session_state.hpp"
#include "execute/wait_list.hpp"
#include "rpc/alarm.hpp"
#include "rpc/context_part.hpp"

#include <cospark/streaming_query_event.hpp>
#include <cospark/task.hpp>

#include <asio/any_io_executor.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cospark::streaming {

using execute::wait_list;

/// An event as it came; read when somebody first asks, once for all.
class bus_event {
 public:
  bus_event(int type, const std::string& json) : type_(type), json_(&json) {}
  explicit bus_event(streaming_query_event read) : read_(std::move(read)) {}

  int type() const noexcept { return type_; }
  /// Empty for an event that did not come with the stream.
  const std::string& json() const noexcept { return *json_; }
  const streaming_query_event& read() const;

 private:
  static inline const std::string no_text;
  int type_ = 0;
  const std::string* json_ = &no_text;
  mutable std::optional<streaming_query_event> read_;
};

/// Opened when the first subscriber wants events, opened again when it is lost, given back a while after the last one
/// has gone. Subscribers are called on the strand, one call after the other.
///
/// Thread safety: all members may be called from any thread.
class listener_bus : public rpc::context_part, public std::enable_shared_from_this<listener_bus> {
 public:
  class subscriber {
   public:
    virtual ~subscriber() = default;
    /// Whether it is to be called. Any thread.
    virtual bool wants_events() const = 0;
    /// The stream is open: everything that happens from now on comes.
    virtual void on_open(const connect::session_ptr&) {}
    /// Called now and then while the stream is open.
    virtual void on_sweep(const connect::session_ptr&) {}
    virtual void on_event(const bus_event& event, const connect::session_ptr& session) = 0;
    /// The stream was lost, and is open again.
    virtual void on_missed_events() {}
    /// The stream cannot be had. Afterwards the subscriber wants no events, until it says so again by `begin`.
    virtual void on_failure(const error& reason, const connect::session_ptr& session) = 0;
  };

  static std::shared_ptr<listener_bus> make(rpc::engine& engine, asio::any_io_executor strand);

  void add(std::weak_ptr<subscriber> added);
  /// Somebody wants events now.
  void begin(const connect::session_ptr& session);
  /// Waits until the stream is open, for a subscriber that wants events already.
  static task<> opened(std::shared_ptr<listener_bus> self, connect::session_ptr session);
  /// Perhaps nobody wants events any more.
  void leave_later(const std::weak_ptr<connect::session_state>& session);
  /// The event of a start, which comes with the answer of the start instead of with the stream.
  void note_started(const connect::session_ptr& session, const std::string& json);

  /// What goes on with the events and waits of a session goes on here. Empty once the context is gone.
  const asio::any_io_executor& strand() const noexcept { return strand_; }
  bool is_open() const noexcept { return state_.load() == state::open; }
  std::size_t times_opened() const noexcept { return times_opened_.load(); }
  /// For a human reader.
  std::string describe() const;

 private:
  listener_bus(rpc::engine& engine, asio::any_io_executor strand);
  // Handles may outlive their context; a strand must not.
  void context_ends() override {
    context_ended_ = true;
    strand_ = asio::any_io_executor();
  }

  enum class state { closed, opening, open, leaving };

  bool wanted() const;
  std::vector<std::shared_ptr<subscriber>> subscribers() const;
  template <class Call>
  void tell(Call call);
  void leave(const connect::session_ptr& session);

  static asio::awaitable<void> watch(std::shared_ptr<listener_bus> self, connect::session_ptr session);
  static task<> follow(std::shared_ptr<listener_bus> self, connect::session_ptr session);

  asio::any_io_executor strand_;
  const std::shared_ptr<wait_list> opening_;  // who waits for the stream to be open
  mutable std::mutex mutex_;
  mutable std::vector<std::weak_ptr<subscriber>> subscribers_;
  std::atomic<state> state_ = state::closed;
  std::atomic<std::size_t> times_opened_ = 0;
  std::atomic<bool> context_ended_ = false;
  // On the strand.
  bool watching_ = false;
  bool lost_ = false;    // it was open, and has to be opened again
  bool orphan_ = false;  // the server may still have a stream of ours that nobody reads
  rpc::alarm leave_alarm_;
};

}  // namespace cospark::streaming
