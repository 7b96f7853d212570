// cospark against clients that are written by hand on gRPC's callbacks.
#include "floor/allocations.hpp"
#include "floor/client.hpp"
#include "support/process.hpp"
#include "support/report.hpp"

#include <functional>
#include <stdexcept>

namespace {

constexpr const char* question =
    "What does cospark cost on top of gRPC? Clients: raw, which goes on in gRPC's reactions; hop, which posts each\n"
    "completion to an io_context; bridge, cospark's lib/rpc in coroutines; library, session.conf().get().\n"
    "The server is another process; clients take turns in rounds, and ratios are those of the same round.\n"
    "CPU is that of the client process. Not measured: the network, and the time of a Spark.";

using bench::fields;
using bench::median;
using bench::ratio;
using bench::rounded;
using clients = std::vector<std::unique_ptr<bench::client>>;

/// One client's turn in one round.
struct turn {
  double seconds = 0;
  double cpu = 0;
  std::vector<double> latency_us;
};

turn take(const std::function<std::vector<std::int64_t>()>& work) {
  turn taken;
  const auto cpu = bench::cpu_seconds();
  const auto began = bench::monotonic_ns();
  const auto times = work();
  taken.seconds = static_cast<double>(bench::monotonic_ns() - began) * 1e-9;
  taken.cpu = bench::cpu_seconds() - cpu;
  for (const auto time : times) taken.latency_us.push_back(static_cast<double>(time) / 1000);
  return taken;
}

/// Figures of one client in all rounds.
struct series {
  std::vector<double> rate, cpu_us, p50_us, p99_us;
};

std::vector<series> take_turns(clients& all, std::size_t rounds, std::size_t operations, const char* what,
                               std::size_t parameter, bench::report& report,
                               const std::function<std::vector<std::int64_t>(bench::client&, std::size_t)>& work) {
  std::vector<series> figures(all.size());
  for (auto& each : all) work(*each, operations / 10 + 1);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto at = (i + round) % all.size();
      const auto taken = take([&] { return work(*all[at], operations); });
      auto& to = figures[at];
      const auto count = static_cast<double>(operations);
      to.rate.push_back(count / taken.seconds);
      to.cpu_us.push_back(taken.cpu * 1e6 / count);
      to.p50_us.push_back(median(taken.latency_us));
      to.p99_us.push_back(bench::quantile(taken.latency_us, 0.99));
      fields sample;
      sample["what"] = what;
      sample["parameter"] = parameter;
      sample["round"] = round;
      sample["client"] = all[at]->name();
      sample["per_second"] = to.rate.back();
      sample["cpu_us"] = to.cpu_us.back();
      sample["p50_us"] = to.p50_us.back();
      sample["p99_us"] = to.p99_us.back();
      report.add_sample(std::move(sample));
    }
  }
  return figures;
}

void measure_calls(clients& all, std::size_t in_flight, std::size_t calls, std::size_t rounds, bench::report& report) {
  const auto work = [&](bench::client& client, std::size_t count) { return client.call(count, in_flight); };
  const auto figures = take_turns(all, rounds, calls, "unary", in_flight, report, work);
  for (std::size_t i = 0; i < all.size(); ++i) {
    fields row;
    row["client"] = all[i]->name();
    row["in flight"] = in_flight;
    row["CPU us/call"] = rounded(median(figures[i].cpu_us));
    row["calls/s"] = rounded(median(figures[i].rate));
    row["p50 us"] = rounded(median(figures[i].p50_us));
    row["p99 us"] = rounded(median(figures[i].p99_us));
    row["CPU / raw"] = ratio(figures[i].cpu_us, figures[0].cpu_us);
    row["CPU / hop"] = ratio(figures[i].cpu_us, figures[1].cpu_us);
    row["rate / raw"] = ratio(figures[i].rate, figures[0].rate);
    row["p50 / raw"] = ratio(figures[i].p50_us, figures[0].p50_us);
    report.add_row("Unary calls", std::move(row));
  }
}

void measure_streams(clients& all, std::size_t size, std::size_t bytes, std::size_t most, std::size_t rounds,
                     bench::report& report) {
  const auto messages = std::min(most, bytes / size);
  const auto work = [&](bench::client& client, std::size_t count) {
    // The result's end is a message, too.
    if (client.read(count, size) != count + 1) throw std::runtime_error(client.name() + " lost a message");
    return std::vector<std::int64_t>();
  };
  const auto figures = take_turns(all, rounds, messages, "stream", size, report, work);
  for (std::size_t i = 0; i < all.size(); ++i) {
    fields row;
    row["client"] = all[i]->name();
    row["bytes"] = size;
    row["messages/s"] = rounded(median(figures[i].rate));
    row["MB/s"] = rounded(median(figures[i].rate) * static_cast<double>(size) / 1e6);
    row["CPU us/message"] = rounded(median(figures[i].cpu_us));
    row["rate / raw"] = ratio(figures[i].rate, figures[0].rate);
    row["CPU / raw"] = ratio(figures[i].cpu_us, figures[0].cpu_us);
    row["CPU / hop"] = ratio(figures[i].cpu_us, figures[1].cpu_us);
    report.add_row("Streams", std::move(row));
  }
}

void count_allocations(clients& all, std::size_t calls, bench::report& report) {
  for (auto& each : all) {
    each->call(100, 1);
    bench::start_counting(false);
    each->call(calls, 1);
    const auto count = static_cast<double>(bench::stop_counting().total) / static_cast<double>(calls);
    bench::start_counting(true);
    each->call(calls, 1);
    const auto traced = bench::stop_counting();
    fields row;
    row["client"] = each->name();
    row["origin"] = "all";
    row["per call"] = rounded(count);
    report.add_row("Allocations of a unary call", std::move(row));
    for (const auto& [origin, number] : traced.by_origin) {
      fields part;
      part["client"] = each->name();
      part["origin"] = origin;
      part["per call"] = rounded(static_cast<double>(number) / static_cast<double>(calls));
      report.add_row("Allocations of a unary call", std::move(part));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments arguments(argc, argv, question,
                                   {{"rounds", "15", "turns of each client"},
                                    {"in-flight", "1,64", "unary calls at a time"},
                                    {"calls", "6000", "unary calls of a turn, a fifth of it with one in flight"},
                                    {"sizes", "100,1024,10240,1048576", "bytes of a streamed message"},
                                    {"stream-bytes", "200000000", "most bytes of a stream"},
                                    {"stream-messages", "30000", "most messages of a stream"},
                                    {"counted", "1000", "calls whose allocations are counted"}});
  bench::report report(arguments);
  bench::server_process server("wire");
  clients all;
  all.push_back(bench::make_raw(server.target()));
  all.push_back(bench::make_hop(server.target()));
  all.push_back(bench::make_bridge(server.target()));
  all.push_back(bench::make_library(server.target()));
  const auto rounds = arguments.number("rounds");
  for (const auto in_flight : arguments.numbers("in-flight")) {
    const auto calls = arguments.number("calls") / (in_flight == 1 ? 5 : 1);
    measure_calls(all, in_flight, calls, rounds, report);
  }
  if (const auto counted = arguments.number("counted"); counted != 0) count_allocations(all, counted, report);
  all.pop_back();  // which reads no such streams
  for (const auto size : arguments.numbers("sizes")) {
    measure_streams(all, size, arguments.number("stream-bytes"), arguments.number("stream-messages"), rounds, report);
  }
  report.finish();
}
