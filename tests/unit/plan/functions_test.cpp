#include "catch.hpp"
#include "plan_text.hpp"

#include <cospark/functions.hpp>

namespace {

namespace f = cospark::functions;
using namespace cospark;
using namespace std::chrono_literals;

struct row_of_table {
  std::string expected;
  column built;
};

}  // namespace

TEST_CASE("each function sends Spark's name and its arguments") {
  const column x = f::col("x");
  option_map options;
  options["mode"] = "FAILFAST";
  const std::vector<row_of_table> table = {
      {"x", x},
      {"{integer: 1}", f::lit(1)},
      {"x", f::lit(x)},
      {"expression_string { expression: \"a + 1\" }", f::expr("a + 1")},
      {"call my.fun(x, {integer: 1})", f::call_function("my.fun", "x", f::lit(1))},
      {"call now()", f::call_function("now")},
      {"array(x, y)", f::array("x", "y")},
      {"array(x, y)", f::array(std::vector<std::string>{"x", "y"})},
      {"struct(x, {integer: 1})", f::struct_(x, f::lit(1))},
      {"map({string: \"k\"}, x)", f::create_map(f::lit("k"), x)},
      {"coalesce(x, y)", f::coalesce("x", "y")},
      {"greatest(x, y)", f::greatest("x", "y")},
      {"least(x, y)", f::least("x", "y")},
      {"isnull(x)", f::isnull("x")},
      {"isnan(x)", f::isnan("x")},
      {"monotonically_increasing_id()", f::monotonically_increasing_id()},
      {"raise_error({string: \"no\"})", f::raise_error("no")},
      {"count(x)", f::count("x")},
      {"count(unresolved_star { })", f::count("*")},
      {"count(distinct x, y)", f::count_distinct("x", "y")},
      {"approx_count_distinct(x)", f::approx_count_distinct("x")},
      {"sum(x)", f::sum("x")},
      {"sum(distinct x)", f::sum_distinct("x")},
      {"avg(x)", f::avg("x")},
      {"avg(x)", f::mean("x")},
      {"min(x)", f::min("x")},
      {"max(x)", f::max("x")},
      {"first(x, {boolean: false})", f::first("x")},
      {"last(x, {boolean: true})", f::last("x", true)},
      {"collect_list(x)", f::collect_list("x")},
      {"collect_set(x)", f::collect_set("x")},
      {"stddev(x)", f::stddev("x")},
      {"variance(x)", f::variance("x")},
      {"window(x, {string: \"5 minutes\"})", f::window("x", "5 minutes")},
      {"window(x, {string: \"300 seconds\"})", f::window("x", 5min)},
      {"window(x, {string: \"1500 milliseconds\"}, {string: \"1 second\"}, {string: \"0 seconds\"})",
       f::window("x", 1500ms, "1 second")},
      {"window(x, {string: \"1 hour\"}, {string: \"1 hour\"}, {string: \"-60 seconds\"})",
       f::window("x", "1 hour", "1 hour", -1min)},
      {"session_window(x, {string: \"7 microseconds\"})", f::session_window("x", 7us)},
      {"session_window(x, gap)", f::session_window("x", f::col("gap"))},
      {"window_time(w)", f::window_time("w")},
      {"row_number()", f::row_number()},
      {"rank()", f::rank()},
      {"dense_rank()", f::dense_rank()},
      {"lag(x, {integer: 1})", f::lag("x")},
      {"lead(x, {integer: 2})", f::lead("x", 2)},
      {"from_json(x, {string: \"a INT\"})", f::from_json("x", "a INT")},
      {"from_json(x, {string: \"\\\"long\\\"\"})", f::from_json("x", types::long_type())},
      {"from_json(x, call s(y), map({string: \"mode\"}, {string: \"FAILFAST\"}))",
       f::from_json("x", f::call_function("s", "y"), options)},
      {"from_csv(x, {string: \"a INT\"})", f::from_csv("x", "a INT")},
      {"from_csv(x, {string: \"a INT\"})", f::from_csv("x", schema().add("a", types::integer_type()))},
      {"to_json(x)", f::to_json("x")},
      {"to_csv(x, map({string: \"mode\"}, {string: \"FAILFAST\"}))", f::to_csv("x", options)},
      {"get_json_object(x, {string: \"$.a\"})", f::get_json_object("x", "$.a")},
      {"concat(x, y)", f::concat("x", "y")},
      {"concat_ws({string: \"-\"}, x, y)", f::concat_ws("-", "x", "y")},
      {"upper(x)", f::upper("x")},
      {"lower(x)", f::lower("x")},
      {"length(x)", f::length("x")},
      {"trim(x)", f::trim("x")},
      {"ltrim(x)", f::ltrim("x")},
      {"rtrim(x)", f::rtrim("x")},
      {"substring(x, {integer: 2}, {integer: 3})", f::substring("x", 2, 3)},
      {"split(x, {string: \",\"}, {integer: -1})", f::split("x", ",")},
      {"regexp_replace(x, {string: \"a\"}, {string: \"b\"})", f::regexp_replace("x", "a", "b")},
      {"regexp_extract(x, {string: \"(a)\"}, {integer: 1})", f::regexp_extract("x", "(a)", 1)},
      {"abs(x)", f::abs("x")},
      {"round(x, {integer: 2})", f::round("x", 2)},
      {"floor(x)", f::floor("x")},
      {"ceil(x)", f::ceil("x")},
      {"sqrt(x)", f::sqrt("x")},
      {"power(x, {double: 2})", f::pow("x", 2)},
      {"power(x, y)", f::pow("x", "y")},
      {"rand({long: 7})", f::rand(7)},
      {"hash(x, y)", f::hash("x", "y")},
      {"xxhash64(x)", f::xxhash64("x")},
      {"md5(x)", f::md5("x")},
      {"sha2(x, {integer: 256})", f::sha2("x", 256)},
      {"current_timestamp()", f::current_timestamp()},
      {"current_date()", f::current_date()},
      {"to_timestamp(x)", f::to_timestamp("x")},
      {"to_timestamp(x, {string: \"yyyy\"})", f::to_timestamp("x", "yyyy")},
      {"to_date(x)", f::to_date("x")},
      {"to_date(x, {string: \"yyyy\"})", f::to_date("x", "yyyy")},
      {"date_format(x, {string: \"yyyy\"})", f::date_format("x", "yyyy")},
      {"date_add(x, {integer: 1})", f::date_add("x", 1)},
      {"date_trunc({string: \"hour\"}, x)", f::date_trunc("hour", "x")},
      {"unix_timestamp()", f::unix_timestamp()},
      {"unix_timestamp(x, {string: \"yyyy-MM-dd HH:mm:ss\"})", f::unix_timestamp("x")},
      {"from_unixtime(x, {string: \"yyyy-MM-dd HH:mm:ss\"})", f::from_unixtime("x")},
      {"timestamp_seconds(x)", f::timestamp_seconds("x")},
      {"timestamp_millis(x)", f::timestamp_millis("x")},
      {"timestamp_micros(x)", f::timestamp_micros("x")},
      {"year(x)", f::year("x")},
      {"quarter(x)", f::quarter("x")},
      {"month(x)", f::month("x")},
      {"dayofmonth(x)", f::dayofmonth("x")},
      {"dayofweek(x)", f::dayofweek("x")},
      {"dayofyear(x)", f::dayofyear("x")},
      {"weekofyear(x)", f::weekofyear("x")},
      {"hour(x)", f::hour("x")},
      {"minute(x)", f::minute("x")},
      {"second(x)", f::second("x")},
      {"explode(x)", f::explode("x")},
      {"size(x)", f::size("x")},
      {"array_contains(x, {string: \"e\"})", f::array_contains("x", "e")},
      {"element_at(x, {integer: -1})", f::element_at("x", -1)},
  };
  for (const auto& [expected, built] : table) CHECK(plan_text::of(built) == expected);
}

TEST_CASE("rand without a seed draws one, so that the plan does not change") {
  const column random = f::rand();
  CHECK(plan_text::of(random) == plan_text::of(random));
  CHECK(plan_text::of(random) != plan_text::of(f::rand()));
}

TEST_CASE("options differ by more than upper and lower case") {
  option_map options;
  options.insert_or_assign("maxRecords", option_value(10).text());
  options.insert_or_assign("MAXRECORDS", option_value(true).text());
  REQUIRE(options.size() == 1);
  CHECK(options.begin()->second == "true");
}

TEST_CASE("option values are written as Spark reads them") {
  CHECK(option_value(true).text() == "true");
  CHECK(option_value(false).text() == "false");
  CHECK(option_value(-5).text() == "-5");
  CHECK(option_value(std::uint64_t{18446744073709551615U}).text() == "18446744073709551615");
  CHECK(option_value(0.1).text() == "0.1");
  CHECK(option_value("text").text() == "text");
  CHECK(option_value(static_cast<const char*>(nullptr)).text().empty());
}
