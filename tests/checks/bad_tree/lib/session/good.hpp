// Never compiled: nothing to be found here.
#include "rpc/bad.hpp"

task<> good(client client) {
  if (const auto ready = co_await client.ready()) co_return success();
  const bool late = co_await client.late();
  if (late) COSPARK_TRY(co_await client.send("if (co_await x) { y{z} }"));
  for (auto& query : co_await client.all()) query.stop();
}
