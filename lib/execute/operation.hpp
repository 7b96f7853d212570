// One Spark operation -> a stream of responses that survives cuts.
#pragma once

#include "execute/link.hpp"

#include <cospark/task.hpp>

#include <spark/connect/base.pb.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cospark::execute {

struct execute_options {
  execute_options() = default;

  /// Id of the operation, a UUID: what makes a repeated request the same operation.
  std::string operation_id;
  /// The user's tags, for interrupt_tag. Only on `start` and on results: a tag of any other command of a streaming
  /// query sticks to the query, and interrupting the tag then stops it.
  std::vector<std::string> tags;
  /// Ask for large batches in pieces (Spark 4.1+).
  bool allow_chunking = false;
  /// Hand out ExecutionProgress messages, too.
  bool wants_progress = false;
  /// Bound for the whole operation; none: until the server ends it.
  std::optional<std::chrono::milliseconds> limit;
  /// Running it has an effect, so a failure that leaves open whether it ran is reported as `errc::outcome_unknown`.
  bool has_effect = false;
};

/// One execution. Move-only; destroying it before its end cancels: the server is told to interrupt and release it, in
/// the background.
///
/// Thread safety: one coroutine at a time reads.
class operation {
 public:
  operation(link_ptr link, spark::connect::Plan plan, execute_options options);
  operation(operation&&) noexcept;
  operation& operator=(operation&&) noexcept;
  ~operation();

  /// The next response, in order and none twice; null after the last. An error ends the operation, and every
  /// further call returns it again. A cancelled call cancels the operation.
  task<rpc::message_ptr> next();

  const std::string& id() const noexcept;

 private:
  class state;
  std::shared_ptr<state> state_;
};

}  // namespace cospark::execute
