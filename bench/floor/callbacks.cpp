// The floor: clients by hand.
#include "floor/client.hpp"
#include "support/process.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

/// Where a client goes on when gRPC has told it something.
class in_reaction {
 public:
  static constexpr const char* name = "raw";
  template <class Function>
  void go_on(Function function) {
    function();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return std::exchange(done_, false); });
  }
  void finish() {
    const std::lock_guard lock(mutex_);
    done_ = true;
    condition_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool done_ = false;
};

class on_loop {
 public:
  static constexpr const char* name = "hop";
  template <class Function>
  void go_on(Function function) {
    asio::post(context_, std::move(function));
  }
  void wait() {
    const auto work = asio::make_work_guard(context_);
    context_.restart();
    context_.run();
  }
  void finish() { context_.stop(); }

 private:
  asio::io_context context_;
};

template <class Where>
class callbacks final : public client {
 public:
  explicit callbacks(const std::string& target) : stub_(make_stub(target)) {}

  std::string name() const override { return Where::name; }

  std::vector<std::int64_t> call(std::size_t calls, std::size_t in_flight) override {
    times_.assign(calls, 0);
    to_start_ = calls;
    to_end_ = calls;
    ended_ = 0;
    for (std::size_t i = 0; i < in_flight; ++i) start_next();
    where_.wait();
    return times_;
  }

  std::size_t read(std::size_t messages, std::size_t size) override {
    const auto request = stream_request(messages, size);
    reader reading(*this);
    stub_->async()->ExecutePlan(&reading.context, &request, &reading);
    reading.StartRead(&reading.incoming);
    reading.StartCall();
    where_.wait();
    return reading.count;
  }

 private:
  struct unary {
    grpc::ClientContext context;
    spark::connect::ConfigRequest request;
    spark::connect::ConfigResponse response;
    std::int64_t began;
  };

  void start_next() {
    auto left = to_start_.load();
    while (left != 0 && !to_start_.compare_exchange_weak(left, left - 1)) {
    }
    if (left == 0) return;
    // The time of a call is that of all it takes, as in a coroutine: from its request until it has been freed.
    const auto began = monotonic_ns();
    auto* made = new unary;
    made->request = config_request();
    made->context.set_deadline(std::chrono::system_clock::now() + call_deadline);
    made->began = began;
    stub_->async()->Config(&made->context, &made->request, &made->response, [this, made](const grpc::Status& status) {
      if (!status.ok()) std::abort();
      where_.go_on([this, made] { end(made); });
    });
  }

  void end(unary* ended) {
    const auto began = ended->began;
    delete ended;
    times_[ended_.fetch_add(1)] = monotonic_ns() - began;
    start_next();
    if (to_end_.fetch_sub(1) == 1) where_.finish();
  }

  // One message is read again and again in the reaction; on the loop each has a message of its own.
  struct reader final : grpc::ClientReadReactor<message> {
    explicit reader(callbacks& owner) : of(owner) {}
    void OnReadDone(bool ok) override {
      if (!ok) return;
      if constexpr (std::is_same_v<Where, in_reaction>) {
        ++count;
        this->StartRead(&incoming);
      } else {
        auto taken = std::make_shared<message>(std::move(incoming));
        incoming.Clear();
        of.where_.go_on([this, taken] { ++count; });
        this->StartRead(&incoming);
      }
    }
    void OnDone(const grpc::Status& status) override {
      if (!status.ok()) std::abort();
      of.where_.go_on([this] { of.where_.finish(); });
    }

    callbacks& of;
    grpc::ClientContext context;
    message incoming;
    std::size_t count = 0;
  };

  Where where_;
  std::shared_ptr<service::StubInterface> stub_;
  std::vector<std::int64_t> times_;
  std::atomic<std::size_t> to_start_{0};
  std::atomic<std::size_t> to_end_{0};
  std::atomic<std::size_t> ended_{0};
};

}  // namespace

spark::connect::ConfigRequest config_request() {
  spark::connect::ConfigRequest request;
  request.set_session_id("8f14e45f-ceea-467a-9575-1a2b3c4d5e6f");
  request.mutable_user_context()->set_user_id("bench");
  request.mutable_user_context()->set_user_name("bench");
  request.set_client_type("bench");
  request.mutable_operation()->mutable_get()->add_keys("key");
  return request;
}

spark::connect::ExecutePlanRequest stream_request(std::size_t messages, std::size_t size) {
  spark::connect::ExecutePlanRequest request;
  request.set_session_id("8f14e45f-ceea-467a-9575-1a2b3c4d5e6f");
  request.set_operation_id("45c48cce-2e2d-4fbd-8a5f-1a2b3c4d5e6f");
  auto& range = *request.mutable_plan()->mutable_root()->mutable_range();
  range.set_start(static_cast<std::int64_t>(size));
  range.set_end(static_cast<std::int64_t>(messages));
  return request;
}

std::shared_ptr<service::StubInterface> make_stub(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection for each client
  arguments.SetMaxReceiveMessageSize(-1);
  return service::NewStub(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
}

std::unique_ptr<client> make_raw(const std::string& target) {
  return std::make_unique<callbacks<in_reaction>>(target);
}
std::unique_ptr<client> make_hop(const std::string& target) {
  return std::make_unique<callbacks<on_loop>>(target);
}

}  // namespace bench
