// Compressed buffers of a batch.
#pragma once

#include <cospark/result.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace cospark::data {

enum class codec { lz4_frame, zstd };

/// Decompresses into `length` bytes, which must be exactly what the buffer holds. A length that the buffer cannot
/// possibly expand to is refused before memory is taken. The memory begins at a multiple of 8.
result<std::shared_ptr<const std::byte>> decompress(codec codec, std::span<const std::byte> packed, std::size_t length);

}  // namespace cospark::data
