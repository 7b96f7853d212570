// From a folder of JSON files to parquet files, from a checkpoint: run it twice, and the second run goes on where the
// first one stopped. `id` is the same both times, `run_id` is not.
//
// Usage: 02_files_to_parquet FOLDER     (a folder that the server can read; JSON files are expected in FOLDER/in)
#include <cospark/cospark.hpp>

#include <asio/io_context.hpp>

#include <iostream>
#include <string>

namespace f = cospark::functions;

cospark::task<> convert(std::string folder) {
  COSPARK_TRY(auto spark, co_await cospark::session::connect());
  auto orders = spark.read_stream().schema("id BIGINT, kind STRING, price DOUBLE").json(folder + "/in");
  auto dear = orders.filter(f::col("price") > 10).with_column("seen_at", f::current_timestamp());
  COSPARK_TRY(auto query, co_await dear.write_stream()
                              .format("parquet")
                              .partition_by("kind")
                              .option("checkpointLocation", folder + "/checkpoint")
                              .trigger(cospark::trigger::available_now())
                              .start(folder + "/out"));
  std::cout << "id " << query.id() << "\nrun id " << query.run_id() << '\n';

  // available_now: the query processes what is there and ends by itself.
  COSPARK_TRY(co_await query.await_termination());
  COSPARK_TRY(auto batches, co_await query.recent_progress());
  std::int64_t rows = 0;
  for (const auto& batch : batches) rows += batch.num_input_rows();
  std::cout << "rows read in this run: " << rows << '\n';
  COSPARK_TRY(co_await spark.read().parquet(folder + "/out").group_by("kind").count().order_by("kind").show());
  co_return co_await spark.stop();
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: 02_files_to_parquet FOLDER\n";
    return 2;
  }
  asio::io_context context;
  const auto outcome = cospark::run(context, convert(argv[1]));
  if (outcome) return 0;
  std::cerr << outcome.error().to_string() << '\n';
  return 1;
}
