// The same without a coroutine in this file: tasks are handed to `spawn`, which calls a handler with the result.
#include <cospark/cospark.hpp>

#include <asio/io_context.hpp>

#include <iostream>
#include <memory>
#include <utility>

namespace {

using namespace std::chrono_literals;

// One step after the other, each begun in the handler of the one before.
class counter {
 public:
  explicit counter(asio::io_context& context) : executor_(context.get_executor()) {}

  void begin() {
    cospark::spawn(executor_, cospark::session::connect(), [this](cospark::result<cospark::session> spark) {
      if (failed(spark)) return;
      spark_ = std::make_unique<cospark::session>(spark.value());
      start();
    });
  }
  int exit_status() const { return status_; }

 private:
  void start() {
    auto rows = spark_->read_stream().format("rate").option("rowsPerSecond", 10).load();
    auto writer = rows.write_stream().format("memory").query_name("ticks");
    cospark::spawn(executor_, writer.start(), [this](cospark::result<cospark::streaming_query> query) {
      if (failed(query)) return;
      query_ = std::make_unique<cospark::streaming_query>(query.value());
      wait();
    });
  }

  void wait() {
    cospark::spawn(executor_, query_->await_termination(4s), [this](cospark::result<bool> ended) {
      if (failed(ended)) return;
      count();
    });
  }

  void count() {
    cospark::spawn(executor_, spark_->table("ticks").count(), [this](cospark::result<std::int64_t> rows) {
      if (failed(rows)) return;
      std::cout << "rows after four seconds: " << rows.value() << '\n';
      stop();
    });
  }

  void stop() {
    cospark::spawn(executor_, spark_->stop(), [this](cospark::result<void> stopped) {
      if (!failed(stopped)) status_ = 0;
    });
  }

  template <class T>
  bool failed(const cospark::result<T>& outcome) {
    if (outcome) return false;
    std::cerr << outcome.error().to_string() << '\n';
    return true;
  }

  asio::any_io_executor executor_;
  std::unique_ptr<cospark::session> spark_;
  std::unique_ptr<cospark::streaming_query> query_;
  int status_ = 1;
};

}  // namespace

int main() {
  asio::io_context context;
  counter program(context);
  program.begin();
  context.run();
  return program.exit_status();
}
