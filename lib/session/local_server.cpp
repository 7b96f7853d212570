// A Spark Connect server of this machine, as a child process.
#include <cospark/local_server.hpp>

#include "session/child_process.hpp"
#include "session/server_command.hpp"
#include "session/wait_until_answers.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace cospark {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct detail::local_server_state {
  local_server_state() = default;
  local_server_state(const local_server_state&) = delete;
  local_server_state& operator=(const local_server_state&) = delete;
  ~local_server_state() {
    child.send(SIGKILL);
    remove_work_dir();
  }

  void remove_work_dir() const {
    std::error_code ignored;
    if (owns_work_dir) fs::remove_all(work_dir, ignored);
  }

  local::child_process child;
  local_server_options options;
  std::uint16_t port = 0;
  fs::path work_dir;
  fs::path log_file;
  bool owns_work_dir = false;
  bool owns_log_file = false;
  bool stopped = false;
};

namespace {

using state_ptr = std::shared_ptr<detail::local_server_state>;

constexpr milliseconds exit_poll_interval{10};
constexpr milliseconds killed_timeout{std::chrono::seconds(10)};
constexpr std::size_t quoted_log_bytes = 2000;

std::string last_lines(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return "(cannot be read)";
  const auto size = static_cast<std::size_t>(stream.tellg());
  std::string text(std::min(size, quoted_log_bytes), '\0');
  stream.seekg(static_cast<std::streamoff>(size - text.size()));
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (text.size() < size) text.erase(0, text.find('\n') + 1);
  return text.empty() ? "(empty)" : text;
}

error server_failure(const detail::local_server_state& state, const std::string& what) {
  return error(errc::local_server_failed, "the Spark server " + what + ". Its log " + state.log_file.string() +
                                              " ends with:\n" + last_lines(state.log_file));
}

// Keeps a free port for us: others do not get it while this socket is bound, but the server can listen on it, since
// both allow reuse and only one listens.
result<asio::ip::tcp::socket> reserve_port(asio::io_context& context, std::uint16_t port) {
  asio::ip::tcp::socket socket(context);
  std::error_code problem;
  socket.open(asio::ip::tcp::v4(), problem);
  if (!problem) socket.set_option(asio::socket_base::reuse_address(true), problem);
  if (!problem) socket.bind(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port), problem);
  if (problem) {
    return failure(errc::local_server_failed, "cannot use port " + std::to_string(port) +
                                                  " of 127.0.0.1 for a Spark server: " + problem.message());
  }
  return socket;
}

result<fs::path> new_temporary(const std::string& pattern, bool folder) {
  std::error_code problem;
  std::string name = (fs::temp_directory_path(problem) / pattern).string();
  const int suffix = static_cast<int>(fs::path(pattern).extension().string().size());
  const int file = folder ? 0 : ::mkostemps(name.data(), suffix, O_CLOEXEC);
  if (folder ? ::mkdtemp(name.data()) == nullptr : file < 0) {
    return failure(errc::local_server_failed, "cannot create " + name + ": " + std::generic_category().message(errno));
  }
  if (!folder) ::close(file);
  return fs::path(name);
}

result<void> prepare_files(detail::local_server_state& state) {
  state.work_dir = state.options.work_dir;
  if (state.work_dir.empty()) {
    COSPARK_TRY_RETURN(state.work_dir, new_temporary("cospark-server-XXXXXX", true));
    state.owns_work_dir = true;
  }
  std::error_code problem;
  state.work_dir = fs::absolute(state.work_dir);
  fs::create_directories(state.work_dir / "scratch", problem);
  if (problem) {
    return failure(errc::invalid_argument, "cannot create local_server_options::work_dir " + state.work_dir.string() +
                                               ": " + problem.message());
  }
  state.log_file = state.options.log_file;
  if (state.log_file.empty()) {
    COSPARK_TRY_RETURN(state.log_file, new_temporary("cospark-server-XXXXXX.log", false));
    state.owns_log_file = true;
  }
  return success();
}

// Waits until the child is gone, at most so long; tells whether it is.
asio::awaitable<bool> gone_within(state_ptr state, milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  while (!state->child.poll()) {
    if (steady_clock::now() >= deadline) co_return false;
    co_await local::nap(exit_poll_interval);
  }
  co_return true;
}

// Whichever way a coroutine ends, the child has ended or is about to.
struct killed_on_exit {
  explicit killed_on_exit(state_ptr state) : state_(std::move(state)) {}
  killed_on_exit(const killed_on_exit&) = delete;
  killed_on_exit& operator=(const killed_on_exit&) = delete;
  ~killed_on_exit() { state_->child.send(SIGKILL); }

 private:
  state_ptr state_;
};

task<> kill_server(state_ptr state) {
  state->stopped = true;
  state->child.send(SIGKILL);
  const bool gone = co_await gone_within(state, killed_timeout);
  if (!gone) co_return server_failure(*state, "does not end although it was killed");
  state->remove_work_dir();
  co_return success();
}

task<> stop_server(state_ptr state) {
  if (state->stopped) co_return success();
  state->stopped = true;
  const killed_on_exit guard(state);
  if (const auto ended = state->child.poll()) {
    state->remove_work_dir();
    co_return server_failure(*state, "had ended by itself (" + ended->to_string() + ")");
  }
  state->child.send(SIGTERM);
  const bool gone = co_await gone_within(state, state->options.stop_timeout);
  if (!gone) COSPARK_TRY(co_await kill_server(state));
  state->remove_work_dir();
  std::error_code ignored;
  if (state->owns_log_file) fs::remove(state->log_file, ignored);
  co_return success();
}

task<state_ptr> start_server(local_server_options options) {
  const auto state = std::make_shared<detail::local_server_state>();
  state->options = std::move(options);
  const auto deadline = steady_clock::now() + state->options.start_timeout;
  asio::io_context reservation_context;
  COSPARK_TRY(auto reservation, reserve_port(reservation_context, state->options.port));
  state->port = reservation.local_endpoint().port();
  COSPARK_TRY(prepare_files(*state));
  const auto command = local::make_server_command(state->options, state->port, state->work_dir);
  if (!command) {  // nothing was started that could have written to the log
    std::error_code ignored;
    if (state->owns_log_file) fs::remove(state->log_file, ignored);
    co_return command.error();
  }
  COSPARK_TRY(state->child.spawn(command.value().arguments, command.value().environment, state->log_file));

  const auto alive = [state]() -> result<void> {
    const auto ended = state->child.poll();
    if (!ended) return success();
    return server_failure(*state, "ended while it started (" + ended->to_string() + ")");
  };
  const auto ready = co_await local::wait_until_answers(state->port, deadline, alive);
  if (ready) co_return state;
  if (ready.error() != errc::timed_out) co_return ready.error();
  COSPARK_TRY(co_await kill_server(state));
  co_return server_failure(
      *state, "did not answer within " + std::to_string(state->options.start_timeout.count()) + " ms and was killed");
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char character : text) {
    if (unreserved.find(character) != std::string_view::npos) {
      encoded += character;
      continue;
    }
    const auto byte = static_cast<unsigned char>(character);
    encoded += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
  }
  return encoded;
}

// Inside, a cancelled wait is the exception that Asio makes of it.
template <class T>
task<T> cancellable(task<T> operation, std::string what) {
  try {
    co_return co_await std::move(operation);
  } catch (const std::system_error& thrown) {
    if (thrown.code() != asio::error::operation_aborted) throw;
  }
  co_return failure(errc::cancelled, "cancelled " + what + "; the server was killed");
}

}  // namespace

task<local_server> local_server::start(local_server_options options) {
  COSPARK_TRY(auto state, co_await cancellable(start_server(std::move(options)), "while the Spark server started"));
  co_return local_server(std::move(state));
}

std::string local_server::remote() const {
  const std::string address = "sc://localhost:" + std::to_string(state_->port);
  return state_->options.token.empty() ? address : address + "/;token=" + percent_encoded(state_->options.token);
}

std::uint16_t local_server::port() const noexcept {
  return state_->port;
}
int local_server::process_id() const noexcept {
  return state_->child.id();
}
const fs::path& local_server::log_file() const noexcept {
  return state_->log_file;
}

task<> local_server::stop() {
  return cancellable(stop_server(state_), "while the Spark server stopped");
}
task<> local_server::kill() {
  return cancellable(kill_server(state_), "while the Spark server ended");
}

}  // namespace cospark
