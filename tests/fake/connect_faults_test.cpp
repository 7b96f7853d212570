// Servers that cannot be reached, or that are no Spark Connect servers.
#include "client.hpp"
#include "http2_peer.hpp"
#include "tcp_gate.hpp"

using namespace fake;

namespace {

result<cospark::connect::session_ptr> connect(const std::string& remote, std::chrono::milliseconds limit) {
  asio::io_context io;
  auto options = client::quick();
  options.connect_timeout = limit;
  return cospark::run(io, cospark::connect::open_session(remote, options));
}

std::string page(std::uint32_t stream, int status) {
  return http2::headers(stream, {{":status", std::to_string(status)}, {"content-type", "text/html"}}, false) +
         http2::data(stream, "<html><body>the secret of the proxy</body></html>", true);
}

}  // namespace

TEST_CASE("T5 a server that asks every connection for calm is given up, without a tight loop") {
  http2_peer peer([](std::uint32_t) { return std::string(); },
                  http2::goaway(0, http2::code::enhance_your_calm, "too_many_pings"));
  const auto refused = connect(peer.remote(), 2s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::unavailable);
  CHECK(peer.connections() > 0);
  CHECK(peer.connections() < 100);
}

TEST_CASE("T5 a call whose last try runs out of time says what kept the tries before from an answer") {
  server spark;
  auto options = client::quick();
  options.call_timeout = 1s;
  options.metrics = [&spark](const cospark::metric& measured) {
    if (measured.name == "retries") spark.hold(method::config);
  };
  client user(spark, options);
  spark.fail(method::config, {grpc::StatusCode::UNAVAILABLE, "closing for the night"});
  const auto late = user.short_call();
  spark.release_held();
  REQUIRE_FALSE(late);
  INFO(late.error().to_string());
  CHECK(late.error() == errc::unavailable);
  CHECK(late.error().message().find("closing for the night") != std::string::npos);
  CHECK(late.error().detail().attempts == 2);
}

TEST_CASE("T11 a server that accepts and never speaks is given up in time") {
  server spark;
  tcp_gate gate(spark.port());
  gate.set_silent(true);
  const auto began = std::chrono::steady_clock::now();
  const auto refused = connect(gate.remote(), 1500ms);
  REQUIRE_FALSE(refused);
  INFO(refused.error().to_string());
  CHECK((refused.error() == errc::unavailable || refused.error() == errc::timed_out));
  CHECK(refused.error().message().find(std::to_string(gate.port())) != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - began < 15s);
}

TEST_CASE("T11 a session whose server stops to speak has a new connection when it speaks again") {
  server spark;
  tcp_gate gate(spark.port());
  auto options = client::quick();
  options.call_timeout = 1s;
  client user(gate.remote(), options);
  gate.set_silent(true);
  gate.reset();
  const auto silent = user.short_call();
  REQUIRE_FALSE(silent);
  CHECK((silent.error() == errc::unavailable || silent.error() == errc::timed_out));
  gate.set_silent(false);
  CHECK(eventually(user.io, [&] { return user.short_call().has_value(); }));
}

TEST_CASE("T12 a refused connection and a name that does not exist are unavailable, in time, and say what it was") {
  server spark;
  const auto port = std::to_string(spark.port());
  spark.stop();
  const auto refused = connect("sc://localhost:" + port, 1s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::unavailable);
  CHECK(refused.error().message().find("localhost:" + port) != std::string::npos);

  const auto unknown = connect("sc://no-such-host.invalid:15002", 3s);
  REQUIRE_FALSE(unknown);
  INFO(unknown.error().to_string());
  CHECK((unknown.error() == errc::unavailable || unknown.error() == errc::timed_out));
  CHECK(unknown.error().message().find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("T15 the pages of a proxy are errors by their status, and nobody sees the page") {
  struct expectation {
    int status;
    errc code;
  };
  for (const auto& each : {expectation{502, errc::unavailable}, expectation{503, errc::unavailable},
                           expectation{504, errc::unavailable}, expectation{404, errc::unsupported_by_server},
                           expectation{401, errc::unauthenticated}, expectation{403, errc::permission_denied}}) {
    INFO("status " << each.status);
    http2_peer peer([status = each.status](std::uint32_t stream) { return page(stream, status); });
    const auto refused = connect(peer.remote(), 1s);
    REQUIRE_FALSE(refused);
    INFO(refused.error().to_string());
    CHECK(refused.error() == each.code);
    CHECK(refused.error().to_string().find("secret") == std::string::npos);
    CHECK((peer.requests() > 1) == (each.code == errc::unavailable));
  }
}
