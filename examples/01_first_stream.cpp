// A first stream: counts the rows of the rate source in windows of five seconds and shows the table.
#include <cospark/cospark.hpp>

#include <asio/io_context.hpp>

#include <iostream>

namespace f = cospark::functions;
using namespace std::chrono_literals;

// clang-format off
asio::awaitable<cospark::result<void>> rates() {
  COSPARK_TRY(auto spark, co_await cospark::session::connect());
  auto counts = spark.read_stream().format("rate").option("rowsPerSecond", 10).load()
                    .with_watermark("timestamp", "10 seconds")
                    .group_by(f::window(f::col("timestamp"), "5 seconds")).count();
  COSPARK_TRY(auto query, co_await counts.write_stream().format("memory").query_name("rates")
                              .output_mode("complete").trigger(cospark::trigger::processing_time(1s)).start());
  COSPARK_TRY(co_await query.await_termination(5s));  // let it run for five seconds
  COSPARK_TRY(co_await spark.table("rates").show());
  co_return co_await query.stop();
}
// clang-format on

int main() {
  asio::io_context context;
  const auto outcome = cospark::run(context, rates());
  if (outcome) return 0;
  std::cerr << outcome.error().to_string() << '\n';
  return 1;
}
