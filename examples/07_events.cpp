// A supervisor: whatever query ends is reported and started again from its checkpoint, three times at most. A listener
// counts rows meanwhile. One of the two queries is stopped by somebody, the other one cannot be helped.
#include <cospark/cospark.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace f = cospark::functions;
using namespace std::chrono_literals;

constexpr int most_starts = 3;

class row_counter final : public cospark::streaming_query_listener {
 public:
  void on_query_progress(const cospark::query_progress_event& event) override {
    rows += event.progress.num_input_rows();
  }
  void on_missed_events() override { std::cout << "some events are missing\n"; }

  std::atomic<std::int64_t> rows = 0;
};

// The checkpoint is named after the query, so that every start goes on where the last run was.
cospark::task<cospark::streaming_query> start(cospark::session spark, std::string root, std::string name,
                                              std::string expression) {
  auto writer = spark.read_stream()
                    .format("rate-micro-batch")
                    .option("rowsPerBatch", 10)
                    .load()
                    .select(f::expr(expression).alias("result"))
                    .write_stream()
                    .format("noop")
                    .query_name(name)
                    .trigger(cospark::trigger::processing_time(200ms))
                    .option("checkpointLocation", root + "/" + name);
  co_return co_await writer.start();
}

cospark::task<> stop_after(cospark::streaming_query query, std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
  co_return co_await query.stop();
}

std::string cause_of(const cospark::error& error) {
  const auto& causes = error.detail().causes;
  return causes.empty() ? error.to_string() : causes.back().condition;
}

cospark::task<> supervise() {
  COSPARK_TRY(auto spark, co_await cospark::session::connect());
  const auto root = (std::filesystem::temp_directory_path() / ("cospark-supervisor-" + spark.id())).string();
  const auto counter = std::make_shared<row_counter>();
  COSPARK_TRY(co_await spark.streams().add_listener(counter));

  std::map<std::string, std::string> expressions;
  expressions["steady"] = "value + 1";
  expressions["doomed"] = "1 / (value - 25)";  // fails in its third batch, and there again after every restart
  std::map<std::string, int> starts;
  std::vector<cospark::streaming_query> running;
  for (const auto& [name, expression] : expressions) {
    COSPARK_TRY(auto query, co_await start(spark, root, name, expression));
    ++starts[name];
    running.push_back(query);
    if (name != "steady") continue;
    auto report = [](const cospark::result<void>& stopped) {
      if (!stopped) std::cout << "could not be stopped: " << stopped.error().to_string() << '\n';
    };
    cospark::spawn(co_await asio::this_coro::executor, stop_after(query, 1s), report);
  }

  bool given_up = false;
  while (!given_up || starts["steady"] == 1) {
    COSPARK_TRY(auto ended, co_await cospark::await_first(running));
    const auto name = ended.query.name().value_or("?");
    running.erase(std::find(running.begin(), running.end(), ended.query));
    if (ended.outcome) {
      std::cout << "ALERT " << name << " was stopped\n";
    } else if (ended.outcome.error() == cospark::errc::query_failed) {
      std::cout << "ALERT " << name << " failed: " << cause_of(ended.outcome.error()) << '\n';
    } else {
      co_return cospark::failure(ended.outcome.error());  // the session is lost, and every query with it
    }
    if (starts[name] == most_starts) {
      std::cout << name << " is given up after " << most_starts << " runs\n";
      given_up = true;
    } else {
      COSPARK_TRY(auto again, co_await start(spark, root, name, expressions[name]));
      ++starts[name];
      running.push_back(again);
      std::cout << name << " goes on, as the same query: " << std::boolalpha << (again.id() == ended.query.id())
                << ", as the same run: " << (again.run_id() == ended.query.run_id()) << '\n';
    }
    for (const auto& query : running) {
      COSPARK_TRY(auto status, co_await query.status());
      std::cout << "  " << query.name().value_or("?") << ": " << status.message << '\n';
    }
  }

  for (const auto& query : running) COSPARK_TRY(co_await query.stop());
  std::cout << "rows seen: " << counter->rows << '\n' << spark.diagnostics();
  COSPARK_TRY(co_await spark.stop());
  std::error_code ignored;
  std::filesystem::remove_all(root, ignored);
  co_return cospark::success();
}

int main() {
  asio::io_context context;
  const auto outcome = cospark::run(context, supervise());
  if (outcome) return 0;
  std::cerr << outcome.error().to_string() << '\n';
  return 1;
}
