// local_server with small scripts in the place of Java: everything that needs no Spark.
#include "catch.hpp"

#include <cospark/local_server.hpp>
#include <cospark/run.hpp>

#include "session/server_command.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/steady_timer.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

namespace {

namespace fs = std::filesystem;
using cospark::errc;
using cospark::local_server;
using cospark::local_server_options;
using namespace std::chrono_literals;

constexpr const char* exits_at_once = "#!/bin/sh\necho no memory for the heap >&2\nexit 3\n";
constexpr const char* never_answers = "#!/bin/sh\necho $$ > \"$(dirname \"$0\")/pid\"\necho thinking\nexec sleep 600\n";
// Says what a gRPC server says first. With `ignore` it does not end on SIGTERM.
constexpr const char* answers = R"(#!/usr/bin/env python3
import os, signal, socket, sys
if 'ignore' in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
port = next(int(a.split('=')[1]) for a in sys.argv if a.startswith('-Dspark.connect.grpc.binding.port='))
listener = socket.create_server(('127.0.0.1', port))
print('fds', sorted(int(f) for f in os.listdir('/proc/self/fd') if int(f) > 2 and int(f) != listener.fileno())[:-1],
      'token', os.environ.get('SPARK_CONNECT_AUTHENTICATE_TOKEN'), flush=True)
while True:
    client, _ = listener.accept()
    if client.recv(24).startswith(b'PRI * HTTP/2.0'): client.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
)";

// A folder with a fake java and a fake Spark, removed at the end.
class fixture {
 public:
  explicit fixture(const std::string& java_script) {
    std::string name = (fs::temp_directory_path() / "cospark-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root = name;
    options.spark_home = root / "spark";
    fs::create_directories(options.spark_home / "jars");
    std::ofstream(options.spark_home / "jars" / "spark-connect_2.13-4.3.0.jar").put('\n');
    options.java = root / "java";
    std::ofstream(options.java) << java_script;
    fs::permissions(options.java, fs::perms::owner_all);
    options.log_file = root / "log";
  }
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;
  ~fixture() { fs::remove_all(root); }

  std::string read(const std::string& file) const {
    std::ifstream stream(root / file);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }

  fs::path root;
  local_server_options options;
  asio::io_context context;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool runs(int process) {
  std::ifstream stream("/proc/" + std::to_string(process) + "/stat");
  std::string id;
  std::string name;
  std::string state;
  return static_cast<bool>(stream >> id >> name >> state) && state != "Z";
}

bool ends_soon(int process) {
  for (int i = 0; i < 200 && runs(process); ++i) ::usleep(10'000);
  return !runs(process);
}

}  // namespace

TEST_CASE("a local server that answers is handed out and ends on stop") {
  fixture f(answers);
  f.options.token = "a b;c";
  auto server = cospark::run(f.context, local_server::start(f.options));
  INFO((server ? std::string() : server.error().to_string()));
  REQUIRE(server.has_value());
  CHECK(server.value().port() != 0);
  CHECK(server.value().remote() == "sc://localhost:" + std::to_string(server.value().port()) + "/;token=a%20b%3Bc");
  const int process = server.value().process_id();
  CHECK(runs(process));
  CHECK(cospark::run(f.context, server.value().stop()).has_value());
  CHECK_FALSE(runs(process));
  CHECK(cospark::run(f.context, server.value().stop()).has_value());
  CHECK(f.read("log") == "fds [] token a b;c\n");
}

TEST_CASE("a local server that ignores SIGTERM is killed after stop_timeout") {
  fixture f(answers);
  f.options.jvm_options = {"ignore"};
  f.options.stop_timeout = 100ms;
  auto server = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(server.has_value());
  const auto begin = std::chrono::steady_clock::now();
  CHECK(cospark::run(f.context, server.value().stop()).has_value());
  CHECK(std::chrono::steady_clock::now() - begin >= 100ms);
  CHECK_FALSE(runs(server.value().process_id()));
}

TEST_CASE("a killed local server is gone, and stopping it afterwards does nothing") {
  fixture f(answers);
  auto server = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(server.has_value());
  CHECK(cospark::run(f.context, server.value().kill()).has_value());
  CHECK_FALSE(runs(server.value().process_id()));
  CHECK(cospark::run(f.context, server.value().stop()).has_value());
}

TEST_CASE("stop says when the local server had ended by itself") {
  fixture f(answers);
  auto server = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(server.has_value());
  ::kill(server.value().process_id(), SIGABRT);
  REQUIRE(ends_soon(server.value().process_id()));
  const auto stopped = cospark::run(f.context, server.value().stop());
  REQUIRE(stopped.has_error());
  CHECK(stopped.error() == errc::local_server_failed);
  CHECK(contains(stopped.error().message(), "ended by signal 6"));
}

TEST_CASE("dropping the handle kills the local server and removes its temporary folder") {
  fixture f(answers);
  f.options.java = f.root / "java";
  auto server = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(server.has_value());
  const int process = server.value().process_id();
  std::ifstream command("/proc/" + std::to_string(process) + "/cmdline");
  const std::string line(std::istreambuf_iterator<char>(command), {});
  const auto begin = line.find("-Djava.io.tmpdir=") + 17;
  const fs::path scratch = line.substr(begin, line.find('\0', begin) - begin);
  CHECK(fs::exists(scratch));
  { const auto dropped = std::move(server.value()); }
  CHECK(ends_soon(process));
  CHECK_FALSE(fs::exists(scratch.parent_path()));
}

TEST_CASE("a local server that exits at once fails with its exit status and its last lines") {
  fixture f(exits_at_once);
  const auto server = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(server.has_error());
  CHECK(server.error() == errc::local_server_failed);
  CHECK(contains(server.error().message(), "exit status 3"));
  CHECK(contains(server.error().message(), (f.root / "log").string()));
  CHECK(contains(server.error().message(), "no memory for the heap"));
}

TEST_CASE("a local server that never answers is killed after start_timeout") {
  fixture f(never_answers);
  f.options.start_timeout = 300ms;
  const auto server = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(server.has_error());
  CHECK(server.error() == errc::local_server_failed);
  CHECK(contains(server.error().message(), "did not answer within 300 ms"));
  CHECK(contains(server.error().message(), "thinking"));
  CHECK_FALSE(runs(std::stoi(f.read("pid"))));
}

TEST_CASE("cancelling the start of a local server kills it") {
  fixture f(never_answers);
  asio::cancellation_signal signal;
  std::optional<cospark::result<local_server>> outcome;
  auto await = [](cospark::task<local_server> start,
                  std::optional<cospark::result<local_server>>* out) -> asio::awaitable<void> {
    out->emplace(co_await std::move(start));
  };
  asio::co_spawn(f.context, await(local_server::start(f.options), &outcome),
                 asio::bind_cancellation_slot(signal.slot(), asio::detached));
  asio::steady_timer timer(f.context, 300ms);
  timer.async_wait([&](std::error_code) { signal.emit(asio::cancellation_type::terminal); });
  f.context.run_for(10s);
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->has_error());
  CHECK(outcome->error() == errc::cancelled);
  CHECK(ends_soon(std::stoi(f.read("pid"))));
}

TEST_CASE("destroying the start of a local server kills it") {
  fixture f(never_answers);
  {
    asio::io_context context;
    cospark::spawn(context.get_executor(), local_server::start(f.options), [](cospark::result<local_server>) {});
    context.run_for(300ms);
    CHECK(runs(std::stoi(f.read("pid"))));
  }
  CHECK(ends_soon(std::stoi(f.read("pid"))));
}

TEST_CASE("a local server dies with the thread that started it") {
  fixture f(answers);
  std::optional<cospark::result<local_server>> server;
  std::thread([&f, &server]() { server.emplace(cospark::run(f.context, local_server::start(f.options))); }).join();
  REQUIRE(server->has_value());
  CHECK(ends_soon(server->value().process_id()));
  const auto stopped = cospark::run(f.context, server->value().stop());
  REQUIRE(stopped.has_error());
  CHECK(contains(stopped.error().message(), "ended by signal 9"));
}

TEST_CASE("a local server names what is missing") {
  fixture f(answers);
  const auto problem = [&f]() {
    const auto server = cospark::run(f.context, local_server::start(f.options));
    REQUIRE(server.has_error());
    CHECK(server.error() == errc::invalid_argument);
    return server.error().message();
  };
  SECTION("java") {
    f.options.java = f.root / "no" / "java";
    CHECK(contains(problem(), "local_server_options::java is not a program"));
  }
  SECTION("the folder with Spark's jars") {
    f.options.spark_home = f.root / "nowhere";
    CHECK(contains(problem(), "nowhere/jars"));
  }
  SECTION("the connect server among the jars") {
    fs::remove_all(f.options.spark_home / "jars");
    fs::create_directories(f.options.spark_home / "jars");
    CHECK(contains(problem(), "Spark 4.0 or newer"));
  }
  SECTION("a jar of the extra class path") {
    f.options.extra_class_path = {f.root / "kafka.jar"};
    CHECK(contains(problem(), "kafka.jar"));
  }
}

TEST_CASE("a port that somebody listens on is refused before anything is started") {
  fixture f(answers);
  auto first = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(first.has_value());
  f.options.port = first.value().port();
  const auto second = cospark::run(f.context, local_server::start(f.options));
  REQUIRE(second.has_error());
  CHECK(second.error() == errc::local_server_failed);
  CHECK(contains(second.error().message(), std::to_string(first.value().port())));
}

TEST_CASE("the command line of a local server is stable and lets settings be overridden") {
  fixture f(answers);
  for (const char* jar : {"zz.jar", "aa.jar", "not-a-jar.txt"})
    std::ofstream(f.options.spark_home / "jars" / jar).put(' ');
  f.options.conf = {{"spark.sql.shuffle.partitions", "7"}, {"spark.some.thing", "x y"}};
  f.options.class_data_archive = f.root / "classes.jsa";
  auto command = cospark::local::make_server_command(f.options, 4711, f.root / "work");
  REQUIRE(command.has_value());
  const auto has = [&command](const std::string& argument) {
    const auto& list = command.value().arguments;
    return std::find(list.begin(), list.end(), argument) != list.end();
  };
  const std::string jars = (f.options.spark_home / "jars").string();
  CHECK(has(jars + "/aa.jar:" + jars + "/spark-connect_2.13-4.3.0.jar:" + jars + "/zz.jar"));
  CHECK(has("-Dspark.sql.shuffle.partitions=7"));
  CHECK(has("-Dspark.some.thing=x y"));
  CHECK(has("-Dspark.connect.grpc.binding.port=4711"));
  CHECK_FALSE(has("-XX:SharedArchiveFile=" + f.options.class_data_archive.string()));

  std::ofstream(f.options.class_data_archive).put(' ');
  command = cospark::local::make_server_command(f.options, 4711, f.root / "work");
  CHECK(has("-XX:SharedArchiveFile=" + f.options.class_data_archive.string()));
  std::ofstream(f.options.spark_home / "classes.jsa").put(' ');
  f.options.class_data_archive.clear();
  command = cospark::local::make_server_command(f.options, 4711, f.root / "work");
  CHECK(has("-XX:SharedArchiveFile=" + (f.options.spark_home / "classes.jsa").string()));
  f.options.class_data_archive = f.root / "classes.jsa";
  f.options.create_class_data_archive = true;
  command = cospark::local::make_server_command(f.options, 4711, f.root / "work");
  CHECK(has("-XX:ArchiveClassesAtExit=" + f.options.class_data_archive.string()));
}
