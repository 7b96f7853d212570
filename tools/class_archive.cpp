// class_archive SPARK_HOME: makes SPARK_HOME/classes.jsa, with which local_server starts in a third of the time.
// It starts a server without it, uses what tests and the demo use, and lets the JVM write down the classes it loaded.
#include <cospark/data_stream_writer.hpp>
#include <cospark/local_server.hpp>
#include <cospark/run.hpp>
#include <cospark/session.hpp>
#include <cospark/streaming_query.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>

namespace {

namespace fs = std::filesystem;

cospark::task<> use(std::string remote) {
  COSPARK_TRY(auto session, co_await cospark::session::connect(std::move(remote)));
  COSPARK_TRY(auto frame, co_await session.sql("select id % 3 as k, count(*) as n from range(100) group by 1"));
  COSPARK_TRY(co_await frame.collect());
  auto writer = session.read_stream().format("rate").load().write_stream().format("noop");
  COSPARK_TRY(auto query, co_await writer.start());
  COSPARK_TRY(co_await query.process_all_available());
  COSPARK_TRY(co_await query.stop());
  COSPARK_TRY(co_await session.stop());
  co_return cospark::success();
}

cospark::task<> make_archive(fs::path spark_home) {
  const fs::path archive = spark_home / "classes.jsa";
  cospark::local_server_options options;
  options.spark_home = spark_home;
  options.class_data_archive = archive.string() + ".part";  // an interrupted run leaves no half archive to be used
  options.create_class_data_archive = true;
  options.start_timeout = std::chrono::minutes(2);
  options.stop_timeout = std::chrono::minutes(10);  // of a busy machine; seconds are the rule
  const fs::path part = options.class_data_archive;
  COSPARK_TRY(auto server, co_await cospark::local_server::start(std::move(options)));
  COSPARK_TRY(co_await use(server.remote()));
  COSPARK_TRY(co_await server.stop());
  std::error_code problem;
  fs::rename(part, archive, problem);
  if (problem) {
    co_return cospark::failure(cospark::errc::local_server_failed,
                               "the JVM wrote no archive to " + part.string() + ": " + problem.message());
  }
  co_return cospark::success();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: class_archive SPARK_HOME\n");
    return 2;
  }
  if (fs::exists(fs::path(argv[1]) / "classes.jsa")) return 0;
  asio::io_context context;
  const auto made = cospark::run(context, make_archive(argv[1]));
  if (made) return 0;
  std::fprintf(stderr, "class_archive: %s\n", made.error().to_string().c_str());
  return 1;
}
