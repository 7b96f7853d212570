#include "catch.hpp"

#include "frame/batch_reader.hpp"

#include <google/protobuf/util/delimited_message_util.h>

#include <fstream>
#include <iterator>

namespace {

using namespace cospark;
using response = spark::connect::ExecutePlanResponse;
using response_ptr = std::shared_ptr<response>;

std::string bytes_of(const std::string& path) {
  std::ifstream file(std::string(COSPARK_TEST_DATA) + path, std::ios::binary);
  REQUIRE(file);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

response_ptr batch(int number, std::int64_t rows, std::int64_t offset) {
  auto message = std::make_shared<response>();
  auto& part = *message->mutable_arrow_batch();
  part.set_data(bytes_of("/arrow/4.3.0/three_batches." + std::to_string(number) + ".arrows"));
  part.set_row_count(rows);
  part.set_start_offset(offset);
  return message;
}

response_ptr chunk(int number) {
  auto message = std::make_shared<response>();
  auto& part = *message->mutable_arrow_batch();
  part.set_data(bytes_of("/arrow/4.3.0/chunked." + std::to_string(number) + ".arrows"));
  part.set_row_count(100);
  part.set_start_offset(0);
  part.set_chunk_index(number);
  part.set_num_chunks_in_batch(4);
  return message;
}

response_ptr schema_of(void (*set)(spark::connect::DataType&)) {
  auto message = std::make_shared<response>();
  auto& field = *message->mutable_schema()->mutable_struct_()->add_fields();
  field.set_name("id");
  set(*field.mutable_data_type());
  return message;
}

}  // namespace

TEST_CASE("a recorded result gives its rows, and everything else in it is skipped") {
  std::ifstream file(std::string(COSPARK_TEST_DATA) + "/responses/4.3.0/collect_range.bin", std::ios::binary);
  google::protobuf::io::IstreamInputStream input(&file);
  frame::batch_reader reader;
  std::vector<std::string> rows;
  bool clean_end = false;
  for (;;) {
    auto message = std::make_shared<response>();
    if (!google::protobuf::util::ParseDelimitedFromZeroCopyStream(message.get(), &input, &clean_end)) break;
    auto part = reader.take(std::move(message));
    REQUIRE(part);
    if (part.value()) {
      for (const auto& row : *part.value()) rows.push_back(row.to_string());
    }
  }
  CHECK(clean_end);
  CHECK(reader.finish());
  CHECK(rows == std::vector<std::string>{"{0, 0}", "{1, 1}", "{2, 2}", "{3, 3}", "{4, 4}"});
}

TEST_CASE("batches follow one another by their offsets") {
  frame::batch_reader reader;
  std::size_t rows = 0;
  for (int i = 0; i < 3; ++i) {
    auto part = reader.take(batch(i, i == 2 ? 2 : 3, 3 * i));
    REQUIRE(part);
    REQUIRE(part.value());
    rows += part.value()->row_count();
  }
  CHECK(rows == 8);
  CHECK(reader.finish());
}

TEST_CASE("D7 a batch that is missing, repeated or of another length is a protocol error") {
  frame::batch_reader gap;
  REQUIRE(gap.take(batch(0, 3, 0)));
  CHECK(gap.take(batch(2, 2, 6)).error() == errc::protocol_error);

  frame::batch_reader twice;
  REQUIRE(twice.take(batch(0, 3, 0)));
  CHECK(twice.take(batch(0, 3, 0)).error() == errc::protocol_error);

  frame::batch_reader late_start;
  CHECK(late_start.take(batch(1, 3, 3)).error() == errc::protocol_error);

  frame::batch_reader wrong_length;
  CHECK(wrong_length.take(batch(0, 4, 0)).error() == errc::protocol_error);
}

TEST_CASE("servers that send no offsets are believed") {
  frame::batch_reader reader;
  auto message = batch(1, 3, 0);
  message->mutable_arrow_batch()->clear_start_offset();
  CHECK(reader.take(std::move(message)));
}

TEST_CASE("D3 chunks of a batch are put together, and a result that ends within one is incomplete") {
  frame::batch_reader reader;
  for (int i = 0; i < 4; ++i) {
    auto part = reader.take(chunk(i));
    REQUIRE(part);
    CHECK(part.value().has_value() == (i == 3));
    CHECK(reader.finish().has_value() == (i == 3));
    if (i == 3) CHECK(part.value()->row_count() == 100);
  }

  frame::batch_reader hole;
  REQUIRE(hole.take(chunk(0)));
  CHECK(hole.take(chunk(2)).error() == errc::protocol_error);
}

TEST_CASE("D7 a batch must have the schema that was announced") {
  frame::batch_reader good;
  REQUIRE(good.take(schema_of([](spark::connect::DataType& type) { type.mutable_long_(); })));
  CHECK(good.take(batch(0, 3, 0)));
  CHECK(good.take(schema_of([](spark::connect::DataType& type) { type.mutable_string(); })).error() ==
        errc::protocol_error);

  frame::batch_reader other;
  REQUIRE(other.take(schema_of([](spark::connect::DataType& type) { type.mutable_string(); })));
  CHECK(other.take(batch(0, 3, 0)).error() == errc::protocol_error);
}
