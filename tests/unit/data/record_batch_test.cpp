#include "catch.hpp"
#include "fixture.hpp"

#include "data/decode.hpp"

#include <cospark/record_batch.hpp>

#include <cstring>
#include <numeric>

namespace {

using namespace cospark;

record_batch recorded(const std::string& name) {
  const fixture::recording one = fixture::recording_of("4.3.0", name);
  return data::decode(one.streams.at(0), &one.schema).value();
}

// What is alive of an export is seen by the bytes that it keeps.
struct exported {
  ArrowSchema schema;
  ArrowArray array;
  std::weak_ptr<const std::string> bytes;
};

exported export_of(const std::string& name) {
  const fixture::recording one = fixture::recording_of("4.3.0", name);
  auto bytes = std::make_shared<const std::string>(*one.streams.at(0));
  exported result;
  result.bytes = bytes;
  data::decode(std::move(bytes), &one.schema).value().export_to_c(&result.schema, &result.array);
  return result;
}

}  // namespace

TEST_CASE("a batch gives columns, rows and typed numbers") {
  const record_batch batch = recorded("compression_none");
  CHECK(batch.row_count() == 600);
  CHECK(batch.column_count() == 4);
  const auto ids = batch.column("id").values<std::int64_t>();
  CHECK(std::accumulate(ids.begin(), ids.end(), std::int64_t{0}) == 600 * 599 / 2);
  CHECK(batch.column("d").values<double>()[3] == 0.75);
  CHECK(batch.column("s").string_at(8) == "1");
  const column_view arrays = batch.column("a");
  CHECK(arrays.range_at(5) == std::pair<std::size_t, std::size_t>(10, 12));
  CHECK(arrays.child(0).values<std::int64_t>()[11] == 6);
  CHECK(batch.row(599).get<std::int64_t>("id") == 599);
  std::size_t rows = 0;
  for (const row& one : batch) rows += one.size() == 4 ? 1 : 0;
  CHECK(rows == 600);
}

TEST_CASE("columns of all layouts are read in place") {
  CHECK(recorded("boolean").column(0).boolean_at(0));
  CHECK_FALSE(recorded("boolean").column(0).boolean_at(2));
  CHECK(recorded("boolean").column(0).null_count() == 1);
  CHECK(recorded("boolean").column(0).is_null(2));
  CHECK(recorded("tinyint").column(0).values<std::int8_t>()[1] == -128);
  CHECK(recorded("date").column(0).values<std::int32_t>()[0] == 19782);
  CHECK(recorded("timestamp").column(0).values<std::int64_t>()[1] == -1);
  CHECK(recorded("binary").column(0).binary_at(0).size() == 3);
  CHECK(recorded("large_var_types").column("s").string_at(0) == "abc");
  const column_view map = recorded("map_string_int").column(0);
  CHECK(map.child_count() == 2);
  CHECK(map.child(0).string_at(1) == "b");
  CHECK(map.child(1).is_null(1));
  CHECK(recorded("struct").column(0).child(1).string_at(0) == "x");
  CHECK(recorded("void").column(0).is_null(0));
  CHECK(recorded("void").column(0).null_count() == 1);
}

TEST_CASE("what a batch or a column does not have is refused") {
  const record_batch batch = recorded("compression_none");
  CHECK_THROWS_AS(batch.column(4), exception);
  CHECK_THROWS_AS(batch.column("z"), exception);
  CHECK_THROWS_AS(batch.row(600), exception);
  const column_view ids = batch.column("id");
  CHECK_THROWS_AS(ids[600], exception);
  CHECK_THROWS_AS(ids.is_null(600), exception);
  CHECK_THROWS_AS(ids.values<std::int32_t>(), exception);
  CHECK_THROWS_AS(ids.values<double>(), exception);
  CHECK_THROWS_AS(batch.column("d").values<std::int64_t>(), exception);
  CHECK_THROWS_AS(ids.string_at(0), exception);
  CHECK_THROWS_AS(ids.boolean_at(0), exception);
  CHECK_THROWS_AS(ids.range_at(0), exception);
  CHECK_THROWS_AS(ids.child(0), exception);
  CHECK_THROWS_AS(batch.export_to_c(nullptr, nullptr), exception);
}

TEST_CASE("an empty batch has no rows, and no columns unless it was decoded") {
  CHECK(record_batch().row_count() == 0);
  CHECK(record_batch().column_count() == 0);
  CHECK(record_batch().begin() == record_batch().end());
  CHECK(recorded("empty").column_count() == 2);
  CHECK(recorded("empty").column("id").values<std::int64_t>().empty());
  ArrowSchema schema;
  ArrowArray array;
  record_batch().export_to_c(&schema, &array);
  CHECK(array.length == 0);
  array.release(&array);
  schema.release(&schema);
}

TEST_CASE("an export has the form of the Arrow C data interface") {
  exported one = export_of("all_types_one_row");
  CHECK(std::string(one.schema.format) == "+s");
  REQUIRE(one.schema.n_children == one.array.n_children);
  std::string formats;
  for (std::int64_t i = 0; i < one.schema.n_children; ++i) formats += std::string(one.schema.children[i]->format) + " ";
  CHECK(formats == "b c s i l f g d:10,2 d:38,18 u z tdD tsu:Europe/Berlin tsu: tiM tDu +l +l +m +m +s +l +s u ttn ");
  CHECK(one.array.length == 1);
  CHECK(one.array.n_buffers == 1);
  CHECK(one.array.buffers[0] == nullptr);
  const ArrowArray& bigint = *one.array.children[4];
  REQUIRE(bigint.n_buffers == 2);
  CHECK(static_cast<const std::int64_t*>(bigint.buffers[1])[0] == std::numeric_limits<std::int64_t>::max());
  CHECK((one.schema.children[4]->flags & ARROW_FLAG_NULLABLE) != 0);
  // Number of pairs, length of the key, key, length of the content, content.
  const ArrowSchema& variant_metadata = *one.schema.children[22]->children[1];
  REQUIRE(variant_metadata.metadata != nullptr);
  std::int32_t lengths[2];
  std::memcpy(lengths, variant_metadata.metadata, sizeof lengths);
  CHECK(lengths[0] == 1);
  CHECK(std::string(variant_metadata.metadata + 8, 7) == "variant");

  one.array.release(&one.array);
  one.schema.release(&one.schema);
  CHECK(one.array.release == nullptr);
  CHECK(one.schema.release == nullptr);
  CHECK(one.bytes.expired());
}

TEST_CASE("a child moved out of an export outlives its parent, and each is released once") {
  exported one = export_of("nested_deep");
  ArrowArray child = *one.array.children[0];
  one.array.children[0]->release = nullptr;
  ArrowSchema field = *one.schema.children[0];
  one.schema.children[0]->release = nullptr;
  one.array.release(&one.array);
  one.schema.release(&one.schema);
  CHECK_FALSE(one.bytes.expired());
  CHECK(std::string(field.format) == "+l");
  CHECK(std::string(field.children[0]->children[0]->format) == "+m");
  CHECK(child.length == 2);
  CHECK(static_cast<const std::int32_t*>(child.buffers[1])[1] == 1);
  child.release(&child);
  field.release(&field);
  CHECK(one.bytes.expired());
}

TEST_CASE("decompressed buffers live as long as an export that uses them") {
  exported one = export_of("compression_zstd");
  CHECK(static_cast<const std::int64_t*>(one.array.children[0]->buffers[1])[599] == 599);
  one.array.release(&one.array);
  one.schema.release(&one.schema);
  CHECK(one.bytes.expired());
}
