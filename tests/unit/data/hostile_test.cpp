// Whatever bytes arrive: a batch or a typed error, never a crash. Meant to run under sanitizers.
#include "catch.hpp"
#include "fixture.hpp"

#include "data/decode.hpp"

#include <random>

namespace {

using namespace cospark;

struct tally {
  std::size_t refused = 0;
  std::size_t accepted = 0;
};

void attempt(std::string bytes, tally& count) {
  data::decode_limits limits;
  limits.rows = 100'000;
  limits.buffer_bytes = 1 << 24;
  limits.batch_bytes = 1 << 24;
  auto batch = data::decode(std::make_shared<const std::string>(std::move(bytes)), nullptr, limits);
  if (!batch) {
    ++count.refused;
    const bool typed = batch.error() == errc::protocol_error || batch.error() == errc::limit_exceeded;
    if (!typed || batch.error().message().empty()) FAIL("an error of another kind: " << batch.error().to_string());
    return;
  }
  ++count.accepted;
  if (batch.value().row_count() <= 1000) fixture::walk(batch.value());
}

}  // namespace

TEST_CASE("D4 a stream cut anywhere is refused") {
  tally count;
  std::size_t cuts = 0;
  for (const auto& stream : fixture::all_streams()) {
    const std::size_t step = stream->size() > 8192 ? 61 : 1;
    for (std::size_t length = 0; length < stream->size(); length += step, ++cuts)
      attempt(stream->substr(0, length), count);
  }
  CHECK(count.refused == cuts);
  CHECK(count.accepted == 0);
}

TEST_CASE("D4 a stream with any one byte changed is refused or read, and nothing else") {
  tally count;
  for (const auto& stream : fixture::all_streams()) {
    const std::size_t step = stream->size() > 4096 ? 61 : 1;
    for (std::size_t at = 0; at < stream->size(); at += step) {
      const auto original = static_cast<unsigned char>((*stream)[at]);
      for (const unsigned changed : {original ^ 1U << at % 8, at % 2 == 0 ? 0xffU : 0x00U}) {
        if (static_cast<unsigned char>(changed) == original) continue;
        std::string bytes = *stream;
        bytes[at] = static_cast<char>(changed);
        attempt(std::move(bytes), count);
      }
    }
  }
  // Most bytes of a small stream are padding or values, whose change cannot be seen.
  CHECK(count.refused > 10'000);
  CHECK(count.accepted > 10'000);
}

TEST_CASE("D4 a stream with many bytes changed is refused or read, and nothing else") {
  std::mt19937 random(20240229);
  tally count;
  for (const auto& stream : fixture::all_streams()) {
    if (stream->size() > 8192) continue;
    for (int round = 0; round < 200; ++round) {
      std::string bytes = *stream;
      const unsigned changes = 1 + random() % 8;
      for (unsigned i = 0; i < changes; ++i) {
        const std::size_t at = random() % bytes.size();
        // Numbers in the metadata are small: small changes reach further than any.
        bytes[at] =
            static_cast<char>(random() % 2 == 0 ? random() % 256 : static_cast<unsigned>(bytes[at]) + random() % 9 - 4);
      }
      attempt(std::move(bytes), count);
    }
  }
  CHECK(count.refused > 1000);
}

TEST_CASE("D4 bytes behind the end mark, and no bytes at all, are refused") {
  const auto stream = fixture::recording_of("4.3.0", "int").streams[0];
  CHECK(data::decode(std::make_shared<const std::string>(*stream + std::string(8, '\0'))).error() ==
        errc::protocol_error);
  CHECK(data::decode(std::make_shared<const std::string>()).error() == errc::protocol_error);
  CHECK(data::decode(nullptr).error() == errc::protocol_error);
}

TEST_CASE("D4 a name of a column that is not UTF-8 is refused") {
  using namespace std::string_literals;
  std::string bytes = *fixture::recording_of("4.3.0", "int").streams[0];
  const std::size_t at = bytes.find("\1\0\0\0v\0"s);
  REQUIRE(at != std::string::npos);
  bytes[at + 4] = '\xfb';
  const auto refused = data::decode(std::make_shared<const std::string>(std::move(bytes)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::protocol_error);
  CHECK(refused.error().message().find("not UTF-8") != std::string::npos);
}

TEST_CASE("D4 a string that is not UTF-8 is refused unless that was allowed") {
  std::string bytes = *fixture::recording_of("4.3.0", "string").streams[0];
  const std::size_t at = bytes.find("abc");
  REQUIRE(at != std::string::npos);
  bytes[at] = '\xff';
  const auto damaged = std::make_shared<const std::string>(std::move(bytes));
  const auto refused = data::decode(damaged);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::protocol_error);
  CHECK(refused.error().message().find("column v holds a string that is not UTF-8") != std::string::npos);
  data::decode_limits limits;
  limits.require_utf8 = false;
  CHECK(data::decode(damaged, nullptr, limits).value().column("v").string_at(0) ==
        "\xff"
        "bc");
}
