#include "catch.hpp"
#include "frame/access.hpp"
#include "frame/source.hpp"
#include "plan/build.hpp"

#include <cospark/functions.hpp>
#include <cospark/quote_identifier.hpp>

namespace {

namespace f = cospark::functions;

const std::string hostile = "x`; DROP TABLE t; -- '\"\\";

}  // namespace

TEST_CASE("A10 a quoted name is one name, whatever is in it") {
  CHECK(cospark::quote_identifier("events") == "`events`");
  CHECK(cospark::quote_identifier("a.b") == "`a.b`");
  CHECK(cospark::quote_identifier("a`b``") == "`a``b`````");
  CHECK(cospark::quote_identifier("") == "``");
  CHECK(cospark::quote_identifier(hostile) == "`x``; DROP TABLE t; -- '\"\\`");
}

TEST_CASE("A10 names and values go to the server as they are, in fields of their own") {
  const auto frame = cospark::frame::make_range(nullptr, 0, 10, 1, std::nullopt)
                         .filter(f::col(hostile) == hostile)
                         .with_column(hostile, f::lit(1))
                         .alias(hostile);
  const auto message = cospark::plan::to_message(cospark::frame::access::relation(frame));
  REQUIRE(message);
  const auto& alias = message.value().subquery_alias();
  CHECK(alias.alias() == hostile);
  const auto& added = alias.input().with_columns();
  CHECK(added.aliases(0).name(0) == hostile);
  const auto& condition = added.input().filter().condition().unresolved_function();
  CHECK(condition.function_name() == "==");
  CHECK(condition.arguments(0).unresolved_attribute().unparsed_identifier() == hostile);
  CHECK(condition.arguments(1).literal().string() == hostile);
}
