// A result under way: responses in, checked batches out.
#pragma once

#include "execute/operation.hpp"
#include "frame/batch_reader.hpp"

#include <cospark/record_batch.hpp>
#include <cospark/task.hpp>

#include <memory>
#include <optional>

namespace cospark::frame {

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
