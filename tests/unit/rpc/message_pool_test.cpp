#include "catch.hpp"

#include "rpc/message_pool.hpp"

#include <memory>
#include <string>

namespace {

using namespace cospark;

std::unique_ptr<rpc::response_message> message_of(std::size_t bytes) {
  auto made = std::make_unique<rpc::response_message>();
  made->mutable_arrow_batch()->set_data(std::string(bytes, 'x'));
  return made;
}

}  // namespace

TEST_CASE("a dropped message is read into again, empty") {
  const auto pool = std::make_shared<rpc::message_pool>();
  const rpc::response_message* address = nullptr;
  {
    const rpc::message_ptr used(message_of(100).release(), rpc::message_dropper{pool});
    address = used.get();
  }
  const auto again = pool->take();
  CHECK(again.get() == address);
  CHECK_FALSE(again->has_arrow_batch());
  CHECK(pool->take().get() != address);
}

TEST_CASE("a pool keeps small messages, so many and no more, and none once its stream has ended") {
  const auto kept = [](std::size_t count, std::size_t bytes, bool closed) {
    const auto pool = std::make_shared<rpc::message_pool>();
    if (closed) pool->close();
    for (std::size_t i = 0; i < count; ++i) pool->give_back(message_of(bytes));
    return pool->size();
  };
  CHECK(kept(10, 60 << 10, false) == 10);
  CHECK(kept(10, 64 << 10, false) == 0);
  CHECK(kept(1000, 10, false) == 128);
  CHECK(kept(10, 10, true) == 0);
}

TEST_CASE("a message may be dropped after its stream, and without one") {
  auto pool = std::make_shared<rpc::message_pool>();
  rpc::message_ptr late(message_of(10).release(), rpc::message_dropper{pool});
  pool->close();
  pool.reset();
  late.reset();
  rpc::message_ptr(message_of(10).release(), rpc::message_dropper()).reset();
}
