#include <cospark/result_stream.hpp>

#include "frame/result_state.hpp"

#include <utility>

namespace cospark {
namespace frame {

/// Marks a call of `next` as under way; one that does not end, because it was cancelled or destroyed, ends the result.
class result_state::call {
 public:
  explicit call(result_state& owner) : owner_(owner) { owner_.is_reading_ = true; }
  call(const call&) = delete;
  call& operator=(const call&) = delete;
  ~call() {
    owner_.is_reading_ = false;
    if (!ended_) owner_.problem_ = error(errc::cancelled, "the result was cancelled while it was read");
    if (owner_.problem_) owner_.operation_.reset();
  }

  void end(const result<std::optional<record_batch>>& outcome) {
    ended_ = true;
    if (!outcome) owner_.problem_ = outcome.error();
  }

 private:
  result_state& owner_;
  bool ended_ = false;
};

task<std::optional<record_batch>> result_state::read(result_state& self) {
  while (self.operation_) {
    COSPARK_TRY(auto response, co_await self.operation_->next());
    if (!response) {
      COSPARK_TRY(self.batches_.finish());
      self.operation_.reset();
      break;
    }
    COSPARK_TRY(auto batch, self.batches_.take(std::move(response)));
    if (batch) co_return batch;
  }
  co_return std::nullopt;
}

task<std::optional<record_batch>> result_state::next(std::shared_ptr<result_state> self) {
  if (self->is_reading_) {
    co_return failure(errc::invalid_argument, "a result can be read by one call of next() at a time");
  }
  if (self->problem_) co_return failure(*self->problem_);
  call reading(*self);
  auto outcome = co_await read(*self);
  reading.end(outcome);
  co_return outcome;
}

void result_state::abandon() {
  if (!is_reading_) operation_.reset();
}

}  // namespace frame

result_stream::result_stream(std::shared_ptr<frame::result_state> state) noexcept : state_(std::move(state)) {}
result_stream::result_stream(result_stream&&) noexcept = default;
result_stream& result_stream::operator=(result_stream&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}
result_stream::~result_stream() {
  if (state_) state_->abandon();
}

task<std::optional<record_batch>> result_stream::next() {
  return execute::guarded(frame::result_state::next(state_));
}

}  // namespace cospark
