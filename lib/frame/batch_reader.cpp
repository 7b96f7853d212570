#include "frame/batch_reader.hpp"

#include "data/decode.hpp"
#include "data/proto_type.hpp"

#include <string>
#include <utility>

namespace cospark::frame {
namespace {

data::arrow_chunk to_chunk(std::shared_ptr<const batch_reader::response> response) {
  const auto& message = response->arrow_batch();
  data::arrow_chunk chunk;
  chunk.data = std::shared_ptr<const std::string>(std::move(response), &message.data());
  chunk.row_count = message.row_count();
  if (message.has_start_offset()) chunk.start_offset = message.start_offset();
  if (message.has_chunk_index()) chunk.chunk_index = message.chunk_index();
  if (message.has_num_chunks_in_batch()) chunk.chunk_count = message.num_chunks_in_batch();
  return chunk;
}

}  // namespace

result<std::optional<record_batch>> batch_reader::take(std::shared_ptr<const response> message) {
  if (message->has_schema()) {
    COSPARK_TRY_RETURN(auto announced, data::schema_from_proto(message->schema()));
    if (announced_ && !(*announced_ == announced)) {
      return failure(errc::protocol_error, "the server announced two different schemas of one result");
    }
    announced_ = std::move(announced);
  }
  if (!message->has_arrow_batch()) return std::optional<record_batch>();
  COSPARK_TRY_RETURN(auto stream, chunks_.add(to_chunk(std::move(message))));
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

}  // namespace cospark::frame
