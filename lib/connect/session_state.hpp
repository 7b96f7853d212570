// What all handles of one session share, and the remote calls that they are made of.
#pragma once

#include "connect/connection_string.hpp"
#include "execute/link.hpp"
#include "execute/operation.hpp"
#include "rpc/alarm.hpp"

#include <cospark/session_options.hpp>
#include <cospark/task.hpp>

#include <spark/connect/base.pb.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cospark::connect {

using execute_options = execute::execute_options;

/// Thread safety: all members may be used from any thread.
class session_state : public std::enable_shared_from_this<session_state> {
 public:
  session_state(execute::link_ptr link, session_options options, connection_string where);
  ~session_state();
  session_state(const session_state&) = delete;
  session_state& operator=(const session_state&) = delete;

  const execute::link_ptr& link() const noexcept { return link_; }
  const session_options& options() const noexcept { return options_; }
  const asio::any_io_executor& executor() const noexcept { return link_->engine->executor(); }
  const connection_string& where() const noexcept { return where_; }

  /// Version of the server, as it was when the session connected.
  const std::string& server_version() const noexcept { return server_version_; }
  void set_server_version(std::string version) { server_version_ = std::move(version); }
  /// Whether the server is at least of this version.
  bool server_is_at_least(int major, int minor) const;

  /// Begins to keep the session alive on the server, if that has not begun: it owns streaming queries from now on.
  void keep_alive();

  /// A part of a higher layer that lives as long as the session.
  struct part {
    virtual ~part() = default;
    /// The session was stopped by this program.
    virtual void session_stopped() = 0;
  };
  /// The part of type T, made when first asked for.
  template <class T>
  std::shared_ptr<T> get_part() {
    const std::lock_guard lock(mutex_);
    if (!part_) part_ = std::make_shared<T>(*this);
    return std::static_pointer_cast<T>(part_);
  }

  /// Ends everything in flight with `errc::client_closed`; nothing can be started any more.
  void close();

 private:
  void keep_alive_later();

  const execute::link_ptr link_;
  const session_options options_;
  const connection_string where_;
  std::string server_version_;
  std::mutex mutex_;
  std::shared_ptr<part> part_;
  rpc::alarm keeper_;
  bool keeping_ = false;
};

using session_ptr = std::shared_ptr<session_state>;

/// Connects: asks the server for its version and makes the settings of the options.
task<session_ptr> open_session(std::string remote, session_options options);
/// Opens another session like this one, with an id of its own.
task<session_ptr> replace_session(session_ptr session);

/// Analyses a plan.
task<spark::connect::AnalyzePlanResponse> analyze(session_ptr session, spark::connect::AnalyzePlanRequest request);
/// Reads or changes settings.
task<spark::connect::ConfigResponse> configure(session_ptr session, spark::connect::ConfigRequest request);
/// Interrupts executions; the ids of those that were.
task<std::vector<std::string>> interrupt(session_ptr session, spark::connect::InterruptRequest request);
/// Closes the session on the server, then here.
task<> stop(session_ptr session);

/// One Spark operation. Destroying the handle before the end interrupts and releases it on the server.
execute::operation execute(const session_ptr& session, spark::connect::Plan plan,
                           execute_options options = execute_options());
/// Runs a command to its end and returns the response that carries its result; an empty one if none did.
task<spark::connect::ExecutePlanResponse> run_command(session_ptr session, spark::connect::Command command,
                                                      execute_options options = execute_options());

/// `errc::unsupported_by_server` unless the server is at least of this version.
result<void> require_version(const session_state& session, int major, int minor, const std::string& what);

}  // namespace cospark::connect
