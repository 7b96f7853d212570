// A hand-written HTTP/2 server that answers every request with scripted frames.
#pragma once

#include "http2.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// On a port of the loopback interface, on a thread of its own, until it is destroyed.
///
/// Thread safety: all members may be called from any thread.
class http2_peer {
 public:
  /// What it sends when a request is complete. Called on the peer's thread.
  using answer = std::function<std::string(std::uint32_t stream)>;

  /// `greeting`: frames behind the SETTINGS of each connection.
  explicit http2_peer(answer reply, std::string greeting = std::string());
  ~http2_peer();
  http2_peer(const http2_peer&) = delete;
  http2_peer& operator=(const http2_peer&) = delete;

  std::uint16_t port() const;
  std::string remote() const;
  std::size_t connections() const;
  std::size_t requests() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};
