// When a server that was just started is ready.
#include "session/wait_until_answers.hpp"

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <tuple>

namespace cospark::local {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds poll_interval{20};
constexpr std::chrono::milliseconds longest_try{1000};

// The client's preface with empty SETTINGS. A server answers with its own SETTINGS frame (RFC 9113, 3.4).
constexpr std::string_view preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
constexpr std::size_t frame_header_size = 9;
constexpr std::size_t frame_type_at = 3;
constexpr unsigned char settings_frame = 4;

// One try. Polls, so that one coroutine can look at the socket and at the clock.
asio::awaitable<bool> answers(std::uint16_t port, steady_clock::time_point until) {
  asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
  const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  std::error_code problem;
  socket.open(endpoint.protocol(), problem);
  if (!problem) socket.non_blocking(true, problem);
  if (problem) co_return false;
  // Asio's own connect would block here. A refused connection shows when it is written to.
  std::ignore = ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));

  std::array<unsigned char, frame_header_size> header{};
  std::size_t sent = 0;
  std::size_t received = 0;
  while (steady_clock::now() < until) {
    if (sent < preface.size()) {
      sent += socket.write_some(asio::buffer(preface.substr(sent)), problem);
    } else {
      received += socket.read_some(asio::buffer(header.data() + received, header.size() - received), problem);
    }
    if (problem && problem != asio::error::would_block) co_return false;
    if (received == header.size()) co_return header[frame_type_at] == settings_frame;
    if (problem) co_await nap(poll_interval);
  }
  co_return false;
}

}  // namespace

asio::awaitable<void> nap(std::chrono::milliseconds duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

task<> wait_until_answers(std::uint16_t port, steady_clock::time_point deadline, std::function<result<void>()> alive) {
  while (true) {
    COSPARK_TRY(alive());
    const auto now = steady_clock::now();
    if (now >= deadline) co_return failure(errc::timed_out, "no answer on port " + std::to_string(port));
    const bool ready = co_await answers(port, std::min(deadline, now + longest_try));
    if (ready) co_return success();
    co_await nap(poll_interval);
  }
}

}  // namespace cospark::local
