#include "support/spark.hpp"

#include <cospark/run.hpp>

#include <chrono>

namespace bench {

spark::spark(const std::string& home, std::uint16_t port) {
  cospark::local_server_options options;
  options.spark_home = home;
  options.port = port;
  options.start_timeout = std::chrono::minutes(2);
  options.jvm_options = {"-Xmx2g"};
  server_.emplace(cospark::run(context_, cospark::local_server::start(options)).value());
}

void spark::kill() {
  if (server_) static_cast<void>(cospark::run(context_, server_->kill()));
  server_.reset();
}

}  // namespace bench
