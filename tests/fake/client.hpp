// What the tests against the scriptable server have in common.
#pragma once

#include "catch.hpp"
#include "connect/session_state.hpp"
#include "execute/operation.hpp"
#include "testing/script.hpp"

#include <cospark/run.hpp>
#include <cospark/session.hpp>
#include <cospark/testing.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fake {

using namespace std::chrono_literals;
using namespace cospark::testing;
using cospark::errc;
using cospark::result;
using cospark::task;
namespace proto = spark::connect;

constexpr int unavailable = 14;

/// Runs the context until the condition holds; false after half a minute.
inline bool eventually(asio::io_context& io, const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    io.restart();
    io.run_for(2ms);
  }
  return true;
}

/// Runs the context for a while, whatever happens.
inline void let_run(asio::io_context& io, std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    io.restart();
    io.run_for(2ms);
  }
}

/// The numbers of all responses, and how it ended.
struct collected {
  std::vector<int> numbers;
  std::optional<cospark::error> error;
};

/// A session at the level of executions, with quick retries.
struct client {
  explicit client(const server& to, cospark::session_options options = quick())
      : client(to.remote(), std::move(options)) {}
  explicit client(std::string where, cospark::session_options options = quick()) : remote(std::move(where)) {
    auto opened = cospark::run(io, cospark::connect::open_session(remote, std::move(options)));
    REQUIRE(opened);
    session = std::move(opened).value();
  }

  static cospark::session_options quick() {
    cospark::session_options options;
    options.retries.initial_backoff = 5ms;
    options.retries.max_backoff = 100ms;
    if (std::getenv("COSPARK_TEST_PRINT_LOG") != nullptr) options.log = print;  // a check looks for tokens in it
    return options;
  }

  static void print(const cospark::log_entry& entry) {
    std::clog << entry.component << ": " << entry.message;
    for (const auto& [name, value] : entry.fields) std::clog << ' ' << name << '=' << value;
    std::clog << '\n';
  }

  cospark::execute::operation rows(cospark::connect::execute_options options = cospark::connect::execute_options()) {
    proto::Plan plan;
    plan.mutable_root()->mutable_range()->set_end(1);
    return cospark::connect::execute(session, std::move(plan), std::move(options));
  }

  std::size_t background_calls() const { return session->link()->background_calls(); }
  /// Collects the rows in the background, into `ended`.
  void begin_rows(cospark::connect::execute_options options = cospark::connect::execute_options());
  bool until_ended(std::size_t count) {
    return eventually(io, [&] { return ended.size() >= count; });
  }
  /// A short call.
  result<proto::ConfigResponse> short_call() {
    proto::ConfigRequest request;
    request.mutable_operation()->mutable_get_all();
    return cospark::run(io, cospark::connect::configure(session, std::move(request)));
  }
  /// Lets what goes on in the background end.
  bool settle() {
    return eventually(io, [this] { return background_calls() == 0; });
  }

  std::string remote;
  asio::io_context io;
  cospark::connect::session_ptr session;
  std::vector<collected> ended;
};

inline task<collected> collect(cospark::execute::operation operation) {
  collected all;
  for (;;) {
    auto next = co_await operation.next();
    if (!next) {
      all.error = next.error();
      co_return all;
    }
    if (!next.assume_value()) co_return all;
    if (next.assume_value()->has_arrow_batch()) {
      all.numbers.push_back(static_cast<int>(next.assume_value()->arrow_batch().start_offset()));
    }
  }
}

inline void client::begin_rows(cospark::connect::execute_options options) {
  auto store = [this](result<collected> value) { ended.push_back(std::move(value).value()); };
  cospark::spawn(io.get_executor(), collect(rows(std::move(options))), store);
}

inline std::vector<proto::ExecutePlanResponse> numbered_responses(int count) {
  std::vector<proto::ExecutePlanResponse> responses;
  for (int i = 0; i < count; ++i) responses.push_back(numbered(i));
  return responses;
}

inline std::vector<int> up_to(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace fake
