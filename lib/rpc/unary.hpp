// One unary call -> one awaitable.
#pragma once

#include "rpc/complete.hpp"
#include "rpc/engine.hpp"

#include <grpcpp/support/status.h>
#include <spark/connect/base.grpc.pb.h>

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cospark::rpc {

using service = spark::connect::SparkConnectService;

/// What goes with every call: its bound in time and the metadata of the session.
struct call_options {
  call_options() = default;
  /// Time the call may take; the least is a millisecond, so that a spent budget does not become "no limit".
  std::chrono::milliseconds deadline{0};
  std::vector<std::pair<std::string, std::string>> metadata;
};

void apply(const call_options& options, grpc::ClientContext& context);

template <class Request, class Response>
using unary_method = void (service::StubInterface::async_interface::*)(grpc::ClientContext*, const Request*, Response*,
                                                                       std::function<void(grpc::Status)>);

namespace detail {

// One allocation for the whole call. gRPC owns it until its callback, then the inbox, then the handler's executor.
template <class Request, class Response, class Handler>
class unary_call final : public call_base {
 public:
  unary_call(std::shared_ptr<engine> engine, std::shared_ptr<service::StubInterface> stub, Handler handler)
      : call_base(&unary_call::finish, std::move(engine)), stub_(std::move(stub)), completion_(std::move(handler)) {}

  void start(unary_method<Request, Response> method, const Request* request, Response* response,
             const call_options& options) {
    apply(options, context_);
    if (!engine_->enter(*this)) {
      status_ = grpc::Status(grpc::StatusCode::CANCELLED, "the execution context is going away");
      completion_.post(owner(this), &unary_call::take_status);
      return;
    }
    entered_ = true;
    auto slot = completion_.slot();
    // Cancelling only asks gRPC to end the call: it always completes through its callback.
    if (slot.is_connected()) slot.assign([this](asio::cancellation_type) { cancel(); });
    // gRPC must be able to copy the callback, and destroys its captures on its own thread: a plain pointer is both.
    try {
      (stub_->async()->*method)(&context_, request, response, [this](grpc::Status status) {
        status_ = std::move(status);
        engine_->leave(*this);
      });
    } catch (const std::exception& problem) {
      const std::string what = "the call cannot be started: ";
      status_ = grpc::Status(grpc::StatusCode::INTERNAL, what + problem.what());
      engine_->leave(*this);
    }
  }

 private:
  using owner = call_owner<unary_call>;

  ~unary_call() override {
    if (entered_) engine_->forget(*this);
  }

  static void finish(inbox_node* node, const asio::any_io_executor* here) {
    auto* self = static_cast<unary_call*>(node);
    if (here == nullptr) {
      self->release_reference();
      return;
    }
    self->completion_.dispatch(*here, owner(self), &unary_call::take_status);
  }

  static grpc::Status take_status(owner& self) { return std::move(self->status_); }

  bool entered_ = false;
  std::shared_ptr<service::StubInterface> stub_;
  grpc::Status status_;
  friend class completion<Handler>;
  completion<Handler> completion_;
};

}  // namespace detail

/// Makes a unary call. Completes on the awaiting coroutine's executor; cancellation (`terminal`) ends the call early
/// with the status CANCELLED. Request and response must live until the call has ended: variables of the awaiting
/// coroutine, since gRPC reads the one and writes the other in place.
template <class Request, class Response>
asio::awaitable<grpc::Status> call(std::shared_ptr<engine> owner, std::shared_ptr<service::StubInterface> stub,
                                   unary_method<Request, Response> method, const Request* request, Response* response,
                                   call_options options) {
  auto initiate = [](auto handler, std::shared_ptr<engine> engine, std::shared_ptr<service::StubInterface> to,
                     unary_method<Request, Response> how, const Request* asked, Response* answer, call_options with) {
    auto* made = new detail::unary_call<Request, Response, decltype(handler)>(std::move(engine), std::move(to),
                                                                              std::move(handler));
    made->start(how, asked, answer, with);
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(grpc::Status)>(
      initiate, asio::use_awaitable, std::move(owner), std::move(stub), method, request, response, std::move(options));
}

}  // namespace cospark::rpc
