// The type of every remote operation.
#pragma once

#include <cospark/result.hpp>

#include <asio/awaitable.hpp>

namespace cospark {

/// A remote operation: await it, or hand it to `spawn` or `run`. Nothing happens before that.
///
/// Executor: the awaiting coroutine resumes on its own executor, never on a thread of gRPC, and never inside the
/// call that started the operation.
/// Cancellation: every operation honours the cancellation slot of the awaiting coroutine (`terminal`) and then
/// ends with `errc::cancelled`; each says what the server still does. As always in Asio, the next `co_await` of a
/// cancelled coroutine throws `std::system_error` with `asio::error::operation_aborted`.
/// Destroying the task, or the coroutine that awaits it, cancels the operation.
template <class T = void>
using task = asio::awaitable<result<T>>;

}  // namespace cospark
