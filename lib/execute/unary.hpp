// Body of execute::unary.
#pragma once

#include "execute/link.hpp"
#include "execute/machine.hpp"

#include <algorithm>

namespace cospark::execute {

template <class Request, class Response>
task<Response> unary(link_ptr link, rpc::unary_method<Request, Response> method, Request request,
                     std::chrono::milliseconds limit) {
  using clock = std::chrono::steady_clock;
  const auto started = clock::now();
  const auto since = [started] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - started);
  };
  link->address(request);
  for (unsigned attempts = 1;; ++attempts) {
    if (link->closed()) co_return failure(link->closed_error());
    auto options = link->options(std::max(limit - since(), std::chrono::milliseconds(1)));
    const auto began = clock::now();
    const auto stub = link->calls.get();
    auto reply = co_await rpc::call(link->engine, stub, method, request, std::move(options));
    const bool silence = reply.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    if (silence) link->calls.replace_if_silent(stub, link->silent_since(began));
    if (reply.status.ok()) {
      link->calls.heard();
      if (auto changed = link->observe(reply.response.server_side_session_id())) co_return failure(*changed);
      co_return std::move(reply.response);
    }
    // When this side has cancelled the call, the next co_await throws.
    auto failed = understand(reply.status);
    const auto wait = std::max(with_jitter(link->retries, backoff(link->retries, attempts)),
                               failed.retry_after.value_or(std::chrono::milliseconds(0)));
    if (is_transient(failed) && attempts < link->retries.max_attempts && since() + wait < limit) {
      co_await pause(wait);
      continue;
    }
    auto error = to_error(failed);
    COSPARK_TRY(co_await link::fetch_details(link, failed, error));
    auto detail = error.detail();
    detail.attempts = attempts;
    detail.elapsed = since();
    co_return failure(cospark::error(static_cast<errc>(error.code().value()), std::move(detail)));
  }
}

}  // namespace cospark::execute
