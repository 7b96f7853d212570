// Four streaming queries at once, on one thread: started, watched, awaited together; one is stopped, one fails.
//
// Starts a Spark server of its own; SPARK_HOME says where Spark is. `scripts/demo` does the rest.
#include "board.hpp"
#include "queries.hpp"

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

using cospark::task;
using asio::experimental::awaitable_operators::operator&&;
using namespace std::chrono_literals;

struct scratch_folder {
  scratch_folder() : path(std::filesystem::temp_directory_path() / ("cospark-demo-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path / "incoming");
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  // Written aside and moved: a file source must never see half a file.
  void drop_file(int number) const {
    const auto aside = path / "next";
    {
      std::ofstream file(aside);
      for (int i = 0; i < 10; ++i) {
        file << R"({"id":)" << number * 10 + i << R"(,"kind":")" << (i % 2 == 0 ? "book" : "game") << R"(","price":)"
             << 5 * (i + 1) << "}\n";
      }
    }
    std::filesystem::rename(aside, path / "incoming" / (std::to_string(number) + ".json"));
  }

  std::filesystem::path path;
};

asio::awaitable<void> sleep(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

// Twelve seconds of life: files appear, the board is redrawn, the join is stopped half-way.
task<> live(demo::board& board, const scratch_folder& folder) {
  for (int second = 0; second < 12; ++second) {
    folder.drop_file(second);
    COSPARK_TRY(co_await board.refresh());
    if (second == 6) COSPARK_TRY(co_await board.lines()[2].query.stop());
    co_await sleep(1s);
  }
  co_return cospark::success();
}

// Then the rest is stopped, too, whatever happened: somebody awaits its end.
task<> live_and_stop(demo::board& board, const scratch_folder& folder) {
  auto lived = co_await live(board, folder);
  for (auto& line : board.lines()) {
    auto stopped = co_await line.query.stop();
    if (lived) lived = std::move(stopped);
  }
  co_return lived;
}

// Why a query failed: the innermost cause, if the server sent the causes.
std::string reason(const cospark::error& error) {
  const auto& causes = error.detail().causes;
  const auto first_line = [](const std::string& text) { return text.substr(0, text.find('\n')); };
  if (causes.empty()) return error.code().message() + ": " + first_line(error.message());
  const auto& cause = causes.back();
  return error.code().message() + ", " + error.condition() + " because of " +
         (cause.condition.empty() ? cause.class_name : cause.condition) +
         (cause.sql_state.empty() ? "" : " (SQLSTATE " + cause.sql_state + ")") + "\n    " + first_line(cause.message);
}

std::size_t threads_of_this_process() {
  using std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(directory_iterator("/proc/self/task"), directory_iterator()));
}

task<> run_queries(cospark::session spark, const scratch_folder& folder) {
  demo::board board;
  COSPARK_TRY(auto counts, co_await demo::start_counts(spark));
  board.add("rate > watermark, window > memory", counts);
  COSPARK_TRY(auto files, co_await demo::start_files(spark, folder.path));
  board.add("JSON files > filter > parquet", files);
  COSPARK_TRY(auto join, co_await demo::start_join(spark));
  board.add("stream-stream join > memory", join);
  COSPARK_TRY(auto failing, co_await demo::start_failing(spark));
  board.add("division by zero, on purpose", failing);

  // The waits run beside the board, on the same thread.
  std::cout << "\nFour queries, awaited together:\n\n";
  auto [lived, ended] = co_await (live_and_stop(board, folder) && cospark::await_all(board.queries()));
  COSPARK_TRY(std::move(lived));
  COSPARK_TRY(auto outcomes, std::move(ended));

  std::cout << "\nHow they ended:\n";
  for (const auto& [query, outcome] : outcomes) {
    std::cout << "  " << query.name().value_or(query.id()) << ": " << (outcome ? "stopped" : reason(outcome.error()))
              << '\n';
  }
  std::cout << "\nThe table \"counts\" of the memory sink:\n";
  COSPARK_TRY(co_await spark.table("counts").order_by("from").show());
  COSPARK_TRY(auto orders, co_await spark.read().parquet((folder.path / "orders").string()).count());
  COSPARK_TRY(auto joined, co_await spark.table("joined").count());
  std::cout << "Rows in the parquet files: " << orders << ", rows joined: " << joined << '\n'
            << "Threads of this process: " << threads_of_this_process()
            << " (one runs everything above, the others are gRPC's)\n";
  co_return cospark::success();
}

task<> demonstrate(const scratch_folder& folder) {
  std::cout << "Starting Spark …" << std::endl;
  COSPARK_TRY(auto server, co_await cospark::local_server::start());
  COSPARK_TRY(auto spark, co_await cospark::session::connect(server.remote()));
  std::cout << "Spark " << spark.version() << " answers at " << server.remote() << std::endl;
  COSPARK_TRY(co_await run_queries(spark, folder));
  COSPARK_TRY(co_await spark.stop());
  co_return co_await server.stop();
}

}  // namespace

int main() {
  const scratch_folder folder;
  asio::io_context context;
  asio::signal_set interrupted(context, SIGINT, SIGTERM);
  interrupted.async_wait([&context](std::error_code cancelled, int) {
    if (!cancelled) context.stop();  // everything is undone by destructors: the server ends with its handle
  });
  const auto outcome = cospark::run(context, demonstrate(folder));
  if (outcome) return EXIT_SUCCESS;
  std::cerr << outcome.error().to_string() << '\n';
  return EXIT_FAILURE;
}
