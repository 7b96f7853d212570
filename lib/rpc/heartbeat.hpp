// Keeps gRPC's callback threads awake.
#pragma once

#include <chrono>
#include <cstddef>

namespace cospark::rpc {

/// How often to beat while gRPC has a call. A callback thread of gRPC that saw no event for 1 s sleeps 100 ms at
/// a time, and an answer that arrives then is late by as much. Whoever takes an event stays awake for a second. A beat
/// wakes four threads, some 0.4 ms of CPU; 200 ms are left for timers that are late.
constexpr std::chrono::milliseconds heartbeat_period{800};

/// A call goes to gRPC, and has come back. Any thread; next to free.
void call_begins();
void call_ends() noexcept;

/// How many beats there were in this process.
std::size_t beats() noexcept;

}  // namespace cospark::rpc
