#include "catch.hpp"
#include "plan_text.hpp"

#include <cospark/functions.hpp>

#include <limits>

namespace {

using namespace cospark;
using namespace std::chrono_literals;

std::string lit(const column_or_value& constant) {
  const auto text = plan_text::of(functions::lit(constant));
  return text.starts_with("{") ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

TEST_CASE("every scalar type of C++ becomes the smallest Spark type that holds it") {
  CHECK(lit(true) == "boolean: true");
  CHECK(lit(std::int8_t{-1}) == "byte: -1");
  CHECK(lit(std::uint8_t{255}) == "short: 255");
  CHECK(lit(std::int16_t{-1}) == "short: -1");
  CHECK(lit(std::uint16_t{65535}) == "integer: 65535");
  CHECK(lit(-1) == "integer: -1");
  CHECK(lit(4294967295U) == "long: 4294967295");
  CHECK(lit(-1L) == "long: -1");
  CHECK(lit(-1LL) == "long: -1");
  CHECK(lit(1UL) == "long: 1");
  CHECK(lit(std::numeric_limits<std::uint64_t>::max()) ==
        R"(decimal { value: "18446744073709551615" precision: 20 scale: 0 })");
  CHECK(lit(1ULL << 63U) == R"(decimal { value: "9223372036854775808" precision: 19 scale: 0 })");
  CHECK(lit(0.5F) == "float: 0.5");
  CHECK(lit(0.5) == "double: 0.5");
  CHECK(lit("x") == R"(string: "x")");
  CHECK(lit(std::string("x\0y", 3)) == R"(string: "x\000y")");
  CHECK(lit(std::string_view("ü")) == R"(string: "\303\274")");
  CHECK(lit(bytes{std::byte{0}, std::byte{255}}) == R"(binary: "\000\377")");
  CHECK(lit(nullptr) == "null { null { } }");
  CHECK(lit(std::optional<int>()) == "null { null { } }");
  CHECK(lit(std::optional<int>(3)) == "integer: 3");
}

TEST_CASE("times and durations become Spark's, rounded down to microseconds") {
  using std::chrono::local_time;
  using std::chrono::sys_days;
  using std::chrono::sys_time;
  CHECK(lit(sys_days(1970y / 1 / 2)) == "date: 1");
  CHECK(lit(1969y / 12 / 31) == "date: -1");
  CHECK(lit(sys_time<std::chrono::seconds>(2s)) == "timestamp: 2000000");
  CHECK(lit(sys_time<std::chrono::nanoseconds>(-1ns)) == "timestamp: -1");
  CHECK(lit(local_time<std::chrono::hours>(1h)) == "timestamp_ntz: 3600000000");
  CHECK(lit(1500ns) == "day_time_interval: 1");
  CHECK(lit(-1500ns) == "day_time_interval: -2");
  CHECK(lit(std::chrono::duration<double>(0.25)) == "day_time_interval: 250000");
  CHECK(lit(24h) == "day_time_interval: 86400000000");
  CHECK(lit(std::chrono::months(14)) == "year_month_interval: 14");
  CHECK(lit(std::chrono::years(-2)) == "year_month_interval: -24");
}

TEST_CASE("values of every kind can be constants") {
  CHECK(lit(value(decimal(150, 2))) == R"(decimal { value: "1.50" precision: 3 scale: 2 })");
  CHECK(lit(value(decimal(5, 2))) == R"(decimal { value: "0.05" precision: 2 scale: 2 })");
  CHECK(lit(value(decimal())) == R"(decimal { value: "0" precision: 1 scale: 0 })");
  CHECK(lit(value(time_of_day{1h})) == "time { nano: 3600000000000 precision: 6 }");
  CHECK(lit(value(calendar_interval{1, 2, 3us})) == "calendar_interval { months: 1 days: 2 microseconds: 3 }");
  CHECK(lit(value(timestamp_nanos(-1ns))) ==
        "timestamp_ltz_nanos { epoch_micros: -1 nanos_within_micro: 999 precision: 9 }");
  CHECK(lit(value(array_value{value(1), value(), value(2)})) ==
        "array { element_type { integer { } } elements { integer: 1 } elements { null { null { } } } elements { "
        "integer: 2 } }");
  CHECK(lit(value(map_value{{value("k"), value(1)}})) ==
        R"(map { key_type { string { } } value_type { integer { } } keys { string: "k" } values { integer: 1 } })");
  CHECK(
      lit(value(row({value(1), value(true)}))) ==
      R"(struct { struct_type { struct { fields { name: "col1" data_type { integer { } } nullable: true } )"
      R"(fields { name: "col2" data_type { boolean { } } nullable: true } } } elements { integer: 1 } elements { boolean: true } })");
}

TEST_CASE("the type of an array is one that all its elements have") {
  const auto element_type = [](array_value elements) {
    const auto text = lit(value(std::move(elements)));
    return text.substr(0, text.find(" } elements"));
  };
  CHECK(element_type({value(array_value{}), value(array_value{value(1)})}) ==
        "array { element_type { array { element_type { integer { } } contains_null: true }");
  CHECK(element_type({value(decimal(15, 1)), value(decimal(5, 0)), value(decimal(1025, 2))}) ==
        "array { element_type { decimal { scale: 2 precision: 4 }");
  CHECK(element_type({value(map_value{}), value(map_value{{value("k"), value(true)}})}).find("boolean") !=
        std::string::npos);
  CHECK(element_type({value(array_value{value(1)}), value(array_value{value("x")})}).find("invalid argument") == 0);
}

TEST_CASE("a constant that Spark has no room for is an invalid argument") {
  CHECK(lit(std::chrono::sys_time<std::chrono::years>(std::chrono::years(400000))) ==
        "invalid argument: a time or duration is out of Spark's range");
  CHECK(lit(std::chrono::duration<double>(1e300)) == "invalid argument: a time or duration is out of Spark's range");
  CHECK(lit(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())) ==
        "invalid argument: a time or duration is out of Spark's range");
  CHECK(lit(std::chrono::hours::max()) == "invalid argument: a time or duration is out of Spark's range");
  CHECK(lit(2023y / 2 / 30) == "invalid argument: there is no such date");
  CHECK(lit(value(time_of_day{24h})) == "invalid argument: a time of day must be at least 00:00 and below 24:00");
  CHECK(lit(value(variant_value())) ==
        "invalid argument: a value of this type cannot be a literal; make it with a function of Spark");
  CHECK(lit(value(array_value{value(1), value("x")})) ==
        "invalid argument: the elements of an array or map literal have different types: int and string");
  value nested(1);
  for (int i = 0; i < 65; ++i) nested = value(array_value{nested});
  CHECK(lit(nested) == "limit exceeded: a literal is nested more than 64 deep");
}
