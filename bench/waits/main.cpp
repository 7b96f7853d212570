// Pending await_termination, from one to a hundred thousand, on one thread.
#include "support/process.hpp"
#include "support/report.hpp"
#include "waits/program.hpp"

#include <malloc.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

namespace {

using namespace std::chrono_literals;

constexpr const char* question =
    "What do N pending await_termination cost, on one io_context thread, against a server in another process?\n"
    "Measured: bytes (malloc, RSS) per wait, threads, response streams at the server, status() while they pend and\n"
    "before, time from the server's event to the awaiting coroutine, time until all have ended, and how late the\n"
    "loop runs a timer of 1 ms, and how long it computed meanwhile. Not measured: the network, and Spark itself.";

std::vector<double> microseconds(const std::vector<std::int64_t>& times) {
  std::vector<double> numbers;
  for (const auto time : times) numbers.push_back(static_cast<double>(time) / 1000);
  return numbers;
}

void measure(bench::report& report, std::size_t count, std::size_t statuses, std::size_t paced) {
  bench::server_process server("fake");
  bench::waiting_program program(server.remote());
  program.start_queries(count);
  program.run_for(200ms);

  bench::loop_probe probe(program.context());
  auto idle_status = microseconds(program.time_status(statuses));
  auto idle_lateness = probe.take();

  malloc_trim(0);
  const auto heap_before = bench::heap_bytes();
  const auto rss_before = bench::figures_of(0).rss_bytes;
  const auto cpu_before = bench::cpu_seconds();
  program.await_all();
  program.run_until([&] { return program.begun() == count && server.ask("buses") == "1"; });
  const auto cpu_of_begin = bench::cpu_seconds() - cpu_before;
  program.run_for(500ms);
  malloc_trim(0);
  const auto bytes = (bench::heap_bytes() - heap_before) / static_cast<double>(count);
  const auto figures = bench::figures_of(0);
  const auto rss = (figures.rss_bytes - rss_before) / static_cast<double>(count);
  const auto streams = std::stoul(server.ask("streams"));

  program.run_for(5ms);  // the timer was due while all of this was counted, outside of the loop
  probe.take();
  auto status = microseconds(program.time_status(2 * statuses));
  auto pending_lateness = probe.take();
  const auto idle_cpu_before = bench::cpu_seconds();
  const auto idle_began = bench::monotonic_ns();
  probe.stop();
  program.run_for(2000ms);
  const auto idle_cpu =
      (bench::cpu_seconds() - idle_cpu_before) * 1e9 / static_cast<double>(bench::monotonic_ns() - idle_began);

  // Ends one by one: from the server's event to the coroutine.
  probe.start();
  const auto one_by_one = std::min(paced, (count + 1) / 2);
  std::vector<double> delays;
  {
    const auto told = program.ask_meanwhile(server, "end " + std::to_string(one_by_one) + " 2000");
    program.run_until([&] { return program.ended() >= one_by_one; });
    std::istringstream words(told);
    std::string run_id;
    std::int64_t time = 0;
    while (words >> run_id >> time) {
      delays.push_back(static_cast<double>(program.end_of(run_id) - time) / 1000);
    }
  }
  auto ending_lateness = probe.take();

  // The others at once.
  double all_ms = 0;
  if (one_by_one < count) {
    const auto told = program.ask_meanwhile(server, "end all");
    program.run_until([&] { return program.ended() >= count; });
    all_ms = static_cast<double>(program.last_end() - std::stoll(told)) / 1e6;
  }
  auto storm_lateness = probe.take();
  if (one_by_one == count) storm_lateness.clear();  // there was none
  // Before and after, so that a machine which slows down meanwhile is not taken for a cost of the waits.
  for (const auto each : microseconds(program.time_status(statuses))) idle_status.push_back(each);
  probe.stop();

  const auto sample = [&](const char* what, const std::vector<double>& numbers) {
    bench::fields fields;
    fields["waits"] = count;
    fields["what"] = what;
    fields["us"] = boost::json::array(numbers.begin(), numbers.end());
    report.add_sample(std::move(fields));
  };
  sample("status() with none pending", idle_status);
  sample("status() with all pending", status);
  sample("event to coroutine", delays);
  const auto r = [](double number) { return bench::rounded(number); };
  const auto q = [&](const std::vector<double>& numbers, double part) { return r(bench::quantile(numbers, part)); };
  bench::fields cost;
  cost["waits"] = count;
  cost["bytes/wait"] = r(bytes);
  cost["RSS bytes/wait"] = r(rss);
  cost["threads"] = figures.threads;
  cost["server streams"] = streams;
  cost["begin, CPU us/wait"] = r(cpu_of_begin * 1e6 / static_cast<double>(count));
  cost["CPU ms per idle s"] = r(idle_cpu * 1000);
  report.add_row("Cost", std::move(cost));
  bench::fields speed;
  speed["waits"] = count;
  speed["status p50 us, none pend"] = q(idle_status, 0.5);
  speed["all pend"] = q(status, 0.5);
  speed["ratio p50"] = r(bench::median(status) / bench::median(idle_status));
  speed["p99 us, none pend"] = q(idle_status, 0.99);
  speed["p99, all pend"] = q(status, 0.99);
  speed["event to coroutine p50 ms"] = r(bench::quantile(delays, 0.5) / 1000);
  speed["p99 ms"] = r(bench::quantile(delays, 0.99) / 1000);
  speed["all end, ms"] = one_by_one < count ? boost::json::value(r(all_ms)) : boost::json::value();
  report.add_row("Speed", std::move(speed));
  const auto add_lateness = [&](const char* table, double bench::lateness::*figure) {
    const auto late = [&](const std::vector<bench::lateness>& seen, double part) {
      std::vector<double> numbers;
      for (const auto& each : seen) numbers.push_back(each.*figure);
      return numbers.empty() ? boost::json::value() : boost::json::value(q(numbers, part));
    };
    bench::fields stall;
    stall["waits"] = count;
    stall["none pend"] = late(idle_lateness, 0.999);
    stall["all pend"] = late(pending_lateness, 0.999);
    stall["ends one by one"] = late(ending_lateness, 0.999);
    stall["all end at once"] = late(storm_lateness, 0.999);
    stall["worst of all"] = late(storm_lateness, 1);
    report.add_row(table, std::move(stall));
  };
  add_lateness("How late a timer of 1 ms runs, p99.9, ms", &bench::lateness::ms);
  add_lateness("How long the loop computed meanwhile, p99.9, ms", &bench::lateness::busy_ms);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments arguments(
      argc, argv, question,
      {{"waits", "1,100,1000,10000,100000", "numbers of pending waits"},
       {"status", "1000", "calls of status() to time before, as many after, twice as many while the waits pend"},
       {"paced", "500", "most queries that end one by one"}});
  bench::report report(arguments);
  for (const auto count : arguments.numbers("waits")) {
    measure(report, count, arguments.number("status"), arguments.number("paced"));
  }
  report.finish();
}
