// Ten queries on one thread, one of which fails: all are awaited together, and each says how it ended.
#include <cospark/cospark.hpp>

#include <asio/io_context.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace f = cospark::functions;
using namespace std::chrono_literals;

cospark::task<> many() {
  COSPARK_TRY(auto spark, co_await cospark::session::connect());
  std::vector<cospark::streaming_query> queries;
  for (int i = 0; i < 10; ++i) {
    // Number 7 divides by zero when the sixth row comes; the others divide by numbers that are never zero.
    auto divisor = f::col("value") + (i == 7 ? -5 : 1);
    auto rows = spark.read_stream()
                    .format("rate")
                    .option("rowsPerSecond", 5)
                    .load()
                    .select((f::lit(100) / divisor).alias("quotient"));
    COSPARK_TRY(auto query, co_await rows.write_stream()
                                .format("noop")
                                .query_name("number-" + std::to_string(i))
                                .trigger(cospark::trigger::processing_time(1s))
                                .start());
    queries.push_back(query);
  }

  // The first to end is the one that fails; then the rest is stopped.
  COSPARK_TRY(auto first, co_await cospark::await_first(queries));
  std::cout << "the first to end: " << first.query.name().value_or("?") << '\n';
  for (const auto& query : queries) COSPARK_TRY(co_await query.stop());

  COSPARK_TRY(auto outcomes, co_await cospark::await_all(queries));
  for (const auto& ended : outcomes) {
    std::cout << ended.query.name().value_or("?") << ": ";
    if (ended.outcome) {
      std::cout << "stopped\n";
    } else {
      std::cout << ended.outcome.error().to_string().substr(0, 100) << " …\n";
    }
  }
  co_return co_await spark.stop();
}

int main() {
  asio::io_context context;
  const auto outcome = cospark::run(context, many());
  if (outcome) return 0;
  std::cerr << outcome.error().to_string() << '\n';
  return 1;
}
