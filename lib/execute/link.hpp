// What the operations of one session share: stubs, ids, bounds, and the session as the server knows it.
#pragma once

#include "execute/connection.hpp"
#include "execute/failure.hpp"
#include "execute/monitor.hpp"
#include "execute/token.hpp"
#include "execute/wait_list.hpp"
#include "rpc/engine.hpp"
#include "rpc/response_stream.hpp"
#include "rpc/unary.hpp"

#include <cospark/result.hpp>
#include <cospark/retry_policy.hpp>
#include <cospark/task.hpp>

#include <asio/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cospark::execute {

/// Bounds in time of what goes over the wire.
struct time_limits {
  time_limits() = default;
  std::chrono::milliseconds call = std::chrono::seconds(10);
  std::chrono::milliseconds analysis = std::chrono::minutes(2);
  std::chrono::milliseconds segment = std::chrono::seconds(135);
  std::chrono::milliseconds background = std::chrono::seconds(5);
};

/// Thread safety: all members may be used from any thread.
class link : public std::enable_shared_from_this<link> {
 public:
  link() = default;

  // Set once, before the first call.
  std::shared_ptr<rpc::engine> engine;
  connection calls;    // of short calls
  connection streams;  // of long response streams
  std::string session_id;
  std::string user_id;
  std::string user_name;
  std::string client_type;
  std::vector<std::pair<std::string, std::string>> metadata;  // the token's header comes on top
  std::shared_ptr<execute::token> token;
  std::shared_ptr<execute::monitor> monitor;
  std::function<fields(std::string_view call)> call_metadata;
  /// Looks at the server's TLS after a failure to connect: why there is no secure connection, or empty.
  /// `heard`: whether the server ever answered.
  std::function<asio::awaitable<std::string>(std::string failure, bool heard)> examine;
  retry_policy retries;
  time_limits limits;

  /// Fills in the fields that every request has.
  template <class Request>
  void address(Request& request) const {
    request.set_session_id(session_id);
    request.mutable_user_context()->set_user_id(user_id);
    request.mutable_user_context()->set_user_name(user_name);
    request.set_client_type(client_type);
    if constexpr (requires { request.set_client_observed_server_side_session_id(std::string()); }) {
      const std::lock_guard lock(mutex_);
      if (!server_side_session_id_.empty()) {
        request.set_client_observed_server_side_session_id(server_side_session_id_);
      }
    }
  }

  /// Notes an answer, and the server's own id of the session; the error if it is another one than before.
  std::optional<error> observe(const std::string& server_side_session_id);

  /// Nothing may be started any more; operations in flight end with `errc::client_closed`.
  void close();
  bool closed() const noexcept { return closed_.load() || is_fork(); }
  error closed_error() const {
    return error(errc::client_closed, is_fork() ? "a session cannot be used in a fork of the process that opened it"
                                                : "the session was stopped");
  }
  /// Why nothing can be started any more: the session was stopped, or the server lost it. A lost session does not come
  /// back: a server that makes a new one of the same id would mix the two.
  std::optional<error> unusable() const;

  /// What one call is sent with.
  rpc::call_options options(std::chrono::milliseconds deadline, std::string_view call = std::string_view(),
                            std::uint64_t* token_generation = nullptr) const;

  /// What a connection must have been silent since, to be replaced after a call that began then had no answer.
  connection::clock::time_point silent_since(connection::clock::time_point began) const {
    return std::max(began, connection::clock::now() - limits.call);
  }

  /// Whether the server has answered anything since then.
  bool has_answered_since(connection::clock::time_point when) const noexcept {
    return answered_.load() >= when.time_since_epoch().count();
  }
  bool has_ever_answered() const noexcept { return answered_.load() != never; }

  /// What to do about a failed call. Stateless but for the count, which is that of one operation.
  enum class remedy { none, repeat, repeat_with_new_token };
  /// Notes a failure. Passing faults may turn out to be final: then, and when no new token can be had, fails.
  static task<remedy> treat(std::shared_ptr<link> self, call_failure failed, std::uint64_t token_generation,
                            unsigned* tokens, std::chrono::milliseconds limit);
  /// The error of a failure as the user gets it: nothing in it is secret.
  error to_error(const call_failure& failure, const spark::connect::FetchErrorDetailsResponse* details = nullptr) const;
  /// Notes an error that ends an operation; the session may be lost with it.
  void note(const error& reason);

  /// False once the server has said that it cannot be reattached to.
  bool reattach() const noexcept { return reattach_.load(); }
  /// Asks the server, unless it has said so.
  static task<bool> ask_reattach(std::shared_ptr<link> self, std::chrono::milliseconds limit);

  /// Tells the server, without waiting, that an operation is over: interrupts it first if it has not ended.
  void release_in_background(std::string operation_id, bool interrupt);
  /// How many such messages are on their way.
  std::size_t background_calls() const noexcept { return background_calls_.load(); }

  /// The error of a failure, with its details fetched if the server keeps any.
  static task<> fetch_details(std::shared_ptr<link> self, call_failure failure, error& out);

 private:
  static task<> check_tls(std::shared_ptr<link> self, call_failure failed);
  static asio::awaitable<void> run_examination(std::shared_ptr<link> self, std::string failure);

  // gRPC has threads, which a fork does not: a call would never end.
  bool is_fork() const noexcept { return ::getpid() != process_; }

  const pid_t process_ = ::getpid();
  mutable std::mutex mutex_;
  std::string server_side_session_id_;
  std::optional<error> lost_;
  std::atomic<bool> is_lost_{false};  // spares the mutex
  bool examining_ = false;
  std::optional<std::chrono::steady_clock::time_point> examined_;
  std::string finding_;
  std::shared_ptr<wait_list> examination_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> reattach_{true};
  std::atomic<std::size_t> background_calls_{0};
  static constexpr auto never = connection::clock::time_point::min().time_since_epoch().count();
  std::atomic<connection::clock::rep> answered_{never};  // when the server last did
};

using link_ptr = std::shared_ptr<link>;

/// Turns the exception by which Asio reports a cancelled coroutine into a result, for the outermost of our coroutines.
template <class T>
task<T> guarded(task<T> operation) {
  try {
    co_return co_await std::move(operation);
  } catch (const std::system_error& thrown) {
    if (thrown.code() != asio::error::operation_aborted) throw;
  }
  co_return failure(errc::cancelled, "the operation was cancelled");
}

/// Waits on the awaiting coroutine's executor; throws when cancelled, like every wait of Asio.
asio::awaitable<void> pause(std::chrono::milliseconds delay);

/// Makes a unary call that may be repeated without harm, with retries, within `limit` in all.
template <class Request, class Response>
task<Response> unary(link_ptr link, rpc::unary_method<Request, Response> method, Request request,
                     std::chrono::milliseconds limit);

}  // namespace cospark::execute

#include "execute/unary.hpp"
