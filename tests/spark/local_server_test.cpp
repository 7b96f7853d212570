// Servers of this machine: they start, answer, and leave nothing behind.
#include "support.hpp"

#include <fstream>

using namespace spark_tests;

namespace {

bool process_exists(int process_id) {
  return std::filesystem::exists("/proc/" + std::to_string(process_id));
}

}  // namespace

TEST_CASE("A local server starts, answers, and is gone after stop", "[own_server]") {
  event_loop_test([]() -> check {
    folder files;
    auto options = server_options();
    options.work_dir = files / "work";
    options.log_file = files / "server.log";
    auto server = must(co_await cospark::local_server::start(options));
    const int process = server.process_id();
    CHECK(process_exists(process));
    CHECK(server.remote() == "sc://localhost:" + std::to_string(server.port()));
    const auto spark = must(co_await cospark::session::connect(server.remote()));
    CHECK(spark.version() == spark_version());
    CHECK(must(co_await spark.range(3).count()) == 3);
    must(co_await spark.stop());
    must(co_await server.stop());
    CHECK_FALSE(process_exists(process));
    CHECK(std::filesystem::exists(files / "server.log"));
    must(co_await server.stop());
  });
}

TEST_CASE("What a client of a killed server waits for ends with an error", "[own_server]") {
  event_loop_test([]() -> check {
    auto server = must(co_await cospark::local_server::start(server_options()));
    cospark::session_options options;
    options.retries.max_attempts = 2;
    const auto spark = must(co_await cospark::session::connect(server.remote(), options));
    const auto query = must(co_await spark.read_stream().format("rate").load().write_stream().format("noop").start());
    const int process = server.process_id();
    must(co_await server.kill());
    CHECK_FALSE(process_exists(process));
    const auto ended = fails(co_await query.await_termination());
    INFO(ended.to_string());
    const bool typed = ended == cospark::errc::unavailable || ended == cospark::errc::session_lost;
    CHECK(typed);
  });
}

TEST_CASE("A server that ends while it starts is an error that names the log file and shows its last lines",
          "[own_server]") {
  event_loop_test([]() -> check {
    folder files;
    auto options = server_options();
    options.log_file = files / "server.log";
    options.conf["spark.master"] = "no-such-master";
    const auto error = fails(co_await cospark::local_server::start(options));
    INFO(error.to_string());
    CHECK(error == cospark::errc::local_server_failed);
    CHECK(error.message().find(files / "server.log") != std::string::npos);
    CHECK(error.message().find("no-such-master") != std::string::npos);
  });
}

TEST_CASE("A port that is taken makes the start fail, not hang", "[own_server]") {
  event_loop_test([]() -> check {
    auto options = server_options();
    options.port = shared_server().port();
    options.conf["spark.port.maxRetries"] = "0";
    const auto error = fails(co_await cospark::local_server::start(options));
    INFO(error.to_string());
    CHECK(error == cospark::errc::local_server_failed);
    CHECK(process_exists(shared_server().process_id()));
  });
}
