// Answers that come after more than a second of silence.
#include "rpc/unary.hpp"
#include "support/process.hpp"
#include "support/report.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <condition_variable>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace {

using namespace std::chrono_literals;
using bench::fields;
using bench::rounded;
using spark::connect::ConfigRequest;
using spark::connect::ConfigResponse;
using service = spark::connect::SparkConnectService;

constexpr const char* question =
    "How late does an answer arrive that the server gives after 1.0 to 1.5 s of silence? gRPC's callback threads nap\n"
    "for 100 ms when they saw no event for a second; cospark's heartbeat keeps them awake. Clients: raw, gRPC's\n"
    "callbacks alone; bridge, cospark's lib/rpc. Each process has one call in flight; lateness is the arrival less\n"
    "the server's own time stamp. Also: what a process costs while one call is pending, and while none is.";

ConfigRequest asking(const std::string& key) {
  ConfigRequest request;
  request.mutable_operation()->mutable_get()->add_keys(key);
  return request;
}

double late_by(const ConfigResponse& response) {
  return static_cast<double>(bench::monotonic_ns() - std::stoll(response.pairs(0).value())) / 1e6;
}

std::unique_ptr<service::Stub> stub_to(const std::string& target) {
  return service::NewStub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
}

/// Makes calls one after the other; `arrived` runs where the answer arrives.
void call_raw(service::Stub& stub, const std::string& key, std::size_t calls, std::chrono::milliseconds limit,
              const std::function<void(const ConfigResponse&)>& arrived) {
  std::mutex mutex;
  std::condition_variable ended;
  for (std::size_t i = 0; i < calls; ++i) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    const auto request = asking(key);
    ConfigResponse response;
    bool done = false;
    stub.async()->Config(&context, &request, &response, [&](const grpc::Status& status) {
      if (status.ok()) arrived(response);
      const std::lock_guard lock(mutex);
      done = true;
      ended.notify_one();
    });
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return done; });
  }
}

void call_bridge(std::shared_ptr<service::StubInterface> stub, const std::string& key, std::size_t calls,
                 std::chrono::milliseconds limit, const std::function<void(const ConfigResponse&)>& arrived) {
  asio::io_context context(1);
  const auto engine = cospark::rpc::engine::make(context.get_executor());
  const auto work = [&]() -> asio::awaitable<void> {
    cospark::rpc::call_options options;
    options.deadline = limit;
    for (std::size_t i = 0; i < calls; ++i) {
      const auto request = asking(key);
      ConfigResponse response;
      const auto status = co_await cospark::rpc::call(engine, stub, &service::StubInterface::async_interface::Config,
                                                      &request, &response, options);
      if (status.ok()) arrived(response);
    }
  };
  asio::co_spawn(context, work(), asio::detached);
  context.run();
}

/// One process of many: prints how late each answer was, or what it costs to wait.
int run_child(const std::string& client, const std::string& what, const std::string& target, std::size_t number) {
  auto stub = stub_to(target);
  const bool raw = client == "raw";
  const auto call = [&](const std::string& key, std::size_t calls, std::chrono::milliseconds limit,
                        const auto& arrived) {
    if (raw) {
      call_raw(*stub, key, calls, limit, arrived);
    } else {
      const std::shared_ptr<service::StubInterface> borrowed(std::shared_ptr<void>(), stub.get());
      call_bridge(borrowed, key, calls, limit, arrived);
    }
  };
  std::ostringstream told;
  call("now", 5, 10s, [](const ConfigResponse&) {});
  if (what == "late") {
    call("late", number, 10s, [&](const ConfigResponse& response) { told << late_by(response) << ' '; });
  } else {
    const auto before = bench::cpu_seconds();
    const auto time = std::chrono::seconds(number);
    if (what == "pending") {
      call("never", 1, time, [](const ConfigResponse&) {});
    } else {
      std::this_thread::sleep_for(time);
    }
    told << (bench::cpu_seconds() - before) * 1000 / static_cast<double>(number);
  }
  std::cout << told.str() << std::endl;
  return 0;
}

std::vector<double> numbers_of(const std::string& line) {
  std::istringstream words(line);
  std::vector<double> numbers;
  for (double number = 0; words >> number;) numbers.push_back(number);
  return numbers;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments arguments(argc, argv, question,
                                   {{"processes", "8", "client processes of each kind, at the same time"},
                                    {"answers", "18", "late answers for each process"},
                                    {"seconds", "15", "time over which the cost of waiting is taken"},
                                    {"child", "", "(internal) be one client process: raw or bridge"},
                                    {"child-does", "late", "(internal) late, pending or idle"},
                                    {"target", "", "(internal) address of the server"}});
  if (!arguments.text("child").empty()) {
    return run_child(arguments.text("child"), arguments.text("child-does"), arguments.text("target"),
                     arguments.number("answers"));
  }
  bench::report report(arguments);
  bench::server_process server("wire");
  const auto start = [&](const std::string& client, const std::string& what, const std::string& number) {
    const std::vector<std::string> options{"--child",  client,          "--child-does", what,
                                           "--target", server.target(), "--answers",    number};
    return std::make_unique<bench::child>("bench_late_replies", options);
  };
  const auto add_sample = [&report](const char* client, const char* what, const std::vector<double>& numbers) {
    fields sample;
    sample["client"] = client;
    sample["what"] = what;
    sample["ms"] = boost::json::array(numbers.begin(), numbers.end());
    report.add_sample(std::move(sample));
  };
  const std::vector<const char*> clients{"raw", "bridge"};
  std::vector<std::pair<const char*, std::unique_ptr<bench::child>>> children;
  for (std::size_t i = 0; i < arguments.number("processes"); ++i) {
    for (const auto* client : clients) children.emplace_back(client, start(client, "late", arguments.text("answers")));
  }
  for (const auto* client : clients) {
    std::vector<double> late;
    for (auto& [kind, child] : children) {
      if (kind != client) continue;
      const auto numbers = numbers_of(child->read_line());
      late.insert(late.end(), numbers.begin(), numbers.end());
    }
    fields row;
    row["client"] = client;
    row["answers"] = late.size();
    row["p50 ms"] = rounded(bench::median(late));
    row["p90 ms"] = rounded(bench::quantile(late, 0.9));
    row["p99 ms"] = rounded(bench::quantile(late, 0.99));
    row["max ms"] = rounded(bench::quantile(late, 1));
    report.add_row("How late", std::move(row));
    add_sample(client, "late", late);
  }
  children.clear();
  for (const auto* what : {"pending", "idle"}) {
    for (const auto* client : clients) {
      for (int i = 0; i < 3; ++i) children.emplace_back(client, start(client, what, arguments.text("seconds")));
    }
    for (const auto* client : clients) {
      std::vector<double> cost;
      for (auto& [kind, child] : children) {
        if (kind == client) cost.push_back(numbers_of(child->read_line()).at(0));
      }
      fields row;
      row["client"] = client;
      row["calls in flight"] = std::string(what) == "pending" ? 1 : 0;
      row["CPU ms/s"] = rounded(bench::median(cost));
      row["% of a core"] = rounded(bench::median(cost) / 10);
      report.add_row("Cost of waiting", std::move(row));
      add_sample(client, what, cost);
    }
    children.clear();
  }
  report.finish();
}
