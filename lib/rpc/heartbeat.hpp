// Keeps gRPC's callback threads awake.
#pragma once

#include <chrono>

namespace cospark::rpc {

/// How often to beat while a call is in flight. A callback thread of gRPC that saw no event for 1 s sleeps 100 ms at
/// a time, and an answer that arrives then is late by as much. Whoever takes an event stays awake for a second.
constexpr std::chrono::milliseconds heartbeat_period{500};

/// Starts one call that fails at once, on a channel that leads nowhere: the cheapest event there is. The channel
/// stays for the life of the process and so pins gRPC's callback queue, which must not end on one of its own threads.
void beat();

}  // namespace cospark::rpc
