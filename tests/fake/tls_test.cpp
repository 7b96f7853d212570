// TLS: who is trusted, who is not, and how soon that is said.
#include "certificates.hpp"
#include "client.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace fake;

namespace {

server_options secured(const issued& by) {
  server_options options;
  options.certificate = by.certificate;
  options.key = by.key;
  return options;
}

cospark::session_options trusting(const authority& trusted) {
  auto options = client::quick();
  options.tls.root_certificates = trusted.certificate();
  return options;
}

/// The errors of a connect that TLS must refuse: at once, so with a bound that no retry would let it keep.
cospark::error refused(const std::string& remote, cospark::session_options options) {
  asio::io_context io;
  options.connect_timeout = 5min;
  const auto began = std::chrono::steady_clock::now();
  const auto opened = cospark::run(io, cospark::session::connect(remote, std::move(options)));
  REQUIRE_FALSE(opened);
  INFO(opened.error().to_string());
  CHECK(opened.error() == errc::tls_failed);
  CHECK(opened.error().detail().attempts <= 2);
  CHECK(std::chrono::steady_clock::now() - began < 60s);
  return opened.error();
}

bool says(const cospark::error& reason, const std::string& text) {
  return reason.message().find(text) != std::string::npos;
}

// The guide has this function, line by line.
// clang-format off
cospark::task<> connect_safely(std::string remote, std::string folder) {
  cospark::session_options options;
  options.tls.root_certificates_file = folder + "/authority.pem";   // whom to trust, instead of the system's
  options.tls.client_certificate_file = folder + "/client.pem";     // who this client is, if the server asks
  options.tls.client_key_file = folder + "/client.key";
  options.token_provider = []() -> cospark::task<std::string> { co_return "fetched from somewhere"; };
  options.log = [](const cospark::log_entry& entry) { std::clog << entry.component << ": " << entry.message << '\n'; };
  COSPARK_TRY(auto spark, co_await cospark::session::connect(remote, options));
  auto state = spark.connection();
  if (state.status == cospark::connection_status::lost) {
    COSPARK_TRY(spark, co_await spark.replacement());  // a new session like the old one; start its queries again
  }
  co_return co_await spark.stop();
}
// clang-format on

}  // namespace

TEST_CASE("A6 a server of an own authority is trusted when the authority is, as a text or in a file") {
  const authority ours;
  server spark(secured(ours.issue(subject("DNS:localhost"))));
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark, trusting(ours));
  const auto all = cospark::run(user.io, collect(user.rows()));
  CHECK(all.value().numbers == up_to(10));

  const auto file = std::filesystem::temp_directory_path() / "cospark-tls-test-authority.pem";
  std::ofstream(file) << ours.certificate();
  auto options = client::quick();
  options.tls.root_certificates_file = file.string();
  client other(spark, options);
  std::filesystem::remove(file);
}

TEST_CASE("A6 an address can be named by a certificate, too") {
  const authority ours;
  server spark(secured(ours.issue(subject("IP:127.0.0.1"))));
  asio::io_context io;
  const auto remote = "sc://127.0.0.1:" + std::to_string(spark.port());
  CHECK(cospark::run(io, cospark::session::connect(remote, trusting(ours))));
  CHECK(says(refused(spark.remote(), trusting(ours)), "not for localhost"));
}

TEST_CASE("A4 a certificate that cannot be trusted is refused at once, and the error says why") {
  const authority ours;
  const authority others;
  subject expired("DNS:localhost");
  expired.begins = -3;
  expired.ends = -1;
  subject early("DNS:localhost");
  early.begins = 1;
  subject old_style;
  old_style.common_name = "localhost";
  struct bad {
    const char* what;
    issued certificate;
    const char* says;
  };
  const bad table[] = {
      {"an unknown authority", others.issue(subject("DNS:localhost")), "unable to get local issuer certificate"},
      {"expired", ours.issue(expired), "expired"},
      {"not yet valid", ours.issue(early), "not yet valid"},
      {"another host", ours.issue(subject("DNS:elsewhere.example")), "not for localhost"},
      {"signed by itself", authority::self_signed(subject("DNS:localhost")), "self-signed"},
      {"no subjectAltName", ours.issue(subject()), "not for localhost"},
      {"no subjectAltName, the host as common name", ours.issue(old_style), "not for localhost"},
  };
  for (const auto& row : table) {
    INFO(row.what);
    server spark(secured(row.certificate));
    const auto reason = refused(spark.remote(), trusting(ours));
    CHECK(says(reason, row.says));
    CHECK(spark.calls(method::analyze_plan) == 0);
  }
}

TEST_CASE("A4 without an authority of one's own those of the system are trusted, and no others") {
  const authority ours;
  server spark(secured(ours.issue(subject("DNS:localhost"))));
  CHECK(says(refused(spark.remote(), client::quick()), "unable to get local issuer certificate"));
}

TEST_CASE("A4 a certificate that goes bad during an execution ends it, and a start is then unknown") {
  const authority ours;
  const authority others;
  const auto good = ours.issue(subject("DNS:localhost"));
  const auto bad = others.issue(subject("DNS:localhost"));
  server spark(secured(good));
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark, trusting(ours));
  spark.script(operation_kind::rows, stream_script().send(3).hold());
  std::optional<result<collected>> all;
  cospark::spawn(user.io.get_executor(), collect(user.rows()), [&](result<collected> got) { all = std::move(got); });
  REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
  spark.stop();
  spark.set_certificate(bad.certificate, bad.key);
  spark.start(true);
  REQUIRE(eventually(user.io, [&] { return all.has_value(); }));
  REQUIRE(all->value().error);
  CHECK(*all->value().error == errc::tls_failed);
  CHECK(all->value().numbers == up_to(3));
}

TEST_CASE("A5 another host name, or no verification, only by options that say that they are unsafe") {
  const authority ours;
  const authority others;
  server elsewhere(secured(ours.issue(subject("DNS:spark.example"))));
  auto renamed = trusting(ours);
  renamed.tls.unsafe_expected_host_name = "spark.example";
  client user(elsewhere, renamed);
  renamed.tls.unsafe_expected_host_name = "other.example";
  CHECK(says(refused(elsewhere.remote(), renamed), "not for other.example"));
  // The name alone is not enough.
  auto distrusting = trusting(others);
  distrusting.tls.unsafe_expected_host_name = "spark.example";
  refused(elsewhere.remote(), distrusting);

  server strange(secured(authority::self_signed(subject("DNS:spark.example"))));
  auto careless = client::quick();
  careless.tls.unsafe_skip_verification = true;
  client trustful(strange, careless);
}

TEST_CASE("A6 a server that asks for a client's certificate gets it, and refuses clients without a good one") {
  const authority ours;
  const authority clients;
  auto options = secured(ours.issue(subject("DNS:localhost")));
  options.client_authorities = clients.certificate();
  server spark(options);
  auto mine = trusting(ours);
  CHECK(says(refused(spark.remote(), mine), "tls_options has none"));
  const auto known = clients.issue(subject("DNS:client"));
  mine.tls.client_certificate = known.certificate;
  mine.tls.client_key = known.key;
  client user(spark, mine);
  const auto unknown = ours.issue(subject("DNS:client"));
  mine.tls.client_certificate = unknown.certificate;
  mine.tls.client_key = unknown.key;
  CHECK(says(refused(spark.remote(), mine), "this client's certificate"));
}

TEST_CASE("T18 plain text to a TLS port, and TLS to a plain one, fail at once and say what to change") {
  const authority ours;
  server secure(secured(ours.issue(subject("DNS:localhost"))));
  auto plain = "sc://localhost:" + std::to_string(secure.port());
  CHECK(says(refused(plain, client::quick()), "use_ssl=true"));
  server open;
  CHECK(says(refused(open.remote() + "/;use_ssl=true", client::quick()), "does not speak TLS"));
  CHECK(secure.calls(method::analyze_plan) == 0);
  CHECK(open.calls(method::analyze_plan) == 0);
}

TEST_CASE("a server that comes back is not taken for one without TLS") {
  const authority ours;
  server spark(secured(ours.issue(subject("DNS:localhost"))));
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark, trusting(ours));
  spark.script(operation_kind::rows, stream_script().send(3).hold());
  std::optional<result<collected>> all;
  cospark::spawn(user.io.get_executor(), collect(user.rows()), [&](result<collected> got) { all = std::move(got); });
  REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
  spark.stop();
  let_run(user.io, 300ms);
  CHECK_FALSE(all.has_value());
  spark.start(true);
  REQUIRE(eventually(user.io, [&] { return all.has_value(); }));
  CHECK_FALSE(all->value().error);
  CHECK(all->value().numbers == up_to(10));
}

TEST_CASE("certificates and keys that cannot be used are refused by name, before anything is sent") {
  const authority ours;
  const auto mine = ours.issue(subject("DNS:client"));
  const auto other = ours.issue(subject("DNS:client"));
  struct bad {
    const char* says;
    std::function<void(cospark::tls_options&)> make;
  };
  const bad table[] = {
      {"root_certificates ", [](auto& tls) { tls.root_certificates = "nonsense"; }},
      {"root_certificates_file", [](auto& tls) { tls.root_certificates_file = "/no/such/file"; }},
      {"both given",
       [&](auto& tls) {
         tls.root_certificates = ours.certificate();
         tls.root_certificates_file = "/no/such/file";
       }},
      {"together", [&](auto& tls) { tls.client_certificate = mine.certificate; }},
      {"together", [&](auto& tls) { tls.client_key = mine.key; }},
      {"client_certificate ",
       [&](auto& tls) {
         tls.client_certificate = "nonsense";
         tls.client_key = mine.key;
       }},
      {"client_key ",
       [&](auto& tls) {
         tls.client_certificate = mine.certificate;
         tls.client_key = "nonsense";
       }},
      {"client_key ",
       [&](auto& tls) {
         tls.client_certificate = mine.certificate;
         tls.client_key = other.key;
       }},
  };
  server spark;
  for (const auto& row : table) {
    INFO(row.says);
    asio::io_context io;
    auto options = client::quick();
    row.make(options.tls);
    const auto opened = cospark::run(io, cospark::session::connect(spark.remote(), options));
    REQUIRE_FALSE(opened);
    INFO(opened.error().message());
    CHECK(opened.error() == errc::invalid_argument);
    CHECK(says(opened.error(), row.says));
    CHECK(opened.error().message().find("PRIVATE") == std::string::npos);
  }
  CHECK(spark.calls(method::analyze_plan) == 0);
}

TEST_CASE("the guide: connecting safely") {
  const authority ours;
  auto options = secured(ours.issue(subject("DNS:localhost")));
  options.client_authorities = ours.certificate();
  server spark(options);
  const auto mine = ours.issue(subject("DNS:client"));
  const auto folder = std::filesystem::temp_directory_path() / "cospark-tls-test-guide";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "authority.pem") << ours.certificate();
  std::ofstream(folder / "client.pem") << mine.certificate;
  std::ofstream(folder / "client.key") << mine.key;
  asio::io_context io;
  const auto outcome = cospark::run(io, connect_safely(spark.remote(), folder.string()));
  CHECK(outcome);
  CHECK(spark.last_header("authorization") == "Bearer fetched from somewhere");
  std::filesystem::remove_all(folder);
}
