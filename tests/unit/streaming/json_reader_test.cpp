#include "streaming/json_reader.hpp"
#include "catch.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>

using namespace cospark::streaming;
using namespace std::chrono_literals;

TEST_CASE("timestamps are ISO 8601 to the millisecond, with Z or an offset") {
  const time_point noon = std::chrono::sys_days(2026y / 11 / 24) + 12h;
  CHECK(parse_timestamp("2026-11-24T12:00:00Z") == noon);
  CHECK(parse_timestamp("2026-11-24T12:00:00.000Z") == noon);
  CHECK(parse_timestamp("2026-11-24T12:00:00.5Z") == noon + 500ms);
  CHECK(parse_timestamp("2026-11-24T12:00:00.042Z") == noon + 42ms);
  CHECK(parse_timestamp("2026-11-24T12:00:00.042999999Z") == noon + 42ms);
  CHECK(parse_timestamp("2026-11-24T12:00:00+01:30") == noon - 90min);
  CHECK(parse_timestamp("2026-11-24T12:00:00-0800") == noon + 8h);
  CHECK(parse_timestamp("1969-12-31T23:59:59.999Z") == time_point(-1ms));
  CHECK(parse_timestamp("0001-01-01T00:00:00Z") == time_point(std::chrono::sys_days(1y / 1 / 1)));
  CHECK(parse_timestamp("9999-12-31T23:59:59.999Z"));
}

TEST_CASE("other texts are no timestamps") {
  for (const std::string text : {"",
                                 "2026",
                                 "2026-11-24",
                                 "2026-11-24 12:00:00Z",
                                 "2026-11-24T12:00:00",
                                 "2026-11-24T12:00Z",
                                 "2026-13-24T12:00:00Z",
                                 "2026-11-31T12:00:00Z",
                                 "2025-02-29T12:00:00Z",
                                 "2026-11-24T24:00:00Z",
                                 "2026-11-24T12:60:00Z",
                                 "2026-11-24T12:00:60Z",
                                 "2026-11-24T12:00:00.Z",
                                 "2026-11-24T12:00:00Zx",
                                 "2026-11-24T12:00:00+19:00",
                                 "2026-11-24T12:00:00+1",
                                 "-026-11-24T12:00:00Z",
                                 "+12026-11-24T12:00:00Z",
                                 "2026-1-24T12:00:00Z",
                                 "2026-11-24T12:00:00.000z"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}

TEST_CASE("values are written back compactly, doubles in their shortest form") {
  for (const std::string text : {"null", "true", "0", "-5", "18446744073709551615", "1.5", "0.1", "1e+300",
                                 "\"a\\\"\\u0000\"", "[]", "{}", R"({"a":[1,{"b":null}],"c":"d"})"}) {
    const auto value = parse_json(text);
    REQUIRE(value);
    CHECK(to_text(value.value()) == text);
  }
  CHECK(to_text(parse_json("[1.0, 2.50, 1E3]").value()) == "[1.0,2.5,1000.0]");
}

TEST_CASE("doubles are read exactly") {
  for (const double number : {2.2148394241417497, 1e30, 0.1, 272.72727272727275, 7.0922330097087375, 5e-324,
                              1.7976931348623157e308, 123456789.12345679, 9007199254740993.5}) {
    INFO(number);
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    const auto value = parse_json({text.data(), static_cast<std::size_t>(end - text.data())});
    REQUIRE(value);
    if (value.value().is_double()) CHECK(value.value().get_double() == number);
  }
  CHECK(parse_json("1.0E30").value().get_double() == 1e30);
  CHECK(parse_json("[-12345678901234567890.50000]").value().get_array()[0].get_double() == -12345678901234567890.5);
}
