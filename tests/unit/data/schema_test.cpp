#include "catch.hpp"
#include "fixture.hpp"

#include <cospark/schema.hpp>

#include <sstream>

namespace {

using namespace cospark;

template <class Call>
error thrown_by(const Call& call) {
  try {
    call();
  } catch (const exception& problem) {
    return problem.error();
  }
  FAIL("no exception");
  return error(errc::cancelled);
}

}  // namespace

TEST_CASE("types and schemas have the texts that Spark gives them") {
  std::istringstream lines(fixture::read_file(COSPARK_TEST_DATA "/types/4.3.0.jsonl"));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto expected = fixture::parse(line).as_object();
    const auto text = [&](const char* key) { return std::string(expected.at(key).as_string()); };
    INFO(line);
    const schema read = schema::from_json(text("schema_json")).value();
    CHECK(read.json() == text("schema_json"));
    CHECK(read.ddl() == text("ddl"));
    CHECK(read.tree_string() == text("tree"));
    if (expected.contains("sql")) CHECK(data_type(read).sql() == text("sql"));
    if (expected.contains("simple")) {
      CHECK(read[0].type.simple_string() == text("simple"));
      CHECK(read[0].type.sql() == text("sql_type"));
      CHECK(read[0].type.json() == text("json"));
    }
  }
  CHECK(count == 56);
}

TEST_CASE("a schema is built field by field and looked up by name") {
  const schema empty;
  const schema events = empty.add("timestamp", types::timestamp_type()).add("value", types::long_type(), false);
  CHECK(empty.empty());
  REQUIRE(events.size() == 2);
  CHECK(events.simple_string() == "struct<timestamp:timestamp,value:bigint>");
  CHECK(events.ddl() == "timestamp TIMESTAMP,value BIGINT NOT NULL");
  CHECK(events.index_of("value") == 1);
  CHECK_FALSE(events.index_of("VALUE"));
  CHECK(events[1].name == "value");
  CHECK(thrown_by([&] { (void)events[2]; }) == errc::invalid_argument);
  CHECK(events.add("value", types::string_type()).index_of("value") == 1);
  CHECK(data_type(events).fields() == events);
  CHECK(schema().tree_string() == "root\n");
}

TEST_CASE("metadata of a field is a JSON object") {
  const field commented("a", types::string_type(), true, R"({ "comment" : "it's \\ here" })");
  CHECK(commented.metadata == R"({"comment":"it's \\ here"})");
  CHECK(schema().add(commented).ddl() == R"(a STRING COMMENT 'it\'s \\ here')");
  CHECK(field("a", types::long_type(), true, "{}") == field("a", types::long_type()));
  CHECK(thrown_by([] { (void)field("a", types::long_type(), true, "[1]"); }) == errc::invalid_argument);
  CHECK(thrown_by([] { (void)field("a", types::long_type(), true, "{"); }) == errc::invalid_argument);
  const schema collated = schema().add(field("t", types::string_type("UNICODE"), true, R"({"comment":"x"})"));
  CHECK(schema::from_json(collated.json()).value() == collated);
}

TEST_CASE("JSON that is no schema is refused with a typed error") {
  const auto refused = [](const char* text) { return schema::from_json(text).error(); };
  CHECK(refused("") == errc::invalid_argument);
  CHECK(refused("{") == errc::invalid_argument);
  CHECK(refused("\"long\"") == errc::invalid_argument);
  CHECK(refused("[1]") == errc::invalid_argument);
  CHECK(refused(R"({"type":"struct"})") == errc::invalid_argument);
  CHECK(refused(R"({"type":"struct","fields":[7]})") == errc::invalid_argument);
  CHECK(refused(R"({"type":"struct","fields":[{"type":"long"}]})") == errc::invalid_argument);
  CHECK(refused(R"({"type":"struct","fields":[{"name":"a"}]})") == errc::invalid_argument);
  CHECK(refused(R"j({"type":"struct","fields":[{"name":"a","type":"decimal(99,2)"}]})j") == errc::invalid_argument);
  CHECK(refused(R"({"type":"struct","fields":[{"name":"a","type":"interval second to day"}]})") ==
        errc::invalid_argument);
  CHECK(refused(R"({"type":"struct","fields":[{"name":"a","type":{"type":"array"}}]})") == errc::invalid_argument);
}

TEST_CASE("D10 JSON nested without end is refused, JSON nested as deep as types may be is read") {
  const auto nested = [](int depth) {
    std::string text = R"({"type":"struct","fields":[{"name":"a","type":)";
    for (int i = 0; i < depth; ++i) text += R"({"type":"array","elementType":)";
    return text + "\"long\"" + std::string(static_cast<std::size_t>(depth), '}') + "}]}";
  };
  CHECK(schema::from_json(nested(62)).value()[0].type.element_type().kind() == type_kind::array_type);
  CHECK(schema::from_json(nested(63)).error() == errc::limit_exceeded);
  CHECK(schema::from_json(nested(100'000)).error() == errc::limit_exceeded);
}

TEST_CASE("a type name that is not known is kept as its text") {
  const char* text =
      R"j({"type":"struct","fields":[{"name":"a","type":"quaternion(4)","nullable":true,"metadata":{}}]})j";
  const schema read = schema::from_json(text).value();
  CHECK(read[0].type == types::unparsed_type("quaternion(4)"));
  CHECK(read.json() == text);
}

TEST_CASE("user-defined types have the JSON that Spark gives them") {
  const char* text =
      R"({"type":"struct","fields":[{"name":"p","type":{"type":"udt","class":"org.Point","pyClass":"m.Point",)"
      R"("sqlType":{"type":"array","elementType":"double","containsNull":false}},"nullable":true,"metadata":{}}]})";
  const schema read = schema::from_json(text).value();
  CHECK(read[0].type.classes().jvm_class == "org.Point");
  CHECK(read[0].type.sql_type() == types::array_type(types::double_type(), false));
  CHECK(read[0].type.sql() == "ARRAY<DOUBLE>");
  CHECK(read.json() == text);
}

TEST_CASE("a type says what it has and refuses what it does not have") {
  const data_type map = types::map_type(types::string_type(), types::decimal_type(12, 3), false);
  CHECK(map.key_type().collation() == "UTF8_BINARY");
  CHECK(map.value_type().precision() == 12);
  CHECK(map.value_type().scale() == 3);
  CHECK_FALSE(map.value_contains_null());
  CHECK(types::geometry_type(std::nullopt).srid() == std::nullopt);
  CHECK(types::day_time_interval_type(interval_field::hour, interval_field::minute).end_field() ==
        interval_field::minute);
  CHECK(data_type().kind() == type_kind::null_type);
  CHECK(thrown_by([&] { (void)map.element_type(); }).message() ==
        "a type map<string,decimal(12,3)> has no element type");
  CHECK(thrown_by([] { (void)types::long_type().fields(); }) == errc::invalid_argument);
  CHECK(map == types::map_type(types::string_type(), types::decimal_type(12, 3), false));
  CHECK_FALSE(map == types::map_type(types::string_type(), types::decimal_type(12, 3), true));
}

TEST_CASE("types that cannot be are refused when they are made") {
  CHECK(thrown_by([] { (void)types::decimal_type(39, 0); }) == errc::invalid_argument);
  CHECK(thrown_by([] { (void)types::decimal_type(5, 6); }) == errc::invalid_argument);
  CHECK(thrown_by([] { (void)types::char_type(0); }) == errc::invalid_argument);
  CHECK(thrown_by([] { (void)types::timestamp_ntz_nanos_type(6); }) == errc::invalid_argument);
  CHECK(thrown_by([] { (void)types::time_type(10); }) == errc::invalid_argument);
  CHECK(thrown_by([] { (void)types::year_month_interval_type(interval_field::day, interval_field::second); }) ==
        errc::invalid_argument);
  CHECK(thrown_by([] { (void)types::geography_type(-5); }) == errc::invalid_argument);
  CHECK(thrown_by([] {
          data_type type;
          for (int i = 0; i < 1000; ++i) type = types::array_type(type);
        }) == errc::invalid_argument);
}
