// When a server that was just started is ready.
#pragma once

#include <cospark/task.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

namespace cospark::local {

/// Sleeps. Cancelled, it throws as Asio's own operations do.
asio::awaitable<void> nap(std::chrono::milliseconds duration);

/// Returns once a server on 127.0.0.1:port speaks HTTP/2, as every gRPC server does from its first moment on.
/// `alive` is asked between tries; its error ends the wait.
///
/// Errors: those of `alive`; `timed_out`. Cancelled, it throws as Asio's own operations do.
task<> wait_until_answers(std::uint16_t port, std::chrono::steady_clock::time_point deadline,
                          std::function<result<void>()> alive);

}  // namespace cospark::local
