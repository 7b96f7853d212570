// A program with waits, short calls and results on one io_context, while something breaks every moment. Which faults,
// and when, a seed decides (`--rng-seed`); a history of all that happened is checked afterwards. scripts/soak runs it
// for longer than the tests: COSPARK_CHAOS_SECONDS, COSPARK_CHAOS_PAUSE_MS between faults, COSPARK_CHAOS_WAITS,
// COSPARK_CHAOS_HISTORY (a file for the history).
#include "chaos_history.hpp"
#include "program.hpp"
#include "tcp_gate.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

using namespace fake;
using namespace fake::chaos;
using cospark::wait_strategy;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t rows_of_table = 40;

int number_from(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

cospark::session_options impatient(wait_strategy strategy) {
  auto options = client::quick();
  options.waits = strategy;
  options.connect_timeout = 3s;
  options.call_timeout = 3s;
  options.analysis_timeout = 5s;
  options.stop_timeout = 5s;
  options.segment_timeout = 2s;
  options.keep_alive_interval = 1s;
  options.sweep_interval = 1s;
  options.retries.max_elapsed = 10s;
  return options;
}

bounds asked() {
  bounds limits;
  const auto options = impatient(wait_strategy::automatic);
  limits.limits["start"] = options.analysis_timeout;
  limits.limits["stop"] = options.stop_timeout;
  for (const auto* name : {"status", "active", "set", "exception"}) limits.limits[name] = options.call_timeout;
  limits.to_notice = options.retries.max_elapsed + 5s;
  limits.retries = options.retries;
  return limits;
}

/// A session, until it is lost.
struct world {
  world(cospark::session opened, microseconds since) : session(std::move(opened)), began(since) {}
  cospark::session session;
  microseconds began;
  std::vector<streaming_query> recent;
};

/// Coroutines that share a session and replace it when it is lost.
struct group {
  explicit group(wait_strategy how) : strategy(how) {}
  wait_strategy strategy;
  std::shared_ptr<world> now;
};

class program_under_faults {
 public:
  explicit program_under_faults(unsigned seed) : seeds_(seed), gate(spark.port()) {
    const auto columns = cospark::schema().add("id", cospark::types::long_type(), false);
    std::vector<cospark::row> rows;
    for (std::int64_t i = 0; i < rows_of_table; ++i) {
      std::vector<cospark::value> values;
      values.emplace_back(i);
      rows.emplace_back(std::move(values));
    }
    REQUIRE(spark.set_rows(columns, rows, 2));
  }

  void run(int waits, milliseconds time, milliseconds pause) {
    for (const auto how : {wait_strategy::automatic, wait_strategy::polling, wait_strategy::blocking}) {
      auto& added = *groups_.emplace_back(std::make_unique<group>(how));
      begin(keep_connected(added));
      for (int i = 0; i < std::max(waits / 3, 1); ++i) begin(supervise(added, random()));
      for (int i = 0; i < 3; ++i) begin(ask(added, random()));
      for (int i = 0; i < 3; ++i) begin(read(added, random()));
    }
    const auto has_session = [](const auto& each) { return each->now != nullptr; };
    REQUIRE(eventually(io, [&] { return std::all_of(groups_.begin(), groups_.end(), has_session); }));
    std::thread breaker([this, time, pause, seed = random()] { break_things(time, pause, seed); });
    while (!stopping_) let_run(io, 20ms);
    breaker.join();
    // All that has begun ends now, or it hangs.
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (running_ != 0 && std::chrono::steady_clock::now() < until) let_run(io, 20ms);
    hanging = running_;
    for (auto& each : groups_) {
      if (each->now) {
        const auto stopped = cospark::run(io, each->now->session.stop());
        INFO((stopped ? std::string() : stopped.error().to_string()));
        CHECK(stopped);
      }
      each->now.reset();
    }
  }

 private:
  std::mt19937 seeds_;
  std::vector<std::unique_ptr<group>> groups_;
  std::atomic<bool> stopping_{false};
  int running_ = 0;
  std::uint64_t operations_ = 0;

 public:
  server spark;
  tcp_gate gate;
  asio::io_context io;
  recorder history;
  int hanging = 0;

 private:
  unsigned random() { return static_cast<unsigned>(seeds_()); }

  void begin(asio::awaitable<void> coroutine) {
    ++running_;
    asio::co_spawn(io, std::move(coroutine), [this](std::exception_ptr problem) {
      --running_;
      if (problem) std::rethrow_exception(problem);
    });
  }

  static int pick(std::mt19937& from, int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(from);
  }

  // The program.

  void note(event::kind what, std::uint64_t operation, const char* name, std::string subject, std::string outcome,
            microseconds at, microseconds session_began = microseconds(0)) {
    event happened;
    happened.what = what;
    happened.at = at;
    happened.operation = operation;
    happened.name = name;
    happened.subject = std::move(subject);
    happened.outcome = std::move(outcome);
    happened.session_began = session_began;
    history.add(std::move(happened));
  }

  /// An operation of the program, with its start and its end.
  template <class T, class Name>
  task<T> recorded(std::shared_ptr<world> in, const char* name, std::string subject, std::uint64_t id,
                   task<T> operation, Name word) {
    note(event::kind::start, id, name, subject, std::string(), history.now(), in->began);
    auto outcome = co_await std::move(operation);
    note(event::kind::end, id, name, subject, outcome ? word(outcome) : outcome.error().code().message(),
         history.now());
    if (!outcome && outcome.error() == errc::session_lost) {
      for (auto& each : groups_) {
        if (each->now == in) each->now.reset();
      }
    }
    co_return outcome;
  }
  static constexpr auto ok = [](const auto&) { return std::string("ok"); };

  std::uint64_t next_operation() { return ++operations_; }

  asio::awaitable<void> keep_connected(group& of) {
    while (!stopping_) {
      if (!of.now) {
        const auto began = history.now();
        auto options = impatient(of.strategy);
        options.log = [this](const cospark::log_entry& entry) { on_log(entry); };
        auto opening = cospark::session::connect(gate.remote(), std::move(options));
        auto opened = co_await std::move(opening);
        if (opened) of.now = std::make_shared<world>(std::move(opened).value(), began);
      }
      co_await cospark::execute::pause(20ms);
    }
  }

  void on_log(const cospark::log_entry& entry) {
    if (entry.message != "reattaching") return;
    note(event::kind::attempt, 0, "", entry.fields.at(0).second, entry.fields.at(1).second, history.now());
  }

  /// Starts queries and waits for them, one after the other.
  asio::awaitable<void> supervise(group& of, unsigned seed) {
    std::mt19937 random(seed);
    while (!stopping_) {
      const auto in = of.now;
      if (!in) {
        co_await cospark::execute::pause(30ms);
        continue;
      }
      auto writer = in->session.read_stream().format("rate").load().write_stream().format("noop");
      auto starting = recorded(in, "start", "", next_operation(), writer.start(), ok);
      auto started = co_await std::move(starting);
      if (!started) {
        co_await cospark::execute::pause(30ms);
        continue;
      }
      const auto query = started.value();
      in->recent.push_back(query);
      if (in->recent.size() > 20) in->recent.erase(in->recent.begin());
      auto waiting = wait_for(in, query, random);
      co_await std::move(waiting);
    }
  }

  struct wait_under_way {
    asio::cancellation_signal cancel;
    bool done = false;
  };
  template <class T>
  static asio::awaitable<void> until_done(task<T> waiting, std::shared_ptr<wait_under_way> state) {
    auto outcome = co_await std::move(waiting);
    state->done = true;
  }

  asio::awaitable<void> wait_for(std::shared_ptr<world> in, streaming_query query, std::mt19937& random) {
    enum plan { ends, fails, stopped, cancelled, times_out };
    const auto what = static_cast<plan>(pick(random, ends, times_out));
    const auto delay = milliseconds(pick(random, 0, 2500));
    const auto id = next_operation();
    auto state = std::make_shared<wait_under_way>();
    // Asio uses the signal until it calls the handler, which is after the coroutine.
    auto keep = [state](std::exception_ptr) {};
    if (what == times_out) {
      constexpr auto word = [](const result<bool>& ended) { return std::string(ended.value() ? "ended" : "running"); };
      auto waiting = recorded(in, "wait", query.run_id(), id, query.await_termination(delay + 1ms), word);
      asio::co_spawn(io, until_done(std::move(waiting), state),
                     asio::bind_cancellation_slot(state->cancel.slot(), keep));
    } else {
      constexpr auto word = [](const result<void>&) { return std::string("ended"); };
      auto waiting = recorded(in, "wait", query.run_id(), id, query.await_termination(), word);
      asio::co_spawn(io, until_done(std::move(waiting), state),
                     asio::bind_cancellation_slot(state->cancel.slot(), keep));
    }
    co_await cospark::execute::pause(delay);
    if (what == stopped) {
      const auto at = history.now();
      note(event::kind::truth, 0, "", query.run_id(), "ended", at);
      auto stopping = recorded(in, "stop", query.run_id(), next_operation(), query.stop(), ok);
      [[maybe_unused]] const auto outcome = co_await std::move(stopping);
    }
    if (what == cancelled && !state->done) {
      note(event::kind::cancel, id, "wait", query.run_id(), "", history.now());
      state->cancel.emit(asio::cancellation_type::terminal);
    }
    if (what == cancelled || what == times_out) {
      while (!state->done) co_await cospark::execute::pause(10ms);
    }
    const auto at = history.now();
    if (what == fails) {
      if (spark.fail_query(query.run_id(), division())) note(event::kind::truth, 0, "", query.run_id(), "failed", at);
    } else if (spark.end_query(query.run_id())) {
      note(event::kind::truth, 0, "", query.run_id(), "ended", at);
    }
    while (!state->done) co_await cospark::execute::pause(10ms);
  }

  /// Short calls, one after the other.
  asio::awaitable<void> ask(group& of, unsigned seed) {
    std::mt19937 random(seed);
    while (!stopping_) {
      const auto in = of.now;
      co_await cospark::execute::pause(milliseconds(pick(random, 1, 30)));
      if (!in) continue;
      const auto id = next_operation();
      const auto what = pick(random, 0, 3);
      if (what == 0) {
        auto asking = recorded(in, "active", "", id, in->session.streams().active(), ok);
        [[maybe_unused]] const auto outcome = co_await std::move(asking);
      } else if (what == 1) {
        auto asking = recorded(in, "set", "", id, in->session.conf().set("a", "b"), ok);
        [[maybe_unused]] const auto outcome = co_await std::move(asking);
      } else if (!in->recent.empty()) {
        const auto which = static_cast<std::size_t>(pick(random, 0, static_cast<int>(in->recent.size()) - 1));
        const auto query = in->recent[which];
        if (what == 2) {
          constexpr auto word = [](const result<bool>& now) {
            return std::string(now.value() ? "active" : "inactive");
          };
          auto asking = recorded(in, "status", query.run_id(), id, query.is_active(), word);
          [[maybe_unused]] const auto outcome = co_await std::move(asking);
        } else {
          constexpr auto word = [](const auto& found) { return std::string(found.value() ? "failure" : "nothing"); };
          auto asking = recorded(in, "exception", query.run_id(), id, query.exception(), word);
          [[maybe_unused]] const auto outcome = co_await std::move(asking);
        }
      }
    }
  }

  /// Results, one after the other; some are dropped on the way.
  asio::awaitable<void> read(group& of, unsigned seed) {
    std::mt19937 random(seed);
    while (!stopping_) {
      const auto in = of.now;
      co_await cospark::execute::pause(milliseconds(pick(random, 1, 50)));
      if (!in) continue;
      const auto most = pick(random, 0, 3) == 0 ? pick(random, 0, 15) : 1000;
      constexpr auto word = [](const result<std::string>& rows) { return rows.value(); };
      auto reading = recorded(in, "read", "", next_operation(), rows_of(in, most), word);
      [[maybe_unused]] const auto outcome = co_await std::move(reading);
    }
  }

  static task<std::string> rows_of(std::shared_ptr<world> in, int most) {
    auto executing = in->session.table("t").execute();
    auto stream = co_await std::move(executing);
    if (!stream) co_return cospark::failure(stream.error());
    std::int64_t next = 0;
    for (int batches = 0; batches < most; ++batches) {
      auto fetching = stream.value().next();
      auto batch = co_await std::move(fetching);
      if (!batch) co_return cospark::failure(batch.error());
      if (!batch.value()) {
        co_return std::string(next == rows_of_table ? "rows" : "too few rows");
      }
      for (const auto& row : *batch.value()) {
        if (row.get<std::int64_t>(0) != next++) co_return std::string("wrong rows");
      }
    }
    co_return std::string("rows");
  }

  // The faults, on a thread of their own.

  void break_things(milliseconds time, milliseconds pause, unsigned seed) {
    std::mt19937 random(seed);
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(pause / 2 + milliseconds(pick(random, 0, static_cast<int>(pause.count()))));
      break_something(random);
    }
    heal();
    stopping_ = true;
  }

  void break_something(std::mt19937& random) {
    const auto a_moment = [&] { std::this_thread::sleep_for(milliseconds(pick(random, 50, 700))); };
    const auto fault = [&](const char* name) { note(event::kind::fault, 0, "", "", name, history.now()); };
    switch (pick(random, 0, 17)) {
      case 0:
        fault("reset");
        return gate.reset();
      case 1:
        fault("close");
        return gate.close();
      case 2:
        fault("half close");
        return gate.half_close();
      case 3:
        fault("vanish");
        return gate.freeze();
      case 4:
        fault("pause");
        gate.set_frozen(true);
        a_moment();
        return gate.set_frozen(false);
      case 5:
        fault("small pieces");
        gate.set_pieces(static_cast<std::size_t>(pick(random, 100, 5000)), 1ms);
        a_moment();
        return gate.set_pieces(1 << 20, 0ms);
      case 6:
        fault("refuse");
        gate.set_listening(false);
        gate.reset();
        a_moment();
        return gate.set_listening(true);
      case 7:
        fault("silence");
        gate.set_silent(true);
        gate.reset();
        a_moment();
        gate.set_silent(false);
        return gate.reset();
      case 8:
        fault("cut after some bytes");
        gate.cut_after(static_cast<std::size_t>(pick(random, 1, 20'000)), 2);
        return gate.reset();
      case 9:
        fault("server hangs");
        spark.freeze();
        a_moment();
        return spark.thaw();
      case 10:
        fault("buses removed");
        return spark.remove_buses();
      case 11:
        fault("calls refused");
        for (const auto which : {method::analyze_plan, method::config, method::execute_plan, method::reattach_execute,
                                 method::release_execute}) {
          spark.fail(which, server_error(unavailable, "try again"), static_cast<unsigned>(pick(random, 0, 4)));
        }
        return;
      case 12:
        fault("streams cut");
        for (const auto kind : {operation_kind::rows, operation_kind::start, operation_kind::query_command,
                                operation_kind::manager_command, operation_kind::bus_add}) {
          for (int i = pick(random, 0, 5); i > 0; --i) {
            const auto after = static_cast<std::size_t>(pick(random, 0, 3));
            spark.script(kind, stream_script().send(after).fail(server_error(unavailable, "cut")));
          }
        }
        return;
      case 13:
        fault("streams ended");
        for (const auto kind : {operation_kind::rows, operation_kind::query_command}) {
          for (int i = pick(random, 0, 5); i > 0; --i) {
            spark.script(kind, stream_script().send(static_cast<std::size_t>(pick(random, 0, 3))).end());
          }
        }
        return;
      case 14:
        fault("responses repeated");
        for (int i = 0; i < 5; ++i) {
          spark.script(operation_kind::rows,
                       stream_script().send(5).repeat(static_cast<std::size_t>(pick(random, 1, 5))));
        }
        return;
      case 15:
        fault("connections cut by the server");
        spark.stop();
        return spark.start(true);
      case 16:
        if (pick(random, 0, 2) != 0) return break_something(random);
        fault("server restarted");
        note(event::kind::truth, 0, "", "", "lost", history.now());
        spark.stop();
        return spark.start(false);
      default:
        if (pick(random, 0, 2) != 0) return break_something(random);
        fault("sessions expired");
        note(event::kind::truth, 0, "", "", "lost", history.now());
        return spark.expire_sessions();
    }
  }

  void heal() {
    gate.cut_after(0, 0);
    gate.set_silent(false);
    gate.set_listening(true);
    gate.set_frozen(false);
    gate.reset();
    spark.thaw();
  }
};

std::string counts(const std::vector<event>& history) {
  std::map<std::string, std::size_t> ends;
  std::map<std::string, std::size_t> faults;
  std::size_t operations = 0;
  std::size_t attempts = 0;
  std::size_t broken = 0;
  for (const auto& each : history) {
    if (each.what == event::kind::start) ++operations;
    if (each.what == event::kind::end) ++ends[each.name + ": " + each.outcome];
    if (each.what == event::kind::attempt) ++attempts;
    if (each.what == event::kind::fault) ++broken, ++faults[each.outcome];
  }
  std::ostringstream text;
  text << operations << " operations, " << broken << " faults, " << attempts << " reattachments;";
  for (const auto& [what, count] : ends) text << "\n  " << what << ' ' << count;
  for (const auto& [what, count] : faults) text << "\n  fault: " << what << ' ' << count;
  return text.str();
}

}  // namespace

TEST_CASE("chaos: everything ends once, in time and truthfully, while something breaks every moment") {
  const auto seed = Catch::rngSeed();
  const auto seconds = number_from("COSPARK_CHAOS_SECONDS", 12);
  const auto pause = milliseconds(number_from("COSPARK_CHAOS_PAUSE_MS", 250));
  INFO("seed " << seed);
  program_under_faults test(seed);
  test.run(number_from("COSPARK_CHAOS_WAITS", 30), std::chrono::seconds(seconds), pause);
  const auto history = test.history.all();
  if (const char* file = std::getenv("COSPARK_CHAOS_HISTORY")) {
    std::ofstream to(file);
    write_lines(to, history);
  }
  const auto summary = counts(history);
  INFO(summary);
  const auto wrong = violations(history, asked());
  for (std::size_t i = 0; i < std::min<std::size_t>(wrong.size(), 20); ++i) UNSCOPED_INFO(wrong[i]);
  CHECK(wrong.size() == 0);
  CHECK(test.hanging == 0);
  for (const auto& each : test.spark.operations()) CHECK(each.executions <= 1);
  CHECK(eventually(test.io, [&] { return test.spark.open_streams() == 0 && test.spark.buses() == 0; }));
  CHECK(history.size() > 100);
  if (std::getenv("COSPARK_CHAOS_SECONDS") != nullptr) {
    WARN("chaos: " << summary << "\n  wrong outcomes " << wrong.size() << ", hangs " << test.hanging << ", seed "
                   << seed);
  }
}

namespace {

event happened(event::kind what, int at_ms, std::uint64_t operation, const char* name, const char* subject,
               const char* outcome) {
  event made;
  made.what = what;
  made.at = milliseconds(at_ms);
  made.operation = operation;
  made.name = name;
  made.subject = subject;
  made.outcome = outcome;
  return made;
}

}  // namespace

TEST_CASE("chaos: the check of a history finds each thing that must not happen, and nothing else") {
  using kind = event::kind;
  const auto limits = asked();
  const auto broken = [&](const std::vector<event>& history) { return violations(history, limits).size(); };
  const auto start = [](int at, std::uint64_t id, const char* name, const char* run = "") {
    return happened(kind::start, at, id, name, run, "");
  };
  const auto end = [](int at, std::uint64_t id, const char* name, const char* run, const char* outcome) {
    return happened(kind::end, at, id, name, run, outcome);
  };
  const auto truth = [](int at, const char* run, const char* what) {
    return happened(kind::truth, at, 0, "", run, what);
  };
  CHECK(broken({start(0, 1, "wait", "r"), truth(5, "r", "ended"), end(9, 1, "wait", "r", "ended")}) == 0);
  CHECK(broken({start(0, 1, "wait", "r")}) == 1);
  CHECK(broken({end(1, 1, "set", "", "ok")}) == 1);
  CHECK(broken({start(0, 1, "set"), end(1, 1, "set", "", "ok"), end(2, 1, "set", "", "ok")}) == 1);
  CHECK(broken({start(0, 1, "set"), end(1, 1, "set", "", "protocol error")}) == 1);
  CHECK(broken({start(0, 1, "read"), end(1, 1, "read", "", "too few rows")}) == 1);
  CHECK(broken({start(0, 1, "wait", "r"), end(9, 1, "wait", "r", "ended")}) == 1);
  CHECK(broken({start(0, 1, "wait", "r"), truth(5, "r", "ended"), end(9, 1, "wait", "r", "streaming query failed")}) ==
        1);
  CHECK(broken({start(0, 1, "wait", "r"), truth(5, "", "lost"), end(9, 1, "wait", "r", "ended")}) == 1);
  CHECK(broken({start(0, 1, "wait", "r"), truth(5, "", "lost"), end(9, 1, "wait", "r", "session lost")}) == 0);
  CHECK(broken({start(0, 1, "wait", "r"), end(9, 1, "wait", "r", "session lost")}) == 1);
  CHECK(broken({start(0, 1, "wait", "r"), truth(5, "r", "ended"), end(60'000, 1, "wait", "r", "ended")}) == 1);
  CHECK(broken({start(0, 1, "set"), end(1, 1, "set", "", "cancelled")}) == 1);
  CHECK(broken({start(0, 1, "set"), end(60'000, 1, "set", "", "ok")}) == 1);
  CHECK(broken({start(0, 1, "set"), end(100, 1, "set", "", "server unavailable")}) == 1);
  const auto cancel = happened(kind::cancel, 10, 1, "wait", "r", "");
  CHECK(broken({start(0, 1, "wait", "r"), cancel, end(11, 1, "wait", "r", "cancelled")}) == 0);
  CHECK(broken({start(0, 1, "wait", "r"), cancel, truth(5, "r", "ended"), end(3000, 1, "wait", "r", "ended")}) == 1);
  const std::vector<event> stopped{start(0, 1, "stop", "r"), end(9, 1, "stop", "r", "ok"), start(10, 2, "status", "r"),
                                   end(12, 2, "status", "r", "active")};
  CHECK(broken(stopped) == 1);
  const auto attempt = [](int at, const char* after) { return happened(kind::attempt, at, 0, "", "o", after); };
  CHECK(broken({attempt(0, ""), attempt(10, "a"), attempt(20, "b"), attempt(30, "b")}) == 0);
  CHECK(broken({attempt(0, "a"), attempt(10, "b"), attempt(20, "a")}) == 1);
  std::vector<event> hasty;
  for (int i = 0; i < 7; ++i) hasty.push_back(attempt(i, "a"));
  CHECK(broken(hasty) == 1);
  std::vector<event> patient;
  for (int i = 0; i < 7; ++i) patient.push_back(attempt(100 * i, "a"));
  CHECK(broken(patient) == 0);
}
