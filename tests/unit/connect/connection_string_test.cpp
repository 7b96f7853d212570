#include "connect/connection_string.hpp"
#include "catch.hpp"
#include "connect/channel.hpp"

#include <string>
#include <vector>

namespace {

using namespace cospark::connect;
using cospark::errc;

constexpr const char* canary = "s3cr3t-canary";

connection_string parsed(const std::string& text) {
  auto result = parse_connection_string(text);
  INFO(text);
  REQUIRE(result);
  return result.value();
}

}  // namespace

TEST_CASE("host and port are found, with the default port") {
  struct good {
    const char* text;
    const char* host;
    int port;
    const char* target;
  };
  const std::vector<good> table = {
      {"sc://localhost", "localhost", 15002, "localhost:15002"},
      {"sc://localhost/", "localhost", 15002, "localhost:15002"},
      {"sc://localhost/;", "localhost", 15002, "localhost:15002"},
      {"sc://localhost/;;;", "localhost", 15002, "localhost:15002"},
      {"sc://localhost:1", "localhost", 1, "localhost:1"},
      {"sc://localhost:65535/", "localhost", 65535, "localhost:65535"},
      {"sc://spark.example.com:443/;use_ssl=true", "spark.example.com", 443, "spark.example.com:443"},
      {"sc://10.0.0.7:15002", "10.0.0.7", 15002, "10.0.0.7:15002"},
      {"sc://[::1]", "::1", 15002, "[::1]:15002"},
      {"sc://[::1]:15003", "::1", 15003, "[::1]:15003"},
      {"sc://[2001:db8::7]:443/;use_ssl=true", "2001:db8::7", 443, "[2001:db8::7]:443"},
      {"sc://spark-connect_0.ns.svc:15002", "spark-connect_0.ns.svc", 15002, "spark-connect_0.ns.svc:15002"},
  };
  for (const auto& row : table) {
    INFO(row.text);
    const auto where = parsed(row.text);
    CHECK(where.host == row.host);
    CHECK(where.port == row.port);
    CHECK(where.target() == row.target);
  }
}

TEST_CASE("every parameter of Spark is understood") {
  const auto where = parsed(
      "sc://h:1/;use_ssl=true;token=abc%20def;user_id=anna;user_agent=my%20app;"
      "session_id=123e4567-e89b-42d3-a456-426614174000;grpc_max_message_size=1000000;grpc_keepalive_enabled=true;"
      "grpc_keepalive_time_ms=10000;grpc_keepalive_timeout_ms=5000;grpc_keepalive_without_calls=false;x-routing=blue");
  CHECK(where.use_ssl == true);
  CHECK(where.token == "abc def");
  CHECK(where.user_id == "anna");
  CHECK(where.user_agent == "my app");
  CHECK(where.session_id == "123e4567-e89b-42d3-a456-426614174000");
  CHECK(where.max_message_size == std::size_t{1'000'000});
  CHECK(where.keepalive == true);
  CHECK(where.keepalive_time == 10'000);
  CHECK(where.keepalive_timeout == 5'000);
  CHECK(where.keepalive_without_calls == false);
  REQUIRE(where.metadata.size() == 1);
  CHECK(where.metadata[0].first == "x-routing");
  CHECK(where.metadata[0].second == "blue");
}

TEST_CASE("values are percent-decoded, and may hold an equals sign") {
  CHECK(parsed("sc://h/;user_id=a%3Bb%3dc").user_id == "a;b=c");
  CHECK(parsed("sc://h/;token=a=b==").token == "a=b==");
  CHECK(parsed("sc://h/;user_id=%E2%82%AC").user_id == "€");
  CHECK(parsed("sc://h/;user_id=100%25").user_id == "100%");
  CHECK(parsed("sc://h/;user_id=").user_id.empty());
  CHECK(parsed("sc://h/;user_id=a+b").user_id == "a+b");
}

TEST_CASE("other keys become headers, in lower case as gRPC wants them") {
  const auto where = parsed("sc://h/;X-Team=Data;x.y_z=1");
  REQUIRE(where.metadata.size() == 2);
  CHECK(where.metadata[0].first == "x-team");
  CHECK(where.metadata[0].second == "Data");
  CHECK(where.metadata[1].first == "x.y_z");
}

TEST_CASE("every invalid connection string is refused with what is wrong in it") {
  struct bad {
    std::string text;
    const char* names;  // what the message must mention
  };
  const std::string secret = std::string(";token=") + canary;
  const std::vector<bad> table = {
      {"", "sc://"},
      {"localhost", "sc://"},
      {"http://localhost", "sc://"},
      {"SC://localhost", "sc://"},
      {"sc:/localhost", "sc://"},
      {"sc//localhost", "sc://"},
      {" sc://localhost", "sc://"},
      {"sc://", "host"},
      {"sc:///", "host"},
      {"sc://:15002", "host"},
      {"sc:///;user_id=x", "host"},
      {"sc://host:", "port"},
      {"sc://host:/;user_id=x", "port"},
      {"sc://host:0", "port"},
      {"sc://host:65536", "port"},
      {"sc://host:-1", "port"},
      {"sc://host:+1", "port"},
      {"sc://host:15002x", "port"},
      {"sc://host:1e3", "port"},
      {"sc://host:99999999999999999999", "port"},
      {"sc://host: 15002", "space"},
      {"sc://::1", "brackets"},
      {"sc://::1:15002", "brackets"},
      {"sc://2001:db8::7", "brackets"},
      {"sc://[::1", "]"},
      {"sc://[]", "IPv6"},
      {"sc://[localhost]", "IPv6"},
      {"sc://[%]", "IPv6"},
      {"sc://[10.0.0.7]", "IPv6"},
      {"sc://[::1]15002", "]"},
      {"sc://[::1]:", "port"},
      {"sc://user:" + std::string(canary) + "@host", "@"},
      {"sc://anna@host", "@"},
      {"sc://ho$t", "host"},
      {"sc://höst", "host"},
      {"sc://a,b", "host"},
      {"sc://host\n", "control character"},
      {"sc://host/;user_id=a b", "space"},
      {std::string("sc://host/;user_id=\0x", 22), "control character"},
      {"sc://host;user_id=x", "/;"},
      {"sc://host?user_id=x", "/;"},
      {"sc://host#x", "/;"},
      {"sc://host/path", "path"},
      {"sc://host/path;user_id=x", "path"},
      {"sc://host//", "path"},
      {"sc://host/;user_id", "key=value"},
      {"sc://host/;=x", "key=value"},
      {"sc://host/;user_id=a;user_id=b", "user_id"},
      {"sc://host/" + secret + ";token=other", "token"},
      {"sc://host/" + secret + ";TOKEN=other", "given twice"},
      {"sc://host/;x-team=a;X-Team=b", "given twice"},
      {"sc://host/;TOKEN=" + std::string(canary), "must be written 'token'"},
      {"sc://host/;Use_SSL=true", "must be written 'use_ssl'"},
      {"sc://host/;token=", "token"},
      {"sc://host/;use_ssl=yes", "use_ssl"},
      {"sc://host/;use_ssl=", "use_ssl"},
      {"sc://host/;use_ssl=TRUE", "use_ssl"},
      {"sc://host/;session_id=abc", "session_id"},
      {"sc://host/;session_id=", "session_id"},
      {"sc://host/;session_id=123e4567-e89b-42d3-a456-42661417400g", "session_id"},
      {"sc://host/;grpc_max_message_size=0", "grpc_max_message_size"},
      {"sc://host/;grpc_max_message_size=-5", "grpc_max_message_size"},
      {"sc://host/;grpc_max_message_size=2147483648", "grpc_max_message_size"},
      {"sc://host/;grpc_max_message_size=many", "grpc_max_message_size"},
      {"sc://host/;grpc_keepalive_time_ms=9999", "grpc_keepalive_time_ms"},
      {"sc://host/;grpc_keepalive_timeout_ms=0", "grpc_keepalive_timeout_ms"},
      {"sc://host/;grpc_keepalive_enabled=1", "grpc_keepalive_enabled"},
      {"sc://host/;grpc_keepalive_without_calls=no", "grpc_keepalive_without_calls"},
      {"sc://host/;user_id=%", "%"},
      {"sc://host/;user_id=%2", "%"},
      {"sc://host/;user_id=%zz", "%"},
      {"sc://host/;user_id=%-1", "%"},
      {"sc://host/;user_id=%0a", "control character"},
      {"sc://host/;user_id=%00", "control character"},
      {"sc://host/;token=" + std::string(canary) + "%0d%0aevil", "control character"},
      {"sc://host/;token=" + std::string(canary) + "%", "token"},
      {"sc://host/;grpc-timeout=1S", "grpc-timeout"},
      {"sc://host/;:path=/x", ":path"},
      {"sc://host/;hea(der=x", "hea(der"},
      {"sc://host/;x-team=%E2%82%AC", "x-team"},
      {"sc://host/;authorization=Bearer%20" + std::string(canary), "token"},
      {"sc://host/;Authorization=" + std::string(canary), "token"},
      {"sc://host/;user_agent=" + std::string(2049, 'a'), "user_agent"},
      {"sc://host/;user_id=" + std::string(70'000, 'a'), "longer"},
  };
  CHECK(table.size() >= 50);
  for (const auto& row : table) {
    INFO(row.text.substr(0, 100));
    const auto result = parse_connection_string(row.text);
    REQUIRE_FALSE(result);
    CHECK(result.error() == errc::invalid_argument);
    const auto text = result.error().to_string();
    INFO(text);
    CHECK(text.find(row.names) != std::string::npos);
    CHECK(text.find(canary) == std::string::npos);
    CHECK(text.size() < 500);
  }
}

TEST_CASE("A2 a token is in no text about a connection") {
  const auto where = parsed(std::string("sc://spark.example.com/;token=") + canary);
  CHECK(where.target() == "spark.example.com:15002");
  const auto refused = parse_connection_string(std::string("sc://h/;token=") + canary + ";use_ssl=maybe");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().to_string().find(canary) == std::string::npos);
}

TEST_CASE("A1 a token goes to another host by TLS alone") {
  const auto tls = [](const std::string& text) {
    const auto where = parsed(text);
    return uses_tls(where, cospark::session_options(), !where.token.empty());
  };
  CHECK(tls("sc://spark.example.com/;token=t").value());
  CHECK(tls("sc://spark.example.com/;token=t;use_ssl=true").value());
  CHECK_FALSE(tls("sc://localhost/;token=t").value());
  CHECK_FALSE(tls("sc://127.0.0.1/;token=t").value());
  CHECK_FALSE(tls("sc://[::1]/;token=t").value());
  CHECK(tls("sc://localhost/;token=t;use_ssl=true").value());
  CHECK_FALSE(tls("sc://spark.example.com").value());
  CHECK(tls("sc://spark.example.com/;use_ssl=true").value());
  const auto plain = tls("sc://spark.example.com/;token=t;use_ssl=false");
  REQUIRE_FALSE(plain);
  CHECK(plain.error() == errc::invalid_argument);
  CHECK(plain.error().message().find("plain text") != std::string::npos);
}

TEST_CASE("options of TLS mean TLS, unless the connection string says otherwise") {
  const auto tls = [](const std::string& text, const cospark::session_options& options) {
    return uses_tls(parsed(text), options, false).value();
  };
  CHECK_FALSE(tls("sc://h", cospark::session_options()));
  for (auto cospark::tls_options::*option :
       {&cospark::tls_options::root_certificates, &cospark::tls_options::root_certificates_file,
        &cospark::tls_options::client_certificate, &cospark::tls_options::client_certificate_file,
        &cospark::tls_options::client_key, &cospark::tls_options::client_key_file,
        &cospark::tls_options::unsafe_expected_host_name}) {
    cospark::session_options options;
    options.tls.*option = "something";
    CHECK(tls("sc://h", options));
    CHECK(tls("sc://localhost", options));
    CHECK_FALSE(tls("sc://h/;use_ssl=false", options));
  }
  cospark::session_options options;
  options.tls.unsafe_skip_verification = true;
  CHECK(tls("sc://h", options));
}

TEST_CASE("A5 the name that a certificate must have is the host's, unless an unsafe option says otherwise") {
  cospark::tls_options options;
  CHECK(expected_host(parsed("sc://spark.example:443/"), options) == "spark.example");
  CHECK(expected_host(parsed("sc://[::1]:443/"), options) == "::1");
  options.unsafe_expected_host_name = "other.example";
  CHECK(expected_host(parsed("sc://spark.example:443/"), options) == "other.example");
}

TEST_CASE("a name that only begins like the loopback address is another host") {
  for (const char* text : {"sc://127.evil.example/;token=t", "sc://localhost.evil.example/;token=t",
                           "sc://127.0.0.1.nip.example/;token=t"}) {
    INFO(text);
    const auto where = parsed(text);
    CHECK_FALSE(where.is_loopback());
    CHECK(uses_tls(where, cospark::session_options(), true).value());
  }
}
