// Ours: the bridge alone, and the whole library.
#include "floor/client.hpp"
#include "rpc/response_stream.hpp"
#include "rpc/unary.hpp"
#include "support/process.hpp"

#include <cospark/run.hpp>
#include <cospark/session.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <optional>
#include <stdexcept>

namespace bench {
namespace {

using async = service::StubInterface::async_interface;

void rethrow(std::exception_ptr problem) {
  if (problem) std::rethrow_exception(problem);
}

class bridge final : public client {
 public:
  explicit bridge(const std::string& target) : stub_(make_stub(target)) { options_.deadline = call_deadline; }

  std::string name() const override { return "bridge"; }

  std::vector<std::int64_t> call(std::size_t calls, std::size_t in_flight) override {
    std::vector<std::int64_t> times;
    times.reserve(calls);
    auto left = calls;
    for (std::size_t i = 0; i < in_flight; ++i) asio::co_spawn(context_, call_some(left, times), rethrow);
    context_.restart();
    context_.run();
    return times;
  }

  std::size_t read(std::size_t messages, std::size_t size) override {
    std::size_t count = 0;
    asio::co_spawn(context_, read_all(messages, size, count), rethrow);
    context_.restart();
    context_.run();
    return count;
  }

 private:
  asio::awaitable<void> call_some(std::size_t& left, std::vector<std::int64_t>& times) {
    while (left != 0) {
      --left;
      const auto began = monotonic_ns();
      const auto request = config_request();
      spark::connect::ConfigResponse response;
      const auto status = co_await cospark::rpc::call(engine_, stub_, &async::Config, &request, &response, options_);
      if (!status.ok()) throw std::runtime_error(status.error_message());
      times.push_back(monotonic_ns() - began);
    }
  }

  asio::awaitable<void> read_all(std::size_t messages, std::size_t size, std::size_t& count) {
    auto request = std::make_shared<spark::connect::ExecutePlanRequest>(stream_request(messages, size));
    auto start = [stub = stub_, request](grpc::ClientContext& context, grpc::ClientReadReactor<message>& reactor) {
      stub->async()->ExecutePlan(&context, request.get(), &reactor);
    };
    cospark::rpc::call_options options;
    options.deadline = std::chrono::minutes(2);
    cospark::rpc::response_stream stream(engine_, options, start);
    for (;;) {
      auto item = co_await stream.next();
      if (item.status) {
        if (!item.status->ok()) throw std::runtime_error(item.status->error_message());
        co_return;
      }
      ++count;
    }
  }

  asio::io_context context_{1};
  std::shared_ptr<cospark::rpc::engine> engine_ = cospark::rpc::engine::make(context_.get_executor());
  std::shared_ptr<service::StubInterface> stub_;
  cospark::rpc::call_options options_;
};

class library final : public client {
 public:
  explicit library(const std::string& target) {
    session_.emplace(cospark::run(context_, cospark::session::connect("sc://" + target)).value());
  }

  std::string name() const override { return "library"; }

  std::vector<std::int64_t> call(std::size_t calls, std::size_t in_flight) override {
    std::vector<std::int64_t> times;
    times.reserve(calls);
    auto left = calls;
    for (std::size_t i = 0; i < in_flight; ++i) asio::co_spawn(context_, call_some(left, times), rethrow);
    context_.restart();
    context_.run();
    return times;
  }

  std::size_t read(std::size_t, std::size_t) override { return 0; }

 private:
  asio::awaitable<void> call_some(std::size_t& left, std::vector<std::int64_t>& times) {
    while (left != 0) {
      --left;
      const auto began = monotonic_ns();
      auto value = co_await session_->conf().get("key");
      value.value();
      times.push_back(monotonic_ns() - began);
    }
  }

  asio::io_context context_{1};
  std::optional<cospark::session> session_;
};

}  // namespace

std::unique_ptr<client> make_bridge(const std::string& target) {
  return std::make_unique<bridge>(target);
}
std::unique_ptr<client> make_library(const std::string& target) {
  return std::make_unique<library>(target);
}

}  // namespace bench
