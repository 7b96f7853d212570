#include "catch.hpp"
#include "fixture.hpp"

#include "data/decode.hpp"
#include "data/encode.hpp"

namespace {

using namespace cospark;

std::vector<row> round_trip(const schema& schema, const std::vector<row>& rows) {
  auto stream = data::encode(schema, rows);
  INFO((stream ? std::string() : stream.error().to_string()));
  REQUIRE(stream);
  auto batch = data::decode(std::make_shared<const std::string>(std::move(stream).value()), &schema);
  INFO((batch ? std::string() : batch.error().to_string()));
  REQUIRE(batch);
  CHECK(batch.value().schema() == schema);
  return std::vector<row>(batch.value().begin(), batch.value().end());
}

error refused(const data_type& type, const value& content, bool nullable = true) {
  const auto stream = data::encode(schema().add("v", type, nullable), {row::of(content)});
  INFO(type.simple_string() << " " << content.to_string());
  REQUIRE_FALSE(stream);
  return stream.error();
}

std::string text_of(const std::vector<row>& rows) {
  std::string text;
  for (const row& one : rows) text += one.to_string() + "\n";
  return text;
}

}  // namespace

TEST_CASE("rows of every recorded result survive encoding and decoding") {
  for (const fixture::recording& one : fixture::all_recordings()) {
    std::vector<row> rows;
    for (const auto& stream : one.streams) {
      const record_batch batch = data::decode(stream, &one.schema).value();
      rows.insert(rows.end(), batch.begin(), batch.end());
    }
    INFO(one.name);
    // Texts, because not-a-number equals nothing.
    CHECK(text_of(round_trip(one.schema, rows)) == text_of(rows));
  }
}

TEST_CASE("what is encoded is read without an announced schema, too") {
  const schema types_of_all = fixture::recording_of("4.3.0", "all_types_one_row").schema;
  const auto stream = std::make_shared<const std::string>(data::encode(types_of_all, {}).value());
  const record_batch batch = data::decode(stream).value();
  CHECK(batch.row_count() == 0);
  std::string expected = types_of_all.simple_string();
  expected.erase(expected.find(" collate UNICODE_CI"), 19);
  CHECK(batch.schema().simple_string() == expected);
}

TEST_CASE("a schema without columns, rows without columns and deep nesting are encoded") {
  CHECK(round_trip(schema(), {}).empty());
  CHECK(round_trip(schema(), {row(), row()}).size() == 2);
  data_type deep = types::long_type();
  value content = std::int64_t{7};
  for (int i = 0; i < 31; ++i) {
    deep = types::array_type(types::struct_type(schema().add("f", deep)));
    content = array_value{row::of(content), nullptr};
  }
  const std::vector<row> rows{row::of(content), row::of(value())};
  CHECK(round_trip(schema().add("v", deep), rows) == rows);
}

TEST_CASE("narrower values are widened to the type of their column") {
  const schema columns = schema()
                             .add("l", types::long_type())
                             .add("d", types::double_type())
                             .add("n", types::decimal_type(10, 4))
                             .add("c", types::char_type(4));
  const row given({std::int8_t{1}, 1.5F, decimal(25, 1), "abcd"});
  CHECK(round_trip(columns, {given}) == std::vector<row>{row::of(std::int64_t{1}, 1.5, decimal(25000, 4), "abcd")});
}

TEST_CASE("a value that does not fit its column is refused with its place") {
  CHECK(refused(types::integer_type(), std::int64_t{1}).message() ==
        "column v, value 0: a value of type bigint, where int was asked for");
  CHECK(refused(types::string_type(), 1) == errc::invalid_argument);
  CHECK(refused(types::decimal_type(3, 2), decimal(1234, 2)).message() ==
        "column v, value 0: 12.34 does not fit decimal(3,2)");
  CHECK(refused(types::string_type(), "\xc3").message() == "column v, value 0: a string that is not UTF-8");
  CHECK(refused(types::long_type(), nullptr, false).message() ==
        "column v, value 0: null, where the schema does not allow it");
  CHECK(refused(types::null_type(), 1) == errc::invalid_argument);
  CHECK(refused(types::array_type(types::long_type(), false), array_value{1, nullptr}).message() ==
        "column v.element, value 1: null, where the schema does not allow it");
  CHECK(refused(types::map_type(types::string_type(), types::long_type()), map_value{{nullptr, 1}}).message() ==
        "column v.key, value 0: null, where the schema does not allow it");
  CHECK(refused(schema().add("a", types::long_type()), row::of(1, 2)) == errc::invalid_argument);
  CHECK(refused(types::unparsed_type("quaternion(4)"), 1) == errc::invalid_argument);
  CHECK(refused(types::calendar_interval_type(), calendar_interval{0, 0, std::chrono::microseconds::max()}) ==
        errc::invalid_argument);
  CHECK(data::encode(schema(), {row::of(1)}).error().message() == "row 0 has 1 values for 0 columns");
}

TEST_CASE("null may stand below a null struct even where the field is not nullable") {
  const schema columns = schema().add("s", schema().add("a", types::long_type(), false));
  const std::vector<row> rows{row::of(value()), row::of(row::of(std::int64_t{1}))};
  CHECK(round_trip(columns, rows) == rows);
  CHECK(data::encode(columns, {row::of(row::of(value()))}).error() == errc::invalid_argument);
}
