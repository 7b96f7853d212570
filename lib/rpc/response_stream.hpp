// One server-streaming call -> a reader with bounded read-ahead.
#pragma once

#include "rpc/message_pool.hpp"
#include "rpc/unary.hpp"

#include <grpcpp/support/client_callback.h>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace cospark::rpc {

/// How far a stream reads ahead of its consumer. Beyond it, HTTP/2 flow control stops the server. One message may
/// exceed `bytes`: what has arrived is kept, and no further read is started.
struct read_ahead {
  read_ahead() = default;
  std::size_t messages = 128;
  std::size_t bytes = std::size_t{16} << 20;
};

/// Reader of a call that answers with ExecutePlanResponses. Destroying it cancels the call.
///
/// Thread safety: one coroutine at a time reads.
class response_stream {
 public:
  using message = response_message;
  /// Starts the call: binds the stub's method and the request to the reactor.
  using starter = std::function<void(grpc::ClientContext&, grpc::ClientReadReactor<message>&)>;

  /// Starts the call. `starter` must keep stub and request alive as long as it lives itself.
  response_stream(std::shared_ptr<engine> owner, const call_options& options, starter start,
                  read_ahead limits = read_ahead());
  response_stream(response_stream&& other) noexcept;
  response_stream& operator=(response_stream&& other) noexcept;
  ~response_stream();

  struct item {
    message_ptr response;                // the next message, or
    std::optional<grpc::Status> status;  // the end of the call, after all messages
  };
  /// Waits for the next message or the end. A cancelled wait throws `std::system_error` (operation_aborted) and leaves
  /// the stream as it is.
  asio::awaitable<item> next();
  /// Ends the reading without cancelling: for a call whose last message has been read and that ends by itself.
  void let_finish();
  /// What `next` would return without waiting, if anything.
  std::optional<item> try_next();

 private:
  class core;
  static asio::awaitable<item> read(call_owner<core> stream);

  core* core_ = nullptr;
};

}  // namespace cospark::rpc
