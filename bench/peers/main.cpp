// Programs that wait for N queries of a real Spark.
#include "peers/ours.hpp"
#include "support/process.hpp"
#include "support/report.hpp"
#include "support/spark.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace {

using bench::fields;
using bench::rounded;

constexpr const char* question =
    "What does it cost to wait for N streaming queries of one Spark, and how soon does one hear of an end? Clients:\n"
    "cospark; PySpark Connect with a thread for each query, with a polling loop (one call a second for all), and with\n"
    "a StreamingQueryListener. Every client has a new server. Queries: rate to noop, with a trigger of 10 minutes, so\n"
    "that the server rests. Not measured: the work of queries.";

/// Connections of a process that are established.
std::size_t connections_of(int process_id) {
  std::set<std::string> established;
  for (const auto* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::vector<std::string> columns;
      for (std::string word; words >> word;) columns.push_back(word);
      if (columns.size() > 9 && columns[3] == "01") established.insert("socket:[" + columns[9] + "]");
    }
  }
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator("/proc/" + std::to_string(process_id) + "/fd")) {
    count += established.count(std::filesystem::read_symlink(each, ignored).string());
  }
  return count;
}

std::vector<double> numbers(const boost::json::value& from) {
  std::vector<double> list;
  for (const auto& each : from.as_array()) list.push_back(each.to_number<double>());
  return list;
}

void measure(const std::string& client, std::size_t count, bool last, const bench::arguments& arguments,
             bench::report& report) {
  bench::spark server(arguments.text("spark-home"));
  const auto port = server.port();
  const auto remote = server.remote();
  const auto server_id = server.process_id();
  std::unique_ptr<bench::child> child;
  if (client == "cospark") {
    child = std::make_unique<bench::child>("bench_peers", std::vector<std::string>{"--child", "yes", "--remote", remote,
                                                                                   "--queries", std::to_string(count)});
  } else if (client == "jvm") {
    child = std::make_unique<bench::child>(
        arguments.text("java"),
        std::vector<std::string>{"-cp", arguments.text("jvm-class-path"), "--add-opens=java.base/java.nio=ALL-UNNAMED",
                                 "Client", remote, std::to_string(count)});
  } else if (client == "rust") {
    child = std::make_unique<bench::child>(arguments.text("rust-program"),
                                           std::vector<std::string>{remote, std::to_string(count)});
  } else {
    child = std::make_unique<bench::child>(
        arguments.text("python"),
        std::vector<std::string>{arguments.text("pyspark-program"), remote, std::to_string(count), client});
  }
  const auto ask = [&](const std::string& command) { return boost::json::parse(child->ask(command)).as_object(); };
  const auto server_threads_before = bench::figures_of(server_id).threads;
  auto sample = ask("start");
  std::this_thread::sleep_for(std::chrono::seconds(arguments.number("settle")));
  const auto before = bench::figures_of(child->id());
  const auto server_before = bench::figures_of(server_id);
  const auto seconds = arguments.number("idle");
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const auto after = bench::figures_of(child->id());
  const auto server_after = bench::figures_of(server_id);
  const auto per_second = [&](double cpu) { return cpu * 1000 / static_cast<double>(seconds); };
  const auto connections = connections_of(child->id());
  const auto status = numbers(ask("status " + arguments.text("status")).at("ms"));
  const auto stops = std::min(count, arguments.number("stops"));
  auto stopped = ask("stop " + std::to_string(stops));
  const auto stop = numbers(stopped.at("stop_ms"));
  const auto delay = numbers(stopped.at("delay_ms"));
  const auto total = bench::figures_of(child->id());
  std::string lost = "-";
  if (last && stops < count && arguments.number("kill") != 0) {
    server.kill();
    const bench::spark again(arguments.text("spark-home"), port);
    lost = boost::json::serialize(ask("lost " + arguments.text("kill")));
  }
  fields row;
  row["queries"] = count;
  row["client"] = client;
  row["threads"] = after.threads;
  row["RSS MB"] = rounded(after.rss_bytes / 1e6);
  row["CPU ms per idle s"] = rounded(per_second(after.cpu_seconds - before.cpu_seconds));
  row["CPU s in all"] = rounded(total.cpu_seconds);
  row["connections"] = connections;
  row["server threads"] = server_after.threads;
  row["more than before"] = server_after.threads - server_threads_before;
  row["server CPU ms/s"] = rounded(per_second(server_after.cpu_seconds - server_before.cpu_seconds));
  row["start all s"] = rounded(sample.at("seconds").to_number<double>());
  row["distinct runs"] = sample.at("run_ids");
  fields speed;
  speed["queries"] = count;
  speed["client"] = client;
  speed["status p50 ms"] = rounded(bench::median(status));
  speed["p99 ms"] = rounded(bench::quantile(status, 0.99));
  speed["stop p50 ms"] = rounded(bench::median(stop));
  speed["stop p99"] = rounded(bench::quantile(stop, 0.99));
  speed["stop to end of wait p50 ms"] = rounded(bench::median(delay));
  speed["p99"] = rounded(bench::quantile(delay, 0.99));
  speed["server killed and restarted: waits"] = lost;
  sample["queries"] = count;
  sample["client"] = client;
  sample["cost"] = row;
  sample["status_ms"] = boost::json::array(status.begin(), status.end());
  sample["stop_ms"] = stopped.at("stop_ms");
  sample["delay_ms"] = stopped.at("delay_ms");
  report.add_sample(std::move(sample));
  report.add_row("Cost while all are awaited", std::move(row));
  report.add_row("Speed", std::move(speed));
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments arguments(
      argc, argv, question,
      {{"queries", "1,10,50,200", "numbers of queries"},
       {"clients", "cospark,threads,polling,listener", "what to compare: these, rust, jvm"},
       {"spark-home", "", "folder of a Spark"},
       {"python", "", "path of a python with pyspark"},
       {"pyspark-program", "", "path of bench/peers/pyspark_client.py"},
       {"rust-program", "", "path of the client of bench/peers/rust, for `rust`"},
       {"java", "/usr/bin/java", "path of java, for `jvm`"},
       {"jvm-class-path", "", "class path with the client of bench/peers/jvm"},
       {"settle", "1", "seconds of rest after the start"},
       {"idle", "3", "seconds over which the idle cost is taken"},
       {"status", "200", "calls of status()"},
       {"stops", "25", "most queries that are stopped one by one"},
       {"kill", "12",
        "after the last number of queries, seconds to wait for the waits when the server was killed; 0: none"},
       {"remote", "", "(internal) connection string"},
       {"child", "", "(internal) be a client"}});
  if (!arguments.text("child").empty()) {
    return bench::run_ours(arguments.text("remote"), arguments.number("queries"));
  }
  bench::report report(arguments);
  const auto counts = arguments.numbers("queries");
  for (const auto count : counts) {
    const bool last = count == counts.back();
    for (const auto& client : arguments.texts("clients")) measure(client, count, last, arguments, report);
  }
  report.finish();
}
