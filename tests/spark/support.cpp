#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "support.hpp"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

namespace spark_tests {
namespace {

namespace fs = std::filesystem;

// ctest counts a run with this exit status as skipped.
constexpr int skipped = 77;

std::string environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

// COSPARK_SPARK_CONF: settings of every server, "name=value,name=value".
void add_conf_of_the_environment(std::map<std::string, std::string>& conf) {
  std::istringstream settings(environment("COSPARK_SPARK_CONF"));
  for (std::string setting; std::getline(settings, setting, ',');) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos) FAIL("COSPARK_SPARK_CONF: '" << setting << "' is not name=value");
    conf[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
}

bool with_kafka() {
  return !environment("COSPARK_TEST_KAFKA").empty();
}

std::string spark_home() {
  if (auto home = environment("COSPARK_SPARK_HOME"); !home.empty()) return home;
  std::string name = "COSPARK_SPARK_HOME_" + spark_version();
  std::replace(name.begin(), name.end(), '.', '_');
  return environment(name);
}

struct server_of_the_run {
  std::optional<asio::io_context> context;
  std::optional<cospark::local_server> server;
};

server_of_the_run& of_the_run() {
  static server_of_the_run instance;
  return instance;
}

// The server outlives every test, but not the run: nothing may be left when main() has returned.
#ifdef COSPARK_CATCH2_V3
using listener_base = Catch::EventListenerBase;
#else
using listener_base = Catch::TestEventListenerBase;
#endif
class run_listener : public listener_base {
 public:
  using listener_base::listener_base;

  void testRunStarting(const Catch::TestRunInfo& info) override {
    listener_base::testRunStarting(info);
    std::string missing;
    if (spark_home().empty()) missing = "COSPARK_SPARK_HOME, the folder of Spark " + spark_version() + ",";
    if (with_kafka()) {
      for (const char* name : {"COSPARK_KAFKA_CONNECTOR", "COSPARK_KAFKA_BOOTSTRAP"}) {
        if (environment(name).empty()) missing = name;
      }
    }
    if (missing.empty()) return;
    std::cout << "skipped: " << missing << " is not set; scripts/test sets it" << std::endl;
    std::_Exit(skipped);
  }

  void testRunEnded(const Catch::TestRunStats& stats) override {
    auto& run = of_the_run();
    if (run.server) {
      if (const auto stopped = cospark::run(*run.context, run.server->stop()); !stopped) {
        std::cerr << stopped.error().to_string() << std::endl;
      }
      run.server.reset();
      run.context.reset();
    }
    listener_base::testRunEnded(stats);
  }
};

// Runs until the coroutine has ended or the time is over; what is left of it is destroyed with the context.
void run_within(asio::io_context& context, asio::awaitable<void> work, std::chrono::milliseconds limit) {
  bool done = false;
  std::exception_ptr problem;
  asio::co_spawn(context.get_executor(), std::move(work), [&](std::exception_ptr thrown) {
    done = true;
    problem = std::move(thrown);
  });
  const auto end = std::chrono::steady_clock::now() + limit;
  context.restart();
  while (!done && std::chrono::steady_clock::now() < end) context.run_one_until(end);
  if (problem) std::rethrow_exception(problem);
  if (!done) FAIL("the test did not end within " << limit.count() << " ms");
}

asio::awaitable<void> with_session(std::function<check(cospark::session)> body,
                                   std::optional<cospark::session>& session) {
  session = must(co_await cospark::session::connect(shared_server().remote()));
  co_await body(*session);
}

asio::awaitable<void> stop(cospark::session session) {
  must(co_await session.stop());
}

}  // namespace

CATCH_REGISTER_LISTENER(run_listener)

std::string spark_version() {
  auto version = environment("COSPARK_SPARK_VERSION");
  return version.empty() ? "4.3.0" : version;
}

int number_of_the_environment(const std::string& name, int otherwise) {
  const auto value = environment(name);
  return value.empty() ? otherwise : std::stoi(value);
}

bool spark_is_at_least(int major, int minor) {
  std::istringstream text(spark_version());
  int has_major = 0;
  int has_minor = 0;
  char dot = '.';
  text >> has_major >> dot >> has_minor;
  return has_major > major || (has_major == major && has_minor >= minor);
}

cospark::local_server_options server_options() {
  cospark::local_server_options options;
  options.spark_home = spark_home();
  options.start_timeout = 300s;
  options.stop_timeout = 60s;
  options.conf["spark.sql.streaming.noDataProgressEventInterval"] = "1000";
  options.conf["spark.sql.session.timeZone"] = "UTC";
  add_conf_of_the_environment(options.conf);
  return options;
}

const cospark::local_server& shared_server() {
  auto& run = of_the_run();
  if (!run.server) {
    auto options = server_options();
    if (with_kafka()) {
      const fs::path connector = environment("COSPARK_KAFKA_CONNECTOR");
      for (const auto& jar : fs::directory_iterator(connector)) options.extra_class_path.push_back(jar.path());
      std::sort(options.extra_class_path.begin(), options.extra_class_path.end());
    }
    run.context.emplace();
    run.server = must(cospark::run(*run.context, cospark::local_server::start(std::move(options))));
  }
  return *run.server;
}

void event_loop_test(const std::function<check()>& body, std::chrono::seconds limit) {
  asio::io_context context;
  run_within(context, body(), limit);
}

void spark_test(const std::function<check(cospark::session)>& body) {
  shared_server();
  asio::io_context context;
  std::optional<cospark::session> session;
  std::exception_ptr problem;
  try {
    run_within(context, with_session(body, session), 180s);
  } catch (...) {
    problem = std::current_exception();
  }
  // Queries of a failed test must not burden the others.
  if (session) {
    try {
      run_within(context, stop(*session), 60s);
    } catch (...) {
      if (!problem) problem = std::current_exception();
    }
  }
  if (problem) std::rethrow_exception(problem);
}

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> eventually(std::function<asio::awaitable<bool>()> holds, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (true) {
    const bool yes = co_await holds();
    if (yes) co_return;
    if (std::chrono::steady_clock::now() > end) FAIL("did not come true within " << limit.count() << " s");
    co_await pause(100ms);
  }
}

asio::awaitable<lines> rows_of(cospark::data_frame frame) {
  const auto rows = must(co_await frame.collect());
  lines texts;
  for (const auto& row : rows) texts.push_back(row.to_string());
  co_return texts;
}

asio::awaitable<lines> sorted_rows_of(cospark::data_frame frame) {
  auto texts = co_await rows_of(std::move(frame));
  std::sort(texts.begin(), texts.end());
  co_return texts;
}

asio::awaitable<std::string> schema_of(cospark::data_frame frame) {
  const auto schema = must(co_await frame.schema());
  co_return schema.simple_string();
}

folder::folder() {
  std::string pattern = (fs::temp_directory_path() / "cospark-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) FAIL("cannot make a folder like " << pattern);
  path_ = pattern;
}

folder::~folder() {
  std::error_code ignored;  // a server may still write into it
  fs::remove_all(path_, ignored);
}

std::string folder::put(std::string_view subfolder, std::string_view name, std::string_view content) const {
  const auto target = path_ / subfolder;
  fs::create_directories(target);
  const auto part = path_ / (std::string(name) + ".part");
  std::ofstream(part) << content;
  fs::rename(part, target / name);
  return target.string();
}

lines folder::files(std::string_view suffix) const {
  lines found;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    const auto name = fs::relative(entry.path(), path_).string();
    if (entry.is_regular_file() && name.ends_with(suffix)) found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

cospark::data_frame three_events(const cospark::session& spark, const folder& files) {
  const auto source = files.put("events", "1.json", "{\"k\":\"a\",\"v\":1}\n{\"k\":\"b\",\"v\":2}\n");
  files.put("events", "2.json", "{\"k\":\"a\",\"v\":3}\n");
  return spark.read_stream().schema(std::string(event_schema)).json(source);
}

asio::awaitable<cospark::streaming_query> endless(cospark::session spark) {
  auto writer = spark.read_stream()
                    .format("rate-micro-batch")
                    .option("rowsPerBatch", 5)
                    .load()
                    .write_stream()
                    .format("noop")
                    .query_name(unique("endless"))
                    .trigger(cospark::trigger::processing_time(200ms));
  co_return must(co_await writer.start());
}

asio::awaitable<cospark::streaming_query> sleeper(cospark::session spark) {
  auto writer = spark.read_stream()
                    .format("rate")
                    .option("numPartitions", 1)
                    .load()
                    .write_stream()
                    .format("noop")
                    .trigger(cospark::trigger::processing_time(1h));
  co_return must(co_await writer.start());
}

asio::awaitable<cospark::streaming_query> failing(cospark::session spark) {
  auto writer = spark.read_stream()
                    .format("rate-micro-batch")
                    .option("rowsPerBatch", 5)
                    .load()
                    .select(f::expr("1 / (value - 3)").alias("x"))
                    .write_stream()
                    .format("noop");
  co_return must(co_await writer.start());
}

std::string unique(std::string_view name) {
  static std::atomic<int> counter = 0;
  return std::string(name) + "_" + std::to_string(++counter);
}

int threads_of(int process_id) {
  std::ifstream status("/proc/" + std::to_string(process_id) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  }
  FAIL("no process " << process_id);
  return 0;
}

int operation_threads_of(int process_id) {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process_id) + "/task")) {
    std::ifstream comm(task.path() / "comm");
    std::string name;
    std::getline(comm, name);
    if (name.starts_with("SparkConnect")) ++count;
  }
  return count;
}

}  // namespace spark_tests
