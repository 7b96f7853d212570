// Body of execute::unary.
#pragma once

#include "execute/link.hpp"
#include "execute/machine.hpp"

#include <algorithm>
#include <optional>

namespace cospark::execute {
namespace detail {

// Spark's names of the calls. Protobuf knows them, too, but looking one up there costs a millisecond and a megabyte.
constexpr const char* call_name(const spark::connect::AnalyzePlanRequest&) {
  return "AnalyzePlan";
}
constexpr const char* call_name(const spark::connect::ConfigRequest&) {
  return "Config";
}
constexpr const char* call_name(const spark::connect::InterruptRequest&) {
  return "Interrupt";
}

template <class Request, class Response>
task<> try_unary(link_ptr link, rpc::unary_method<Request, Response> method, const Request& request, Response& response,
                 std::chrono::milliseconds limit, const std::string& name) {
  using clock = std::chrono::steady_clock;
  const auto started = clock::now();
  const auto since = [started] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - started);
  };
  const auto left = [since, limit] { return std::max(limit - since(), std::chrono::milliseconds(1)); };
  unsigned tokens = 0;
  std::optional<call_failure> passing;  // of the try before this one
  for (unsigned attempts = 1;; ++attempts) {
    if (auto reason = link->unusable()) co_return failure(*reason);
    std::uint64_t generation = 0;
    auto options = link->options(left(), name, &generation);
    const auto began = clock::now();
    const auto stub = link->calls.get();
    const auto status = co_await rpc::call(link->engine, stub, method, &request, &response, std::move(options));
    const bool silence = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    if (silence) link->calls.replace_if_silent(stub, link->silent_since(began));
    if (status.ok()) {
      link->calls.heard();
      if (link->monitor->measures()) {
        link->monitor->count("bytes_received", {{"kind", name}}, response.ByteSizeLong());
      }
      if (auto changed = link->observe(response.server_side_session_id())) co_return failure(*changed);
      co_return success();
    }
    // When this side has cancelled the call, the next co_await throws.
    auto failed = understand(status);
    if (is_failure_to_connect(failed)) link->calls.replace_if_stuck(stub);
    const auto wait = std::max(with_jitter(link->retries, backoff(link->retries, attempts)),
                               failed.retry_after.value_or(std::chrono::milliseconds(0)));
    const bool time_is_left = attempts < link->retries.max_attempts && since() + wait < limit;
    auto treated = co_await link::treat(link, failed, generation, &tokens, left());
    if (treated && treated.assume_value() != link::remedy::none && time_is_left) {
      link->monitor->count("retries", {{"kind", name}});
      passing = std::move(failed);
      co_await pause(wait);
      continue;
    }
    // What kept the tries before from an answer says more than that the time is up.
    if (silence && passing) failed = *std::move(passing);
    auto error = treated ? link->to_error(failed) : treated.error();
    if (treated) COSPARK_TRY(co_await link::fetch_details(link, failed, error));
    auto detail = error.detail();
    detail.attempts = attempts;
    detail.elapsed = since();
    co_return failure(cospark::error(static_cast<errc>(error.code().value()), std::move(detail)));
  }
}

}  // namespace detail

template <class Request, class Response>
task<Response> unary(link_ptr link, rpc::unary_method<Request, Response> method, Request request,
                     std::chrono::milliseconds limit) {
  measurement measured(link->monitor, detail::call_name(request));
  link->address(request);
  Response response;
  auto outcome = co_await detail::try_unary(link, method, request, response, limit, measured.kind());
  if (!outcome) {
    link->note(outcome.error());
    measured.ended(outcome.error());
    co_return failure(outcome.error());
  }
  measured.ended_well();
  co_return std::move(response);
}

}  // namespace cospark::execute
