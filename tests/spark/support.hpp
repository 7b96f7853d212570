// Tests on a real Spark: one server for the whole run, a session and an event loop for every test.
#pragma once

#include "catch.hpp"

#include <cospark/cospark.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spark_tests {

namespace f = cospark::functions;
using namespace std::chrono_literals;

/// A test in a coroutine; assertions work as usual.
using check = asio::awaitable<void>;

/// Environment: COSPARK_SPARK_VERSION, and COSPARK_SPARK_HOME or COSPARK_SPARK_HOME_<version with underscores>.
std::string spark_version();
bool spark_is_at_least(int major, int minor);
int number_of_the_environment(const std::string& name, int otherwise);
/// Of a server of the test's own, too; with the settings of COSPARK_SPARK_CONF ("name=value,name=value").
cospark::local_server_options server_options();
/// The server that all tests share; it starts when it is first asked for and stops at the end of the run.
const cospark::local_server& shared_server();

/// Runs a test with a session of its own, which is stopped afterwards whatever happens.
void spark_test(const std::function<check(cospark::session)>& body);
/// The same without a session.
void event_loop_test(const std::function<check()>& body, std::chrono::seconds limit = 180s);

/// The value, or the end of the test with the error's text.
template <class T>
T must(cospark::result<T> outcome) {
  if (!outcome) FAIL(outcome.error().to_string());
  if constexpr (!std::is_void_v<T>) return std::move(outcome).assume_value();
}

/// The error of what has to fail.
template <class T>
cospark::error fails(const cospark::result<T>& outcome) {
  if (outcome) FAIL("succeeded, but had to fail");
  return outcome.error();
}

asio::awaitable<void> pause(std::chrono::milliseconds time);

/// Asks again until the answer is yes; the test fails if that takes too long.
asio::awaitable<void> eventually(std::function<asio::awaitable<bool>()> holds, std::chrono::seconds limit = 60s);

/// The rows as texts such as "{1, x}", in their order and sorted.
asio::awaitable<std::vector<std::string>> rows_of(cospark::data_frame frame);
asio::awaitable<std::vector<std::string>> sorted_rows_of(cospark::data_frame frame);
/// The schema as Spark's simple string.
asio::awaitable<std::string> schema_of(cospark::data_frame frame);

using lines = std::vector<std::string>;
/// A list of texts that can stand in one expression with `co_await`, where g++ 12 takes no braces.
template <class... T>
lines these(const T&... texts) {
  return lines{std::string(texts)...};
}

/// A folder for the files of one test.
class folder {
 public:
  folder();
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder();

  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  /// Puts a file into a sub-folder, in one step as streaming sources demand, and returns the sub-folder.
  std::string put(std::string_view subfolder, std::string_view name, std::string_view content) const;
  /// Names of the files below that end so, relative to the folder, sorted.
  std::vector<std::string> files(std::string_view suffix) const;

 private:
  std::filesystem::path path_;
};

/// A stream of three events (a: 1, b: 2, a: 3) from JSON files, which has an end: `process_all_available` waits for it.
cospark::data_frame three_events(const cospark::session& spark, const folder& files);
inline constexpr std::string_view event_schema = "k STRING, v BIGINT";

/// A query that goes on until it is stopped, with a batch every 200 ms, and one that divides by zero in its first
/// batch.
asio::awaitable<cospark::streaming_query> endless(cospark::session spark);
asio::awaitable<cospark::streaming_query> failing(cospark::session spark);
/// A query that has one batch an hour: for what is about waits, not about work.
asio::awaitable<cospark::streaming_query> sleeper(cospark::session spark);

/// A query name that no other test of this run has.
std::string unique(std::string_view name);

/// Takes what is printed to standard output meanwhile.
class captured_output {
 public:
  captured_output() : before_(std::cout.rdbuf(text_.rdbuf())) {}
  captured_output(const captured_output&) = delete;
  captured_output& operator=(const captured_output&) = delete;
  ~captured_output() { std::cout.rdbuf(before_); }

  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

/// Threads of a process.
int threads_of(int process_id);
/// Threads of a server by which Spark Connect carries out operations and sends their answers.
int operation_threads_of(int process_id);

}  // namespace spark_tests
