#include "data/chunk_assembler.hpp"

#include <utility>

namespace cospark::data {
namespace {

auto bad_chunk(const std::string& what) {
  return failure(errc::protocol_error, "chunks of an Arrow batch: " + what);
}

arrow_stream complete(std::shared_ptr<const std::string> data, std::int64_t row_count,
                      std::optional<std::int64_t> start_offset) {
  arrow_stream stream;
  stream.data = std::move(data);
  stream.row_count = row_count;
  stream.start_offset = start_offset;
  return stream;
}

}  // namespace

result<std::optional<arrow_stream>> chunk_assembler::add(arrow_chunk chunk) {
  const std::int64_t index = chunk.chunk_index.value_or(0);
  const std::int64_t count = chunk.chunk_count.value_or(1);
  if (count < 1 || index < 0 || index >= count) {
    return bad_chunk("chunk " + std::to_string(index) + " of " + std::to_string(count));
  }
  if (index != next_index_) {
    return bad_chunk("chunk " + std::to_string(index) + ", where chunk " + std::to_string(next_index_) + " belongs");
  }
  if (chunk.data->size() > max_bytes_ - data_.size()) {
    return failure(errc::limit_exceeded, "an Arrow batch of more than " + std::to_string(max_bytes_) + " bytes");
  }
  if (count == 1) {
    return std::optional(complete(std::move(chunk.data), chunk.row_count, chunk.start_offset));
  }
  if (index == 0) {
    row_count_ = chunk.row_count;
    start_offset_ = chunk.start_offset;
    chunk_count_ = count;
  } else if (count != chunk_count_ || chunk.row_count != row_count_ || chunk.start_offset != start_offset_) {
    return bad_chunk("they do not belong together");
  }
  data_ += *chunk.data;
  next_index_ = index + 1;
  if (next_index_ < chunk_count_) return std::optional<arrow_stream>();
  next_index_ = 0;
  return std::optional(
      complete(std::make_shared<const std::string>(std::exchange(data_, std::string())), row_count_, start_offset_));
}

result<void> chunk_assembler::finish() const {
  if (next_index_ == 0) return success();
  return bad_chunk("the result ended after chunk " + std::to_string(next_index_ - 1) + " of " +
                   std::to_string(chunk_count_));
}

}  // namespace cospark::data
