// A program of somebody who uses cospark: no Spark is needed to see that it compiles, links and runs.
#include <cospark/local_server.hpp>
#include <cospark/run.hpp>

#include <asio/io_context.hpp>

#include <cstdio>

int main() {
  asio::io_context context;
  cospark::local_server_options options;
  options.java = "/nonexistent/java";
  const auto server = cospark::run(context, cospark::local_server::start(options));
  if (server) return 1;
  std::puts(server.error().to_string().c_str());
  return server.error() == cospark::errc::invalid_argument ? 0 : 1;
}
