// What a session knows of its connection, and what it tells the hooks of the user.
#pragma once

#include "execute/failure.hpp"
#include "execute/wait_list.hpp"
#include "rpc/engine.hpp"

#include <cospark/connection_state.hpp>
#include <cospark/log_entry.hpp>
#include <cospark/metric.hpp>
#include <cospark/task.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cospark::execute {

using fields = std::vector<std::pair<std::string, std::string>>;

/// Thread safety: all members may be used from any thread; hooks run on the executor, one posted call each.
class monitor {
 public:
  using log_hook = std::function<void(const log_entry&)>;
  using metrics_hook = std::function<void(const metric&)>;

  monitor(std::shared_ptr<rpc::engine> engine, log_hook log, metrics_hook metrics);

  void log(log_level level, const char* component, const char* message, fields particulars = fields()) const;
  void count(const char* name, fields labels, std::uint64_t by = 1) const;
  void time(const char* name, std::chrono::steady_clock::duration length, fields labels) const;
  bool measures() const noexcept { return metrics_ != nullptr; }

  /// An answer of the server has arrived.
  void arrived();
  /// A call failed for a passing reason.
  void failed(const std::string& reason);
  /// The session is gone for good.
  void lost(const std::string& reason);

  connection_state state() const;
  /// Waits until the status has changed since `known`.
  static task<connection_state> changed(std::shared_ptr<monitor> self, connection_state known);

 private:
  void change(connection_status to, const std::string& reason);

  const std::shared_ptr<rpc::engine> engine_;
  const std::shared_ptr<const log_hook> log_;
  const std::shared_ptr<const metrics_hook> metrics_;
  const std::shared_ptr<wait_list> waits_;
  std::atomic<bool> well_{true};  // spares the mutex where there is nothing to note
  mutable std::mutex mutex_;
  connection_state state_;
};

/// Measures one operation; ends as `dropped` unless told otherwise.
class measurement {
 public:
  measurement(std::shared_ptr<monitor> to, std::string kind);
  measurement(const measurement&) = delete;
  measurement& operator=(const measurement&) = delete;
  ~measurement() { end("dropped"); }

  const std::string& kind() const noexcept { return kind_; }
  void ended_well() { end("ok"); }
  void ended(const error& reason) { end(reason.code().message()); }

 private:
  void end(std::string_view outcome);

  const std::shared_ptr<monitor> monitor_;
  const std::string kind_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  bool ended_ = false;
};

}  // namespace cospark::execute
