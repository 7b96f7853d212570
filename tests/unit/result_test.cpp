#include "catch.hpp"

#include <cospark/run.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <memory>
#include <string>

namespace {

using cospark::errc;
using cospark::result;
using cospark::task;

result<int> parse(int value) {
  if (value < 0) return cospark::failure(errc::invalid_argument, "a negative value");
  return value;
}

result<int> twice(int value) {
  COSPARK_TRY_RETURN(const int parsed, parse(value));
  return 2 * parsed;
}

task<std::unique_ptr<int>> boxed(int value) {
  COSPARK_TRY(auto parsed, parse(value));
  COSPARK_TRY(parse(parsed));
  co_return std::make_unique<int>(parsed);
}

}  // namespace

TEST_CASE("an error compares with its code and names what happened") {
  const cospark::error error(errc::session_lost, "the server restarted");
  CHECK(error == errc::session_lost);
  CHECK(error != errc::cancelled);
  CHECK(error.code().category().name() == std::string("cospark"));
  CHECK(error.to_string() == "session lost: the server restarted");
}

TEST_CASE("value() of a failed result throws an exception that carries the error") {
  try {
    (void)twice(-1).value();
    FAIL("no exception");
  } catch (const cospark::exception& thrown) {
    CHECK(thrown.error() == errc::invalid_argument);
    CHECK(thrown.error().message() == "a negative value");
    CHECK(thrown.code() == errc::invalid_argument);
  }
}

TEST_CASE("COSPARK_TRY goes on with the value or leaves with the error") {
  asio::io_context context;
  CHECK(twice(4).value() == 8);
  CHECK(*cospark::run(context, boxed(7)).value() == 7);
  CHECK(cospark::run(context, boxed(-7)).error() == errc::invalid_argument);
}

TEST_CASE("spawn calls its handler on the executor, not inside the call") {
  asio::io_context context;
  std::optional<int> seen;
  cospark::spawn(context.get_executor(), boxed(3), [&](result<std::unique_ptr<int>> value) { seen = *value.value(); });
  CHECK_FALSE(seen.has_value());
  context.run();
  CHECK(seen == 3);
}
