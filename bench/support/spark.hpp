// A real Spark for a benchmark.
#pragma once

#include <cospark/local_server.hpp>

#include <asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bench {

/// A Spark Connect server as a child process; killed at the end.
class spark {
 public:
  /// `home`: folder with Spark's jars. `port` 0: a free one.
  explicit spark(const std::string& home, std::uint16_t port = 0);
  ~spark() { kill(); }
  spark(const spark&) = delete;
  spark& operator=(const spark&) = delete;

  std::string remote() const { return server_->remote(); }
  std::uint16_t port() const { return server_->port(); }
  int process_id() const { return server_->process_id(); }
  void kill();

 private:
  asio::io_context context_{1};
  std::optional<cospark::local_server> server_;
};

}  // namespace bench
