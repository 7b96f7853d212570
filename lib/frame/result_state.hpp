// A result under way: responses in, checked batches out.
#pragma once

#include "data/chunk_assembler.hpp"
#include "execute/operation.hpp"

#include <cospark/record_batch.hpp>
#include <cospark/task.hpp>

#include <memory>
#include <optional>

namespace cospark::frame {

/// Puts the batches of one result together and checks that none is missing. Pure: it is given responses.
class batch_reader {
 public:
  using response = spark::connect::ExecutePlanResponse;

  /// The batch that this response completes, if it does. What is not part of the result is skipped.
  result<std::optional<record_batch>> take(response message);
  /// To be called at the end: an error if the result is incomplete.
  result<void> finish() const { return chunks_.finish(); }

 private:
  data::chunk_assembler chunks_;
  std::optional<schema> announced_;
  std::int64_t rows_ = 0;
};

class result_state {
 public:
  explicit result_state(execute::operation operation) : operation_(std::move(operation)) {}

  static task<std::optional<record_batch>> next(std::shared_ptr<result_state> self);
  /// Interrupts the execution, unless a call of `next` is under way.
  void abandon();

 private:
  class call;
  static task<std::optional<record_batch>> read(result_state& self);

  std::optional<execute::operation> operation_;
  batch_reader batches_;
  std::optional<error> problem_;
  bool is_reading_ = false;
};

}  // namespace cospark::frame
