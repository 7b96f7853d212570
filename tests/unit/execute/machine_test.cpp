#include "execute/machine.hpp"
#include "catch.hpp"

#include <grpcpp/support/status_code_enum.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using cospark::errc;
using cospark::retry_policy;
using namespace cospark::execute;
using step = machine::step;

retry_policy steady() {
  retry_policy policy;
  policy.jitter = 0ms;
  return policy;
}

call_failure transport(int code) {
  call_failure failure;
  failure.grpc_code = code;
  return failure;
}

call_failure inside_spark(std::string condition) {
  auto failure = transport(grpc::StatusCode::INTERNAL);
  failure.condition = std::move(condition);
  return failure;
}

call_failure reset(int code) {
  auto failure = transport(code);
  failure.was_reset = true;
  return failure;
}

call_failure patience(std::chrono::milliseconds time) {
  auto failure = transport(grpc::StatusCode::RESOURCE_EXHAUSTED);
  failure.retry_after = time;
  return failure;
}

// A machine with a clock that the test moves.
struct driven {
  explicit driven(retry_policy policy = steady()) : under_test(policy, now) {}

  machine::decision response(const std::string& id) { return under_test.on_response(id, false, now); }
  machine::decision complete(const std::string& id) { return under_test.on_response(id, true, now); }
  machine::decision clean_end() { return under_test.on_clean_end(now); }
  machine::decision failed(const call_failure& failure) { return under_test.on_failure(failure, false, now); }
  machine::decision segment_deadline() {
    return under_test.on_failure(transport(grpc::StatusCode::DEADLINE_EXCEEDED), true, now);
  }

  machine::clock::time_point now{};
  machine under_test;
};

const int unavailable = grpc::StatusCode::UNAVAILABLE;

}  // namespace

TEST_CASE("an execution begins with execute and an answer ends it") {
  driven test;
  CHECK(test.under_test.start().what == step::execute);
  CHECK(test.under_test.start().delay == 0ms);
  CHECK(test.response("1").what == step::deliver);
  CHECK(test.under_test.last_response_id() == "1");
  CHECK(test.complete("2").what == step::finish);
  CHECK(test.under_test.finished());
}

TEST_CASE("every way in which a stream ends has its reaction") {
  struct reaction {
    const char* what;
    call_failure failure;
    step before;  // with nothing received yet
    errc code_before;
    step after;  // with a part received
    errc code_after;
  };
  const std::vector<reaction> table = {
      {"UNAVAILABLE", transport(unavailable), step::reattach, {}, step::reattach, {}},
      {"cursor taken over", inside_spark("INVALID_CURSOR.DISCONNECTED"), step::reattach, {}, step::reattach, {}},
      {"RetryInfo", patience(10ms), step::reattach, {}, step::reattach, {}},
      {"operation unknown",
       inside_spark("INVALID_HANDLE.OPERATION_NOT_FOUND"),
       step::execute,
       {},
       step::fail,
       errc::operation_lost},
      {"session unknown",
       inside_spark("INVALID_HANDLE.SESSION_NOT_FOUND"),
       step::execute,
       {},
       step::fail,
       errc::session_lost},
      {"operation exists already",
       inside_spark("INVALID_HANDLE.OPERATION_ALREADY_EXISTS"),
       step::reattach,
       {},
       step::reattach,
       {}},
      {"operation abandoned", inside_spark("INVALID_HANDLE.OPERATION_ABANDONED"), step::fail, errc::operation_lost,
       step::fail, errc::operation_lost},
      {"session closed", inside_spark("INVALID_HANDLE.SESSION_CLOSED"), step::fail, errc::session_lost, step::fail,
       errc::session_lost},
      {"session changed", inside_spark("INVALID_HANDLE.SESSION_CHANGED"), step::fail, errc::session_lost, step::fail,
       errc::session_lost},
      {"behind the release point", inside_spark("INVALID_CURSOR.POSITION_NOT_AVAILABLE"), step::fail,
       errc::operation_lost, step::fail, errc::operation_lost},
      {"wrong cursor", inside_spark("INVALID_CURSOR.POSITION_NOT_FOUND"), step::fail, errc::operation_lost, step::fail,
       errc::operation_lost},
      {"not reattachable", inside_spark("INVALID_CURSOR.NOT_REATTACHABLE"), step::fail, errc::operation_lost,
       step::fail, errc::operation_lost},
      {"interrupted", inside_spark("OPERATION_CANCELED"), step::fail, errc::cancelled, step::fail, errc::cancelled},
      {"an error of the plan", inside_spark("DIVIDE_BY_ZERO"), step::fail, errc::execution_failed, step::fail,
       errc::execution_failed},
      {"CANCELLED by the other side", transport(grpc::StatusCode::CANCELLED), step::reattach, {}, step::reattach, {}},
      {"reset by HTTP/2, with any code", reset(grpc::StatusCode::INTERNAL), step::reattach, {}, step::reattach, {}},
      {"a deadline of the whole operation", transport(grpc::StatusCode::DEADLINE_EXCEEDED), step::fail, errc::timed_out,
       step::fail, errc::timed_out},
      {"UNAUTHENTICATED", transport(grpc::StatusCode::UNAUTHENTICATED), step::fail, errc::unauthenticated, step::fail,
       errc::unauthenticated},
      {"PERMISSION_DENIED", transport(grpc::StatusCode::PERMISSION_DENIED), step::fail, errc::permission_denied,
       step::fail, errc::permission_denied},
      {"too large", transport(grpc::StatusCode::RESOURCE_EXHAUSTED), step::fail, errc::limit_exceeded, step::fail,
       errc::limit_exceeded},
      {"UNIMPLEMENTED", transport(grpc::StatusCode::UNIMPLEMENTED), step::fail, errc::unsupported_by_server, step::fail,
       errc::unsupported_by_server},
  };
  for (const auto& row : table) {
    INFO(row.what);
    driven fresh;
    const auto before = fresh.failed(row.failure);
    CHECK(before.what == row.before);
    if (row.before == step::fail) CHECK(before.code == row.code_before);
    if (row.before != step::fail) CHECK(before.delay > 0ms);
    driven begun;
    begun.response("1");
    const auto after = begun.failed(row.failure);
    CHECK(after.what == row.after);
    if (row.after == step::fail) CHECK(after.code == row.code_after);
    // After the last response nothing matters any more.
    driven over;
    over.complete("1");
    CHECK(over.failed(row.failure).what == step::finish);
    CHECK(over.clean_end().what == step::finish);
    CHECK(over.response("2").what == step::skip);
  }
}

TEST_CASE("a clean end without the last response is no end: reattach at once, from what has arrived") {
  driven test;
  test.response("1");
  const auto decided = test.clean_end();
  CHECK(decided.what == step::reattach);
  CHECK(decided.delay == 0ms);
  CHECK(test.under_test.last_response_id() == "1");
}

TEST_CASE("an operation that is gone after a stream ended in order may have been complete: that is asked, once") {
  for (const auto* condition : {"INVALID_HANDLE.OPERATION_NOT_FOUND", "INVALID_HANDLE.OPERATION_ABANDONED",
                                "INVALID_CURSOR.NOT_REATTACHABLE"}) {
    const auto gone = inside_spark(condition);
    driven complete;
    complete.response("1");
    complete.clean_end();
    CHECK(complete.failed(gone).what == step::ask);
    CHECK(complete.under_test.on_reattach_known(false, gone, {}).what == step::finish);
    CHECK(complete.under_test.finished());
    driven lost;
    lost.response("1");
    lost.clean_end();
    lost.failed(gone);
    const auto decided = lost.under_test.on_reattach_known(true, gone, {});
    CHECK(decided.what == step::fail);
    CHECK(decided.code == errc::operation_lost);
    driven empty;
    empty.clean_end();
    CHECK(empty.failed(gone).what == step::ask);
  }
}

TEST_CASE("where nothing can be reattached to, the end of a stream is the end of the answer") {
  machine under_test(cospark::retry_policy(), {}, false);
  CHECK(under_test.on_response("1", false, {}).what == step::deliver);
  CHECK(under_test.on_clean_end({}).what == step::finish);
  CHECK(under_test.finished());
}

TEST_CASE("a segment that its own deadline ended is continued") {
  driven test;
  CHECK(test.segment_deadline().what == step::reattach);
  test.response("1");
  CHECK(test.segment_deadline().what == step::reattach);
}

TEST_CASE("D8 a response that was seen before is skipped") {
  driven test;
  test.failed(transport(unavailable));
  CHECK(test.response("1").what == step::deliver);
  CHECK(test.response("2").what == step::deliver);
  CHECK(test.response("2").what == step::skip);
  CHECK(test.response("1").what == step::skip);
  CHECK(test.under_test.last_response_id() == "2");
  CHECK(test.under_test.failures_in_a_row() == 0);
  CHECK(test.complete("3").what == step::finish);
}

TEST_CASE("responses without an id, of old servers, are all delivered") {
  driven test;
  CHECK(test.response("").what == step::deliver);
  CHECK(test.response("").what == step::deliver);
  CHECK_FALSE(test.under_test.received_anything());
}

TEST_CASE("the memory of ids is bounded and still sees what a server can repeat") {
  driven test;
  for (int i = 0; i < 5000; ++i) REQUIRE(test.response(std::to_string(i)).what == step::deliver);
  CHECK(test.response("4999").what == step::skip);
  CHECK(test.response("4000").what == step::skip);
}

TEST_CASE("waits grow up to their bound, and a response starts them again") {
  driven test;
  std::vector<std::chrono::milliseconds> waits;
  for (int i = 0; i < 6; ++i) waits.push_back(test.failed(transport(unavailable)).delay);
  CHECK(waits == std::vector<std::chrono::milliseconds>{50ms, 200ms, 800ms, 3000ms, 3000ms, 3000ms});
  test.response("1");
  CHECK(test.failed(transport(unavailable)).delay == 50ms);
}

TEST_CASE("failures end after the most attempts in a row") {
  auto policy = steady();
  policy.max_attempts = 3;
  driven test(policy);
  for (int i = 0; i < 3; ++i) CHECK(test.failed(transport(unavailable)).what == step::reattach);
  const auto last = test.failed(transport(unavailable));
  CHECK(last.what == step::fail);
  CHECK(last.code == errc::unavailable);
  CHECK(last.retries_exhausted);
}

TEST_CASE("failures end after the longest time without a response") {
  auto policy = steady();
  policy.max_elapsed = 10s;
  driven test(policy);
  test.now += 9s;
  CHECK(test.failed(transport(unavailable)).what == step::reattach);
  test.response("1");
  test.now += 9s;
  CHECK(test.failed(transport(unavailable)).what == step::reattach);
  test.now += 2s;
  CHECK(test.failed(transport(unavailable)).what == step::fail);
}

TEST_CASE("S11 a server that ends each stream at once is slowed down and given up") {
  auto policy = steady();
  policy.max_attempts = 5;
  driven test(policy);
  auto total = 0ms;
  for (int i = 0; i < 5; ++i) {
    const auto decided = test.clean_end();
    CHECK(decided.what == step::reattach);
    CHECK(decided.delay >= 50ms);
    total += decided.delay;
  }
  CHECK(total > 5s);
  const auto last = test.clean_end();
  CHECK(last.what == step::fail);
  CHECK(last.retries_exhausted);
}

TEST_CASE("T7 a stream that stood in silence before it ended counts as heard of, however often") {
  auto policy = steady();
  policy.max_attempts = 5;
  driven test(policy);
  for (int i = 0; i < 30; ++i) {
    test.now += 2min;
    CHECK(test.under_test.on_clean_end(test.now, true).what == step::reattach);
    test.now += 2min;
    CHECK(test.under_test.on_failure(transport(unavailable), false, test.now, true).what == step::reattach);
  }
  test.now += 11min;
  CHECK(test.clean_end().what == step::fail);
}

TEST_CASE("a server that repeats one response for ever does not count as alive for ever") {
  auto policy = steady();
  policy.max_attempts = 5;
  driven test(policy);
  test.response("1");
  bool failed = false;
  for (int i = 0; i < 100 && !failed; ++i) {
    test.response("1");
    const auto decided = test.clean_end();
    failed = decided.what == step::fail;
  }
  CHECK(failed);
}

TEST_CASE("S3 an operation that the server forgets each time is executed a few times only") {
  driven test;
  int executions = 1;
  for (;;) {
    const auto decided = test.failed(inside_spark("INVALID_HANDLE.OPERATION_NOT_FOUND"));
    if (decided.what != step::execute) {
      CHECK(decided.what == step::fail);
      CHECK(decided.code == errc::operation_lost);
      break;
    }
    REQUIRE(++executions < 20);
  }
  CHECK(executions == 5);
}

TEST_CASE("S3 an operation whose sending is cut off each time is sent again, within the bounds of passing faults") {
  auto policy = steady();
  policy.max_attempts = 50;
  driven test(policy);
  for (int i = 0; i < 25; ++i) {
    REQUIRE(test.failed(transport(unavailable)).what == step::reattach);
    REQUIRE(test.failed(inside_spark("INVALID_HANDLE.OPERATION_NOT_FOUND")).what == step::execute);
  }
  const auto last = test.failed(transport(unavailable));
  CHECK(last.what == step::fail);
  CHECK(last.code == errc::unavailable);
}

TEST_CASE("S14 an operation that exists already is reattached to once, then it is an error") {
  driven test;
  CHECK(test.failed(inside_spark("INVALID_HANDLE.OPERATION_ALREADY_EXISTS")).what == step::reattach);
  const auto again = test.failed(inside_spark("INVALID_HANDLE.OPERATION_ALREADY_EXISTS"));
  CHECK(again.what == step::fail);
  CHECK(again.code == errc::operation_lost);
}

TEST_CASE("S18 a server that says when to come back is obeyed, within the bound") {
  auto policy = steady();
  policy.max_server_delay = 30s;
  driven test(policy);
  CHECK(test.failed(patience(7s)).delay == 7s);
  CHECK(test.failed(patience(10h)).delay == 30s);
  CHECK(test.failed(patience(0ms)).delay == 800ms);  // never sooner than our own pace
}

TEST_CASE("L19 jitter spreads waits of a second or more") {
  auto policy = steady();
  policy.jitter = 500ms;
  bool differ = false;
  for (int i = 0; i < 200; ++i) {
    const auto wait = with_jitter(policy, 5s);
    CHECK(wait >= 5s);
    CHECK(wait <= 5500ms);
    differ = differ || wait != 5s;
  }
  CHECK(differ);
  CHECK(with_jitter(policy, 200ms) == 200ms);
}

TEST_CASE("odd retry policies make no odd waits") {
  auto policy = steady();
  policy.multiplier = 0;
  CHECK(backoff(policy, 1) == 50ms);
  CHECK(backoff(policy, 1'000'000) == 50ms);
  policy.multiplier = 1;
  CHECK(backoff(policy, 4'000'000'000U) == 50ms);
  policy.multiplier = 4'000'000'000U;
  CHECK(backoff(policy, 5) == 3s);
  policy.initial_backoff = 1h;
  CHECK(backoff(policy, 3) == 3s);
}

TEST_CASE("A7 after a refused token the same request goes out again, and a reattach once something has arrived") {
  driven test;
  CHECK(test.under_test.on_refused_token(step::execute, test.now).what == step::execute);
  CHECK(test.under_test.on_refused_token(step::reattach, test.now).what == step::reattach);
  test.response("a");
  CHECK(test.under_test.on_refused_token(step::execute, test.now).what == step::reattach);
  CHECK(test.under_test.on_refused_token(step::reattach, test.now).delay > 0ms);
}
