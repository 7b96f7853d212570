// The responses of one result in, checked batches out.
#pragma once

#include "data/chunk_assembler.hpp"

#include <cospark/record_batch.hpp>
#include <cospark/result.hpp>
#include <cospark/schema.hpp>

#include <spark/connect/base.pb.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace cospark::frame {

/// Puts the batches of one result together and checks that none is missing. Pure: it is given responses.
class batch_reader {
 public:
  using response = spark::connect::ExecutePlanResponse;

  /// The batch that this response completes, if it does. What is not part of the result is skipped. The batch keeps the
  /// response, of which it is a view.
  result<std::optional<record_batch>> take(std::shared_ptr<const response> message);
  /// To be called at the end: an error if the result is incomplete.
  result<void> finish() const { return chunks_.finish(); }

 private:
  data::chunk_assembler chunks_;
  std::optional<schema> announced_;
  std::int64_t rows_ = 0;
};

}  // namespace cospark::frame
