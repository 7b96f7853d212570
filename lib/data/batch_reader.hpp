// The buffers of a record batch -> checked columns.
#pragma once

#include "data/column_data.hpp"
#include "data/decode.hpp"
#include "data/ipc_message.hpp"

#include <cospark/result.hpp>

#include <memory>
#include <vector>

namespace cospark::data {

/// Columns of a batch message. `columns` gives the type of each field; the batch still lacks the owner of the
/// message's bytes.
result<batch_data> read_batch(const ipc_message& message, std::shared_ptr<const std::vector<arrow_field>> fields,
                              const schema& columns, const decode_limits& limits);

/// A batch without rows.
batch_data empty_batch(std::shared_ptr<const std::vector<arrow_field>> fields, const schema& columns);

}  // namespace cospark::data
