#include "catch.hpp"

#include <cospark/row.hpp>
#include <cospark/value.hpp>

#include <limits>

namespace {

using namespace cospark;
using namespace std::chrono_literals;

date day(int year, unsigned month, unsigned of_month) {
  return std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(of_month);
}

bytes to_bytes(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return bytes(begin, begin + text.size());
}

bytes from_hex(std::string_view text) {
  bytes content;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    content.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return content;
}

std::string text_of(double number) {
  return value(number).to_string();
}
std::string text_of(float number) {
  return value(number).to_string();
}

std::string text_of(std::chrono::microseconds duration, interval_field start, interval_field end) {
  return value(day_time_interval{duration, start, end}).to_string();
}

}  // namespace

// The expected texts of this file are what Spark 4.3 printed.

TEST_CASE("floating-point numbers print as in Spark") {
  CHECK(text_of(1e7) == "1.0E7");
  CHECK(text_of(1e-3) == "0.001");
  CHECK(text_of(9.999e-4) == "9.999E-4");
  CHECK(text_of(123456789.125) == "1.23456789125E8");
  CHECK(text_of(1e300) == "1.0E300");
  CHECK(text_of(4.9e-324) == "4.9E-324");
  CHECK(text_of(100.0) == "100.0");
  CHECK(text_of(9999999.0) == "9999999.0");
  CHECK(text_of(-0.0) == "-0.0");
  CHECK(text_of(2.2250738585072014e-308) == "2.2250738585072014E-308");
  CHECK(text_of(0.1F) == "0.1");
  CHECK(text_of(16777216.0F) == "1.6777216E7");
  CHECK(text_of(2e23) == "2.0E23");
  CHECK(text_of(-std::numeric_limits<double>::infinity()) == "-Infinity");
}

TEST_CASE("dates and times print as in Spark") {
  CHECK(value(day(-44, 3, 15)).to_string() == "-0044-03-15");
  CHECK(value(day(9999, 12, 31) + std::chrono::days(1)).to_string() == "+10000-01-01");
  CHECK(value(day(0, 1, 1)).to_string() == "0000-01-01");
  CHECK(value(day(2024, 2, 29)).to_string() == "2024-02-29");
  CHECK(value(timestamp(timestamp(day(2024, 1, 1)) + 100ms)).to_string() == "2024-01-01 00:00:00.1");
  CHECK(value(timestamp(day(2024, 1, 1))).to_string() == "2024-01-01 00:00:00");
  CHECK(value(timestamp(timestamp(day(-44, 3, 15)) + 1h + 2min + 3s)).to_string() == "-0044-03-15 01:02:03");
  CHECK(value(timestamp(-1us)).to_string() == "1969-12-31 23:59:59.999999");
  CHECK(value(timestamp_ntz_nanos(timestamp_ntz_nanos::duration(-1))).to_string() == "1969-12-31 23:59:59.999999999");
  CHECK(value(time_of_day{12h + 500ms}).to_string() == "12:00:00.5");
  CHECK(value(time_of_day{}).to_string() == "00:00:00");
  // The ends of what a count of microseconds can tell.
  CHECK(value(timestamp(std::chrono::microseconds::min())).to_string() == "-290308-12-21 19:59:05.224192");
  CHECK(value(timestamp(std::chrono::microseconds::max())).to_string() == "+294247-01-10 04:00:54.775807");
}

TEST_CASE("intervals print as in Spark") {
  using enum interval_field;
  CHECK(value(year_month_interval{60, year, year}).to_string() == "INTERVAL '5' YEAR");
  CHECK(value(year_month_interval{-14, month, month}).to_string() == "INTERVAL '-14' MONTH");
  CHECK(value(year_month_interval{-14}).to_string() == "INTERVAL '-1-2' YEAR TO MONTH");
  CHECK(value(year_month_interval{std::numeric_limits<std::int32_t>::min(), month, month}).to_string() ==
        "INTERVAL '-2147483648' MONTH");
  CHECK(text_of(72h, day, day) == "INTERVAL '3' DAY");
  CHECK(text_of(-76h, day, hour) == "INTERVAL '-3 04' DAY TO HOUR");
  CHECK(text_of(76h + 5min, day, minute) == "INTERVAL '3 04:05' DAY TO MINUTE");
  CHECK(text_of(30h, hour, hour) == "INTERVAL '30' HOUR");
  CHECK(text_of(30h + 5min, hour, minute) == "INTERVAL '30:05' HOUR TO MINUTE");
  CHECK(text_of(30h + 5min + 6500ms, hour, second) == "INTERVAL '30:05:06.5' HOUR TO SECOND");
  CHECK(text_of(5min, minute, minute) == "INTERVAL '05' MINUTE");
  CHECK(text_of(500min + 6250ms, minute, second) == "INTERVAL '500:06.25' MINUTE TO SECOND");
  CHECK(text_of(6000001us, second, second) == "INTERVAL '06.000001' SECOND");
  CHECK(text_of(-106500ms, second, second) == "INTERVAL '-106.5' SECOND");
  CHECK(text_of(std::chrono::microseconds::min(), day, second) ==
        "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND");
  CHECK(value(calendar_interval{}).to_string() == "0 seconds");
  CHECK(value(calendar_interval{-14, -3, -(4h + 5min + 6500ms)}).to_string() ==
        "-1 years -2 months -3 days -4 hours -5 minutes -6.5 seconds");
  CHECK(value(calendar_interval{13, 0, -1us}).to_string() == "1 years 1 months -0.000001 seconds");
  CHECK(value(calendar_interval{0, 0, 26h + 2min + 1s}).to_string() == "26 hours 2 minutes 1 seconds");
}

TEST_CASE("nested values print as in Spark") {
  CHECK(row::of(to_bytes({"\0\xff", 2}), array_value{to_bytes("A")}).to_string() == "{[00 FF], [[41]]}");
  CHECK(value(map_value{{1, map_value{{2, "x"}}}}).to_string() == "{1 -> {2 -> x}}");
  CHECK(value(array_value{}).to_string() == "[]");
  CHECK(row().to_string() == "{}");
  CHECK(value(array_value{true, nullptr}).to_string() == "[true, null]");
}

TEST_CASE("decimals are exact") {
  const auto text = [](const char* from) { return decimal::from_string(from).value().to_string(); };
  for (const char* same : {"0", "-5", "0.00000010", "0.00000000", "12345678901234567890.123456789012345678",
                           "-99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001"}) {
    CHECK(text(same) == same);
  }
  CHECK(text("+1.50") == "1.50");
  CHECK(text(".5") == "0.5");
  CHECK(text("-0") == "0");
  for (const char* none : {"", "-", ".", "1e3", "1.2.3", " 1", "0x1", "100000000000000000000000000000000000000",
                           "0.000000000000000000000000000000000000001"}) {
    INFO(none);
    CHECK(decimal::from_string(none).error() == errc::invalid_argument);
  }
  CHECK(decimal(-150, 2).to_string() == "-1.50");
  CHECK(decimal(-150, 2) == decimal::from_string("-1.50").value());
  CHECK_FALSE(decimal(150, 2) == decimal(15, 1));
  CHECK(decimal(-150, 2).to_double() == -1.5);
  CHECK(decimal(std::numeric_limits<std::int64_t>::min(), 0).to_string() == "-9223372036854775808");
  CHECK(decimal::from_words(std::numeric_limits<std::int64_t>::min(), 0, 0).to_string() ==
        "-170141183460469231731687303715884105728");

  CHECK(decimal(150, 2).rescale(5, 1).value() == decimal(15, 1));
  CHECK(decimal(15, 1).rescale(5, 4).value() == decimal(15000, 4));
  CHECK(decimal(155, 2).rescale(5, 1).error() == errc::invalid_argument);
  CHECK(decimal(15, 0).rescale(5, 4).error() == errc::invalid_argument);
  CHECK(decimal(0, 0).rescale(38, 38).value() == decimal(0, 38));
}

TEST_CASE("variants become the JSON that Spark prints") {
  const auto json = [](const char* content, const char* metadata) {
    return variant_value{from_hex(content), from_hex(metadata)}.to_json();
  };
  CHECK(json("02070100020304050609001316192b313a1c00000000007097402571220a01c3a9e282ac0200000300002800d20a1feb8ca954ab0"
             "00000"
             "00000000002002e7ffffff1c000000000000f07f",
             "0107000102030405060762616364656667")
            .value() ==
        "{\"a\":\"q\\\"\\n\\u0001é€\",\"b\":1500.0,\"c\":{},\"d\":[],\"e\":12345678901234567890,\"f\":-0.25,"
        "\"g\":\"Infinity\"}");
  CHECK(json("020d0308000b0907040c05020a06011736004937301f5b240e402d05662c0c4d00003000fb56c0ed0d06003400fb56c0ed0d06003"
             "c030000"
             "0000ff10380000c03f18141a99be1c000000102c01200296000000041c000000205fa002421c000000000000f87f280a00fa535a9"
             "371c5"
             "d24a6199811a3b12ff0303000203050c01000c03",
             "010d00010203040506070a0c0f12151664746e62666c73646563626f64626c6e616e64333869")
            .value() ==
        "{\"b\":\"AP8Q\",\"bo\":true,\"d\":\"2024-01-02\",\"d38\":-123456789012345678901234567.1,\"dbl\":1.0E10,"
        "\"dec\":1.5,\"f\":1.5,\"i\":[1,null,3],\"l\":123456789012,\"n\":\"2024-01-02 03:04:05.6\",\"nan\":\"NaN\","
        "\"s\":300,\"t\":\"2024-01-02 03:04:05.6+00:00\"}");
  CHECK(json("200296000000", "010000").value() == "1.5");
}

TEST_CASE("a damaged variant is refused, however it is damaged") {
  const bytes content = from_hex(
      "020d0308000b0907040c05020a06011736004937301f5b240e402d05662c0c4d00003000fb56c0ed0d06003400fb"
      "56c0ed0d06003c0300000000ff10380000c03f18141a99be1c000000102c01200296000000041c000000205fa00242"
      "1c000000000000f87f280a00fa535a9371c5d24a6199811a3b12ff0303000203050c01000c03");
  const bytes metadata = from_hex("010d00010203040506070a0c0f12151664746e62666c73646563626f64626c6e616e64333869");
  std::size_t refused = 0;
  const auto attempt = [&refused](const bytes& value, const bytes& names) {
    const auto text = variant_value{value, names}.to_json();
    if (text) return;
    ++refused;
    CHECK((text.error() == errc::protocol_error || text.error() == errc::limit_exceeded));
  };
  for (std::size_t at = 0; at < content.size(); ++at) {
    for (int changed = 0; changed < 256; changed += 5) {
      bytes damaged = content;
      damaged[at] = static_cast<std::byte>(changed);
      attempt(damaged, metadata);
    }
    attempt(bytes(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(at)), metadata);
  }
  for (std::size_t at = 0; at < metadata.size(); ++at) {
    bytes damaged = metadata;
    damaged[at] = std::byte{0xff};
    attempt(content, damaged);
    attempt(content, bytes(metadata.begin(), metadata.begin() + static_cast<std::ptrdiff_t>(at)));
  }
  CHECK(refused > 1000);

  // An array whose one element is the array itself.
  CHECK(variant_value{from_hex("03010000"), from_hex("010000")}.to_json().error() == errc::protocol_error);
  CHECK(variant_value{}.to_json().error() == errc::protocol_error);
  CHECK(value(variant_value{}).to_string() == "<damaged variant>");
}

TEST_CASE("a value gives its content, widens numbers, and refuses everything else") {
  const value number(std::int16_t{7});
  CHECK(number.is<std::int16_t>());
  CHECK(number.as<std::int16_t>() == 7);
  CHECK(number.as<std::int64_t>() == 7);
  CHECK(value(1.5F).as<double>() == 1.5);
  CHECK(number.try_as<std::int8_t>().error() == errc::invalid_argument);
  CHECK(number.try_as<double>().error() == errc::invalid_argument);
  CHECK(number.try_as<bool>().error().message() == "a value of type smallint, where boolean was asked for");
  CHECK(value().try_as<std::int64_t>().error().message() == "a value of type null, where bigint was asked for");
  CHECK_THROWS_AS(value("x").as<std::int32_t>(), exception);
  CHECK(value(std::string_view("text")).as<std::string>() == "text");
  CHECK(value(5LL).as<std::int64_t>() == 5);
  CHECK(value(row::of(1, "a")).as<row>()[1] == value("a"));
  CHECK(value(nullptr).is_null());
  CHECK(value(true).kind() == type_kind::boolean_type);
}

TEST_CASE("values are equal if type and content are") {
  CHECK(value(1) == value(1));
  CHECK_FALSE(value(1) == value(std::int64_t{1}));
  CHECK(value(array_value{1, "a", nullptr}) == value(array_value{1, "a", nullptr}));
  CHECK_FALSE(value(array_value{1}) == value(array_value{2}));
  CHECK(value() == value(nullptr));
  CHECK(value(geometry{4326, to_bytes("x")}) == value(geometry{4326, to_bytes("x")}));
  CHECK_FALSE(value(std::numeric_limits<double>::quiet_NaN()) == value(std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("a row gives its values by position and by name") {
  const row named(
      {1, "a", 2},
      schema().add("x", types::integer_type()).add("y", types::string_type()).add("x", types::integer_type()));
  CHECK(named.size() == 3);
  CHECK(named[0] == value(1));
  CHECK(named["y"].as<std::string>() == "a");
  CHECK(named.get<std::int64_t>("x") == 1);
  CHECK(named.get<std::string>(1) == "a");
  CHECK_THROWS_AS(named[3], exception);
  CHECK_THROWS_AS(named["z"], exception);
  CHECK_THROWS_AS(row::of(1)["x"], exception);
  CHECK_THROWS_AS(row({1}, schema()), exception);
  CHECK(named == row::of(1, "a", 2));
}
