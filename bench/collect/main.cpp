// Reading large results.
#include "collect/client.hpp"
#include "support/process.hpp"
#include "support/report.hpp"
#include "support/spark.hpp"

#include <malloc.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace {

using bench::fields;
using bench::median;
using bench::rounded;

constexpr const char* question =
    "How fast does a large result arrive? Clients: raw, gRPC's blocking reader that throws the bytes away; callbacks,\n"
    "the same by gRPC's callbacks; execute, record batches that are checked, one after the other; collect, all rows\n"
    "as objects in memory; toArrow, PySpark's table in memory. Untrimmed: malloc keeps up to 256 MiB that are free.\n"
    "Each is a process of its own, in turns. One server replays batches that it keeps encoded, the other (with\n"
    "--spark-home) is a Spark. Not measured: reading every cell.";

// Of a client whose malloc keeps what was freed, for the next message.
constexpr std::string_view untrimmed = " untrimmed";

/// One process: reads, prints its figures.
int run_child(std::string client, const std::string& remote, const std::string& table) {
  if (client.ends_with(untrimmed)) {
    client.resize(client.size() - untrimmed.size());
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
  }
  const auto before = bench::cpu_seconds();
  bench::reading read;
  const auto target = remote.substr(remote.find("//") + 2);
  if (client == "raw") {
    read = bench::read_raw(target, table);
  } else if (client == "callbacks") {
    read = bench::read_by_callbacks(target, table);
  } else {
    read = client == "execute" ? bench::read_batches(remote, table) : bench::read_rows(remote, table);
  }
  fields told;
  told["rows"] = read.rows;
  told["bytes"] = read.bytes;
  told["seconds"] = static_cast<double>(read.total_ns) * 1e-9;
  told["first_ms"] = static_cast<double>(read.first_ns) * 1e-6;
  told["cpu"] = bench::cpu_seconds() - before;
  told["peak_mb"] = bench::figures_of(0).peak_rss_bytes / 1e6;
  std::cout << boost::json::serialize(told) << std::endl;
  return 0;
}

double number(const fields& from, const char* key) {
  return from.at(key).to_number<double>();
}

using table_of_rows = std::string (*)(std::size_t rows);

void measure(const std::string& name, table_of_rows table_of, std::size_t rows, const std::string& remote,
             const std::vector<std::string>& clients, std::size_t rounds, const bench::arguments& arguments,
             bench::report& report) {
  const auto few = arguments.number("fewer");
  std::map<std::string, std::vector<fields>> read;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const auto& client = clients[(i + round) % clients.size()];
      const auto table = table_of(client == "collect" ? rows / few : rows);
      std::unique_ptr<bench::child> child;
      if (client == "toArrow") {
        child = std::make_unique<bench::child>(
            arguments.text("python"), std::vector<std::string>{arguments.text("pyspark-program"), remote, table});
      } else {
        child = std::make_unique<bench::child>(
            "bench_collect", std::vector<std::string>{"--child", client, "--remote", remote, "--table", table});
      }
      auto told = boost::json::parse(child->read_line()).as_object();
      told["client"] = client;
      told["result"] = name;
      told["round"] = round;
      read[client].push_back(told);
      report.add_sample(told);
    }
  }
  // Only the raw reader sees the bytes of the wire.
  const auto has_raw = read.count("raw") != 0;
  const auto row_bytes = has_raw ? number(read["raw"].front(), "bytes") / number(read["raw"].front(), "rows") : 0;
  const auto rates = [&](const std::string& client) {
    std::vector<double> numbers;
    for (const auto& each : read[client]) numbers.push_back(number(each, "rows") / number(each, "seconds"));
    return numbers;
  };
  for (const auto& client : clients) {
    const auto column = [&](const char* key) {
      std::vector<double> numbers;
      for (const auto& each : read[client]) numbers.push_back(number(each, key));
      return numbers;
    };
    const auto came = median(column("rows"));
    const auto seconds = median(column("seconds"));
    fields row;
    row["result"] = name;
    row["client"] = client;
    row["rows"] = came;
    row["rows/s"] = rounded(came / seconds);
    row["GB/s"] = rounded(came * row_bytes / seconds / 1e9);
    for (const char* other : {"raw", "callbacks"}) {
      if (read.count(other) != 0) row[std::string("rate / ") + other] = bench::ratio(rates(client), rates(other));
    }
    row["CPU s"] = rounded(median(column("cpu")));
    row["first row ms"] = rounded(median(column("first_ms")));
    row["peak MB"] = rounded(median(column("peak_mb")));
    report.add_row("Results", std::move(row));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments arguments(
      argc, argv, question,
      {{"rounds", "7", "turns of each client"},
       {"spark-rounds", "3", "the same on Spark"},
       {"clients", "raw,callbacks,execute,raw untrimmed,execute untrimmed,collect", "who reads"},
       {"spark-clients", "raw,callbacks,execute,collect,toArrow", "the same on Spark"},
       {"rows", "10000000", "rows of four bigints"},
       {"wide-rows", "500000", "rows of 100 columns (replayed only)"},
       {"fewer", "10", "collect reads so many times fewer rows, which all stay in memory"},
       {"spark-home", "", "folder of a Spark; empty: none"},
       {"python", "", "path of a python with pyspark, for toArrow"},
       {"pyspark-program", "", "path of bench/collect/to_arrow.py"},
       {"child", "", "(internal) be one client"},
       {"remote", "", "(internal) connection string"},
       {"table", "", "(internal) what to read"}});
  if (!arguments.text("child").empty()) {
    return run_child(arguments.text("child"), arguments.text("remote"), arguments.text("table"));
  }
  bench::report report(arguments);
  const auto rows = arguments.number("rows");
  {
    bench::server_process server("wire");
    const auto clients = arguments.texts("clients");
    const auto rounds = arguments.number("rounds");
    const auto longs = [](std::size_t count) { return "longs " + std::to_string(count / 10'000); };
    measure("4 bigints", longs, rows, server.remote(), clients, rounds, arguments, report);
    const auto wide = [](std::size_t count) { return "wide " + std::to_string(count / 1000); };
    measure("100 columns", wide, arguments.number("wide-rows"), server.remote(), clients, rounds, arguments, report);
  }
  if (const auto home = arguments.text("spark-home"); !home.empty()) {
    const bench::spark server(home);
    const auto sql = [](std::size_t count) {
      return "SELECT id, id * 2 AS b, id * 3 AS c, id * 5 AS d FROM range(" + std::to_string(count) + ")";
    };
    measure("Spark, 4 bigints", sql, rows, server.remote(), arguments.texts("spark-clients"),
            arguments.number("spark-rounds"), arguments, report);
  }
  report.finish();
}
