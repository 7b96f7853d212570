// Executions under faults. Ids such as S11 are rows of the list of faults.
#include "client.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>

#include <memory>

using namespace fake;

namespace {

/// Collects ten responses through what the scripts do, and checks that all arrive once and in order.
void expect_all(server& spark, client& user) {
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all);
  INFO((all.value().error ? all.value().error->to_string() : std::string("complete")));
  CHECK_FALSE(all.value().error);
  CHECK(all.value().numbers == up_to(10));
  const auto done = spark.operations(operation_kind::rows);
  REQUIRE(done.size() == 1);
  CHECK(done[0].executions == 1);
  CHECK(eventually(user.io, [&] { return spark.operations(operation_kind::rows)[0].releases == 1; }));
  CHECK(spark.operations(operation_kind::rows)[0].interrupts == 0);
  CHECK(user.settle());
}

task<> start_query(cospark::connect::session_ptr session) {
  proto::Command command;
  command.mutable_write_stream_operation_start()->set_format("noop");
  cospark::connect::execute_options options;
  options.has_effect = true;
  options.limit = 20s;
  COSPARK_TRY(auto answer, co_await cospark::connect::run_command(session, std::move(command), std::move(options)));
  if (!answer.has_write_stream_operation_start_result()) co_return cospark::failure(errc::protocol_error, "no result");
  co_return cospark::success();
}

}  // namespace

TEST_CASE("a healthy server: all responses in order, one execution, one release") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  expect_all(spark, user);
  CHECK(spark.calls(method::reattach_execute) == 0);
}

TEST_CASE("S11 a clean end without the last response is continued from where it stopped") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(3).end());
  spark.script(operation_kind::rows, stream_script().send(4).end());
  expect_all(spark, user);
  CHECK(spark.calls(method::reattach_execute) == 2);
}

TEST_CASE("T1 a connection that breaks after every response costs no response") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  for (int i = 0; i < 10; ++i) {
    spark.script(operation_kind::rows, stream_script().send(1).fail(server_error(unavailable, "cut")));
  }
  expect_all(spark, user);
  CHECK(spark.calls(method::reattach_execute) == 10);
}

TEST_CASE("T6 calls that the other side resets are repeated like those whose connection breaks") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  constexpr int cancelled = 1;
  spark.fail(method::execute_plan, server_error(cancelled, "reset"));
  spark.script(operation_kind::rows, stream_script().send(4).fail(server_error(cancelled, "reset")));
  expect_all(spark, user);
}

TEST_CASE("T1 the whole connection is lost and comes back, and nothing is lost") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(5).hold());
  std::optional<result<collected>> outcome;
  auto store = [&](result<collected> value) { outcome.emplace(std::move(value)); };
  cospark::spawn(user.io.get_executor(), collect(user.rows()), store);
  REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
  spark.start(true);
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  CHECK_FALSE(outcome->value().error);
  CHECK(outcome->value().numbers == up_to(10));
  CHECK(spark.operations(operation_kind::rows)[0].executions == 1);
}

TEST_CASE("S1 a server that is not up yet is retried, and the error says how often") {
  server spark;
  const auto remote = spark.remote();
  spark.stop();
  asio::io_context io;
  auto options = client::quick();
  options.connect_timeout = 1500ms;
  auto refused = cospark::run(io, cospark::connect::open_session(remote, options));
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::unavailable);
  CHECK(refused.error().detail().attempts > 1);
  CHECK(refused.error().message().find(std::to_string(spark.port())) != std::string::npos);

  std::optional<result<cospark::connect::session_ptr>> outcome;
  auto store = [&](result<cospark::connect::session_ptr> value) { outcome.emplace(std::move(value)); };
  options.connect_timeout = 30s;
  cospark::spawn(io.get_executor(), cospark::connect::open_session(remote, options), store);
  let_run(io, 200ms);
  CHECK_FALSE(outcome);
  spark.start();
  REQUIRE(eventually(io, [&] { return outcome.has_value(); }));
  CHECK(outcome->has_value());
}

TEST_CASE("S2 a server that goes for good ends everything within the bounds of the policy") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  auto options = client::quick();
  options.retries.max_elapsed = 4s;
  client user(spark, options);
  spark.script_always(operation_kind::rows, stream_script().send(2).hold());
  constexpr std::size_t count = 50;
  std::vector<collected> ended;
  auto store = [&](result<collected> value) { ended.push_back(std::move(value).value()); };
  for (std::size_t i = 0; i < count; ++i) cospark::spawn(user.io.get_executor(), collect(user.rows()), store);
  REQUIRE(eventually(user.io, [&] { return spark.held() == count; }));
  spark.stop();
  REQUIRE(eventually(user.io, [&] { return ended.size() == count; }));
  for (const auto& each : ended) {
    REQUIRE(each.error);
    CHECK(*each.error == errc::unavailable);
    CHECK(each.error->detail().attempts > 1);
    CHECK_FALSE(each.error->detail().operation_id.empty());
    CHECK(each.numbers == up_to(2));
  }
}

TEST_CASE("S3 a restarted server with nothing received yet: the session is lost, not silently replaced") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.start(false);
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::session_lost);
  CHECK(all.value().numbers.empty());
}

TEST_CASE("S3 a restarted server after a part of the answer: the session is lost, and nothing runs again") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(5).hold());
  std::optional<collected> outcome;
  auto store = [&](result<collected> value) { outcome = std::move(value).value(); };
  cospark::spawn(user.io.get_executor(), collect(user.rows()), store);
  REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
  spark.start(false);
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  REQUIRE(outcome->error);
  CHECK(*outcome->error == errc::session_lost);
  CHECK(spark.operations(operation_kind::rows)[0].executions == 1);
}

TEST_CASE("S4 another session behind the same id is noticed although the server says nothing") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.replace_sessions(false);
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::session_lost);
  CHECK(all.value().error->condition() == "INVALID_HANDLE.SESSION_CHANGED");
  CHECK(all.value().numbers.empty());
}

TEST_CASE("S6 a session that another client closed is lost") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.expire_sessions();
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::session_lost);
}

TEST_CASE("S8 a cursor that was taken over is taken back, without loss or repetition") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  const server_error taken("INVALID_CURSOR.DISCONNECTED", "HY109", "[INVALID_CURSOR.DISCONNECTED] taken over");
  spark.script(operation_kind::rows, stream_script().send(4).fail(taken));
  expect_all(spark, user);
}

TEST_CASE("S9 a cursor behind the release point is an error that names the operation") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(4).end());
  spark.script(operation_kind::rows, stream_script().refuse(server_error("INVALID_CURSOR.POSITION_NOT_AVAILABLE",
                                                                         "HY109", "position not available")));
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::operation_lost);
  CHECK(all.value().error->detail().operation_id == spark.operations(operation_kind::rows)[0].id);
}

TEST_CASE("S11 a server that ends every stream at once is reattached to at a slow pace, and given up") {
  server spark;
  client user(spark, [] {
    auto options = client::quick();
    options.retries.max_attempts = 6;
    return options;
  }());
  spark.script_always(operation_kind::rows, stream_script().end());
  const auto began = std::chrono::steady_clock::now();
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::unavailable);
  CHECK(spark.calls(method::reattach_execute) == 6);
  CHECK(std::chrono::steady_clock::now() - began >= 250ms);  // 5 + 20 + 80 + 100 + …
  CHECK(eventually(user.io, [&] { return spark.operations(operation_kind::rows)[0].releases == 1; }));
}

TEST_CASE("S12 an answer without any row is complete") {
  server spark;
  client user(spark);
  auto all = cospark::run(user.io, collect(user.rows()));
  CHECK_FALSE(all.value().error);
  CHECK(all.value().numbers.empty());
}

TEST_CASE("S12 what follows the last response is ignored") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  client user(spark);
  proto::ExecutePlanResponse complete;
  complete.mutable_result_complete();
  complete.set_response_id("r1");
  auto late = numbered(99);
  late.set_response_id("r2");
  const auto end = complete.SerializeAsString();
  spark.script(operation_kind::rows,
               stream_script().send(3).send_bytes(end).send_bytes(end).send_bytes(late.SerializeAsString()));
  auto all = cospark::run(user.io, collect(user.rows()));
  CHECK_FALSE(all.value().error);
  CHECK(all.value().numbers == up_to(3));
}

TEST_CASE("S13 a start whose answer is lost runs once") {
  server spark;
  client user(spark);
  spark.script(operation_kind::start, stream_script().fail(server_error(unavailable, "cut before the answer")));
  spark.script(operation_kind::start, stream_script().end());
  CHECK(cospark::run(user.io, start_query(user.session)));
  CHECK(spark.queries().size() == 1);
  CHECK(spark.operations(operation_kind::start)[0].executions == 1);
}

TEST_CASE("S13 a start that never reached the server is sent again, once") {
  server spark;
  client user(spark);
  spark.fail(method::execute_plan, server_error(unavailable, "refused"), 3);
  CHECK(cospark::run(user.io, start_query(user.session)));
  CHECK(spark.queries().size() == 1);
}

TEST_CASE("a start of which nobody can say whether it ran is an unknown outcome") {
  server spark;
  auto options = client::quick();
  options.retries.max_elapsed = 300ms;
  client user(spark, options);
  spark.script_always(operation_kind::start, stream_script().fail(server_error(unavailable, "cut")));
  auto outcome = cospark::run(user.io, start_query(user.session));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == errc::outcome_unknown);
  CHECK_FALSE(outcome.error().detail().outcome_known);
  CHECK_FALSE(outcome.error().detail().operation_id.empty());
  CHECK(spark.queries().size() == 1);
}

TEST_CASE("S14 an operation that exists already is reattached to") {
  server spark("3.5.8");
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  const server_error exists("INVALID_HANDLE.OPERATION_ALREADY_EXISTS", "HY000", "[…] Operation already exists.");
  spark.script(operation_kind::rows, stream_script().fail(exists));
  auto all = cospark::run(user.io, collect(user.rows()));
  CHECK_FALSE(all.value().error);
  CHECK(all.value().numbers == up_to(10));
  CHECK(spark.operations(operation_kind::rows)[0].executions == 1);
}

TEST_CASE("S15 an error of Spark brings its causes, which are fetched once") {
  server spark;
  client user(spark);
  server_error division("DIVIDE_BY_ZERO", "22012", "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012");
  division.classes = {"org.apache.spark.SparkArithmeticException", "java.lang.ArithmeticException"};
  division.message_parameters["config"] = "\"spark.sql.ansi.enabled\"";
  division.causes.resize(2);
  division.causes[0].class_name = "org.apache.spark.SparkException";
  division.causes[0].message = "Job aborted";
  division.causes[1].class_name = "org.apache.spark.SparkArithmeticException";
  division.causes[1].condition = "DIVIDE_BY_ZERO";
  spark.script(operation_kind::rows, stream_script().fail(division));
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  const auto& error = *all.value().error;
  CHECK(error == errc::execution_failed);
  CHECK(error.condition() == "DIVIDE_BY_ZERO");
  CHECK(error.sql_state() == "22012");
  CHECK(error.detail().message_parameters.at("config") == "\"spark.sql.ansi.enabled\"");
  CHECK(error.detail().class_hierarchy == division.classes);
  REQUIRE(error.detail().causes.size() == 2);
  CHECK(error.detail().causes[1].condition == "DIVIDE_BY_ZERO");
  CHECK(error.detail().operation_id == spark.operations(operation_kind::rows)[0].id);
  CHECK(spark.calls(method::fetch_error_details) == 1);
}

TEST_CASE("an error whose details cannot be fetched is still the error that it is") {
  server spark;
  client user(spark);
  server_error division("DIVIDE_BY_ZERO", "22012", "[DIVIDE_BY_ZERO] Division by zero.");
  division.causes.resize(1);
  spark.script(operation_kind::rows, stream_script().fail(division));
  spark.fail(method::fetch_error_details, server_error(unavailable, "cut"), 100);
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(all.value().error->condition() == "DIVIDE_BY_ZERO");
  CHECK(all.value().error->detail().causes.empty());
}

TEST_CASE("S18 a busy server that asks for patience gets it") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  server_error busy(8, "too many executions");
  busy.retry_after = 300ms;
  spark.fail(method::execute_plan, busy);
  const auto began = std::chrono::steady_clock::now();
  expect_all(spark, user);
  CHECK(std::chrono::steady_clock::now() - began >= 300ms);
}

TEST_CASE("S19 what the server does not know is typed, and not retried") {
  server spark;
  client user(spark);
  spark.fail(method::execute_plan, server_error(12, "Method not found"));
  auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::unsupported_by_server);
  CHECK(spark.calls(method::execute_plan) == 1);
}

TEST_CASE("D8 responses that are sent twice arrive once") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(4).repeat(2).send(2).end());
  spark.script(operation_kind::rows, stream_script().repeat(6).send(1).repeat(1));
  expect_all(spark, user);
}

TEST_CASE("bad credentials are typed, and not retried") {
  server spark;
  client user(spark);
  spark.fail(method::execute_plan, server_error(16, "no"));
  spark.fail(method::execute_plan, server_error(7, "no"));
  CHECK(*cospark::run(user.io, collect(user.rows())).value().error == errc::unauthenticated);
  CHECK(*cospark::run(user.io, collect(user.rows())).value().error == errc::permission_denied);
  CHECK(spark.calls(method::execute_plan) == 2);
}

TEST_CASE("an operation dropped before its end is interrupted and released on the server") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(2).hold());
  {
    auto running = user.rows();
    auto first = cospark::run(user.io, running.next());
    REQUIRE(first);
  }
  REQUIRE(user.settle());
  const auto record = spark.operations(operation_kind::rows)[0];
  CHECK(record.interrupts == 1);
  CHECK(record.releases == 1);
  CHECK(eventually(user.io, [&] { return spark.open_streams() == 0; }));
}

TEST_CASE("a cancelled read cancels the operation: interrupt and release reach the server, once each") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(2).hold());
  asio::cancellation_signal signal;
  std::optional<collected> outcome;
  auto read = [&]() -> asio::awaitable<void> {
    auto all = co_await collect(user.rows());
    outcome = std::move(all).value();
  };
  asio::co_spawn(user.io, read(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  signal.emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  REQUIRE(outcome->error);
  CHECK(*outcome->error == errc::cancelled);
  // How much of what the server has sent is here when the cancellation comes is not known; what is here is in order.
  CHECK(outcome->numbers.size() <= 2);
  CHECK(outcome->numbers == up_to(static_cast<int>(outcome->numbers.size())));
  REQUIRE(user.settle());
  const auto record = spark.operations(operation_kind::rows)[0];
  CHECK(record.interrupts == 1);
  CHECK(record.releases == 1);
}

TEST_CASE("L4 a cancelled start says that its outcome is not known") {
  server spark;
  client user(spark);
  spark.script(operation_kind::start, stream_script().hold());
  asio::cancellation_signal signal;
  std::optional<result<void>> outcome;
  auto start = [&]() -> asio::awaitable<void> { outcome.emplace(co_await start_query(user.session)); };
  asio::co_spawn(user.io, start(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  REQUIRE(eventually(user.io, [&] { return outcome.has_value(); }));
  CHECK(outcome->error() == errc::cancelled);
  CHECK_FALSE(outcome->error().detail().outcome_known);
  CHECK_FALSE(outcome->error().detail().operation_id.empty());
}

TEST_CASE("an operation with a limit ends within it, whatever the server does") {
  server spark;
  client user(spark);
  cospark::connect::execute_options options;
  options.limit = 300ms;
  spark.script(operation_kind::rows, stream_script().hold());
  auto silent = cospark::run(user.io, collect(user.rows(options)));
  REQUIRE(silent.value().error);
  CHECK(*silent.value().error == errc::timed_out);
  spark.script_always(operation_kind::rows, stream_script().fail(server_error(unavailable, "cut")));
  auto broken = cospark::run(user.io, collect(user.rows(options)));
  REQUIRE(broken.value().error);
  CHECK(*broken.value().error == errc::unavailable);
  CHECK(broken.value().error->message().find("300 ms") != std::string::npos);
}

TEST_CASE("T2 a stream that falls silent is given up after the segment timeout and continued") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  auto options = client::quick();
  options.segment_timeout = 400ms;
  client user(spark, options);
  spark.script(operation_kind::rows, stream_script().send(3).hold());
  expect_all(spark, user);
}

TEST_CASE("an ended operation gives the same answer however often it is asked") {
  server spark;
  server_access::set_responses(spark, numbered_responses(1));
  client user(spark);
  auto running = user.rows();
  CHECK(cospark::run(user.io, running.next()).value());
  CHECK_FALSE(cospark::run(user.io, running.next()).value());
  CHECK_FALSE(cospark::run(user.io, running.next()).value());
  spark.fail(method::execute_plan, server_error(12, "no"));
  auto failing = user.rows();
  CHECK(cospark::run(user.io, failing.next()).error() == errc::unsupported_by_server);
  CHECK(cospark::run(user.io, failing.next()).error() == errc::unsupported_by_server);
}

TEST_CASE("an operation that was never read was never sent") {
  server spark;
  client user(spark);
  { auto unused = user.rows(); }
  let_run(user.io, 50ms);
  CHECK(spark.calls(method::execute_plan) == 0);
  CHECK(spark.calls(method::release_execute) == 0);
}

TEST_CASE("L5 stopping a session ends its operations with client_closed") {
  server spark;
  client user(spark);
  spark.script_always(operation_kind::rows, stream_script().hold());
  std::vector<collected> ended;
  auto store = [&](result<collected> value) { ended.push_back(std::move(value).value()); };
  for (int i = 0; i < 20; ++i) cospark::spawn(user.io.get_executor(), collect(user.rows()), store);
  REQUIRE(eventually(user.io, [&] { return spark.held() == 20; }));
  CHECK(cospark::run(user.io, cospark::connect::stop(user.session)));
  REQUIRE(eventually(user.io, [&] { return ended.size() == 20; }));
  for (const auto& each : ended) CHECK(*each.error == errc::client_closed);
  CHECK(*cospark::run(user.io, collect(user.rows())).value().error == errc::client_closed);
  CHECK(cospark::run(user.io, cospark::connect::stop(user.session)));  // stopping twice is no error
}

TEST_CASE("a release of the session over which the server trips is repeated") {
  server spark;
  client user(spark);
  server_error tripped("", "", "operationId: 1 with status ReadyForExecution is not within statuses List(Finished)");
  tripped.classes = {"java.lang.IllegalStateException", "java.lang.RuntimeException"};
  spark.fail(method::release_session, tripped);
  CHECK(cospark::run(user.io, cospark::connect::stop(user.session)));
  CHECK(spark.calls(method::release_session) == 2);
}
