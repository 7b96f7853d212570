// Puts the chunks of one Arrow stream together again.
#pragma once

#include <cospark/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cospark::data {

/// One ArrowBatch message. Optional fields are missing where the server does not send them.
struct arrow_chunk {
  arrow_chunk() = default;

  std::shared_ptr<const std::string> data;
  std::int64_t row_count = 0;
  std::optional<std::int64_t> start_offset;
  std::optional<std::int64_t> chunk_index;
  std::optional<std::int64_t> chunk_count;
};

/// One complete stream.
struct arrow_stream {
  arrow_stream() = default;

  std::shared_ptr<const std::string> data;
  std::int64_t row_count = 0;
  std::optional<std::int64_t> start_offset;
};

/// Takes the ArrowBatch messages of one result in order and gives complete streams. A chunk that is missing,
/// repeated, out of order or at odds with the others of its stream is `errc::protocol_error`; a stream of more than
/// `max_bytes` is `errc::limit_exceeded`. After an error the assembler must not be used again.
class chunk_assembler {
 public:
  explicit chunk_assembler(std::size_t max_bytes = std::size_t{1} << 30) : max_bytes_(max_bytes) {}

  /// The complete stream, or nothing as long as chunks of it are missing.
  result<std::optional<arrow_stream>> add(arrow_chunk chunk);
  /// To be called when the result has ended: an error if chunks of a stream are missing.
  result<void> finish() const;

 private:
  std::size_t max_bytes_;
  std::string data_;
  std::int64_t row_count_ = 0;
  std::optional<std::int64_t> start_offset_;
  std::int64_t chunk_count_ = 0;
  std::int64_t next_index_ = 0;
};

}  // namespace cospark::data
