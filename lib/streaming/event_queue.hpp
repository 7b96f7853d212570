// The events that an event_stream has for its reader.
#pragma once

#include "streaming/listener_bus.hpp"

#include <cospark/event_stream.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

namespace cospark::streaming {

/// Thread safety: all members may be called from any thread.
class event_queue final : public listener_bus::subscriber {
 public:
  event_queue(connect::session_ptr session, std::shared_ptr<listener_bus> bus, std::size_t capacity);

  static task<std::optional<streaming_query_event>> next(std::shared_ptr<event_queue> self);
  /// The reader has it from now on: before, nothing is missing.
  void hand_out();
  /// Nobody will read any more.
  void close();

  bool wants_events() const override;
  void on_event(const bus_event& event, const connect::session_ptr& session) override;
  void on_missed_events() override;
  void on_failure(const error& reason, const connect::session_ptr& session) override;

 private:
  void make_room();
  bool has_news() const;

  const connect::session_ptr session_;
  const std::shared_ptr<listener_bus> bus_;
  const std::size_t capacity_;
  const std::shared_ptr<wait_list> gate_;
  mutable std::mutex mutex_;
  std::deque<streaming_query_event> events_;  // with a missed_events where some are missing
  std::size_t count_ = 0;                     // without those
  std::optional<error> end_;
  bool handed_out_ = false;
  bool closed_ = false;
  bool reading_ = false;
};

}  // namespace cospark::streaming
