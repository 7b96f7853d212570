// Plans of many steps.
#include "frame/access.hpp"
#include "plan/build.hpp"
#include "support/process.hpp"
#include "support/report.hpp"

#include <cospark/functions.hpp>
#include <cospark/run.hpp>
#include <cospark/session.hpp>

#include <asio/io_context.hpp>

#include <algorithm>

namespace {

using bench::fields;
using bench::median;
using bench::rounded;

constexpr const char* question =
    "What does it cost to build a plan of N steps, and to write it as the message that goes to the server? Linear is\n"
    "what one wants: the same time per step, however many steps. A server reads plans of about 500 steps on top of "
    "each\n"
    "other, so larger ones are unions of chains of 250 steps. Not measured: what Spark does with such a plan.";

constexpr std::size_t longest_chain = 250;

cospark::data_frame chain(const cospark::session& session, std::size_t steps) {
  auto frame = session.range(100);
  for (std::size_t i = 0; i < steps; ++i) {
    std::string name = std::to_string(i % 10);
    name.insert(0, 1, 'c');
    frame = frame.with_column(name, cospark::functions::col("id") + static_cast<std::int64_t>(i));
  }
  return frame;
}

cospark::data_frame frame_of(const cospark::session& session, std::size_t steps) {
  auto frame = chain(session, std::min(steps, longest_chain));
  for (auto done = longest_chain; done < steps; done += longest_chain) {
    frame = frame.union_all(chain(session, std::min(steps - done, longest_chain)));
  }
  return frame;
}

double milliseconds_since(std::int64_t began) {
  return static_cast<double>(bench::monotonic_ns() - began) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments arguments(
      argc, argv, question,
      {{"steps", "125,250,500,1000,2000,4000", "steps of the plan"}, {"rounds", "15", "times each is built"}});
  bench::report report(arguments);
  bench::server_process server("wire");
  asio::io_context context;
  const auto session = cospark::run(context, cospark::session::connect(server.remote())).value();
  for (const auto steps : arguments.numbers("steps")) {
    std::vector<double> build;
    std::vector<double> write;
    std::size_t bytes = 0;
    for (std::size_t round = 0; round < arguments.number("rounds"); ++round) {
      auto began = bench::monotonic_ns();
      const auto frame = frame_of(session, steps);
      build.push_back(milliseconds_since(began));
      began = bench::monotonic_ns();
      const auto plan = cospark::plan::to_plan(cospark::frame::access::relation(frame)).value();
      bytes = plan.SerializeAsString().size();
      write.push_back(milliseconds_since(began));
      fields sample;
      sample["steps"] = steps;
      sample["build_ms"] = build.back();
      sample["write_ms"] = write.back();
      report.add_sample(std::move(sample));
    }
    const auto per_step = [steps](double ms) { return rounded(ms * 1000 / static_cast<double>(steps)); };
    fields row;
    row["steps"] = steps;
    row["build ms"] = rounded(median(build));
    row["write ms"] = rounded(median(write));
    row["build us/step"] = per_step(median(build));
    row["write us/step"] = per_step(median(write));
    row["bytes"] = bytes;
    report.add_row("A plan of N steps", std::move(row));
  }
  report.finish();
}
