#include "rpc/heartbeat.hpp"

#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <spark/connect/base.grpc.pb.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

namespace cospark::rpc {
namespace {

/// One for the process. Its alarm is gRPC's: a timer on the loop of a program would keep that loop from ending, and
/// would have to be set and cancelled with every call that is alone. A set alarm rings once after the last call.
class heart {
 public:
  static heart& instance() {
    // Never destroyed: at exit, gRPC's threads may still be using it.
    static auto& one = *new heart;
    return one;
  }

  void call_begins() {
    calls_.fetch_add(1);
    if (!is_set_.load()) begin();
  }
  void call_ends() noexcept { calls_.fetch_sub(1); }
  std::size_t beats() const noexcept { return beats_.load(); }

 private:
  struct pulse {
    grpc::ClientContext context;
    spark::connect::ConfigRequest request;
    spark::connect::ConfigResponse response;
  };

  void begin() {
    const std::lock_guard lock(mutex_);
    if (!is_set_.exchange(true)) set_alarm();
  }

  // With the mutex held. An alarm cannot be set again from its own callback: two take turns.
  void set_alarm() {
    next_ = 1 - next_;
    alarms_[next_] = std::make_unique<grpc::Alarm>();
    alarms_[next_]->Set(std::chrono::system_clock::now() + heartbeat_period, [this](bool) { ring(); });
  }

  void ring() {
    const std::lock_guard lock(mutex_);
    is_set_.store(false);
    if (calls_.load() == 0) return;
    is_set_.store(true);
    beat();
    set_alarm();
  }

  // One call that fails at once, on a channel that leads nowhere: the cheapest event there is. The channel stays for
  // the life of the process and so pins gRPC's callback queue, which must not end on one of its own threads.
  void beat() {
    beats_.fetch_add(1);
    auto* call = new pulse;
    stub_->async()->Config(&call->context, &call->request, &call->response,
                           [call](const grpc::Status&) { delete call; });
  }

  const std::unique_ptr<spark::connect::SparkConnectService::Stub> stub_ =
      spark::connect::SparkConnectService::NewStub(grpc::CreateChannel("lame", nullptr));
  std::atomic<std::size_t> calls_{0};
  std::atomic<bool> is_set_{false};
  std::atomic<std::size_t> beats_{0};
  std::mutex mutex_;
  std::array<std::unique_ptr<grpc::Alarm>, 2> alarms_;
  std::size_t next_ = 0;
};

}  // namespace

void call_begins() {
  heart::instance().call_begins();
}

void call_ends() noexcept {
  heart::instance().call_ends();
}

std::size_t beats() noexcept {
  return heart::instance().beats();
}

}  // namespace cospark::rpc
