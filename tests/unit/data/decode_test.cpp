#include "catch.hpp"
#include "fixture.hpp"

#include "data/decode.hpp"

#include <cospark/row.hpp>

namespace {

namespace json = boost::json;
using namespace cospark;
using fixture::recording;

std::vector<record_batch> decoded(const recording& one, const schema* announced) {
  std::vector<record_batch> batches;
  for (const auto& stream : one.streams) {
    auto batch = data::decode(stream, announced);
    INFO(one.name << ": " << (batch ? std::string() : batch.error().to_string()));
    REQUIRE(batch);
    batches.push_back(std::move(batch).value());
  }
  return batches;
}

std::vector<row> rows_of(const std::vector<record_batch>& batches) {
  std::vector<row> rows;
  for (const record_batch& batch : batches) rows.insert(rows.end(), batch.begin(), batch.end());
  return rows;
}

}  // namespace

TEST_CASE("every recorded stream decodes to the rows that another Arrow library saw") {
  std::size_t compared = 0;
  for (const recording& one : fixture::all_recordings()) {
    const auto batches = decoded(one, &one.schema);
    REQUIRE(batches.size() == one.row_counts.size());
    for (std::size_t i = 0; i < batches.size(); ++i) {
      CHECK(batches[i].row_count() == static_cast<std::size_t>(one.row_counts[i]));
      CHECK(batches[i].schema() == one.schema);
    }
    if (one.rows.is_null()) continue;
    const json::array& expected = one.rows.as_array();
    const std::vector<row> rows = rows_of(batches);
    INFO(one.name);
    REQUIRE(rows.size() == expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      REQUIRE(rows[i].size() == expected[i].as_array().size());
      for (std::size_t column = 0; column < rows[i].size(); ++column) {
        const json::value& cell = expected[i].as_array()[column];
        REQUIRE(fixture::as_recorded(rows[i][column], cell) == json::serialize(cell));
        ++compared;
      }
    }
  }
  CHECK(compared > 7000);
}

TEST_CASE("values print as Spark's own cast to string prints them") {
  std::size_t compared = 0;
  for (const recording& one : fixture::all_recordings()) {
    if (!one.casts.is_array()) continue;
    const auto index = one.schema.index_of("v");
    REQUIRE(index);
    const type_kind kind = one.schema[*index].type.kind();
    // The session's time zone was Berlin, and values print in UTC.
    if (kind == type_kind::timestamp_type || kind == type_kind::timestamp_ltz_nanos_type) continue;
    const std::vector<row> rows = rows_of(decoded(one, &one.schema));
    REQUIRE(rows.size() == one.casts.as_array().size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const json::value& cast = one.casts.as_array()[i];
      INFO(one.name << ", row " << i);
      CHECK(rows[i]["v"].to_string() == (cast.is_null() ? "null" : std::string(cast.as_string())));
      ++compared;
    }
  }
  CHECK(compared > 60);
}

TEST_CASE("a batch of all types has in each column what the recording of that type has first") {
  for (const char* version : {"4.0.5", "4.1.4", "4.2.1", "4.3.0"}) {
    const recording all = fixture::recording_of(version, "all_types_one_row");
    const record_batch batch = decoded(all, &all.schema).at(0);
    REQUIRE(batch.row_count() == 1);
    REQUIRE(batch.column_count() >= 24);
    for (const field& column : all.schema) {
      const recording single = fixture::recording_of("4.3.0", column.name);
      INFO(version << " " << column.name);
      CHECK(batch.row(0)[column.name] == decoded(single, &single.schema).at(0).row(0)[0]);
    }
  }
}

TEST_CASE("without an announced schema the types are those that Arrow and the field metadata tell") {
  for (const recording& one : fixture::all_recordings()) {
    const auto alone = decoded(one, nullptr);
    const auto announced = decoded(one, &one.schema);
    INFO(one.name);
    for (std::size_t i = 0; i < alone.size(); ++i) CHECK(fixture::walk(alone[i]) == fixture::walk(announced[i]));
    std::string expected = one.schema.simple_string();
    if (const auto at = expected.find(" collate UNICODE_CI"); at != std::string::npos) expected.erase(at, 19);
    CHECK(alone.at(0).schema().simple_string() == expected);
  }
}

TEST_CASE("D7 a stream that is not what was announced is refused") {
  const recording bigint = fixture::recording_of("4.3.0", "bigint");
  for (const data_type& other :
       {types::integer_type(), types::string_type(), types::timestamp_type(), types::decimal_type(38, 18),
        types::array_type(types::long_type()), types::map_type(types::long_type(), types::long_type()),
        types::variant_type(), types::geometry_type(0), types::struct_type(schema()), types::null_type()}) {
    const schema announced = schema().add("v", other);
    const auto batch = data::decode(bigint.streams[0], &announced);
    INFO(other.simple_string());
    REQUIRE_FALSE(batch);
    CHECK(batch.error() == errc::protocol_error);
  }
  const schema two = bigint.schema.add("w", types::long_type());
  CHECK(data::decode(bigint.streams[0], &two).error().message() == "a batch of 1 columns, where 2 were announced");
  const recording decimals = fixture::recording_of("4.3.0", "decimal_10_2");
  const schema wider = schema().add("v", types::decimal_type(12, 2));
  CHECK(data::decode(decimals.streams[0], &wider).error() == errc::protocol_error);
}

TEST_CASE("what Arrow cannot tell comes from the announced schema") {
  const recording text = fixture::recording_of("4.3.0", "string");
  udt_classes classes;
  classes.python_class = "shop.price";
  const schema announced = schema().add("v", types::udt_type(types::varchar_type(9), classes));
  const record_batch batch = data::decode(text.streams[0], &announced).value();
  CHECK(batch.schema() == announced);
  CHECK(batch.row(0)["v"] == value("abc"));

  const schema unknown = schema().add("v", types::unparsed_type("of tomorrow"));
  CHECK(data::decode(text.streams[0], &unknown).value().schema()[0].type == types::string_type());
}

TEST_CASE("a batch keeps its bytes alive and lets go of them with its last view") {
  auto bytes = std::make_shared<const std::string>(*fixture::recording_of("4.3.0", "map_int_array").streams[0]);
  const std::weak_ptr<const std::string> watched = bytes;
  auto batch = std::make_unique<record_batch>(data::decode(std::move(bytes)).value());
  auto column = std::make_unique<column_view>(batch->column(0).child(1).child(0));
  batch.reset();
  CHECK_FALSE(watched.expired());
  CHECK(column->string_at(0) == "x");
  column.reset();
  CHECK(watched.expired());
}

TEST_CASE("D6 limits are kept before memory is taken") {
  const auto stream = fixture::recording_of("4.3.0", "compression_zstd").streams[0];
  data::decode_limits rows;
  rows.rows = 599;
  CHECK(data::decode(stream, nullptr, rows).error() == errc::limit_exceeded);
  data::decode_limits buffer;
  buffer.buffer_bytes = 1000;
  CHECK(data::decode(stream, nullptr, buffer).error() == errc::limit_exceeded);
  data::decode_limits batch;
  batch.batch_bytes = 12'000;
  CHECK(data::decode(stream, nullptr, batch).error() == errc::limit_exceeded);
  data::decode_limits depth;
  depth.depth = 3;
  const auto nested = data::decode(fixture::recording_of("4.3.0", "nested_deep").streams[0], nullptr, depth);
  REQUIRE_FALSE(nested);
}

TEST_CASE("D5 batches that Spark compressed with lz4 or zstd have the rows of those that it did not compress") {
  const auto rows_of = [](const std::string& name) {
    std::string text;
    for (const auto& stream : fixture::recording_of("4.3.0", name).streams) {
      const auto batch = data::decode(stream);
      REQUIRE(batch);
      text += fixture::walk(batch.value());
    }
    return text;
  };
  const auto plain = rows_of("compression_none");
  CHECK_FALSE(plain.empty());
  CHECK(rows_of("compression_lz4") == plain);
  CHECK(rows_of("compression_zstd") == plain);
}

TEST_CASE("D6 a buffer that claims to become a tebibyte is refused before memory is taken") {
  for (const auto* name : {"compression_lz4", "compression_zstd"}) {
    const auto stream = fixture::recording_of("4.3.0", name).streams[0];
    std::size_t refused = 0;
    // Wherever the length of a buffer stands: buffers begin at multiples of 8.
    for (std::size_t at = 0; at + 8 <= stream->size(); at += 8) {
      auto bomb = *stream;
      for (std::size_t i = 0; i < 8; ++i) bomb[at + i] = i == 5 ? '\1' : '\0';
      const auto batch = data::decode(std::make_shared<const std::string>(std::move(bomb)));
      if (!batch) ++refused;
      if (!batch) CHECK((batch.error() == errc::limit_exceeded || batch.error() == errc::protocol_error));
    }
    CHECK(refused > 0);
  }
}
