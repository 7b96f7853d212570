// A sequence of responses and failures through the state machine, the chunk assembler and the reader of batches, as an
// operation puts them together. Nothing is delivered twice or after an end, an execution that has begun is never begun
// anew, retries keep their bounds, and rows follow one another.
#include "batch_walk.hpp"
#include "frames.hpp"
#include "status_of.hpp"

#include "execute/failure.hpp"
#include "execute/machine.hpp"
#include "frame/batch_reader.hpp"

#include <optional>
#include <set>
#include <string>

namespace {

using namespace cospark;
using namespace std::chrono_literals;
using execute::machine;
using fuzz::must;
using step = machine::step;
using response = spark::connect::ExecutePlanResponse;

retry_policy policy() {
  retry_policy bounds;
  bounds.max_attempts = 7;
  bounds.max_elapsed = 1min;
  bounds.jitter = 0ms;
  return bounds;
}

class execution {
 public:
  /// False when the operation is over.
  bool happens(const fuzz::frame& what) {
    switch (what.kind) {
      case fuzz::happening::response: {
        response message;
        // gRPC makes a failure of what cannot be parsed.
        if (!message.ParseFromArray(what.content.data(), static_cast<int>(what.content.size()))) return true;
        return arrives(std::move(message));
      }
      case fuzz::happening::clean_end:
        return decided(machine_.on_clean_end(now_));
      case fuzz::happening::failure: {
        const auto failed = execute::understand(fuzz::status_of(what.content));
        auto decision = machine_.on_failure(failed, false, now_);
        if (decision.what == step::ask) {
          decision = machine_.on_reattach_known(what.content.size() % 2 == 0, failed, now_);
        }
        return decided(decision);
      }
      case fuzz::happening::segment_deadline: {
        execute::call_failure silence;
        silence.grpc_code = grpc::StatusCode::DEADLINE_EXCEEDED;
        return decided(machine_.on_failure(silence, true, now_));
      }
      case fuzz::happening::refused_token:
        return machine_.finished() || decided(machine_.on_refused_token(pending_, now_));
      case fuzz::happening::time:
        now_ += std::chrono::seconds(what.content.empty() ? 1 : static_cast<unsigned char>(what.content[0]));
        return true;
    }
    return true;
  }

 private:
  bool arrives(response message) {
    const auto id = message.response_id();
    const bool complete = message.has_result_complete();
    const bool was_finished = machine_.finished();
    const auto decision = machine_.on_response(id, complete, now_);
    if (was_finished) {
      must(decision.what == step::skip, "nothing is delivered after the end");
      return true;
    }
    if (decision.what == step::skip) {
      must(delivered_.contains(id), "only what was seen before is skipped");
      return true;
    }
    must(decision.what == (complete ? step::finish : step::deliver), "a response is delivered, or ends the result");
    // Fewer happen in one input than the machine remembers.
    must(id.empty() || delivered_.insert(id).second, "no response is delivered twice");
    must(id.empty() || machine_.last_response_id() == id, "the cursor is the last response");
    must(machine_.failures_in_a_row() == 0, "a response starts the count of failures again");
    if (decision.what == step::deliver) return read(std::move(message));
    const auto end = reader_.finish();
    must(end.has_value() == !is_in_batch_, "a result is complete unless chunks are missing");
    return true;
  }

  bool read(response message) {
    const std::optional<response::ArrowBatch> part =
        message.has_arrow_batch() ? std::optional(message.arrow_batch()) : std::nullopt;
    const auto batch = reader_.take(std::make_shared<response>(std::move(message)));
    if (!batch) {
      fuzz::must_be_refusal(batch.error(), {errc::protocol_error, errc::limit_exceeded});
      return false;  // the reader of the result gives up
    }
    const auto& rows = batch.assume_value();
    if (!part) {
      must(!rows, "a batch comes out of a batch");
      return true;
    }
    const auto chunks = part->has_num_chunks_in_batch() ? part->num_chunks_in_batch() : 1;
    const auto index = part->has_chunk_index() ? part->chunk_index() : 0;
    must(rows.has_value() == (index + 1 == chunks), "a batch is complete with its last chunk");
    is_in_batch_ = !rows;
    if (!rows) return true;
    must(part->row_count() == static_cast<std::int64_t>(rows->row_count()), "a batch has the rows that were announced");
    must(!part->has_start_offset() || part->start_offset() == rows_, "rows follow one another");
    rows_ += part->row_count();
    fuzz::walk(*rows);
    return true;
  }

  bool decided(const machine::decision& decision) {
    if (machine_.finished()) {
      must(decision.what == step::finish, "what has ended stays ended");
      return true;
    }
    must(decision.what == step::execute || decision.what == step::reattach || decision.what == step::fail,
         "a stream that ended is opened again, or the operation fails");
    must(decision.delay >= 0ms && decision.delay <= policy().max_server_delay, "waits are bounded");
    must(decision.what == step::fail || machine_.failures_in_a_row() <= policy().max_attempts, "tries are bounded");
    if (decision.what == step::execute) {
      must(!machine_.received_anything(), "what has begun is not executed again");
    }
    if (decision.what == step::fail) {
      must(decision.code != errc{}, "an end has its reason");
      return false;
    }
    pending_ = decision.what;
    return true;
  }

  machine::clock::time_point now_{};
  machine machine_{policy(), now_};
  step pending_ = machine_.start().what;
  frame::batch_reader reader_;
  std::set<std::string> delivered_;
  std::int64_t rows_ = 0;
  bool is_in_batch_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = fuzz::text_of(data, size);
  execution under_test;
  for (int count = 0; count < 1000; ++count) {
    const auto frame = fuzz::next_frame(bytes);
    if (!frame || !under_test.happens(*frame)) break;
  }
  return 0;
}
