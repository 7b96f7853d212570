#include "rpc/handler_memory.hpp"
#include "catch.hpp"

#include <array>
#include <cstddef>

using cospark::rpc::handler_allocator;
using cospark::rpc::handler_memory;

TEST_CASE("the room for a handler serves one at a time, again and again") {
  handler_memory memory;
  auto* const first = memory.allocate(100);
  auto* const second = memory.allocate(100);
  CHECK(second != first);
  memory.deallocate(second);
  memory.deallocate(first);
  CHECK(memory.allocate(64) == first);
  memory.deallocate(first);
}

TEST_CASE("a handler that is larger than the room is allocated, and leaves it free") {
  handler_memory memory;
  auto* const large = memory.allocate(4096);
  auto* const small = memory.allocate(64);
  auto* const room = static_cast<std::byte*>(static_cast<void*>(&memory));
  CHECK((small >= room && small < room + sizeof(memory)));
  CHECK_FALSE((large >= room && large < room + sizeof(memory)));
  memory.deallocate(large);
  memory.deallocate(small);
}

TEST_CASE("allocators of one memory are equal, whatever they are for") {
  handler_memory one;
  handler_memory other;
  const handler_allocator<void> any(one);
  handler_allocator<std::array<char, 32>> rebound(any);
  CHECK(rebound == any);
  CHECK_FALSE(rebound == handler_allocator<void>(other));
  auto* const place = rebound.allocate(1);
  rebound.deallocate(place, 1);
  auto* const again = one.allocate(16);
  CHECK(again == static_cast<void*>(place));
  one.deallocate(again);
}
