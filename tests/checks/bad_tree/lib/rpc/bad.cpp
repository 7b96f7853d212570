// Never compiled: what scripts/check-sources must find.
#include "session/good.hpp"

task<> bad(client client) {
  if (!co_await client.ready()) co_return failure(errc::unavailable, "not ready");
  co_await client.visit([name = client.name()] { return name; });
  co_await client.send(message{client.name()});
  const auto text = co_await client.late() ? client.name() : std::string();
  co_return success();
}
