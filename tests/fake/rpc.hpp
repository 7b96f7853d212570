// Calls through the bridge alone, without sessions.
#pragma once

#include "client.hpp"
#include "rpc/response_stream.hpp"
#include "rpc/unary.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <asio/this_coro.hpp>

#include <memory>
#include <optional>

namespace fake {

struct bridge {
  using stub_ptr = std::shared_ptr<cospark::rpc::service::StubInterface>;
  struct reply {
    grpc::Status status;
    proto::ConfigResponse response;
  };
  using async = cospark::rpc::service::StubInterface::async_interface;
  using arguments_function = void (*)(grpc::ChannelArguments&);

  explicit bridge(const server& spark, arguments_function arguments = nullptr) : stub(stub_to(spark, arguments)) {}

  static stub_ptr stub_to(const server& spark, arguments_function change = nullptr) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (change != nullptr) change(arguments);
    return cospark::rpc::service::NewStub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(spark.port()),
                                                                    grpc::InsecureChannelCredentials(), arguments));
  }

  static asio::awaitable<reply> config_call(std::shared_ptr<cospark::rpc::engine> engine, stub_ptr stub,
                                            proto::ConfigRequest request = proto::ConfigRequest(),
                                            cospark::rpc::call_options options = cospark::rpc::call_options()) {
    reply ended;
    auto call = cospark::rpc::call(std::move(engine), std::move(stub), &async::Config, &request, &ended.response,
                                   std::move(options));
    ended.status = co_await std::move(call);
    co_return ended;
  }
  asio::awaitable<reply> config() { return config_call(engine, stub, proto::ConfigRequest(), options); }

  /// Makes a call and runs the context until it has ended.
  reply config_now(const proto::ConfigRequest& request = proto::ConfigRequest()) {
    std::optional<reply> ended;
    auto store = [&ended](std::exception_ptr problem, reply value) {
      if (problem) std::rethrow_exception(problem);
      ended.emplace(std::move(value));
    };
    asio::co_spawn(io, config_call(engine, stub, request, options), store);
    REQUIRE(eventually(io, [&] { return ended.has_value(); }));
    return std::move(*ended);
  }

  /// Opens the response stream of an operation that answers with rows.
  cospark::rpc::response_stream rows(cospark::rpc::read_ahead limits = cospark::rpc::read_ahead(),
                                     const std::string& operation_id = "op") {
    auto request = std::make_shared<proto::ExecutePlanRequest>();
    request->set_session_id("s");
    request->set_operation_id(operation_id);
    request->mutable_plan()->mutable_root()->mutable_range()->set_end(1);
    return cospark::rpc::response_stream(
        engine, options,
        [to = stub, request](auto& context, auto& reactor) {
          to->async()->ExecutePlan(&context, request.get(), &reactor);
        },
        limits);
  }

  asio::io_context io;
  std::shared_ptr<cospark::rpc::engine> engine = cospark::rpc::engine::make(io.get_executor());
  stub_ptr stub;
  cospark::rpc::call_options options;
};

}  // namespace fake
