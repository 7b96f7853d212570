// The messages of an Arrow IPC stream.
#pragma once

#include <cospark/result.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace cospark::arrow {
struct Message;
}

namespace cospark::data {

/// One message: verified metadata, and the bytes that it describes.
struct ipc_message {
  const cospark::arrow::Message* metadata = nullptr;
  std::span<const std::byte> body;
};

/// The messages of a whole stream, which must have an end mark and nothing behind it. `stream` must begin at a
/// multiple of 8 in memory. `max_depth`: nesting of fields.
result<std::vector<ipc_message>> split_stream(std::span<const std::byte> stream, int max_depth);

}  // namespace cospark::data
