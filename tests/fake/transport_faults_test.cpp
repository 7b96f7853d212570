// What happens between client and server, provoked by a relay and by hand-written HTTP/2. Ids such as T1 are rows of
// the list of faults.
#include "client.hpp"
#include "tcp_gate.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>

using namespace fake;

namespace {

constexpr int rows_of_answer = 10;

/// A client whose connections lead through a gate. The first connection is that of short calls, the second that of
/// response streams, once there is one.
struct gated {
  explicit gated(cospark::session_options options = client::quick()) : gated(server_options(), std::move(options)) {}
  explicit gated(server_options how, cospark::session_options options)
      : spark(std::move(how)), gate(spark.port()), user(gate.remote(), std::move(options)) {
    server_access::set_responses(spark, numbered_responses(rows_of_answer));
  }

  static cospark::session_options impatient() {
    auto options = client::quick();
    options.segment_timeout = 400ms;
    options.call_timeout = 1s;
    return options;
  }

  /// All rows have arrived, `count` times, and nothing ran twice.
  void expect_all(std::size_t count = 1) {
    REQUIRE(user.until_ended(count));
    for (const auto& each : user.ended) {
      INFO((each.error ? each.error->to_string() : std::string("complete")));
      CHECK_FALSE(each.error);
      CHECK(each.numbers == up_to(rows_of_answer));
    }
    for (const auto& each : spark.operations(operation_kind::rows)) CHECK(each.executions == 1);
  }

  server spark;
  tcp_gate gate;
  client user;
};

}  // namespace

TEST_CASE("T1 a connection that is reset at any byte costs no row and doubles none") {
  server spark;
  server_access::set_responses(spark, numbered_responses(30));
  std::size_t whole = 0;
  {
    tcp_gate gate(spark.port());
    client user(gate.remote());
    const auto before = gate.bytes_to_client();
    REQUIRE_FALSE(cospark::run(user.io, collect(user.rows())).value().error);
    whole = gate.bytes_to_client() - before;
  }
  // Every position takes minutes: scripts/faults asks for it, other runs try one in a hundred, others each time.
  const bool all = std::getenv("COSPARK_EVERY_BYTE") != nullptr;
  const std::size_t step = all ? 1 : 101;
  std::size_t tried = 0;
  std::size_t wrong = 0;
  for (auto at = all ? 1 : 1 + static_cast<std::size_t>(std::rand()) % step; at <= whole; at += step) {
    tcp_gate gate(spark.port());
    client user(gate.remote());
    gate.cut_after(at);
    const auto answer = cospark::run(user.io, collect(user.rows()));
    ++tried;
    if (!answer.value().error && answer.value().numbers == up_to(30)) continue;
    ++wrong;
    UNSCOPED_INFO("cut after " << at << " of " << whole << " bytes: "
                               << (answer.value().error ? answer.value().error->to_string() : "other rows"));
  }
  CHECK(tried > 10);
  CHECK(wrong == 0);
  if (all) WARN("cut at " << tried << " positions of " << whole << " bytes, wrong rows: " << wrong);
  for (const auto& each : spark.operations(operation_kind::rows)) CHECK(each.executions == 1);
}

TEST_CASE("T1 all connections are reset again and again while many results are read") {
  gated test;
  test.spark.script_always(operation_kind::rows, stream_script().wait(20ms).send(2).wait(20ms).send(2));
  for (int i = 0; i < 20; ++i) test.user.begin_rows();
  for (int i = 0; i < 5; ++i) {
    let_run(test.user.io, 30ms);
    test.gate.reset();
  }
  test.expect_all(20);
}

TEST_CASE("T1 a connection that the server side closes or half closes in order costs no row") {
  for (const bool half : {false, true}) {
    gated test;
    test.spark.script(operation_kind::rows, stream_script().send(3).hold());
    test.user.begin_rows();
    REQUIRE(eventually(test.user.io, [&] { return test.spark.held() == 1; }));
    if (half) {
      test.gate.half_close();
    } else {
      test.gate.close();
    }
    test.expect_all();
  }
}

TEST_CASE("T2 a peer that vanishes without a word is noticed after the segment timeout, on a new connection") {
  gated test(gated::impatient());
  test.spark.script(operation_kind::rows, stream_script().send(3).hold());
  test.user.begin_rows();
  REQUIRE(eventually(test.user.io, [&] { return test.spark.held() == 1; }));
  const auto before = test.gate.accepted();
  test.gate.freeze();
  test.spark.release_held();
  test.expect_all();
  CHECK(test.gate.accepted() > before);
}

TEST_CASE("T2 a short call over a dead connection ends in its time, and the next one has a new connection") {
  gated test(gated::impatient());
  REQUIRE(test.user.short_call());
  test.gate.freeze();
  CHECK(test.user.short_call().error() == errc::timed_out);
  CHECK(test.user.short_call());
}

TEST_CASE("T2 many streams over a dead connection take one new connection, not one each") {
  gated test(gated::impatient());
  constexpr std::size_t count = 100;
  test.spark.script_always(operation_kind::rows, stream_script().send(1).hold());
  for (std::size_t i = 0; i < count; ++i) test.user.begin_rows();
  REQUIRE(eventually(test.user.io, [&] { return test.spark.held() == count; }));
  const auto before = test.gate.accepted();
  test.gate.freeze();
  test.spark.script_always(operation_kind::rows, stream_script());
  test.expect_all(count);
  CHECK(test.gate.accepted() < before + 10);
}

TEST_CASE("T2 a whole server that hangs and comes back costs no row") {
  gated test(gated::impatient());
  test.spark.script(operation_kind::rows, stream_script().send(3).wait(50ms));
  test.user.begin_rows();
  REQUIRE(eventually(test.user.io, [&] { return test.spark.open_streams() == 1; }));
  test.spark.freeze();
  CHECK(test.user.short_call().error() == errc::timed_out);
  test.spark.thaw();
  test.expect_all();
  CHECK(test.user.short_call());
}

TEST_CASE("T3 a peer that vanishes while nothing is sent is noticed within the same bound") {
  gated test(gated::impatient());
  test.spark.script_always(operation_kind::rows, stream_script().hold());
  test.user.begin_rows();
  REQUIRE(test.user.short_call());
  let_run(test.user.io, 1500ms);  // several segments without a byte of data
  CHECK(test.user.ended.empty());
  test.gate.freeze();
  let_run(test.user.io, 500ms);
  test.spark.script_always(operation_kind::rows, stream_script());
  test.spark.release_held();
  test.expect_all();
  const auto first = test.user.short_call();
  if (!first) CHECK(first.error() == errc::timed_out);
  CHECK(test.user.short_call());
}

TEST_CASE("T4 a server that goes away in order, with streams that it will not answer: nobody notices") {
  for (const std::uint32_t last : {0U, 0x7fffffffU}) {
    INFO("last stream " << last);
    gated test;
    test.gate.watch([](std::size_t, const http2::frame&) { return tcp_gate::verdict(); });
    test.spark.script(operation_kind::rows, stream_script().send(3).hold());
    test.user.begin_rows();
    REQUIRE(eventually(test.user.io, [&] { return test.spark.held() == 1; }));
    const auto before = test.gate.accepted();
    test.gate.inject(http2::goaway(last, http2::code::no_error, "maintenance"));
    let_run(test.user.io, 50ms);
    test.spark.release_held();
    test.expect_all();
    test.user.begin_rows();
    test.expect_all(2);
    CHECK(test.gate.accepted() > before);
  }
}

TEST_CASE("T5 a server that wants calm is left alone for a while, and nothing is lost") {
  gated test;
  test.gate.watch([](std::size_t, const http2::frame&) { return tcp_gate::verdict(); });
  test.spark.script(operation_kind::rows, stream_script().send(3).hold());
  test.user.begin_rows();
  REQUIRE(eventually(test.user.io, [&] { return test.spark.held() == 1; }));
  test.gate.inject(http2::goaway(0, http2::code::enhance_your_calm, "too_many_pings"));
  let_run(test.user.io, 50ms);
  test.spark.release_held();
  test.expect_all();
}

TEST_CASE("T6 a call that is reset with any code at any point is continued") {
  using http2::code;
  enum class point { before_headers, after_headers, during_data, after_data };
  for (const auto why : {code::refused_stream, code::internal_error, code::cancel, code::enhance_your_calm}) {
    for (const auto when : {point::before_headers, point::after_headers, point::during_data, point::after_data}) {
      INFO("code " << static_cast<int>(why) << " at point " << static_cast<int>(when));
      gated test;
      std::atomic<int> resets{0};
      std::atomic<int> frames_of_data{0};
      test.gate.watch([&](std::size_t, const http2::frame& head) {
        tcp_gate::verdict what;
        const bool is_data = head.what == http2::kind::data;
        const bool is_headers = head.what == http2::kind::headers;
        if (is_data) ++frames_of_data;
        const bool before = (when == point::before_headers && is_headers && !head.ends_stream()) ||
                            (when == point::after_data && is_headers && head.ends_stream());
        const bool after = (when == point::after_headers && is_headers && !head.ends_stream()) ||
                           (when == point::during_data && is_data && frames_of_data == 3);
        if ((!before && !after) || resets > 0) return what;
        ++resets;
        (before ? what.before : what.after) = http2::rst_stream(head.stream, why);
        return what;
      });
      // Slowly: a reset takes away what the client has not read yet.
      test.spark.script(operation_kind::rows, stream_script().send(2).wait(20ms).send(2).wait(20ms));
      test.user.begin_rows();
      test.expect_all();
      // The answer is complete before the trailers that the last of these resets takes away.
      CHECK(eventually(test.user.io, [&] { return resets == 1; }));
    }
  }
}

TEST_CASE("T6 a short call that is reset is repeated") {
  using http2::code;
  for (const auto why : {code::refused_stream, code::internal_error, code::cancel, code::enhance_your_calm}) {
    INFO("code " << static_cast<int>(why));
    server spark;
    tcp_gate gate(spark.port());
    std::atomic<int> resets{0};
    gate.watch([&](std::size_t, const http2::frame& head) {
      tcp_gate::verdict what;
      if (head.what == http2::kind::headers && resets < 2) {
        ++resets;
        what.before = http2::rst_stream(head.stream, why);
      }
      return what;
    });
    client user(gate.remote());
    CHECK(user.short_call());
    CHECK(resets == 2);
  }
}

TEST_CASE("T7 a balancer that closes idle connections is not noticed by who waits") {
  gated test;
  test.gate.set_idle_limit(200ms);
  test.spark.script_always(operation_kind::rows, stream_script().send(2).wait(1500ms));
  test.user.begin_rows();
  test.expect_all();
  CHECK(test.user.short_call());
}

TEST_CASE("T8 connections and calls of limited age are not noticed by who waits") {
  gated test;
  test.gate.watch([](std::size_t, const http2::frame&) { return tcp_gate::verdict(); });
  test.spark.script_always(operation_kind::rows, stream_script().send(1).wait(100ms).send(1).wait(100ms));
  for (int i = 0; i < 5; ++i) test.user.begin_rows();
  for (int i = 0; i < 4; ++i) {
    let_run(test.user.io, 100ms);
    test.gate.inject(http2::goaway(0x7fffffff, http2::code::no_error, "max_age"));
    let_run(test.user.io, 50ms);
    test.gate.reset();
  }
  test.expect_all(5);
}

TEST_CASE("T9 more waits than a connection may have streams: short calls have a connection of their own") {
  server_options how;
  how.max_concurrent_streams = 4;
  gated test(how, client::quick());
  test.spark.script_always(operation_kind::rows, stream_script().hold());
  constexpr std::size_t count = 20;
  for (std::size_t i = 0; i < count; ++i) test.user.begin_rows();
  REQUIRE(eventually(test.user.io, [&] { return test.spark.held() == 4; }));
  for (int i = 0; i < 20; ++i) CHECK(test.user.short_call());
  CHECK(test.spark.held() == 4);
  test.spark.script_always(operation_kind::rows, stream_script());
  test.spark.release_held();
  test.expect_all(count);
}

TEST_CASE("T10 bytes that trickle: the deadline holds, nothing spins, and patience gets all rows") {
  gated test;
  test.user.begin_rows();
  test.expect_all();
  test.gate.set_pieces(1, 5ms);
  cospark::connect::execute_options options;
  options.limit = 500ms;
  auto late = cospark::run(test.user.io, collect(test.user.rows(options)));
  REQUIRE(late.value().error);
  CHECK(*late.value().error == errc::timed_out);
  CHECK(test.spark.operations(operation_kind::rows).back().streams <= 1);
  test.gate.set_pieces(1, 0ms);
  test.user.begin_rows();
  test.expect_all(2);
  CHECK(test.spark.operations(operation_kind::rows).back().streams == 1);
}

TEST_CASE("T14 a literal address of IPv6 works, brackets and all") {
  server spark;
  server_access::set_responses(spark, numbered_responses(rows_of_answer));
  std::unique_ptr<tcp_gate> gate;
  try {
    gate = std::make_unique<tcp_gate>(spark.port(), "::1");
  } catch (const std::system_error&) {
    WARN("this machine has no IPv6");
    return;
  }
  const auto target = "[::1]:" + std::to_string(gate->port());
  client user("sc://" + target);
  CHECK(user.session->where().target() == target);
  CHECK(cospark::run(user.io, collect(user.rows())).value().numbers == up_to(rows_of_answer));
  CHECK(gate->accepted() == 2);
}

TEST_CASE("T17 a thousand cancellations at once leave the connection and the session as they were") {
  gated test;
  test.spark.script_always(operation_kind::rows, stream_script().hold());
  constexpr std::size_t count = 1000;
  std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
  std::vector<collected> ended;
  auto read = [](client& user, std::vector<collected>& to) -> asio::awaitable<void> {
    auto all = co_await collect(user.rows());
    to.push_back(std::move(all).value());
  };
  for (std::size_t i = 0; i < count; ++i) {
    signals.push_back(std::make_unique<asio::cancellation_signal>());
    asio::co_spawn(test.user.io, read(test.user, ended),
                   asio::bind_cancellation_slot(signals.back()->slot(), asio::detached));
  }
  const auto& engine = *test.user.session->link()->engine;
  REQUIRE(eventually(test.user.io, [&] { return engine.calls_in_flight() == count && test.spark.held() > 0; }));
  for (const auto& each : signals) each->emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(test.user.io, [&] { return ended.size() == count; }));
  for (const auto& each : ended) CHECK(*each.error == errc::cancelled);
  test.spark.script_always(operation_kind::rows, stream_script());
  REQUIRE(test.user.settle());
  CHECK(cospark::run(test.user.io, collect(test.user.rows())).value().numbers == up_to(rows_of_answer));
  CHECK(test.gate.accepted() == 2);
}

TEST_CASE("L19 waits that lose the server together come back over one connection") {
  gated test;
  constexpr std::size_t count = 300;
  test.spark.script_always(operation_kind::rows, stream_script().send(1).hold());
  for (std::size_t i = 0; i < count; ++i) test.user.begin_rows();
  REQUIRE(eventually(test.user.io, [&] { return test.spark.held() == count; }));
  test.spark.script_always(operation_kind::rows, stream_script());
  const auto before = test.gate.accepted();
  test.gate.set_listening(false);
  test.gate.reset();
  let_run(test.user.io, 300ms);
  test.gate.set_listening(true);
  test.expect_all(count);
  CHECK(test.gate.accepted() < before + 10);
}
