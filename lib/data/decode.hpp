// Received Arrow IPC bytes -> record batches.
#pragma once

#include <cospark/record_batch.hpp>
#include <cospark/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cospark::data {

/// What a batch may cost at most. Checked before memory is taken.
struct decode_limits {
  decode_limits() = default;

  /// Nesting of arrays, maps and structs.
  int depth = 64;
  /// Rows of one batch, and elements of one nested column.
  std::int64_t rows = 0x7fffffff;
  /// Bytes of one buffer after decompression.
  std::int64_t buffer_bytes = std::int64_t{512} << 20;
  /// Bytes of all buffers of a batch after decompression.
  std::int64_t batch_bytes = std::int64_t{1} << 30;
  /// Refuse strings that are not UTF-8. Spark itself does not look: a cast of binary to string can make such ones.
  bool require_utf8 = true;
};

/// The batch of one complete IPC stream (schema, batch, end mark), as an ArrowBatch message carries it. It is a view
/// of `bytes` and shares their ownership. A stream with a schema only is a batch without rows.
///
/// `announced`: the schema that Spark sent ahead. It says what Arrow cannot say (collations, char and varchar,
/// user-defined types, interval fields); a stream that does not match it is an error. Without it (null) the types are
/// those that Arrow and Spark's field metadata tell.
///
/// Bytes that are not such a stream are `errc::protocol_error`; more than the limits allow is `errc::limit_exceeded`.
result<record_batch> decode(std::shared_ptr<const std::string> bytes, const schema* announced = nullptr,
                            const decode_limits& limits = decode_limits());

/// The same for a stream of any number of batches.
result<std::vector<record_batch>> decode_all(std::shared_ptr<const std::string> bytes,
                                             const schema* announced = nullptr,
                                             const decode_limits& limits = decode_limits());

}  // namespace cospark::data
