// A TCP relay between client and server that does what networks do.
#pragma once

#include "http2.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// Relays connections to a server on the loopback interface, on a thread of its own. It ends, and cuts what is open,
/// when it is destroyed. Connections are numbered from 0 in the order in which they were accepted.
///
/// Thread safety: all members may be called from any thread.
class tcp_gate {
 public:
  /// Listens at a free port of `address`, and relays to that port of 127.0.0.1.
  explicit tcp_gate(std::uint16_t target, const std::string& address = "127.0.0.1");
  ~tcp_gate();
  tcp_gate(const tcp_gate&) = delete;
  tcp_gate& operator=(const tcp_gate&) = delete;

  std::uint16_t port() const;
  /// Connection string that leads through the gate.
  std::string remote() const;

  /// Where connections that are made from now on lead.
  void set_target(std::uint16_t port);

  // Of all connections that are open now.
  void reset();       // ends with a TCP reset
  void close();       // ends in order
  void half_close();  // tells the client that no more will come, and goes on to read from it
  void freeze();      // nothing goes through any more, and nothing says so, for ever

  // Of all connections, those to come as well.
  void set_frozen(bool frozen);  // until it is set to false
  /// At most `bytes` at a time, with a pause before each piece.
  void set_pieces(std::size_t bytes, std::chrono::milliseconds pause);
  /// Ends with a reset when nothing went through for as long. Zero: never.
  void set_idle_limit(std::chrono::milliseconds limit);

  // Of connections to come.
  /// Accepts and then neither reads nor answers.
  void set_silent(bool silent);
  /// Refuses: nobody listens any more, at the same port.
  void set_listening(bool listening);
  /// The next `connections` connections are reset when as many bytes have gone to the client.
  void cut_after(std::size_t bytes, std::size_t connections = 1);

  /// What happens to a frame on its way to the client.
  struct verdict {
    verdict() = default;
    std::string before;  // bytes to send ahead of it
    std::string after;   // bytes to send behind it
  };
  using watcher = std::function<verdict(std::size_t connection, const http2::frame& head)>;
  /// Looks at every frame that goes to the client, of connections to come. Called on the gate's thread.
  void watch(watcher watch);
  /// Sends bytes to the clients of all open, watched connections, between two frames.
  void inject(std::string bytes);

  std::size_t accepted() const;
  std::size_t open() const;
  std::size_t bytes_to_client() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};
