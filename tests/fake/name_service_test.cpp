// Names of servers, and what they resolve to.
#include "client.hpp"
#include "own_process.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <atomic>

using namespace fake;

namespace {

const std::string moving = "moving.example";
std::atomic<std::uint16_t> port_behind_the_name = 0;
std::atomic<int> times_resolved = 0;

}  // namespace

/// The name service that this program sees: a name of ours is at this machine, at a port that the test says.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  using function = int(const char*, const char*, const addrinfo*, addrinfo**);
  static auto* const real = reinterpret_cast<function*>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name == nullptr || moving != name) return real(name, service, hints, found);
  ++times_resolved;
  return real("127.0.0.1", std::to_string(port_behind_the_name).c_str(), hints, found);
}

TEST_CASE("child: follows a name to another server", "[.child]") {
  if (own_process::child_port() == 0) return;
  server first;
  server second;
  port_behind_the_name = first.port();
  client user("sc://" + moving + ":15002");
  CHECK(user.short_call());
  const int resolved = times_resolved;
  CHECK(resolved > 0);

  port_behind_the_name = second.port();
  first.stop();
  // A server that does not know the session: who says so can only be the second.
  const auto answer = user.short_call();
  REQUIRE_FALSE(answer);
  CHECK(answer.error() == errc::session_lost);
  CHECK(times_resolved > resolved);
  CHECK(second.calls(method::config) == 1);
  client next("sc://" + moving + ":15002");
  CHECK(next.short_call());
}

TEST_CASE("T13 a server that is at another address after a failure is found there") {
  // The resolver that asks the C library; that of c-ares asks servers of names.
  own_process child("child: follows a name to another server", 1,
                    "unset http_proxy https_proxy grpc_proxy; export GRPC_DNS_RESOLVER=native");
  CHECK(child.wait(60s) == 0);
}
