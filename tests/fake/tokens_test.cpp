// Tokens: where they come from, where they go, and that nobody else sees them.
#include "client.hpp"

#include <asio/steady_timer.hpp>

#include <memory>
#include <stdexcept>

using namespace fake;

namespace {

// scripts look for it in everything that the tests print.
const std::string canary = "s3cr3t-canary";

constexpr int unauthenticated = 16;
constexpr int permission_denied = 7;

/// A provider that gives canary-1, canary-2, …
struct giver {
  std::shared_ptr<int> asked = std::make_shared<int>(0);

  cospark::session_options options() const {
    auto options = client::quick();
    options.token_provider = [asked = asked]() -> task<std::string> {
      ++*asked;
      co_return canary + '-' + std::to_string(*asked);
    };
    return options;
  }
};

std::string bearer(int number) {
  return "Bearer " + canary + '-' + std::to_string(number);
}

cospark::error error_of(const result<std::string>& outcome) {
  REQUIRE_FALSE(outcome);
  return outcome.error();
}

task<std::string> ask(cospark::session spark) {
  co_return co_await spark.conf().get("x", "y");
}

std::string everything(const cospark::error& reason) {
  const auto& detail = reason.detail();
  std::string text = reason.to_string() + detail.message + detail.condition + cospark::exception(reason).what();
  for (const auto& [name, value] : detail.message_parameters) text += name + value;
  for (const auto& name : detail.class_hierarchy) text += name;
  for (const auto& cause : detail.causes) text += cause.class_name + cause.message + cause.stack_trace;
  return text;
}

}  // namespace

TEST_CASE("A7 the provider is asked when the session opens, and its token goes with every call") {
  server spark;
  const giver tokens;
  client user(spark, tokens.options());
  CHECK(*tokens.asked == 1);
  CHECK(spark.last_header("authorization") == bearer(1));
  CHECK(cospark::run(user.io, collect(user.rows())));
  CHECK(spark.last_header("authorization") == bearer(1));
  CHECK(*tokens.asked == 1);
}

TEST_CASE("A7 a refused token is replaced, and the call repeated with the new one") {
  server spark;
  const giver tokens;
  asio::io_context io;
  auto session = cospark::run(io, cospark::session::connect(spark.remote(), tokens.options()));
  REQUIRE(session);
  for (const int code : {unauthenticated, permission_denied}) {
    const int before = *tokens.asked;
    spark.fail(method::config, server_error(code, "expired"));
    const auto answer = cospark::run(io, ask(session.value()));
    CHECK(answer);
    CHECK(*tokens.asked == before + 1);
    CHECK(spark.last_header("authorization") == bearer(before + 1));
  }
}

TEST_CASE("A7 an execution whose stream is refused goes on with a new token where it was") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  const giver tokens;
  client user(spark, tokens.options());
  spark.script(operation_kind::rows, stream_script().send(3).fail(server_error(unauthenticated, "expired")));
  spark.fail(method::reattach_execute, server_error(permission_denied, "expired again"));
  const auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all);
  CHECK_FALSE(all.value().error);
  CHECK(all.value().numbers == up_to(10));
  CHECK(*tokens.asked == 3);
  CHECK(spark.operations(operation_kind::rows)[0].executions == 1);
}

TEST_CASE("A7 an execution that was refused before it began is begun with the new token") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  const giver tokens;
  client user(spark, tokens.options());
  spark.script(operation_kind::rows, stream_script().refuse(server_error(unauthenticated, "expired")));
  const auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all);
  CHECK(all.value().numbers == up_to(10));
  CHECK(spark.operations(operation_kind::rows)[0].executions == 1);
}

TEST_CASE("A7 a server that refuses every token is asked four times, and no more") {
  server spark;
  const giver tokens;
  client user(spark, tokens.options());
  const auto calls = spark.calls(method::execute_plan);
  spark.script_always(operation_kind::rows, stream_script().refuse(server_error(unauthenticated, "never")));
  const auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all);
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::unauthenticated);
  CHECK(*tokens.asked == 4);
  CHECK(spark.calls(method::execute_plan) == calls + 4);
}

TEST_CASE("A7 a token that is given again after it was refused is not tried again") {
  server spark;
  auto options = client::quick();
  options.token_provider = []() -> task<std::string> { co_return canary; };
  client user(spark, options);
  spark.script_always(operation_kind::rows, stream_script().refuse(server_error(permission_denied, "not for you")));
  const auto calls = spark.calls(method::execute_plan);
  const auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::permission_denied);
  CHECK(spark.calls(method::execute_plan) == calls + 1);
}

TEST_CASE("A7 calls that are refused together share one new token") {
  server spark;
  auto asked = std::make_shared<int>(0);
  auto options = client::quick();
  options.token_provider = [asked]() -> task<std::string> {
    ++*asked;
    asio::steady_timer slow(co_await asio::this_coro::executor, 200ms);
    co_await slow.async_wait(asio::use_awaitable);
    co_return canary + '-' + std::to_string(*asked);
  };
  asio::io_context io;
  auto session = cospark::run(io, cospark::session::connect(spark.remote(), options));
  REQUIRE(session);
  constexpr int calls = 20;
  spark.hold(method::config);
  int ended = 0;
  for (int i = 0; i < calls; ++i) {
    cospark::spawn(io.get_executor(), ask(session.value()), [&ended](const result<std::string>& answer) {
      CHECK(answer);
      ++ended;
    });
  }
  REQUIRE(eventually(io, [&] { return spark.held() == calls; }));
  spark.fail(method::config, server_error(unauthenticated, "expired"), calls);
  spark.release_held();
  REQUIRE(eventually(io, [&] { return ended == calls; }));
  CHECK(*asked >= 2);
  CHECK(*asked <= 4);  // a call may be refused after the others have their token
}

TEST_CASE("A8 a provider that throws, fails or gives nonsense ends the call with a typed error") {
  struct bad {
    const char* says;
    std::function<task<std::string>()> provider;
  };
  const bad table[] = {
      {"threw", []() -> task<std::string> { throw std::runtime_error("no " + canary); }},
      {"threw",
       []() -> task<std::string> {
         if (canary.size() > 1) throw std::runtime_error("no " + canary);
         co_return canary;
       }},
      {"sign in first", []() -> task<std::string> { co_return cospark::failure(errc::unavailable, "sign in first"); }},
      {"empty", []() -> task<std::string> { co_return std::string(); }},
      {"character", []() -> task<std::string> { co_return canary + "\n"; }},
      {"character", []() -> task<std::string> { co_return canary + "€"; }},
  };
  server spark;
  for (const auto& row : table) {
    INFO(row.says);
    asio::io_context io;
    auto options = client::quick();
    options.token_provider = row.provider;
    const auto opened = cospark::run(io, cospark::session::connect(spark.remote(), options));
    REQUIRE_FALSE(opened);
    INFO(opened.error().to_string());
    CHECK(opened.error() == errc::unauthenticated);
    CHECK(opened.error().message().find(row.says) != std::string::npos);
    CHECK(everything(opened.error()).find(canary) == std::string::npos);
  }
  CHECK(spark.calls(method::analyze_plan) == 0);
}

TEST_CASE("A8 a provider that never answers is given up after its time, also one that cannot be cancelled") {
  server spark;
  for (const bool deaf : {false, true}) {
    INFO(deaf);
    asio::io_context io;
    auto timer = std::make_shared<asio::steady_timer>(io, 1h);
    auto options = client::quick();
    options.token_timeout = 100ms;
    options.token_provider = [timer, deaf]() -> task<std::string> {
      if (deaf) co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await timer->async_wait(asio::use_awaitable);
      co_return canary;
    };
    const auto opened = cospark::run(io, cospark::session::connect(spark.remote(), options));
    CHECK(opened.error() == errc::unauthenticated);
    CHECK(opened.error().message().find("100 ms") != std::string::npos);
  }
  CHECK(spark.calls(method::analyze_plan) == 0);
}

TEST_CASE("A8 stopping the session ends a call that waits for a token") {
  server spark;
  asio::io_context io;
  auto timer = std::make_shared<asio::steady_timer>(io, 1h);
  auto asked = std::make_shared<int>(0);
  auto options = client::quick();
  options.token_timeout = 10min;
  options.call_timeout = 10min;
  options.token_provider = [timer, asked]() -> task<std::string> {
    if (++*asked > 1) co_await timer->async_wait(asio::use_awaitable);
    co_return canary;
  };
  auto session = cospark::run(io, cospark::session::connect(spark.remote(), options));
  REQUIRE(session);
  spark.fail(method::config, server_error(unauthenticated, "expired"));
  std::optional<result<std::string>> answer;
  cospark::spawn(io.get_executor(), ask(session.value()), [&](result<std::string> got) { answer = std::move(got); });
  REQUIRE(eventually(io, [&] { return *asked == 2; }));
  CHECK(cospark::run(io, session.value().stop()));
  REQUIRE(eventually(io, [&] { return answer.has_value(); }));
  CHECK(answer->error() == errc::client_closed);
  timer->cancel();
}

TEST_CASE("A3 a token goes to the server of the connection string alone, whatever happens to that server") {
  server spark;
  server other;
  const giver tokens;
  client user(spark, tokens.options());
  spark.stop();
  auto options = cospark::connect::execute_options();
  options.limit = 500ms;
  const auto all = cospark::run(user.io, collect(user.rows(std::move(options))));
  CHECK(all.value().error);
  spark.start();
  CHECK(cospark::run(user.io, collect(user.rows())));
  CHECK(other.calls(method::analyze_plan) + other.calls(method::config) + other.calls(method::execute_plan) == 0);
}

TEST_CASE("A1 a provider's token does not go to another host in plain text either") {
  asio::io_context io;
  const giver tokens;
  const auto opened =
      cospark::run(io, cospark::session::connect("sc://spark.example/;use_ssl=false", tokens.options()));
  REQUIRE_FALSE(opened);
  CHECK(opened.error() == errc::invalid_argument);
  CHECK(*tokens.asked == 0);
}

TEST_CASE("A2 a server that repeats the token in its errors does not bring it into ours, nor into log and metrics") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  std::string told;
  auto options = client::quick();
  options.token = canary;
  options.retries.max_attempts = 2;
  options.log = [&told](const cospark::log_entry& entry) {
    told += entry.component + entry.message;
    for (const auto& [name, value] : entry.fields) told += name + value;
  };
  options.metrics = [&told](const cospark::metric& measured) {
    told += measured.name;
    for (const auto& [name, value] : measured.labels) told += name + value;
  };
  asio::io_context io;
  auto session = cospark::run(io, cospark::session::connect(spark.remote(), options));
  REQUIRE(session);
  const auto text = "the token " + canary + " (" + canary + ") is bad";
  server_error rich("SOME.CONDITION", "42000", text);
  rich.message_parameters["token"] = canary;
  rich.classes = {"org.apache.spark.SparkException"};
  rich.causes.emplace_back();
  rich.causes.back().message = text;
  rich.causes.back().stack_trace = text;
  for (const auto& failure : {server_error(unauthenticated, text), server_error(permission_denied, text), rich,
                              server_error(unavailable, text), server_error(1, text), server_error(8, text),
                              server_error(12, text), server_error(2, text)}) {
    INFO(failure.grpc_code);
    spark.fail(method::config, failure, 3);
    std::string all = everything(error_of(cospark::run(io, ask(session.value()))));
    spark.fail(method::config, server_error(13, "one too many"), 0);
    spark.script_always(operation_kind::rows, stream_script().send(1).fail(failure));
    const auto rows = cospark::run(io, session.value().range(3).collect());
    if (!rows) all += everything(rows.error());
    CHECK_FALSE(rows);
    CHECK(all.find(canary) == std::string::npos);
    CHECK(all.find("***") != std::string::npos);
    while (!cospark::run(io, ask(session.value()))) {
    }
  }
  const auto state = session.value().connection();
  CHECK(state.reason.find(canary) == std::string::npos);
  let_run(io, 10ms);
  CHECK(told.find("reconnecting") != std::string::npos);
  CHECK(told.find(canary) == std::string::npos);
}

TEST_CASE("A2 an address where nobody answers: the error names the host, and no token") {
  asio::io_context io;
  auto options = client::quick();
  options.connect_timeout = 300ms;
  const auto opened = cospark::run(io, cospark::session::connect("sc://localhost:1/;token=" + canary, options));
  REQUIRE_FALSE(opened);
  CHECK(opened.error() == errc::unavailable);
  CHECK(everything(opened.error()).find("localhost:1") != std::string::npos);
  CHECK(everything(opened.error()).find(canary) == std::string::npos);
}

TEST_CASE("A11 settings that hold secrets are not in the list of all settings") {
  server spark;
  asio::io_context io;
  auto session = cospark::run(io, cospark::session::connect(spark.remote()));
  REQUIRE(session);
  auto conf = session.value().conf();
  for (const auto* name : {"spark.my.TOKEN", "a.password.b", "secretive", "spark.s3.access.Key", "my.credentials"}) {
    REQUIRE(cospark::run(io, conf.set(name, canary)));
  }
  REQUIRE(cospark::run(io, conf.set("spark.sql.shuffle.partitions", "7")));
  const auto all = cospark::run(io, conf.get_all());
  REQUIRE(all);
  CHECK(all.value().size() >= 6);
  CHECK(all.value().at("spark.my.TOKEN") == "***");
  CHECK(all.value().at("spark.sql.shuffle.partitions") == "7");
  for (const auto& [name, value] : all.value()) CHECK(value.find(canary) == std::string::npos);
  const auto asked_for = cospark::run(io, conf.get("spark.my.TOKEN"));
  REQUIRE(asked_for);
  CHECK((asked_for.value() == canary));
}

TEST_CASE("T16 headers that are more than the server takes: one call, and an error that names their size") {
  server spark;
  asio::io_context io;
  auto options = client::quick();
  options.token = std::string(9 * 1024, 't');
  const auto opened = cospark::run(io, cospark::session::connect(spark.remote(), options));
  REQUIRE_FALSE(opened);
  INFO(opened.error().to_string());
  CHECK(opened.error() == errc::limit_exceeded);
  CHECK(opened.error().detail().attempts == 1);
  CHECK(opened.error().message().find(std::to_string(9 * 1024)) != std::string::npos);
  CHECK(opened.error().message().size() < 1000);
  CHECK(spark.calls(method::analyze_plan) == 0);
  options.token = std::string(7 * 1024, 't');
  CHECK(cospark::run(io, cospark::session::connect(spark.remote(), options)));
}

TEST_CASE("headers for tracing go with each call; what a header cannot carry, and a hook that throws, do no harm") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  auto options = client::quick();
  auto seen = std::make_shared<std::vector<std::string>>();
  auto throws = std::make_shared<bool>(false);
  options.call_metadata = [seen, throws](std::string_view call) {
    seen->emplace_back(call);
    if (*throws) throw std::runtime_error("no trace");
    std::vector<std::pair<std::string, std::string>> headers;
    headers.emplace_back("traceparent", "00-abc-" + std::string(call));
    headers.emplace_back("Bad Name", "x");
    headers.emplace_back("x-bad-value", "€");
    headers.emplace_back("authorization", "Bearer of another");
    return headers;
  };
  client user(spark, options);
  CHECK(cospark::run(user.io, collect(user.rows())));
  CHECK(std::count(seen->begin(), seen->end(), "ExecutePlan") == 1);
  CHECK(std::count(seen->begin(), seen->end(), "Config") == 1);
  REQUIRE(user.settle());
  asio::io_context io;
  *throws = true;
  CHECK(cospark::run(io, cospark::session::connect(spark.remote(), options)));
  *throws = false;
  CHECK(cospark::run(io, cospark::session::connect(spark.remote(), options)));
  CHECK(spark.last_header("traceparent") == "00-abc-Config");
  CHECK(spark.last_header("x-bad-value").empty());
  CHECK(spark.last_header("authorization").empty());
}
