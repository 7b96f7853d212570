// Columns: operators, conditions, casts, constants and functions, as Spark computes them.
#include "support.hpp"

using namespace spark_tests;
using cospark::column;

namespace {

/// One row of columns over x = 7, n = null, s = 'spark', as text.
asio::awaitable<std::string> evaluate(cospark::session spark, std::vector<column> columns) {
  const auto one = spark.range(7, 8).select(f::col("id").alias("x"), f::lit(nullptr).cast("bigint").alias("n"),
                                            f::lit("spark").alias("s"));
  const auto row = must(co_await one.select(cospark::column_list(columns)).first());
  co_return row ? row->to_string() : "no row";
}

template <class... C>
std::vector<column> all(const C&... columns) {
  return std::vector<column>{column(columns)...};
}

}  // namespace

TEST_CASE("Arithmetic, comparison and logical operators") {
  spark_test([](cospark::session spark) -> check {
    const auto x = f::col("x");
    CHECK(co_await evaluate(spark, all(x + 1, x - 1, x * 2, x / 2, x % 4, -x, 10 - x, 21 / x)) ==
          "{8, 6, 14, 3.5, 3, -7, 3, 3.0}");
    CHECK(co_await evaluate(spark, all(x == 7, x != 7, x<8, x <= 7, x> 7, x >= 7, 8 > x)) ==
          "{true, false, true, true, false, true, true}");
    CHECK(co_await evaluate(spark, all(x > 1 && x<5, x> 1 || x < 5, !(x > 1))) == "{false, true, false}");
    CHECK(co_await evaluate(spark, all(x.bitwise_and(3), x.bitwise_or(8), x.bitwise_xor(1))) == "{3, 15, 6}");
    CHECK(co_await evaluate(spark, all(f::col("n") + 1, f::col("n") == 1, f::col("n").eq_null_safe(nullptr))) ==
          "{null, null, true}");
  });
}

TEST_CASE("is_null, is_not_null, between, isin, when and otherwise") {
  spark_test([](cospark::session spark) -> check {
    const auto x = f::col("x");
    const auto n = f::col("n");
    CHECK(co_await evaluate(spark, all(n.is_null(), n.is_not_null(), x.is_null(), f::lit(0.5).is_nan())) ==
          "{true, false, false, false}");
    CHECK(co_await evaluate(spark, all(x.between(1, 7), x.between(8, 9), x.isin(1, 7), x.isin(1, 2))) ==
          "{true, false, true, false}");
    const std::vector<std::int64_t> numbers(1, 7);
    CHECK(co_await evaluate(spark, all(x.isin(numbers))) == "{true}");
    CHECK(co_await evaluate(spark, all(f::when(x > 8, "big").when(x > 6, "middle").otherwise("small"),
                                       f::when(x > 8, "big"))) == "{middle, null}");
  });
}

TEST_CASE("Text: like, ilike, rlike, contains, starts_with, ends_with, substr") {
  spark_test([](cospark::session spark) -> check {
    const auto s = f::col("s");
    CHECK(co_await evaluate(spark, all(s.like("sp%"), s.ilike("SP%"), s.rlike("^s.*k$"), s.contains("ar"),
                                       s.starts_with("sp"), s.ends_with("sp"), s.substr(2, 3))) ==
          "{true, true, true, true, true, false, par}");
  });
}

TEST_CASE("alias, cast and try_cast by name and by type") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = spark.range(1).select(f::col("id").alias("renamed"), f::col("id").cast("string").alias("text"),
                                             f::lit("1.50").cast(cospark::types::decimal_type(10, 2)).alias("number"),
                                             f::lit("x").try_cast("int").alias("nothing"));
    CHECK(co_await schema_of(frame) == "struct<renamed:bigint,text:string,number:decimal(10,2),nothing:int>");
    CHECK(co_await rows_of(frame) == these("{0, 0, 1.50, null}"));
  });
}

TEST_CASE("Structs, arrays and maps: get_field, get_item, with_field, drop_fields") {
  spark_test([](cospark::session spark) -> check {
    const auto pair = f::struct_(f::lit(1).alias("a"), f::lit("x").alias("b"));
    const auto list = f::array(f::lit(10), f::lit(20));
    const auto map = f::create_map(f::lit("k"), f::lit(5));
    CHECK(co_await evaluate(spark, all(pair.get_field("b"), list.get_item(1), map.get_item("k"))) == "{x, 20, 5}");
    CHECK(co_await evaluate(spark, all(pair.with_field("c", true), pair.drop_fields("a"))) == "{{1, x, true}, {x}}");
    CHECK(co_await evaluate(spark, all(list, map, f::size(list), f::array_contains(list, 20),
                                       f::element_at(list, 1))) == "{[10, 20], {k -> 5}, 2, true, 10}");
    const auto exploded = spark.range(1).select(f::explode(list).alias("e"));
    CHECK(co_await rows_of(exploded) == these("{10}", "{20}"));
  });
}

TEST_CASE("lit: every C++ scalar type arrives as its Spark type") {
  spark_test([](cospark::session spark) -> check {
    using namespace std::chrono;
    const auto frame = spark.range(1).select(f::lit(true), f::lit(std::int8_t{1}), f::lit(std::int16_t{2}), f::lit(3),
                                             f::lit(std::int64_t{4}), f::lit(1.5F), f::lit(2.5), f::lit("text"),
                                             f::lit(std::string("string")), f::lit(cospark::decimal(1250, 2)));
    CHECK(co_await rows_of(frame) == these("{true, 1, 2, 3, 4, 1.5, 2.5, text, string, 12.50}"));
    const auto types = must(co_await frame.dtypes());
    std::string names;
    for (const auto& [name, type] : types) names += type + " ";
    CHECK(names == "boolean tinyint smallint int bigint float double string string decimal(4,2) ");
    const auto more =
        spark.range(1).select(f::lit(std::uint8_t{200}), f::lit(std::uint16_t{60000}),
                              f::lit(std::uint32_t{4000000000U}), f::lit(std::uint64_t{18446744073709551615U}),
                              f::lit(nullptr), f::lit(std::optional<int>()), f::lit(std::optional<int>(6)));
    CHECK(co_await rows_of(more) == these("{200, 60000, 4000000000, 18446744073709551615, null, null, 6}"));
    const cospark::bytes raw{std::byte{0}, std::byte{255}};
    const auto times = spark.range(1).select(
        f::lit(raw), f::lit(year_month_day(year(2026), month(1), day(2))), f::lit(sys_days(year(2026) / 1 / 2) + 3h),
        f::lit(local_days(year(2026) / 1 / 2) + 4h), f::lit(months(14)), f::lit(hours(26)));
    const auto row = must(co_await times.first());
    REQUIRE(row.has_value());
    CHECK(row->get<cospark::bytes>(0) == raw);
    CHECK(row->get<cospark::date>(1) == sys_days(year(2026) / 1 / 2));
    CHECK(row->get<cospark::timestamp>(2) == cospark::timestamp(sys_days(year(2026) / 1 / 2) + 3h));
    CHECK(row->get<cospark::timestamp_ntz>(3) == cospark::timestamp_ntz(local_days(year(2026) / 1 / 2) + 4h));
    CHECK(row->get<cospark::year_month_interval>(4).months == 14);
    CHECK(row->get<cospark::day_time_interval>(5).duration == 26h);
  });
}

TEST_CASE("expr and call_function reach whatever Spark has") {
  spark_test([](cospark::session spark) -> check {
    CHECK(co_await evaluate(spark, all(f::expr("x * 2 + 1"),
                                       f::call_function("levenshtein", f::col("s"), f::lit("park")))) == "{15, 1}");
  });
}

TEST_CASE("Functions of texts, numbers and times") {
  spark_test([](cospark::session spark) -> check {
    CHECK(co_await evaluate(spark,
                            all(f::upper("s"), f::length("s"), f::concat("s", f::lit("!")), f::concat_ws("-", "s", "s"),
                                f::substring("s", 1, 2), f::regexp_replace("s", "a", "o"))) ==
          "{SPARK, 5, spark!, spark-spark, sp, spork}");
    CHECK(co_await evaluate(spark, all(f::abs(-f::col("x")), f::round(f::lit(2.25), 1), f::floor(f::lit(2.5)),
                                       f::sqrt(f::lit(9)), f::pow("x", 2), f::coalesce("n", "x"),
                                       f::greatest("x", f::lit(9)))) == "{7, 2.3, 2, 3.0, 49.0, 7, 9}");
    const auto time = f::to_timestamp(f::lit("2026-03-04 05:06:07"));
    CHECK(co_await evaluate(spark, all(f::year(time), f::month(time), f::hour(time), f::date_format(time, "yyyy/MM/dd"),
                                       f::date_add(f::to_date(time), 1), f::dayofweek(time))) ==
          "{2026, 3, 5, 2026/03/04, 2026-03-05, 4}");
  });
}

TEST_CASE("from_json, to_json, from_csv, to_csv, get_json_object") {
  spark_test([](cospark::session spark) -> check {
    const auto text = f::lit("{\"a\":1,\"b\":[\"x\"]}");
    const cospark::option_map separator{{"sep", ";"}};
    const auto parsed = f::from_json(text, "a INT, b ARRAY<STRING>");
    CHECK(co_await evaluate(
              spark, all(parsed, parsed.get_field("a"), f::to_json(parsed), f::get_json_object(text, "$.b[0]"))) ==
          "{{1, [x]}, 1, {\"a\":1,\"b\":[\"x\"]}, x}");
    CHECK(co_await evaluate(spark, all(f::from_csv(f::lit("1;x"), "a INT, b STRING", separator),
                                       f::to_csv(parsed.drop_fields("b")))) == "{{1, x}, 1}");
  });
}

TEST_CASE("Window functions over a window of rows") {
  spark_test([](cospark::session spark) -> check {
    const auto by_parity = cospark::window_spec().partition_by(f::col("id") % 2).order_by("id");
    const auto running =
        by_parity.rows_between(cospark::window_spec::unbounded_preceding, cospark::window_spec::current_row);
    const auto frame = spark.range(5).select("id", f::row_number().over(by_parity), f::lag("id").over(by_parity),
                                             f::sum("id").over(running));
    CHECK(co_await sorted_rows_of(frame) ==
          these("{0, 1, null, 0}", "{1, 1, null, 1}", "{2, 2, 0, 2}", "{3, 2, 1, 4}", "{4, 3, 2, 6}"));
  });
}

TEST_CASE("window, session_window and window_time") {
  spark_test([](cospark::session spark) -> check {
    const auto times = must(co_await spark.sql(
        "SELECT cast(t AS TIMESTAMP) AS t FROM VALUES ('2026-01-01 00:00:01'), ('2026-01-01 00:00:04'), "
        "('2026-01-01 00:00:20') AS v(t)"));
    const auto fixed =
        times.group_by(f::window("t", 10s)).count().select(f::window_time("window").cast("string"), "count");
    CHECK(co_await sorted_rows_of(fixed) ==
          these("{2026-01-01 00:00:09.999999, 2}", "{2026-01-01 00:00:29.999999, 1}"));
    const auto sliding = times.group_by(f::window("t", "10 seconds", "5 seconds")).count();
    CHECK(must(co_await sliding.count()) == 4);
    const auto sessions = times.group_by(f::session_window("t", "5 seconds"))
                              .count()
                              .select(f::col("session_window.end").cast("string"), "count");
    CHECK(co_await sorted_rows_of(sessions) == these("{2026-01-01 00:00:09, 2}", "{2026-01-01 00:00:25, 1}"));
  });
}

TEST_CASE("What cannot be sent fails as an invalid argument, before it is sent") {
  spark_test([](cospark::session spark) -> check {
    CHECK(fails(co_await spark.range(1).select("").collect()) == cospark::errc::invalid_argument);
    CHECK(fails(co_await spark.range(1).limit(-1).collect()) == cospark::errc::invalid_argument);
    CHECK(fails(co_await spark.range(1).select(f::lit("\xff\xfe")).collect()) == cospark::errc::invalid_argument);
    CHECK(fails(co_await spark.range(1).select(f::col("id").otherwise(1)).collect()) ==
          cospark::errc::invalid_argument);
  });
}
