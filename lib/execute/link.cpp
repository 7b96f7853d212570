#include "execute/link.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

namespace cospark::execute {
namespace {

using async = rpc::service::StubInterface::async_interface;

// Best effort: the server forgets an operation by itself after a while, this frees it now.
asio::awaitable<void> release(link_ptr link, std::string operation_id, bool interrupt) {
  if (interrupt) {
    spark::connect::InterruptRequest request;
    link->address(request);
    request.set_interrupt_type(spark::connect::InterruptRequest::INTERRUPT_TYPE_OPERATION_ID);
    request.set_operation_id(operation_id);
    co_await rpc::call<spark::connect::InterruptRequest, spark::connect::InterruptResponse>(
        link->engine, link->calls.get(), &async::Interrupt, std::move(request), link->options(link->limits.background));
  }
  spark::connect::ReleaseExecuteRequest request;
  link->address(request);
  request.set_operation_id(std::move(operation_id));
  request.mutable_release_all();
  // Whatever the answer: an ILLEGAL_STATE error, too, means that the operation is gone.
  co_await rpc::call<spark::connect::ReleaseExecuteRequest, spark::connect::ReleaseExecuteResponse>(
      link->engine, link->calls.get(), &async::ReleaseExecute, std::move(request), link->options(link->limits.background));
}

}  // namespace

std::optional<error> link::observe(const std::string& server_side_session_id) {
  if (server_side_session_id.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (server_side_session_id_.empty()) server_side_session_id_ = server_side_session_id;
  if (server_side_session_id_ == server_side_session_id) return std::nullopt;
  error_detail detail;
  detail.message = "the server answers from another session than before: it was restarted, or the session was replaced";
  detail.condition = "INVALID_HANDLE.SESSION_CHANGED";
  return error(errc::session_lost, std::move(detail));
}

std::string link::observed_server_side_session_id() const {
  const std::lock_guard lock(mutex_);
  return server_side_session_id_;
}

rpc::call_options link::options(std::chrono::milliseconds deadline) const {
  rpc::call_options options;
  options.deadline = deadline;
  options.metadata = metadata;
  return options;
}

void link::release_in_background(std::string operation_id, bool interrupt) {
  if (closed()) return;  // the session is released as a whole
  ++background_calls_;
  asio::co_spawn(engine->executor(), release(shared_from_this(), std::move(operation_id), interrupt),
                 [self = shared_from_this()](std::exception_ptr) { --self->background_calls_; });
}

task<> link::fetch_details(std::shared_ptr<link> self, call_failure failure, error& out) {
  if (failure.error_id.empty()) co_return success();
  spark::connect::FetchErrorDetailsRequest request;
  self->address(request);
  request.set_error_id(failure.error_id);
  auto reply = co_await rpc::call<spark::connect::FetchErrorDetailsRequest, spark::connect::FetchErrorDetailsResponse>(
      self->engine, self->calls.get(), &async::FetchErrorDetails, std::move(request), self->options(self->limits.background));
  if (reply.status.ok()) out = to_error(failure, &reply.response);
  co_return success();
}

asio::awaitable<void> pause(std::chrono::milliseconds delay) {
  if (delay.count() <= 0) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace cospark::execute
