// The gRPC service of the scriptable server: blocking handlers, on gRPC's own threads.
#pragma once

#include "testing/state.hpp"

#include <spark/connect/base.grpc.pb.h>

namespace cospark::testing {

class service final : public proto::SparkConnectService::Service {
 public:
  explicit service(state& what) : state_(what) {}

  grpc::Status AnalyzePlan(grpc::ServerContext*, const proto::AnalyzePlanRequest*,
                           proto::AnalyzePlanResponse*) override;
  grpc::Status Config(grpc::ServerContext*, const proto::ConfigRequest*, proto::ConfigResponse*) override;
  grpc::Status Interrupt(grpc::ServerContext*, const proto::InterruptRequest*, proto::InterruptResponse*) override;
  grpc::Status ReleaseExecute(grpc::ServerContext*, const proto::ReleaseExecuteRequest*,
                              proto::ReleaseExecuteResponse*) override;
  grpc::Status ReleaseSession(grpc::ServerContext*, const proto::ReleaseSessionRequest*,
                              proto::ReleaseSessionResponse*) override;
  grpc::Status FetchErrorDetails(grpc::ServerContext*, const proto::FetchErrorDetailsRequest*,
                                 proto::FetchErrorDetailsResponse*) override;
  grpc::Status ExecutePlan(grpc::ServerContext*, const proto::ExecutePlanRequest*,
                           grpc::ServerWriter<proto::ExecutePlanResponse>*) override;
  grpc::Status ReattachExecute(grpc::ServerContext*, const proto::ReattachExecuteRequest*,
                               grpc::ServerWriter<proto::ExecutePlanResponse>*) override;

 private:
  state& state_;
};

}  // namespace cospark::testing
