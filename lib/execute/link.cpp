#include "execute/link.hpp"

#include "execute/header.hpp"

#include <grpcpp/support/status_code_enum.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/strand.hpp>

namespace cospark::execute {
namespace {

using async = rpc::service::StubInterface::async_interface;

// What servers take if nobody tells them otherwise, in bytes.
constexpr std::size_t usual_header_limit = 8192;

std::size_t header_size(const link& of) {
  constexpr std::size_t overhead = 32;  // of each header, as HTTP/2 counts
  std::size_t size = 0;
  for (const auto& [name, value] : of.options(std::chrono::milliseconds(0)).metadata) {
    size += name.size() + value.size() + overhead;
  }
  return size;
}

error too_large_headers(const link& of, error_detail detail) {
  detail.message = "the headers of the call are more than the server takes: " + std::to_string(header_size(of)) +
                   " bytes, of which the token has " + std::to_string(of.token->value().size()) + " (" +
                   detail.message + ")";
  detail.retryable = false;
  return error(errc::limit_exceeded, std::move(detail));
}

constexpr unsigned most_tokens = 3;  // for one operation
// How long what was found about the server's TLS is believed, and how long to look.
constexpr auto examination_holds = std::chrono::seconds(5);
constexpr auto examination_limit = std::chrono::seconds(3);

// Best effort: the server forgets an operation by itself after a while, this frees it now.
asio::awaitable<void> release(link_ptr link, std::string operation_id, bool interrupt) {
  if (interrupt) {
    spark::connect::InterruptRequest request;
    link->address(request);
    request.set_interrupt_type(spark::connect::InterruptRequest::INTERRUPT_TYPE_OPERATION_ID);
    request.set_operation_id(operation_id);
    spark::connect::InterruptResponse response;
    co_await rpc::call(link->engine, link->calls.get(), &async::Interrupt, &request, &response,
                       link->options(link->limits.background));
  }
  spark::connect::ReleaseExecuteRequest request;
  link->address(request);
  request.set_operation_id(std::move(operation_id));
  request.mutable_release_all();
  spark::connect::ReleaseExecuteResponse response;
  // Whatever the answer: an ILLEGAL_STATE error, too, means that the operation is gone.
  co_await rpc::call(link->engine, link->calls.get(), &async::ReleaseExecute, &request, &response,
                     link->options(link->limits.background));
}

}  // namespace

std::optional<error> link::observe(const std::string& server_side_session_id) {
  answered_.store(connection::clock::now().time_since_epoch().count());
  monitor->arrived();
  if (server_side_session_id.empty()) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (server_side_session_id_.empty()) server_side_session_id_ = server_side_session_id;
    if (server_side_session_id_ == server_side_session_id) return std::nullopt;
  }
  error_detail detail;
  detail.message = "the server answers from another session than before: it was restarted, or the session was replaced";
  detail.condition = "INVALID_HANDLE.SESSION_CHANGED";
  return error(errc::session_lost, std::move(detail));
}

void link::close() {
  closed_.store(true);
  monitor->lost("the session was stopped");
  token->close();
  const std::lock_guard lock(mutex_);
  if (examination_) examination_->fail_all(closed_error());
}

std::optional<error> link::unusable() const {
  if (closed()) return closed_error();
  if (!is_lost_.load()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return lost_;
}

void link::note(const error& reason) {
  if (reason != errc::session_lost) return;
  {
    const std::lock_guard lock(mutex_);
    if (!lost_) lost_ = reason;
    is_lost_.store(true);
  }
  monitor->lost(reason.message());
}

rpc::call_options link::options(std::chrono::milliseconds deadline, std::string_view call,
                                std::uint64_t* token_generation) const {
  rpc::call_options options;
  options.deadline = deadline;
  options.metadata = metadata;
  if (auto value = token->value(token_generation); !value.empty()) {
    options.metadata.emplace_back("authorization", "Bearer " + std::move(value));
  }
  if (!call_metadata || call.empty()) return options;
  try {
    for (auto& header : call_metadata(call)) {
      if (!is_header_name(header.first)) continue;
      if (!is_header_value(header.second) && !header.first.ends_with("-bin")) continue;
      options.metadata.push_back(std::move(header));
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): tracing must not end what it traces
  }
  return options;
}

error link::to_error(const call_failure& failure, const spark::connect::FetchErrorDetailsResponse* details) const {
  auto reason = execute::to_error(failure, details);
  if (is_metadata_refused(failure)) reason = too_large_headers(*this, reason.detail());
  return token->without_tokens(reason);
}

task<link::remedy> link::treat(std::shared_ptr<link> self, call_failure failed, std::uint64_t token_generation,
                               unsigned* tokens, std::chrono::milliseconds limit) {
  const bool refused =
      failed.grpc_code == grpc::StatusCode::UNAUTHENTICATED || failed.grpc_code == grpc::StatusCode::PERMISSION_DENIED;
  if (refused) {
    self->monitor->arrived();
    if (!self->token->has_provider() || *tokens >= most_tokens) co_return remedy::none;
    ++*tokens;
    COSPARK_TRY(const bool other, co_await token::renew(self->token, token_generation, limit));
    // The very same token will be refused again.
    co_return other ? remedy::repeat_with_new_token : remedy::none;
  }
  if (!is_transient(failed)) {
    if (failed.grpc_code != grpc::StatusCode::DEADLINE_EXCEEDED) self->monitor->arrived();
    co_return remedy::none;
  }
  // Spark answers with 431 up to some size, and hangs up on more.
  if (failed.grpc_code == grpc::StatusCode::UNAVAILABLE && !is_failure_to_connect(failed) &&
      !self->has_ever_answered() && header_size(*self) > usual_header_limit) {
    co_return failure(self->token->without_tokens(too_large_headers(*self, execute::to_error(failed).detail())));
  }
  if (failed.condition.empty() && !failed.retry_after) {
    self->monitor->failed(self->token->without_tokens(failed.message));
    if (is_failure_to_connect(failed) && self->examine) COSPARK_TRY(co_await check_tls(self, failed));
  } else {
    self->monitor->arrived();
  }
  co_return remedy::repeat;
}

// All calls that fail to connect share one look at the server, and its finding for a while.
task<> link::check_tls(std::shared_ptr<link> self, call_failure failed) {
  using clock = std::chrono::steady_clock;
  std::shared_ptr<wait_list> examination;
  bool known = false;
  {
    const std::lock_guard lock(self->mutex_);
    if (!self->examination_) self->examination_ = wait_list::make(*self->engine);
    examination = self->examination_;
    known = !self->examining_ && self->examined_ && clock::now() - *self->examined_ < examination_holds;
  }
  if (!known) {
    auto start = [self, failed] {
      {
        const std::lock_guard lock(self->mutex_);
        if (std::exchange(self->examining_, true)) return;
      }
      asio::co_spawn(asio::make_strand(self->engine->executor()), run_examination(self, failed.message),
                     asio::detached);
    };
    auto ended = co_await examination->wait(std::string(), clock::now() + 2 * examination_limit, start);
    if (!ended) co_return failure(ended.error());
  }
  std::string finding;
  {
    const std::lock_guard lock(self->mutex_);
    finding = self->finding_;
  }
  if (finding.empty()) co_return success();
  self->monitor->log(log_level::error, "connection", "no secure connection", {{"reason", finding}});
  error_detail detail;
  detail.message = finding;
  detail.grpc_code = failed.grpc_code;
  co_return failure(error(errc::tls_failed, std::move(detail)));
}

asio::awaitable<void> link::run_examination(std::shared_ptr<link> self, std::string failure) {
  auto finding = co_await self->examine(std::move(failure), self->has_ever_answered());
  {
    const std::lock_guard lock(self->mutex_);
    self->finding_ = std::move(finding);
    self->examined_ = std::chrono::steady_clock::now();
    self->examining_ = false;
  }
  self->examination_->resolve(std::string(), true);
}

void link::release_in_background(std::string operation_id, bool interrupt) {
  if (unusable()) return;  // the session is released as a whole, or gone
  ++background_calls_;
  asio::co_spawn(engine->executor(), release(shared_from_this(), std::move(operation_id), interrupt),
                 [self = shared_from_this()](std::exception_ptr) { --self->background_calls_; });
}

task<> link::fetch_details(std::shared_ptr<link> self, call_failure failure, error& out) {
  if (failure.error_id.empty()) co_return success();
  spark::connect::FetchErrorDetailsRequest request;
  self->address(request);
  request.set_error_id(failure.error_id);
  spark::connect::FetchErrorDetailsResponse details;
  const auto status = co_await rpc::call(self->engine, self->calls.get(), &async::FetchErrorDetails, &request, &details,
                                         self->options(self->limits.background));
  if (!status.ok()) co_return success();
  // Another session knows nothing of this error.
  if (!self->observe(details.server_side_session_id())) out = self->to_error(failure, &details);
  co_return success();
}

task<bool> link::ask_reattach(std::shared_ptr<link> self, std::chrono::milliseconds limit) {
  if (!self->reattach_.load()) co_return false;
  spark::connect::ConfigRequest request;
  auto& setting = *request.mutable_operation()->mutable_get_with_default()->add_pairs();
  setting.set_key("spark.connect.execute.reattachable.enabled");
  setting.set_value("true");
  COSPARK_TRY(auto answer, co_await unary<spark::connect::ConfigRequest, spark::connect::ConfigResponse>(
                               self, &async::Config, std::move(request), limit));
  const bool reattach = answer.pairs_size() != 1 || answer.pairs(0).value() != "false";
  self->reattach_.store(reattach);
  co_return reattach;
}

asio::awaitable<void> pause(std::chrono::milliseconds delay) {
  if (delay.count() <= 0) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace cospark::execute
