// From the start of a process to its first answer.
#include "support/process.hpp"
#include "support/report.hpp"
#include "support/spark.hpp"

#include <cospark/run.hpp>
#include <cospark/session.hpp>

#include <asio/io_context.hpp>

#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>

namespace {

using bench::fields;
using bench::median;
using bench::rounded;

constexpr const char* question =
    "How long does it take from the start of a process until its first call is answered: open a session and read a\n"
    "setting? Clients: cospark with the shared libraries of the system; static, the same with --static-program;\n"
    "PySpark Connect with --python and --pyspark-program; the JVM client with --jvm-class-path. Server: one that\n"
    "answers at once, or (with --spark-home) a Spark, which has answered such calls before. Not measured: the\n"
    "server's start.";

cospark::task<> ask(std::string remote) {
  COSPARK_TRY(auto session, co_await cospark::session::connect(std::move(remote)));
  COSPARK_TRY(co_await session.conf().get("spark.sql.session.timeZone"));
  co_return cospark::success();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments arguments(argc, argv, question,
                                   {{"rounds", "9", "starts of each client"},
                                    {"spark-home", "", "folder of a Spark; empty: the server of the benchmarks"},
                                    {"python", "", "path of a python with pyspark"},
                                    {"pyspark-program", "", "path of bench/connect/first_call.py"},
                                    {"static-program", "", "path of this program, linked statically"},
                                    {"java", "/usr/bin/java", "path of java"},
                                    {"jvm-class-path", "", "class path with bench/connect/FirstCall.java, compiled"},
                                    {"remote", "", "(internal) connection string"},
                                    {"child", "", "(internal) be the client"}});
  if (!arguments.text("child").empty()) {
    asio::io_context context(1);
    cospark::run(context, ask(arguments.text("remote"))).value();
    std::cout << "answered" << std::endl;
    std::cin.get();  // until it has been looked at
    return 0;
  }
  bench::report report(arguments);
  std::unique_ptr<bench::server_process> wire;
  std::unique_ptr<bench::spark> spark;
  std::string remote;
  if (arguments.text("spark-home").empty()) {
    wire = std::make_unique<bench::server_process>("wire");
    remote = wire->remote();
  } else {
    spark = std::make_unique<bench::spark>(arguments.text("spark-home"));
    remote = spark->remote();
    for (int i = 0; i < 5; ++i) bench::child("bench_connect", {"--child", "yes", "--remote", remote}).read_line();
  }
  struct program {
    std::string path;
    std::vector<std::string> arguments;
  };
  const std::vector<std::string> be_child{"--child", "yes", "--remote", remote};
  std::map<std::string, program> clients{{"cospark", {"bench_connect", be_child}}};
  if (const auto path = arguments.text("static-program"); !path.empty()) clients["cospark, static"] = {path, be_child};
  if (const auto python = arguments.text("python"); !python.empty()) {
    clients["pyspark"] = {python, {arguments.text("pyspark-program"), remote}};
  }
  if (const auto path = arguments.text("jvm-class-path"); !path.empty()) {
    const std::string open = "--add-opens=java.base/java.nio=ALL-UNNAMED";
    clients["jvm"] = {arguments.text("java"), {"-cp", path, open, "FirstCall", remote}};
  }
  std::map<std::string, std::vector<double>> times;
  std::map<std::string, std::vector<double>> peaks;
  for (std::size_t round = 0; round < arguments.number("rounds"); ++round) {
    for (const auto& [client, how] : clients) {
      const auto began = bench::monotonic_ns();
      bench::child child(how.path, how.arguments);
      if (child.read_line() != "answered") throw std::runtime_error(client + " got no answer");
      times[client].push_back(static_cast<double>(bench::monotonic_ns() - began) * 1e-6);
      peaks[client].push_back(bench::figures_of(child.id()).peak_rss_bytes / 1e6);
      fields sample;
      sample["client"] = client;
      sample["ms"] = times[client].back();
      report.add_sample(std::move(sample));
    }
  }
  for (const auto& [client, numbers] : times) {
    fields row;
    row["client"] = client;
    row["median ms"] = rounded(median(numbers));
    row["from"] = rounded(bench::quantile(numbers, 0));
    row["to"] = rounded(bench::quantile(numbers, 1));
    row["peak MB"] = rounded(median(peaks[client]));
    report.add_row("First answer", std::move(row));
  }
  report.finish();
}
