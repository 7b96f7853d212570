// Waits that are pending calls of the server, one each: `wait_strategy::blocking`.
#pragma once

#include "execute/wait_list.hpp"
#include "streaming/query_state.hpp"

#include <cospark/task.hpp>

#include <optional>

namespace cospark::streaming {

using execute::wait_list;

/// Waits until the run has ended: true; false at the deadline; `errc::query_failed` if it failed.
task<bool> blocking_wait(query_ptr query, std::optional<wait_list::clock::time_point> deadline);
/// The same for any query of the session.
task<bool> blocking_wait_any(connect::session_ptr session, std::optional<wait_list::clock::time_point> deadline);

}  // namespace cospark::streaming
