#include "tcp_gate.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <limits>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct connection {
  explicit connection(asio::io_context& io) : client(io), server(io) {}

  std::size_t number = 0;
  tcp::socket client;
  tcp::socket server;
  bool frozen = false;
  bool silent = false;
  bool writing = false;  // to the client
  std::optional<std::size_t> left;
  tcp_gate::watcher watch;
  clock_type::time_point last_use = clock_type::now();

  bool is_open() const { return client.is_open(); }
  void close() {
    std::error_code ignored;
    client.close(ignored);
    server.close(ignored);
  }
  void reset() {
    std::error_code ignored;
    client.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
  }
};
using connection_ptr = std::shared_ptr<connection>;

asio::awaitable<void> sleep(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

class tcp_gate::impl {
 public:
  impl(std::uint16_t to, const std::string& address) : target(to), listener_(io_) {
    endpoint_ = tcp::endpoint(asio::ip::make_address(address), 0);
    listen();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~impl() {
    io_.stop();
    thread_.join();
  }

  template <class Function>
  void on_thread(Function function) {
    std::promise<void> done;
    asio::post(io_, [&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  template <class Function>
  void for_each_open(Function function) {
    on_thread([&] {
      for (const auto& each : connections_) {
        if (each->is_open()) function(each);
      }
    });
  }

  void listen() {
    listener_ = tcp::acceptor(io_);
    listener_.open(endpoint_.protocol());
    listener_.set_option(asio::socket_base::reuse_address(true));
    listener_.bind(endpoint_);
    listener_.listen();
    endpoint_ = listener_.local_endpoint();
    asio::co_spawn(io_, accept(), asio::detached);
  }
  void stop_listening() {
    std::error_code ignored;
    listener_.close(ignored);
  }

  std::size_t open() {
    std::size_t count = 0;
    for_each_open([&](const auto&) { ++count; });
    return count;
  }

  void inject(const std::string& bytes) {
    for_each_open([&](const connection_ptr& to) {
      if (to->watch) asio::co_spawn(io_, inject_into(to, bytes), asio::detached);
    });
  }

  std::uint16_t port() const { return endpoint_.port(); }

  // Only on the gate's thread.
  std::uint16_t target;
  bool frozen = false;
  bool silent = false;
  std::size_t piece = std::numeric_limits<std::size_t>::max();
  std::chrono::milliseconds pause{0};
  std::chrono::milliseconds idle_limit{0};
  std::size_t cut = 0;
  std::size_t cuts = 0;
  watcher watch;

  std::atomic<std::size_t> accepted{0};
  std::atomic<std::size_t> to_client{0};

 private:
  asio::awaitable<void> accept() {
    try {
      for (;;) {
        auto made = std::make_shared<connection>(io_);
        co_await listener_.async_accept(made->client, asio::use_awaitable);
        made->number = accepted++;
        made->silent = silent;
        made->watch = watch;
        if (cuts > 0) {
          --cuts;
          made->left = cut;
        }
        std::erase_if(connections_, [](const auto& each) { return !each->is_open(); });
        connections_.push_back(made);
        if (!made->silent) asio::co_spawn(io_, relay(made), asio::detached);
      }
    } catch (const std::system_error&) {  // it does not listen any more
    }
  }

  asio::awaitable<void> relay(connection_ptr through) {
    try {
      const tcp::endpoint to(asio::ip::address_v4::loopback(), target);
      co_await through->server.async_connect(to, asio::use_awaitable);
      through->client.set_option(tcp::no_delay(true));
      through->server.set_option(tcp::no_delay(true));
      asio::co_spawn(io_, pump(through, true), asio::detached);
      asio::co_spawn(io_, pump(through, false), asio::detached);
      asio::co_spawn(io_, end_when_idle(through), asio::detached);
    } catch (const std::system_error&) {
      through->reset();
    }
  }

  asio::awaitable<void> pump(connection_ptr through, bool to_the_client) {
    auto& from = to_the_client ? through->server : through->client;
    std::array<char, 16384> buffer{};
    std::string waiting;  // the beginning of a frame
    try {
      for (;;) {
        const auto count = co_await from.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        while (frozen || through->frozen) co_await sleep(2ms);
        std::string bytes(buffer.data(), count);
        if (to_the_client && through->watch) {
          waiting += bytes;
          bytes = watched(*through, waiting);
        }
        co_await pass(through, std::move(bytes), to_the_client);
      }
    } catch (const std::system_error&) {
      // A frozen connection says nothing, not even that it has ended.
      if (!through->frozen) through->close();
    }
  }

  // Takes complete frames out.
  static std::string watched(const connection& through, std::string& waiting) {
    std::string bytes;
    while (const auto head = http2::next_frame(waiting)) {
      const auto what = through.watch(through.number, *head);
      const auto size = http2::head_size + head->length;
      bytes += what.before + waiting.substr(0, size) + what.after;
      waiting.erase(0, size);
    }
    return bytes;
  }

  asio::awaitable<void> pass(connection_ptr through, std::string bytes, bool to_the_client) {
    auto& to = to_the_client ? through->client : through->server;
    while (to_the_client && through->writing) co_await sleep(1ms);
    if (to_the_client) through->writing = true;
    for (std::size_t done = 0; done < bytes.size();) {
      if (pause.count() > 0) co_await sleep(pause);
      auto size = std::min(piece, bytes.size() - done);
      if (to_the_client && through->left) size = std::min(size, *through->left);
      if (size > 0) {
        co_await asio::async_write(to, asio::buffer(bytes.data() + done, size), asio::use_awaitable);
        through->last_use = clock_type::now();
        done += size;
        if (to_the_client) to_client += size;
      }
      if (to_the_client && through->left && (*through->left -= size) == 0) {
        through->reset();
        break;
      }
    }
    if (to_the_client) through->writing = false;
  }

  asio::awaitable<void> inject_into(connection_ptr through, std::string bytes) {
    try {
      co_await pass(through, std::move(bytes), true);
    } catch (const std::system_error&) {  // it has ended
    }
  }

  asio::awaitable<void> end_when_idle(connection_ptr through) {
    while (through->is_open()) {
      co_await sleep(10ms);
      if (idle_limit.count() > 0 && clock_type::now() - through->last_use > idle_limit) through->reset();
    }
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  tcp::acceptor listener_;
  tcp::endpoint endpoint_;
  std::vector<connection_ptr> connections_;
  std::thread thread_;
};

tcp_gate::tcp_gate(std::uint16_t target, const std::string& address) : impl_(std::make_unique<impl>(target, address)) {}
tcp_gate::~tcp_gate() = default;

std::uint16_t tcp_gate::port() const {
  return impl_->port();
}
std::string tcp_gate::remote() const {
  return "sc://localhost:" + std::to_string(port());
}

void tcp_gate::set_target(std::uint16_t port) {
  impl_->on_thread([&] { impl_->target = port; });
}
void tcp_gate::reset() {
  impl_->for_each_open([](const connection_ptr& each) { each->reset(); });
}
void tcp_gate::close() {
  impl_->for_each_open([](const connection_ptr& each) { each->close(); });
}
void tcp_gate::half_close() {
  impl_->for_each_open([](const connection_ptr& each) {
    std::error_code ignored;
    each->client.shutdown(tcp::socket::shutdown_send, ignored);
  });
}
void tcp_gate::freeze() {
  impl_->for_each_open([](const connection_ptr& each) { each->frozen = true; });
}
void tcp_gate::set_frozen(bool frozen) {
  impl_->on_thread([&] { impl_->frozen = frozen; });
}
void tcp_gate::set_pieces(std::size_t bytes, std::chrono::milliseconds pause) {
  impl_->on_thread([&] {
    impl_->piece = bytes;
    impl_->pause = pause;
  });
}
void tcp_gate::set_idle_limit(std::chrono::milliseconds limit) {
  impl_->on_thread([&] { impl_->idle_limit = limit; });
}
void tcp_gate::set_silent(bool silent) {
  impl_->on_thread([&] { impl_->silent = silent; });
}
void tcp_gate::set_listening(bool listening) {
  impl_->on_thread([&] {
    if (listening) {
      impl_->listen();
    } else {
      impl_->stop_listening();
    }
  });
}
void tcp_gate::cut_after(std::size_t bytes, std::size_t connections) {
  impl_->on_thread([&] {
    impl_->cut = bytes;
    impl_->cuts = connections;
  });
}
void tcp_gate::watch(watcher watch) {
  impl_->on_thread([&] { impl_->watch = std::move(watch); });
}
void tcp_gate::inject(std::string bytes) {
  impl_->inject(bytes);
}
std::size_t tcp_gate::accepted() const {
  return impl_->accepted.load();
}
std::size_t tcp_gate::open() const {
  return impl_->open();
}
std::size_t tcp_gate::bytes_to_client() const {
  return impl_->to_client.load();
}
