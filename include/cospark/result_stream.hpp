// The rows of a result, batch by batch.
#pragma once

#include <cospark/record_batch.hpp>
#include <cospark/task.hpp>

#include <memory>
#include <optional>

namespace cospark {

namespace frame {
struct access;
class result_state;
}  // namespace frame

/// A result under way: what `data_frame::execute` gives. Batches are fetched as they are asked for; a consumer that is
/// slow slows the server down, and memory stays bounded. Destroying the stream before its end interrupts and releases
/// the execution on the server; a call of `next` that is under way then still ends.
///
/// Thread safety: one call of `next` at a time; a second one meanwhile is `errc::invalid_argument`.
class result_stream {
 public:
  result_stream(result_stream&&) noexcept;
  result_stream& operator=(result_stream&&) noexcept;
  ~result_stream();

  /// The next batch, which may be one without rows; nothing after the last, however often it is asked. An error is
  /// final as well: every further call returns it. An execution that failed never looks like one that has ended.
  /// Cancellation: ends the execution.
  task<std::optional<record_batch>> next();

 private:
  friend struct frame::access;
  explicit result_stream(std::shared_ptr<frame::result_state> state) noexcept;

  std::shared_ptr<frame::result_state> state_;
};

}  // namespace cospark
