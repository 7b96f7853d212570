#include <cospark/result_stream.hpp>

#include "data/decode.hpp"
#include "data/proto_type.hpp"
#include "frame/result_state.hpp"

#include <string>
#include <utility>

namespace cospark {
namespace frame {
namespace {

data::arrow_chunk to_chunk(spark::connect::ExecutePlanResponse::ArrowBatch& message) {
  data::arrow_chunk chunk;
  chunk.data = std::move(*message.mutable_data());
  chunk.row_count = message.row_count();
  if (message.has_start_offset()) chunk.start_offset = message.start_offset();
  if (message.has_chunk_index()) chunk.chunk_index = message.chunk_index();
  if (message.has_num_chunks_in_batch()) chunk.chunk_count = message.num_chunks_in_batch();
  return chunk;
}

}  // namespace

result<std::optional<record_batch>> batch_reader::take(response message) {
  if (message.has_schema()) {
    COSPARK_TRY_RETURN(auto announced, data::schema_from_proto(message.schema()));
    if (announced_ && !(*announced_ == announced)) {
      return failure(errc::protocol_error, "the server announced two different schemas of one result");
    }
    announced_ = std::move(announced);
  }
  if (!message.has_arrow_batch()) return std::optional<record_batch>();
  COSPARK_TRY_RETURN(auto stream, chunks_.add(to_chunk(*message.mutable_arrow_batch())));
  if (!stream) return std::optional<record_batch>();
  if (stream->start_offset && *stream->start_offset != rows_) {
    return failure(errc::protocol_error, "a part of the result is missing or came twice: after " +
                                             std::to_string(rows_) + " rows came row " +
                                             std::to_string(*stream->start_offset));
  }
  COSPARK_TRY_RETURN(auto batch, data::decode(stream->data, announced_ ? &*announced_ : nullptr));
  const auto decoded = static_cast<std::int64_t>(batch.row_count());
  if (decoded != stream->row_count) {
    return failure(errc::protocol_error, "a batch of " + std::to_string(stream->row_count) +
                                             " rows was announced, but " + std::to_string(decoded) + " rows came");
  }
  rows_ += decoded;
  return std::optional<record_batch>(std::move(batch));
}

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
    COSPARK_TRY(auto batch, self.batches_.take(*std::move(response)));
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
