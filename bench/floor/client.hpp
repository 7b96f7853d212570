// The clients that are compared: how each makes a number of calls, and reads a number of messages.
#pragma once

#include <spark/connect/base.grpc.pb.h>

#include <grpcpp/support/client_callback.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

using service = spark::connect::SparkConnectService;
using message = spark::connect::ExecutePlanResponse;

/// One way of calling. Every method returns when all has been answered.
class client {
 public:
  virtual ~client() = default;
  virtual std::string name() const = 0;
  /// Makes calls of Config, `in_flight` at a time; the time of each in nanoseconds.
  virtual std::vector<std::int64_t> call(std::size_t calls, std::size_t in_flight) = 0;
  /// Reads a stream of messages of a size; how many came. 0: this client reads no streams.
  virtual std::size_t read(std::size_t messages, std::size_t size) = 0;
};

/// Written by hand on gRPC's callbacks, as fast as these go: all work is done in the reaction.
std::unique_ptr<client> make_raw(const std::string& target);
/// The same, with every completion posted to an io_context: the least for a program with a loop of its own.
std::unique_ptr<client> make_hop(const std::string& target);
/// cospark's bridge, lib/rpc: coroutines that await calls.
std::unique_ptr<client> make_bridge(const std::string& target);
/// The whole library: `session.conf().get()`, with its retries and checks.
std::unique_ptr<client> make_library(const std::string& target);

// What all of them send.
spark::connect::ConfigRequest config_request();
spark::connect::ExecutePlanRequest stream_request(std::size_t messages, std::size_t size);
std::shared_ptr<service::StubInterface> make_stub(const std::string& target);
constexpr std::chrono::seconds call_deadline{10};

}  // namespace bench
