#include "peers/ours.hpp"

#include "support/process.hpp"

#include <cospark/data_stream_writer.hpp>
#include <cospark/run.hpp>
#include <cospark/session.hpp>
#include <cospark/streaming_query.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/streambuf.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

double milliseconds(std::int64_t time) {
  return static_cast<double>(time) * 1e-6;
}

class program {
 public:
  program(cospark::session session, std::size_t count) : session_(std::move(session)), count_(count) {}

  asio::awaitable<json::object> start() {
    const auto executor = co_await asio::this_coro::executor;
    const auto began = monotonic_ns();
    std::set<std::string> run_ids;
    for (std::size_t i = 0; i < count_; ++i) {
      auto started = co_await session_.read_stream()
                         .format("rate")
                         .load()
                         .write_stream()
                         .format("noop")
                         .trigger(cospark::trigger::processing_time(10min))
                         .start();
      const auto query = started.value();
      run_ids.insert(query.run_id());
      queries_.push_back(query);
      auto note = [this, run_id = query.run_id()](cospark::result<void> outcome) {
        ended_[run_id] = {monotonic_ns(), outcome ? "ended" : outcome.error().code().message()};
      };
      cospark::spawn(executor, query.await_termination(), note);
    }
    json::object told;
    told["seconds"] = milliseconds(monotonic_ns() - began) / 1000;
    told["run_ids"] = run_ids.size();
    co_return told;
  }

  asio::awaitable<json::object> status(std::size_t calls) {
    json::array times;
    for (std::size_t i = 0; i < calls; ++i) {
      const auto began = monotonic_ns();
      auto status = co_await queries_[i % queries_.size()].status();
      status.value();
      times.emplace_back(milliseconds(monotonic_ns() - began));
    }
    json::object told;
    told["ms"] = std::move(times);
    co_return told;
  }

  asio::awaitable<json::object> stop(std::size_t number) {
    json::array stops;
    json::array delays;
    for (std::size_t i = 0; i < number; ++i) {
      const auto query = queries_.back();
      queries_.pop_back();
      const auto began = monotonic_ns();
      auto stopped = co_await query.stop();
      stopped.value();
      const auto done = monotonic_ns();
      stops.emplace_back(milliseconds(done - began));
      const auto has_ended = [&] { return ended_.count(query.run_id()) != 0; };
      co_await until(has_ended, 30s);
      delays.emplace_back(has_ended() ? milliseconds(ended_[query.run_id()].first - done) : 30000.0);
    }
    json::object told;
    told["stop_ms"] = std::move(stops);
    told["delay_ms"] = std::move(delays);
    co_return told;
  }

  asio::awaitable<json::object> lost(std::size_t seconds) {
    const auto all_ended = [this] {
      for (const auto& query : queries_) {
        if (ended_.count(query.run_id()) == 0) return false;
      }
      return true;
    };
    co_await until(all_ended, std::chrono::seconds(seconds));
    std::map<std::string, std::size_t> counts;
    for (const auto& query : queries_) {
      const auto found = ended_.find(query.run_id());
      ++counts[found == ended_.end() ? "still waits" : found->second.second];
    }
    json::object told;
    for (const auto& [how, number] : counts) told[how] = number;
    co_return told;
  }

  asio::awaitable<void> obey() {
    asio::posix::stream_descriptor in(co_await asio::this_coro::executor, ::dup(0));
    asio::streambuf buffer;
    std::istream lines(&buffer);
    for (;;) {
      try {
        co_await asio::async_read_until(in, buffer, '\n', asio::use_awaitable);
      } catch (const std::system_error&) {
        std::_Exit(0);  // the end of the input: the waits that are left are of no interest
      }
      std::string verb;
      std::size_t number = 0;
      std::string line;
      std::getline(lines, line);
      std::istringstream words(line);
      words >> verb >> number;
      json::object told;
      if (verb == "start") told = co_await start();
      if (verb == "status") told = co_await status(number);
      if (verb == "stop") told = co_await stop(number);
      if (verb == "lost") told = co_await lost(number);
      std::cout << json::serialize(told) << std::endl;
    }
  }

 private:
  template <class Condition>
  asio::awaitable<void> until(Condition condition, std::chrono::seconds limit) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      timer.expires_after(2ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  cospark::session session_;
  const std::size_t count_;
  std::vector<cospark::streaming_query> queries_;
  std::map<std::string, std::pair<std::int64_t, std::string>> ended_;
};

}  // namespace

int run_ours(const std::string& remote, std::size_t count) {
  asio::io_context context(1);
  auto session = cospark::run(context, cospark::session::connect(remote));
  program waiting(std::move(session).value(), count);
  asio::co_spawn(context, waiting.obey(), [](std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
  });
  context.restart();
  context.run();
  return 0;
}

}  // namespace bench
