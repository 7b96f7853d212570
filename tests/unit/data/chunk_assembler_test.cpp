#include "catch.hpp"

#include "data/chunk_assembler.hpp"

namespace {

using namespace cospark;

data::arrow_chunk chunk(std::int64_t index, std::int64_t count, std::string content = "ab") {
  data::arrow_chunk one;
  one.data = std::make_shared<const std::string>(std::move(content));
  one.row_count = 7;
  one.start_offset = 100;
  one.chunk_index = index;
  one.chunk_count = count;
  return one;
}

}  // namespace

TEST_CASE("a message of a server that knows no chunks is a whole stream") {
  data::chunk_assembler chunks;
  data::arrow_chunk whole;
  whole.data = std::make_shared<const std::string>("xyz");
  whole.row_count = 3;
  const auto stream = chunks.add(whole).value();
  REQUIRE(stream);
  CHECK(*stream->data == "xyz");
  CHECK(stream->row_count == 3);
  CHECK_FALSE(stream->start_offset);
  CHECK(chunks.finish());
}

TEST_CASE("D3 chunks become one stream when the last has come, stream after stream") {
  data::chunk_assembler chunks;
  for (int round = 0; round < 2; ++round) {
    CHECK_FALSE(chunks.add(chunk(0, 3, "one ")).value());
    CHECK(chunks.finish().error() == errc::protocol_error);
    CHECK_FALSE(chunks.add(chunk(1, 3, "two ")).value());
    const auto stream = chunks.add(chunk(2, 3, "three")).value();
    REQUIRE(stream);
    CHECK(*stream->data == "one two three");
    CHECK(stream->row_count == 7);
    CHECK(stream->start_offset == 100);
    CHECK(chunks.finish());
  }
}

TEST_CASE("D3 a missing, repeated, misplaced or foreign chunk breaks the protocol") {
  const auto second = [](data::arrow_chunk one) {
    data::chunk_assembler chunks;
    CHECK_FALSE(chunks.add(chunk(0, 3)).value());
    return chunks.add(std::move(one));
  };
  CHECK(second(chunk(2, 3)).error() == errc::protocol_error);
  CHECK(second(chunk(0, 3)).error() == errc::protocol_error);
  CHECK(second(chunk(1, 4)).error() == errc::protocol_error);
  auto other_rows = chunk(1, 3);
  other_rows.row_count = 8;
  CHECK(second(other_rows).error() == errc::protocol_error);
  auto other_start = chunk(1, 3);
  other_start.start_offset.reset();
  CHECK(second(other_start).error() == errc::protocol_error);
  auto whole = chunk(0, 1);
  whole.chunk_index.reset();
  whole.chunk_count.reset();
  CHECK(second(whole).error() == errc::protocol_error);

  const auto first = [](std::int64_t index, std::int64_t count) {
    return data::chunk_assembler().add(chunk(index, count));
  };
  CHECK(first(1, 3).error() == errc::protocol_error);
  CHECK(first(0, 0).error() == errc::protocol_error);
  CHECK(first(0, -1).error() == errc::protocol_error);
  CHECK(first(-1, 3).error() == errc::protocol_error);
  CHECK(first(3, 3).error() == errc::protocol_error);
}

TEST_CASE("D3 chunks of more bytes than allowed are refused") {
  data::chunk_assembler chunks(5);
  CHECK_FALSE(chunks.add(chunk(0, 1'000'000'000'000, "abc")).value());
  CHECK(chunks.add(chunk(1, 1'000'000'000'000, "abc")).error() == errc::limit_exceeded);
}
