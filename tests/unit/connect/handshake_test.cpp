#include "connect/handshake.hpp"
#include "catch.hpp"

#include <string>
#include <vector>

using cospark::connect::address_in;

TEST_CASE("the address in a failure of gRPC is found, of both kinds and in both spellings") {
  struct row {
    const char* failure;
    const char* address;
    int port;
  };
  const std::vector<row> table = {
      {"failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:39085: Socket closed", "127.0.0.1",
       39085},
      {"last error: UNAVAILABLE: ipv6:%5B::1%5D:15002: connection refused", "::1", 15002},
      {"last error: UNAVAILABLE: ipv6:[2001:db8::7]:443: connection refused", "2001:db8::7", 443},
      {"errors: ipv4:10.0.0.1:1: refused; ipv4:10.0.0.2:65535", "10.0.0.2", 65535},
  };
  for (const auto& each : table) {
    INFO(each.failure);
    const auto found = address_in(each.failure);
    REQUIRE(found);
    CHECK(found->address().to_string() == each.address);
    CHECK(found->port() == each.port);
  }
}

TEST_CASE("no address is found in other texts, whatever they look like") {
  for (const std::string failure :
       {"", "Socket closed", "ipv4:", "ipv4:127.0.0.1", "ipv4:127.0.0.1:", "ipv4:127.0.0.1:x", "ipv4:127.0.0.1:0",
        "ipv4:127.0.0.1:65536", "ipv4:300.0.0.1:1", "ipv4:name:1", "ipv6:", "ipv6:[", "ipv6:[]:1", "ipv6:%5B",
        "ipv6:%5B::1:15002", "ipv6:[::1]15002", "ipv6:[::1]:", "ipv6:[::1]:99999999999999999999"}) {
    INFO(failure);
    CHECK_FALSE(address_in(failure));
  }
}

TEST_CASE("A9 what is no certificate is for no host") {
  CHECK_FALSE(cospark::connect::name_problem("", "localhost").empty());
  CHECK_FALSE(
      cospark::connect::name_problem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "::1").empty());
}
