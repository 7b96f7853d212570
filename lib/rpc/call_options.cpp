#include "rpc/unary.hpp"

#include <grpc/support/time.h>

#include <algorithm>

namespace cospark::rpc {

void apply(const call_options& options, grpc::ClientContext& context) {
  if (options.deadline.count() != 0) {
    // The monotonic clock: a jump of the wall clock must not end a call, nor keep it.
    const auto span = std::max<std::int64_t>(options.deadline.count(), 1);
    context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(span, GPR_TIMESPAN)));
  }
  for (const auto& [key, value] : options.metadata) context.AddMetadata(key, value);
}

}  // namespace cospark::rpc
