// Every example is run as its users run it: as a program of its own.
#include "support.hpp"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace {

using namespace spark_tests;

struct ended_program {
  int status = -1;
  std::string output;  // of both streams
};

ended_program run_shell(const std::string& script) {
  ended_program ended;
  const std::string command = "exec 2>&1; " + script;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> part{};
  while (const auto size = fread(part.data(), 1, part.size(), pipe)) ended.output.append(part.data(), size);
  const int status = pclose(pipe);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  INFO(ended.output);
  return ended;
}

std::string program(const std::string& name) {
  return std::string(COSPARK_EXAMPLES) + '/' + name;
}

// Runs an example against the server of the tests, for three minutes at most.
ended_program run_example(const std::string& name, const std::string& arguments = "") {
  return run_shell("SPARK_REMOTE='" + shared_server().remote() + "' timeout 180 " + program(name) + ' ' + arguments);
}

bool has(const ended_program& ended, std::string_view text) {
  return ended.output.find(text) != std::string::npos;
}

// Spark 4.0 tells a query as failed that was stopped while a batch of it was planned: 1 of 12 stops of a join, with an
// exception that has neither a condition of its own nor a message.
bool was_stopped(const ended_program& ended, const std::string& query) {
  if (spark_version().rfind("4.0", 0) == 0 &&
      has(ended, query + ": streaming query failed, STREAM_FAILED because of STREAM_FAILED")) {
    return true;
  }
  return has(ended, query + ": stopped");
}

}  // namespace

TEST_CASE("example 01: a first stream, the program of the README", "[examples]") {
  const auto ended = run_example("01_first_stream");
  INFO(ended.output);
  CHECK(ended.status == 0);
  CHECK(has(ended, "window|count|"));
}

TEST_CASE("example 02: files to parquet go on from their checkpoint", "[examples]") {
  folder files;
  const auto root = std::filesystem::path(files.put("in", "1.json",
                                                    "{\"id\":1,\"kind\":\"book\",\"price\":20}\n"
                                                    "{\"id\":4,\"kind\":\"book\",\"price\":40}\n"
                                                    "{\"id\":2,\"kind\":\"game\",\"price\":5}\n"))
                        .parent_path()
                        .string();
  const auto first = run_example("02_files_to_parquet", root);
  INFO(first.output);
  CHECK(first.status == 0);
  CHECK(has(first, "rows read in this run: 2"));  // Spark's JSON reader drops the cheap one itself
  files.put("in", "2.json", "{\"id\":3,\"kind\":\"game\",\"price\":30}\n");
  const auto second = run_example("02_files_to_parquet", root);
  INFO(second.output);
  CHECK(second.status == 0);
  CHECK(has(second, "rows read in this run: 1"));
  CHECK(has(second, "|game|    1|"));
  // The first line names the query, the second one this run of it.
  const auto line = [](const std::string& text, std::size_t number) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < number; ++i) begin = text.find('\n', begin) + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  CHECK(line(first.output, 0) == line(second.output, 0));
  CHECK(line(first.output, 1) != line(second.output, 1));
}

TEST_CASE("example 03: many queries, and one failure", "[examples]") {
  const auto ended = run_example("03_many_queries");
  INFO(ended.output);
  CHECK(ended.status == 0);
  CHECK(has(ended, "the first to end: number-7"));
  CHECK(has(ended, "number-7: streaming query failed [STREAM_FAILED]"));
  CHECK(has(ended, "number-9: stopped"));
}

TEST_CASE("example 04: timeouts and cancellation", "[examples]") {
  const auto ended = run_example("04_timeouts_and_cancellation");
  INFO(ended.output);
  CHECK(ended.status == 0);
  CHECK(has(ended, "ended within a second: false"));
  CHECK(has(ended, "cancelled the wait: true"));
  CHECK(has(ended, "the query goes on: true"));
  CHECK(has(ended, "gave up the computation: true"));
}

TEST_CASE("example 05: a server answers GET /queries while the queries run, on the same thread", "[examples]") {
  const std::string port = std::to_string(20'000 + getpid() % 10'000);
  const auto ended = run_shell("exec bash -c 'export SPARK_REMOTE=\"" + shared_server().remote() + "\"; timeout 120 " +
                               program("05_http_server") + " " + port +
                               " 8 & server=$!; "
                               "for i in $(seq 400); do if exec 3<>/dev/tcp/127.0.0.1/" +
                               port +
                               "; then "
                               "printf \"GET /queries HTTP/1.1\\r\\n\\r\\n\" >&3; cat <&3; break; fi; sleep 0.2; done; "
                               "wait $server'");
  INFO(ended.output);
  CHECK(ended.status == 0);
  CHECK(has(ended, "HTTP/1.1 200 OK"));
  CHECK(has(ended, "\"name\":\"second\""));
}

TEST_CASE("example 06: the same without coroutines", "[examples]") {
  const auto ended = run_example("06_without_coroutines");
  INFO(ended.output);
  CHECK(ended.status == 0);
  CHECK(has(ended, "rows after four seconds: "));
}

TEST_CASE("example 07: a supervisor starts again what has ended", "[examples]") {
  const auto ended = run_example("07_events");
  INFO(ended.output);
  CHECK(ended.status == 0);
  CHECK(has(ended, "ALERT steady was stopped"));
  CHECK(has(ended, "steady goes on, as the same query: true, as the same run: false"));
  CHECK(has(ended, "ALERT doomed failed: DIVIDE_BY_ZERO"));
  CHECK(has(ended, "doomed is given up after 3 runs"));
  CHECK_FALSE(has(ended, "rows seen: 0\n"));
  CHECK(has(ended, "waits: events, chosen automatically"));
}

TEST_CASE("the demo: four queries on one thread, one stopped, one failed", "[examples]") {
  const auto home = server_options().spark_home.string();
  const auto ended = run_shell("SPARK_HOME='" + home + "' timeout 300 " + program("demo"));
  INFO(ended.output);
  CHECK(ended.status == 0);
  CHECK(was_stopped(ended, "counts"));
  CHECK(was_stopped(ended, "orders"));
  CHECK(was_stopped(ended, "joined"));
  CHECK(has(ended, "doomed: streaming query failed, STREAM_FAILED because of DIVIDE_BY_ZERO (SQLSTATE 22012)"));
  CHECK(has(ended, "Division by zero"));
  CHECK(has(ended, "Rows in the parquet files: "));
  CHECK(has(ended, "Threads of this process: "));
}
