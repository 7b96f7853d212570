// The listeners of a session.
#pragma once

#include "streaming/listener_bus.hpp"

#include <cospark/streaming_query_listener.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace cospark::streaming {

/// Thread safety: all members may be called from any thread.
class listener_list final : public listener_bus::subscriber {
 public:
  using listener_ptr = std::shared_ptr<streaming_query_listener>;

  /// False if it is there already.
  bool add(listener_ptr added);
  /// False if it is not there.
  bool remove(const listener_ptr& removed);
  std::vector<listener_ptr> all() const;
  /// How many exceptions have left listeners.
  std::size_t exceptions() const noexcept { return exceptions_.load(); }

  bool wants_events() const override;
  void on_event(const bus_event& event, const connect::session_ptr& session) override;
  void on_missed_events() override;
  void on_failure(const error& reason, const connect::session_ptr& session) override;

 private:
  bool contains(const listener_ptr& listener) const;
  template <class Call>
  void call_each(Call call);
  template <class Call>
  void call_one(streaming_query_listener& listener, Call call);

  mutable std::mutex mutex_;
  std::vector<listener_ptr> listeners_;
  std::atomic<std::size_t> exceptions_ = 0;
};

}  // namespace cospark::streaming
