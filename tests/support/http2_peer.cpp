#include "http2_peer.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <array>
#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

using asio::ip::tcp;

class http2_peer::impl {
 public:
  impl(answer reply, std::string greeting)
      : answer_(std::move(reply)),
        greeting_(std::move(greeting)),
        listener_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port(listener_.local_endpoint().port()) {
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~impl() {
    io_.stop();
    thread_.join();
  }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      tcp::socket socket(io_);
      co_await listener_.async_accept(socket, asio::use_awaitable);
      ++connections;
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    try {
      std::string received(http2::preface.size(), '\0');
      co_await asio::async_read(socket, asio::buffer(received), asio::use_awaitable);
      std::string send = http2::settings() + greeting_;
      received.clear();
      std::array<char, 16384> buffer{};
      for (;;) {
        co_await asio::async_write(socket, asio::buffer(send), asio::use_awaitable);
        const auto count = co_await socket.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        received.append(buffer.data(), count);
        send.clear();
        while (const auto head = http2::next_frame(received)) {
          send += react(*head, std::string_view(received).substr(http2::head_size, head->length));
          received.erase(0, http2::head_size + head->length);
        }
      }
    } catch (const std::system_error&) {  // the client has gone
    }
  }

  std::string react(const http2::frame& head, std::string_view payload) {
    const bool is_ack = (head.flags & http2::ack) != 0;
    if (head.what == http2::kind::settings && !is_ack) return make_frame(head.what, http2::ack, 0, {});
    if (head.what == http2::kind::ping && !is_ack) return make_frame(head.what, http2::ack, 0, payload);
    if (!head.ends_stream()) return {};
    ++requests;
    return answer_(head.stream);
  }

  asio::io_context io_;
  answer answer_;
  std::string greeting_;
  tcp::acceptor listener_;
  std::thread thread_;

 public:
  const std::uint16_t port;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> requests{0};
};

http2_peer::http2_peer(answer reply, std::string greeting)
    : impl_(std::make_unique<impl>(std::move(reply), std::move(greeting))) {}
http2_peer::~http2_peer() = default;

std::uint16_t http2_peer::port() const {
  return impl_->port;
}
std::string http2_peer::remote() const {
  return "sc://localhost:" + std::to_string(port());
}
std::size_t http2_peer::connections() const {
  return impl_->connections.load();
}
std::size_t http2_peer::requests() const {
  return impl_->requests.load();
}
