// Values of every Spark type, to the client and to the server.
#include "support.hpp"

#include <cmath>
#include <limits>

using namespace spark_tests;
using namespace std::chrono;
using cospark::types::array_type;
using cospark::types::map_type;

namespace {

const auto new_year = sys_days(year(2026) / 1 / 2);
const auto instant = cospark::timestamp(new_year + 3h + 4min + 5s + 678901us);
const auto reading = cospark::timestamp_ntz(local_days(year(2026) / 1 / 2) + 3h + 4min + 5s + 678901us);

asio::awaitable<cospark::row> one_row(cospark::session spark, std::string select) {
  const auto frame = must(co_await spark.sql(select));
  const auto rows = must(co_await frame.collect());
  REQUIRE(rows.size() == 1);
  co_return rows[0];
}

template <class... V>
cospark::row row_of(const V&... values) {
  return cospark::row(std::vector<cospark::value>{cospark::value(values)...});
}

}  // namespace

TEST_CASE("One collect of every plain type") {
  spark_test([](cospark::session spark) -> check {
    const auto row = co_await one_row(
        spark,
        "SELECT true AS bo, 1Y AS ti, 2S AS sm, 3 AS it, 4L AS bi, float('1.5') AS fl, 2.5D AS do, "
        "CAST(-12.34 AS DECIMAL(10,2)) AS de, CAST('-12345678901234567890.123456789012345678' AS DECIMAL(38,18)) AS "
        "wide, "
        "'t\u00e4xt' AS st, X'00FF' AS bn, DATE'2026-01-02' AS da, TIMESTAMP'2026-01-02 03:04:05.678901' AS ts, "
        "TIMESTAMP_NTZ'2026-01-02 03:04:05.678901' AS nt, NULL AS vo");
    CHECK(row.schema().simple_string() ==
          "struct<bo:boolean,ti:tinyint,sm:smallint,it:int,bi:bigint,fl:float,do:double,de:decimal(10,2),"
          "wide:decimal(38,18),st:string,bn:binary,da:date,ts:timestamp,nt:timestamp_ntz,vo:void>");
    CHECK(row.get<bool>("bo"));
    CHECK(row.get<std::int8_t>("ti") == 1);
    CHECK(row.get<std::int16_t>("sm") == 2);
    CHECK(row.get<std::int32_t>("it") == 3);
    CHECK(row.get<std::int64_t>("bi") == 4);
    CHECK(row.get<float>("fl") == 1.5F);
    CHECK(row.get<double>("do") == 2.5);
    CHECK(row.get<cospark::decimal>("de") == cospark::decimal(-1234, 2));
    CHECK(row.get<cospark::decimal>("wide").to_string() == "-12345678901234567890.123456789012345678");
    CHECK(row.get<std::string>("st") == "t\u00e4xt");
    const cospark::bytes raw{std::byte{0}, std::byte{255}};
    CHECK(row.get<cospark::bytes>("bn") == raw);
    CHECK(row.get<cospark::date>("da") == new_year);
    CHECK(row.get<cospark::timestamp>("ts") == instant);
    CHECK(row.get<cospark::timestamp_ntz>("nt") == reading);
    CHECK(row["vo"].is_null());
  });
}

TEST_CASE("Extremes of numbers and times, NaN and infinities") {
  spark_test([](cospark::session spark) -> check {
    const auto row = co_await one_row(
        spark,
        "SELECT -128Y AS a, -32768S AS b, -2147483648 AS c, -9223372036854775808L AS d, double('NaN') AS e, "
        "double('-Infinity') AS f, DATE'0001-01-01' AS g, DATE'9999-12-31' AS h, TIMESTAMP'9999-12-31 23:59:59.999999' "
        "AS i, "
        "'' AS j, X'' AS k, CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0)) AS l");
    CHECK(row.get<std::int8_t>("a") == std::numeric_limits<std::int8_t>::min());
    CHECK(row.get<std::int16_t>("b") == std::numeric_limits<std::int16_t>::min());
    CHECK(row.get<std::int32_t>("c") == std::numeric_limits<std::int32_t>::min());
    CHECK(row.get<std::int64_t>("d") == std::numeric_limits<std::int64_t>::min());
    CHECK(std::isnan(row.get<double>("e")));
    CHECK(row.get<double>("f") == -std::numeric_limits<double>::infinity());
    CHECK(row.get<cospark::date>("g") == sys_days(year(1) / 1 / 1));
    CHECK(row.get<cospark::date>("h") == sys_days(year(9999) / 12 / 31));
    CHECK(row.get<cospark::timestamp>("i") == cospark::timestamp(sys_days(year(10000) / 1 / 1) - 1us));
    CHECK(row.get<std::string>("j").empty());
    CHECK(row.get<cospark::bytes>("k").empty());
    CHECK(row.get<cospark::decimal>("l").to_string() == "99999999999999999999999999999999999999");
  });
}

TEST_CASE("Intervals of all three kinds") {
  spark_test([](cospark::session spark) -> check {
    const auto row =
        co_await one_row(spark,
                         "SELECT INTERVAL '1-2' YEAR TO MONTH AS ym, INTERVAL -'1 02:03:04.5' DAY TO SECOND AS dt, "
                         "make_interval(1, 2, 0, 3, 4, 5, 6.5) AS ca");
    CHECK(row.get<cospark::year_month_interval>("ym").months == 14);
    CHECK(row.get<cospark::day_time_interval>("dt").duration == -(26h + 3min + 4s + 500ms));
    const auto& calendar = row.get<cospark::calendar_interval>("ca");
    CHECK(calendar.months == 14);
    CHECK(calendar.days == 3);
    CHECK(calendar.microseconds == 4h + 5min + 6s + 500ms);
  });
}

TEST_CASE("Nested types: arrays, maps and structs in each other, with nulls at every level") {
  spark_test([](cospark::session spark) -> check {
    const auto row = co_await one_row(
        spark,
        "SELECT array(1, null, 3) AS a, map('x', array(1L), 'y', null) AS m, named_struct('p', 1, 'q', "
        "named_struct('r', "
        "array(map('k', 1.5D)))) AS s, array(named_struct('z', cast(null AS STRING)), null) AS l, array() AS e, "
        "cast(null AS ARRAY<INT>) AS n");
    const auto& list = row.get<cospark::array_value>("a");
    REQUIRE(list.size() == 3);
    CHECK(list[0].as<std::int32_t>() == 1);
    CHECK(list[1].is_null());
    CHECK(list[2].as<std::int32_t>() == 3);
    const auto& map = row.get<cospark::map_value>("m");
    REQUIRE(map.size() == 2);
    CHECK(map[0].first.as<std::string>() == "x");
    CHECK(map[0].second.as<cospark::array_value>().at(0).as<std::int64_t>() == 1);
    CHECK(map[1].second.is_null());
    const auto& inner = row.get<cospark::row>("s").get<cospark::row>("q");
    CHECK(inner.get<cospark::array_value>("r").at(0).as<cospark::map_value>().at(0).second.as<double>() == 1.5);
    const auto& structs = row.get<cospark::array_value>("l");
    CHECK(structs.at(0).as<cospark::row>()["z"].is_null());
    CHECK(structs.at(1).is_null());
    CHECK(row.get<cospark::array_value>("e").empty());
    CHECK(row["n"].is_null());
  });
}

TEST_CASE("Null of every type is null") {
  spark_test([](cospark::session spark) -> check {
    const lines types =
        these("BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10,2)", "STRING", "BINARY",
              "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "INTERVAL YEAR TO MONTH", "INTERVAL DAY TO SECOND", "INTERVAL",
              "ARRAY<INT>", "MAP<STRING,INT>", "STRUCT<x:INT>", "VARIANT");
    std::string select;
    for (const auto& type : types) select += (select.empty() ? "SELECT " : ", ") + ("CAST(NULL AS " + type + ")");
    const auto row = co_await one_row(spark, select);
    REQUIRE(row.size() == types.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      INFO(types[i]);
      CHECK(row[i].is_null());
    }
  });
}

TEST_CASE("Variants, char, varchar and collated strings") {
  spark_test([](cospark::session spark) -> check {
    const auto row =
        co_await one_row(spark, "SELECT parse_json('{\"a\":[1,\"x\",null,true]}') AS v, 'c' COLLATE UNICODE_CI AS c");
    CHECK(must(row.get<cospark::variant_value>("v").to_json()) == "{\"a\":[1,\"x\",null,true]}");
    CHECK(row.get<std::string>("c") == "c");
    CHECK(row.schema()[1].type.collation() == "UNICODE_CI");
    const auto table = unique("chars");
    must(co_await spark.sql("CREATE TABLE " + table + " (c CHAR(3), v VARCHAR(5)) USING parquet"));
    must(co_await spark.sql("INSERT INTO " + table + " VALUES ('a', 'bc')"));
    CHECK(co_await rows_of(spark.table(table)) == these("{a  , bc}"));
    must(co_await spark.sql("DROP TABLE " + table));
  });
}

TEST_CASE("Time, geometry and geography of Spark 4.1, nanosecond timestamps of Spark 4.3") {
  spark_test([](cospark::session spark) -> check {
    if (!spark_is_at_least(4, 1)) {
      const auto refused = fails(co_await spark.sql("SELECT CAST(NULL AS GEOMETRY(4326))"));
      CHECK(refused == cospark::errc::analysis_failed);
      co_return;
    }
    must(co_await spark.conf().set("spark.sql.timeType.enabled", "true"));
    must(co_await spark.conf().set("spark.sql.geospatial.enabled", "true"));
    const auto row = co_await one_row(
        spark,
        "SELECT TIME'12:34:56.789012' AS t, ST_GeomFromWKB(X'0101000000000000000000F03F0000000000000040') AS g, "
        "ST_GeogFromWKB(X'0101000000000000000000F03F0000000000000040') AS e");
    CHECK(row.get<cospark::time_of_day>("t").since_midnight == 12h + 34min + 56s + 789012us);
    CHECK(row.get<cospark::geometry>("g").wkb.size() == 21);
    CHECK(row.get<cospark::geography>("e").srid == 4326);
    if (!spark_is_at_least(4, 3)) co_return;
    must(co_await spark.conf().set("spark.sql.timestampNanosTypes.enabled", "true"));
    const auto nanos = co_await one_row(spark,
                                        "SELECT CAST('2026-01-02 03:04:05.678901234' AS TIMESTAMP_NTZ(9)) AS n, "
                                        "CAST('2026-01-02 03:04:05.678901234' AS TIMESTAMP_LTZ(9)) AS l");
    CHECK(nanos.get<cospark::timestamp_nanos>("l") == cospark::timestamp_nanos(instant + 234ns));
    CHECK(nanos.get<cospark::timestamp_ntz_nanos>("n") == cospark::timestamp_ntz_nanos(reading + 234ns));
  });
}

TEST_CASE("create_data_frame: values of every type go to the server and come back the same") {
  spark_test([](cospark::session spark) -> check {
    namespace types = cospark::types;
    const auto point = cospark::schema().add("x", types::integer_type()).add("y", types::string_type());
    const auto schema = cospark::schema()
                            .add("bo", types::boolean_type())
                            .add("ti", types::byte_type())
                            .add("sm", types::short_type())
                            .add("it", types::integer_type())
                            .add("bi", types::long_type())
                            .add("fl", types::float_type())
                            .add("do", types::double_type())
                            .add("de", types::decimal_type(10, 2))
                            .add("st", types::string_type())
                            .add("bn", types::binary_type())
                            .add("da", types::date_type())
                            .add("ts", types::timestamp_type())
                            .add("nt", types::timestamp_ntz_type())
                            .add("ym", types::year_month_interval_type())
                            .add("dt", types::day_time_interval_type())
                            .add("ar", array_type(types::integer_type()))
                            .add("ma", map_type(types::string_type(), types::double_type()))
                            .add("pt", types::struct_type(point));
    cospark::year_month_interval months;
    months.months = 14;
    cospark::day_time_interval time;
    time.duration = -26h;
    const cospark::bytes raw{std::byte{1}, std::byte{0}};
    const cospark::array_value list{std::int32_t{1}, nullptr};
    const cospark::map_value map{{"k", 1.5}, {"l", nullptr}};
    std::vector<cospark::row> rows{row_of(true, std::int8_t{1}, std::int16_t{2}, std::int32_t{3}, std::int64_t{4}, 1.5F,
                                          2.5, cospark::decimal(-1234, 2), "t\u00e4xt", raw, cospark::date(new_year),
                                          instant, reading, months, time, list, map, row_of(std::int32_t{7}, "z")),
                                   cospark::row(std::vector<cospark::value>(schema.size()))};
    const auto frame = spark.create_data_frame(schema, rows);
    CHECK(co_await schema_of(frame) == schema.simple_string());
    const auto back = must(co_await frame.collect());
    REQUIRE(back.size() == 2);
    for (std::size_t i = 0; i < schema.size(); ++i) {
      INFO(schema[i].name << ": " << back[0][i].to_string());
      CHECK(back[0][i] == rows[0][i]);
      CHECK(back[1][i].is_null());
    }
    // The server understands the values, too: it prints them as this side does.
    const auto server_text = frame.limit(1).select(f::col("de").cast("string"), f::col("ts").cast("string"),
                                                   f::col("ar").cast("string"), f::col("pt").cast("string"));
    CHECK(co_await rows_of(server_text) == these("{-12.34, 2026-01-02 03:04:05.678901, [1, null], {7, z}}"));
  });
}

TEST_CASE("create_data_frame: a row that does not fit is an invalid argument") {
  spark_test([](cospark::session spark) -> check {
    const auto schema = cospark::schema().add("x", cospark::types::integer_type());
    const std::vector<cospark::row> wrong(1, row_of("text"));
    CHECK(fails(co_await spark.create_data_frame(schema, wrong).collect()) == cospark::errc::invalid_argument);
    const std::vector<cospark::row> wide(1, row_of(std::int32_t{1}, std::int32_t{2}));
    CHECK(fails(co_await spark.create_data_frame(schema, wide).collect()) == cospark::errc::invalid_argument);
  });
}

TEST_CASE("Column names that occur twice, that are empty, and results without rows or columns") {
  spark_test([](cospark::session spark) -> check {
    const auto row = co_await one_row(spark, "SELECT 1 AS x, 2 AS x, 3 AS ``");
    CHECK(row.to_string() == "{1, 2, 3}");
    CHECK(row.get<std::int32_t>("x") == 1);
    const auto none = must(co_await spark.sql("SELECT 1 AS x WHERE false"));
    CHECK(must(co_await none.collect()).empty());
    CHECK(co_await schema_of(none) == "struct<x:int>");
    CHECK(must(co_await spark.range(3).drop("id").collect()).size() == 3);
  });
}
