// Any bytes are Arrow batches or are refused. What a batch says about its rows agrees with its views; its schema,
// printed, is read as the same; its rows, encoded, are decoded to the same.
#include "batch_walk.hpp"

#include "data/decode.hpp"
#include "data/encode.hpp"

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace cospark;
using fuzz::must;

data::decode_limits small_limits() {
  data::decode_limits limits;
  limits.rows = 100'000;
  limits.buffer_bytes = 1 << 24;
  limits.batch_bytes = 1 << 24;
  return limits;
}

void check_schema(const schema& columns) {
  const auto text = columns.json();
  const auto again = schema::from_json(text);
  if (!again) std::fprintf(stderr, "%s: %s\n", text.c_str(), again.error().to_string().c_str());
  must(again.has_value(), "a schema that is printed can be read");
  must(again.assume_value().json() == text, "a schema is printed as it was read");
  (void)columns.ddl();
  (void)columns.simple_string();
}

void check_encoding(const record_batch& batch, const std::string& rows) {
  if (batch.row_count() > fuzz::most_values) return;
  const auto encoded = data::encode(batch.schema(), std::vector<row>(batch.begin(), batch.end()));
  if (!encoded) return fuzz::must_be_refusal(encoded.error(), {errc::invalid_argument});
  auto limits = small_limits();
  limits.buffer_bytes = limits.batch_bytes = 1 << 26;
  const auto bytes = std::make_shared<const std::string>(encoded.assume_value());
  const auto decoded = data::decode(bytes, &batch.schema(), limits);
  if (!decoded) std::fprintf(stderr, "%s\n", decoded.error().to_string().c_str());
  must(decoded.has_value(), "encoded rows can be decoded");
  must(fuzz::walk(decoded.assume_value()) == rows, "encoded rows are decoded to the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::make_shared<const std::string>(fuzz::text_of(data, size));
  const auto one = data::decode(bytes, nullptr, small_limits());
  const auto all = data::decode_all(bytes, nullptr, small_limits());
  if (!all) {
    fuzz::must_be_refusal(all.error(), {errc::protocol_error, errc::limit_exceeded});
    must(!one, "a stream of one batch is a stream of batches");
    fuzz::must_be_refusal(one.error(), {errc::protocol_error, errc::limit_exceeded});
    return 0;
  }
  for (const auto& batch : all.assume_value()) fuzz::walk(batch);
  if (!one) return 0;
  const auto& batch = one.assume_value();
  const auto rows = fuzz::walk(batch);
  check_schema(batch.schema());
  const auto announced = data::decode(bytes, &batch.schema(), small_limits());
  must(announced.has_value(), "a batch has the schema that it tells");
  must(fuzz::walk(announced.assume_value()) == rows, "a schema that is announced changes no row");
  check_encoding(batch, rows);
  return 0;
}
