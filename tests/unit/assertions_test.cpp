// What all other tests stand on.
#include "catch.hpp"

#include <asio/awaitable.hpp>

#include <cospark/run.hpp>

#include <asio/io_context.hpp>

namespace {

cospark::task<int> counted(int& count) {
  co_return ++count;
}

cospark::task<> assert_three_times(int& count) {
  CHECK((co_await counted(count)).assume_value() == 1);
  CHECK_FALSE((co_await counted(count)).assume_value() != 2);
  REQUIRE((co_await counted(count)).assume_value() == 3);
  co_return cospark::success();
}

}  // namespace

TEST_CASE("An assertion awaits what it is about once") {
  asio::io_context context;
  int count = 0;
  const auto ended = cospark::run(context, assert_three_times(count));
  CHECK(ended.has_value());
  CHECK(count == 3);
}
