// Servers that are killed, restarted, frozen, or gone for good, under running queries.
#include "support.hpp"

#include <asio/this_coro.hpp>

#include <signal.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <random>

using namespace spark_tests;
using cospark::errc;

namespace {

using clock_type = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int rows_per_batch = 20;

milliseconds since(clock_type::time_point began) {
  return std::chrono::duration_cast<milliseconds>(clock_type::now() - began);
}

/// Of a wait that runs beside the test.
struct wait_outcome {
  std::string what;
  std::string query_id;  // of the query that it waits for; empty: of any
  std::string run_id;
  std::optional<cospark::error> error;
  bool ended = false;
  clock_type::time_point when;
};

class waits {
 public:
  explicit waits(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  template <class T>
  void add(const std::string& what, cospark::task<T> wait, const cospark::streaming_query* query = nullptr) {
    auto told = std::make_shared<wait_outcome>();
    told->what = what;
    if (query != nullptr) {
      told->query_id = query->id();
      told->run_id = query->run_id();
    }
    all_.push_back(told);
    cospark::spawn(executor_, std::move(wait), [told](const cospark::result<T>& outcome) {
      told->ended = true;
      told->when = clock_type::now();
      if (!outcome) told->error = outcome.error();
    });
  }
  bool have_ended() const {
    return std::all_of(all_.begin(), all_.end(), [](const auto& told) { return told->ended; });
  }
  const std::vector<std::shared_ptr<wait_outcome>>& all() const { return all_; }

 private:
  asio::any_io_executor executor_;
  std::vector<std::shared_ptr<wait_outcome>> all_;
};

/// Numbers from 0 on, the same ones in the same batch whenever it is run.
asio::awaitable<cospark::streaming_query> numbers_to_parquet(cospark::session spark, const folder& files,
                                                             std::string name) {
  auto writer = spark.read_stream()
                    .format("rate-micro-batch")
                    .option("rowsPerBatch", rows_per_batch)
                    .option("numPartitions", 1)
                    .load()
                    .write_stream()
                    .format("parquet")
                    .option("checkpointLocation", files / (name + "-checkpoint"))
                    .option("path", files / name)
                    .trigger(cospark::trigger::processing_time(100ms));
  co_return must(co_await writer.start());
}

asio::awaitable<void> until_two_batches_more(const cospark::streaming_query& query) {
  std::optional<std::int64_t> first;
  const auto has_moved = [&]() -> asio::awaitable<bool> {
    const auto report = must(co_await query.last_progress());
    if (!report) co_return false;
    if (!first) first = report->batch_id();
    co_return report->batch_id() >= *first + 2;
  };
  co_await eventually(has_moved, 300s);
}

struct written {
  std::int64_t rows = 0;
  std::int64_t distinct = 0;
  std::int64_t expected = 0;  // at least: one batch more may be written and not be in the checkpoint yet
};

asio::awaitable<written> read_back(cospark::session spark, const folder& files, std::string name) {
  const auto frame = spark.read().parquet(files / name);
  const auto rows =
      must(co_await frame.select(f::count("value"), f::count_distinct("value"), f::max("value")).collect());
  written found;
  found.rows = rows[0].get<std::int64_t>(0);
  found.distinct = rows[0].get<std::int64_t>(1);
  CHECK(rows[0].get<std::int64_t>(2) + 1 == found.distinct);  // none is missing in between
  std::int64_t batches = 0;
  for (const auto& file : files.files("")) {
    const auto folder_of_commits = name + "-checkpoint/commits/";
    if (!file.starts_with(folder_of_commits)) continue;
    const auto number = file.substr(folder_of_commits.size());
    if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    batches = std::max<std::int64_t>(batches, std::stoll(number) + 1);
  }
  found.expected = batches * rows_per_batch;
  co_return found;
}

/// Bounds that do not matter to a test, for slow machines.
cospark::session_options patient() {
  cospark::session_options options;
  options.connect_timeout = 2min;
  options.call_timeout = 1min;
  return options;
}

constexpr auto short_call = 5s;
cospark::session_options impatient() {
  auto options = patient();
  options.call_timeout = short_call;
  options.segment_timeout = 3s;
  return options;
}

/// A server that a test may do anything to.
asio::awaitable<cospark::local_server> start_server(const folder& files, std::uint16_t port = 0) {
  auto options = server_options();
  options.port = port;
  options.log_file = files / "server.log";
  co_return must(co_await cospark::local_server::start(options));
}

}  // namespace

TEST_CASE("S3 a server is killed again and again under queries: no row is lost or doubled, every wait is told",
          "[own_server][.crash][kills]") {
  const int kills = number_of_the_environment("COSPARK_KILLS", 3);
  const auto body = [kills]() -> check {
    const folder files;
    const auto seed = std::random_device()();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const std::array strategies{cospark::wait_strategy::automatic, cospark::wait_strategy::polling,
                                cospark::wait_strategy::blocking};
    const auto executor = co_await asio::this_coro::executor;
    std::uint16_t port = 0;
    std::size_t told = 0;
    milliseconds latest{0};
    std::optional<waits> pending;
    for (int kill = 0;; ++kill) {
      auto server = co_await start_server(files, port);
      port = server.port();
      const auto restarted = clock_type::now();
      auto options = patient();
      options.waits = strategies[static_cast<std::size_t>(kill) % strategies.size()];
      const auto spark = must(co_await cospark::session::connect(server.remote(), options));
      must(co_await spark.range(1).count());
      const auto connecting = since(restarted);  // how slow this machine is
      if (pending) {
        const auto all_told = [&]() -> asio::awaitable<bool> { co_return pending->have_ended(); };
        co_await eventually(all_told, 60s);
        for (const auto& wait : pending->all()) {
          const auto after = std::chrono::duration_cast<milliseconds>(wait->when - restarted);
          INFO("kill " << kill << ", " << wait->what << ", " << after.count() << " ms after the restart");
          REQUIRE(wait->error.has_value());
          INFO(wait->error->to_string());
          CHECK(*wait->error == errc::session_lost);
          CHECK(wait->error->detail().query_id == wait->query_id);
          CHECK(wait->error->detail().run_id == wait->run_id);
          CHECK(after < 10s + 3 * connecting);
          latest = std::max(latest, after);
          ++told;
        }
      }
      const auto first = co_await numbers_to_parquet(spark, files, "first");
      const auto second = co_await numbers_to_parquet(spark, files, "second");
      pending.emplace(executor);
      pending->add("a wait", first.await_termination(), &first);
      pending->add("a wait", second.await_termination(), &second);
      pending->add("a wait with a timeout", second.await_termination(1h), &second);
      pending->add("a wait for any query", spark.streams().await_any_termination());
      co_await until_two_batches_more(first);
      co_await until_two_batches_more(second);
      if (kill == kills) {
        must(co_await first.stop());
        must(co_await second.stop());
        const auto all_ended = [&]() -> asio::awaitable<bool> { co_return pending->have_ended(); };
        co_await eventually(all_ended);
        for (const auto& wait : pending->all()) CHECK_FALSE(wait->error.has_value());
        std::int64_t rows = 0;
        for (const std::string name : {"first", "second"}) {
          const auto found = co_await read_back(spark, files, name);
          INFO(name << ": " << found.rows << " rows, " << found.distinct << " different ones, expected "
                    << found.expected);
          CHECK(found.rows == found.distinct);
          CHECK(found.distinct >= found.expected);
          CHECK(found.distinct <= found.expected + rows_per_batch);
          CHECK(found.expected >= (kills + 1) * 2 * rows_per_batch);
          rows += found.rows;
        }
        std::cout << "kills: " << kills << ", rows: " << rows << ", missing: 0, doubled: 0, waits told: " << told
                  << ", the last " << latest.count() << " ms after the restart" << std::endl;
        must(co_await spark.stop());
        must(co_await server.stop());
        co_return;
      }
      co_await pause(milliseconds(std::uniform_int_distribution<int>(0, 700)(random)));
      ::kill(server.process_id(), SIGKILL);
      must(co_await server.kill());
      CHECK_FALSE(pending->have_ended());
      co_await pause(milliseconds(std::uniform_int_distribution<int>(0, 700)(random)));
    }
  };
  event_loop_test(body, std::chrono::seconds(600 * (kills + 1)));
}

TEST_CASE("S2 a server that is gone for good: calls and waits end within their bounds", "[own_server][.crash]") {
  event_loop_test(
      []() -> check {
        const folder files;
        auto server = co_await start_server(files);
        const auto executor = co_await asio::this_coro::executor;
        auto options = impatient();
        options.retries.max_elapsed = 6s;
        options.retries.max_backoff = 1s;
        const auto by_events = must(co_await cospark::session::connect(server.remote(), options));
        options.waits = cospark::wait_strategy::polling;
        const auto by_polls = must(co_await cospark::session::connect(server.remote(), options));
        const auto first = co_await endless(by_events);
        const auto second = co_await endless(by_polls);
        auto events = must(co_await by_events.streams().events());
        waits pending(executor);
        for (const auto* query : {&first, &second}) {
          pending.add("a wait", query->await_termination(), query);
          pending.add("a wait with a long timeout", query->await_termination(1h), query);
        }
        pending.add("a wait for any query", by_events.streams().await_any_termination());
        co_await pause(500ms);
        must(co_await server.kill());
        const auto gone = clock_type::now();
        // Short calls: their deadline. Waits with a timeout: that timeout.
        for (const auto* query : {&first, &second}) {
          const auto status = fails(co_await query->status());
          INFO(status.to_string());
          CHECK(status == errc::unavailable);
        }
        CHECK(since(gone) < 3 * 2 * short_call);
        const auto began = clock_type::now();
        const auto ended = co_await first.await_termination(1s);
        if (ended) {
          CHECK_FALSE(ended.assume_value());
        } else {
          CHECK(ended.error() == errc::unavailable);
        }
        CHECK(since(began) < 3s);
        // Waits: the bound of the retry policy.
        const auto all_told = [&]() -> asio::awaitable<bool> { co_return pending.have_ended(); };
        co_await eventually(all_told, 60s);
        milliseconds latest{0};
        for (const auto& wait : pending.all()) {
          const auto after = std::chrono::duration_cast<milliseconds>(wait->when - gone);
          INFO(wait->what << ", " << after.count() << " ms after the end of the server");
          REQUIRE(wait->error.has_value());
          INFO(wait->error->to_string());
          CHECK(*wait->error == errc::unavailable);
          CHECK(wait->error->detail().query_id == wait->query_id);
          CHECK(after < 3 * 6s);
          latest = std::max(latest, after);
        }
        CHECK(latest < 3 * 6s);
        for (;;) {
          const auto event = co_await events.next();
          if (event) continue;
          CHECK(event.error() == errc::unavailable);
          break;
        }
        std::cout << "gone for good: the last wait ended after " << latest.count() << " ms, max_elapsed was 6000 ms"
                  << std::endl;
      },
      600s);
}

TEST_CASE("T2 a server that freezes and thaws: short calls keep their deadline, waits go on, all works again",
          "[own_server][.crash]") {
  // COSPARK_FREEZE: seconds of frost, with a segment_timeout that is a little shorter.
  const int frost = number_of_the_environment("COSPARK_FREEZE", 12);
  const auto body = [frost]() -> check {
    const folder files;
    auto server = co_await start_server(files);
    auto options = impatient();
    options.segment_timeout = std::chrono::seconds(frost > 30 ? frost - 5 : 3);
    const auto executor = co_await asio::this_coro::executor;
    const auto spark = must(co_await cospark::session::connect(server.remote(), options));
    options.waits = cospark::wait_strategy::blocking;
    const auto blocking = must(co_await cospark::session::connect(server.remote(), options));
    const auto first = co_await endless(spark);
    const auto second = co_await endless(blocking);
    auto events = must(co_await spark.streams().events());
    waits pending(executor);
    pending.add("a wait by events", first.await_termination(), &first);
    pending.add("a blocking wait", second.await_termination(), &second);
    // Everything that has to work again; the time that it takes.
    const auto round = [&]() -> asio::awaitable<milliseconds> {
      const auto began = clock_type::now();
      for (;;) {
        const auto status = co_await first.status();
        if (status) break;
        co_await pause(50ms);
      }
      const auto third = co_await endless(spark);
      for (bool heard = false; !heard;) {
        const auto event = must(co_await events.next());
        REQUIRE(event.has_value());
        const auto* progress = std::get_if<cospark::query_progress_event>(&*event);
        heard = progress != nullptr && progress->progress.run_id() == third.run_id();
      }
      CHECK_FALSE(must(co_await third.await_termination(100ms)));
      must(co_await third.stop());
      CHECK(must(co_await third.await_termination(60s)));
      co_return since(began);
    };
    co_await round();
    const auto before = co_await round();

    ::kill(server.process_id(), SIGSTOP);
    const auto frozen = clock_type::now();
    const auto status = fails(co_await first.status());
    // The latter when the segment ended first, and the connection that replaced the silent one was not made in time.
    CHECK((status == errc::timed_out || status == errc::unavailable));
    CHECK(since(frozen) < 3 * short_call);
    const auto waiting = clock_type::now();
    CHECK_FALSE(must(co_await first.await_termination(1s)));
    CHECK_FALSE(must(co_await second.await_termination(1s)));
    CHECK(since(waiting) < 3 * 2 * 1s);
    co_await pause(std::max(milliseconds(0), milliseconds(std::chrono::seconds(frost)) - since(frozen)));
    ::kill(server.process_id(), SIGCONT);
    const auto after = co_await round();
    std::cout << "frozen for " << frost << " s: a round took " << before.count() << " ms before and " << after.count()
              << " ms after the thaw" << std::endl;
    CHECK(after < 5s + 3 * before);
    for (const auto& wait : pending.all()) CHECK_FALSE(wait->ended);
    must(co_await first.stop());
    must(co_await second.stop());
    const auto all_told = [&]() -> asio::awaitable<bool> { co_return pending.have_ended(); };
    co_await eventually(all_told);
    for (const auto& wait : pending.all()) {
      INFO(wait->what << (wait->error ? wait->error->to_string() : ""));
      CHECK_FALSE(wait->error.has_value());
    }
    must(co_await spark.stop());
    must(co_await blocking.stop());
    must(co_await server.stop());
  };
  event_loop_test(body, std::chrono::seconds(600 + 2 * frost));
}
