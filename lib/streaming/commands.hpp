// The commands that streaming queries are managed with.
#pragma once

#include "connect/session_state.hpp"
#include "streaming/query_state.hpp"

#include <cospark/task.hpp>

#include <chrono>
#include <optional>

namespace cospark::streaming {

using query_command = spark::connect::StreamingQueryCommand;
using query_answer = spark::connect::StreamingQueryCommandResult;
using manager_command = spark::connect::StreamingQueryManagerCommand;
using manager_answer = spark::connect::StreamingQueryManagerCommandResult;

/// Runs a command on a query. `limit`: most time for it; none for a command that waits on the server.
/// No tags of the user travel with it: the server would remember them with the query.
task<query_answer> run(query_ptr query, query_command command, std::optional<std::chrono::milliseconds> limit);
task<manager_answer> run(connect::session_ptr session, manager_command command,
                         std::optional<std::chrono::milliseconds> limit);

/// How a run ended: a value or `errc::query_failed`. `errc::query_not_found` if the server has forgotten it.
/// For a run that is known to have ended; one that still runs gives a value, too.
task<> fetch_outcome(query_ptr query);

/// The failure of a query, from the three texts in which `exception = true` gives it.
error query_failure(const query_state& query, const query_answer::ExceptionResult& from);

/// Whether asking again may help.
inline bool is_passing(const error& reason) {
  return reason == errc::unavailable || reason == errc::timed_out;
}
/// The same within the bounds of the policy, for what is asked again and again on behalf of waits. A single call ends
/// by its own time limit, which is much shorter than the policy's; `trouble_since`: when the server last answered.
inline bool is_bearable(const error& reason, std::chrono::steady_clock::time_point trouble_since,
                        const retry_policy& policy) {
  return is_passing(reason) && reason.detail().attempts < policy.max_attempts &&
         std::chrono::steady_clock::now() - trouble_since <= policy.max_elapsed;
}

/// The error with the ids of the query it is about.
error about(const query_state& query, const error& reason);

}  // namespace cospark::streaming
