// A stub that answers Config inside the call, without gRPC's threads: what is counted is ours alone, and the same
// every time.
#pragma once

#include <spark/connect/base.grpc.pb.h>

#include <cstdlib>
#include <functional>

namespace bench {

namespace proto = spark::connect;

class instant_stub final : public proto::SparkConnectService::StubInterface {
  using context = grpc::ClientContext*;
  using queue = grpc::CompletionQueue*;
  [[noreturn]] static void unused() { std::abort(); }

 public:
#define BENCH_UNARY(Name, Request, Response) \
  grpc::Status Name(context, const proto::Request&, proto::Response*) override { unused(); }
  BENCH_UNARY(AnalyzePlan, AnalyzePlanRequest, AnalyzePlanResponse)
  BENCH_UNARY(Config, ConfigRequest, ConfigResponse)
  BENCH_UNARY(ArtifactStatus, ArtifactStatusesRequest, ArtifactStatusesResponse)
  BENCH_UNARY(Interrupt, InterruptRequest, InterruptResponse)
  BENCH_UNARY(ReleaseExecute, ReleaseExecuteRequest, ReleaseExecuteResponse)
  BENCH_UNARY(ReleaseSession, ReleaseSessionRequest, ReleaseSessionResponse)
  BENCH_UNARY(FetchErrorDetails, FetchErrorDetailsRequest, FetchErrorDetailsResponse)
  BENCH_UNARY(CloneSession, CloneSessionRequest, CloneSessionResponse)
  BENCH_UNARY(GetStatus, GetStatusRequest, GetStatusResponse)
#undef BENCH_UNARY

  async_interface* async() override { return &async_; }

 private:
  class answering final : public async_interface {
   public:
    using done = std::function<void(grpc::Status)>;
    using reactor = grpc::ClientUnaryReactor*;
    using reader = grpc::ClientReadReactor<proto::ExecutePlanResponse>*;
    using writer = grpc::ClientWriteReactor<proto::AddArtifactsRequest>*;

    void Config(context, const proto::ConfigRequest* request, proto::ConfigResponse* response, done then) override {
      response->set_session_id(request->session_id());
      response->set_server_side_session_id("5ec6a5b9-7a4d-4f58-8d7c-1d2c3b4a5f60");
      auto& pair = *response->add_pairs();
      pair.set_key(request->operation().get().keys(0));
      pair.set_value("value");
      then(grpc::Status::OK);
    }
    void Config(context, const proto::ConfigRequest*, proto::ConfigResponse*, reactor) override { unused(); }
    void ExecutePlan(context, const proto::ExecutePlanRequest*, reader) override { unused(); }
    void ReattachExecute(context, const proto::ReattachExecuteRequest*, reader) override { unused(); }
    void AddArtifacts(context, proto::AddArtifactsResponse*, writer) override { unused(); }
#define BENCH_UNARY(Name, Request, Response)                                               \
  void Name(context, const proto::Request*, proto::Response*, done) override { unused(); } \
  void Name(context, const proto::Request*, proto::Response*, reactor) override { unused(); }
    BENCH_UNARY(AnalyzePlan, AnalyzePlanRequest, AnalyzePlanResponse)
    BENCH_UNARY(ArtifactStatus, ArtifactStatusesRequest, ArtifactStatusesResponse)
    BENCH_UNARY(Interrupt, InterruptRequest, InterruptResponse)
    BENCH_UNARY(ReleaseExecute, ReleaseExecuteRequest, ReleaseExecuteResponse)
    BENCH_UNARY(ReleaseSession, ReleaseSessionRequest, ReleaseSessionResponse)
    BENCH_UNARY(FetchErrorDetails, FetchErrorDetailsRequest, FetchErrorDetailsResponse)
    BENCH_UNARY(CloneSession, CloneSessionRequest, CloneSessionResponse)
    BENCH_UNARY(GetStatus, GetStatusRequest, GetStatusResponse)
#undef BENCH_UNARY
  };

  template <class Response>
  using pending = grpc::ClientAsyncResponseReaderInterface<Response>*;
#define BENCH_UNARY(Name, Request, Response)                                                              \
  pending<proto::Response> Async##Name##Raw(context, const proto::Request&, queue) override { unused(); } \
  pending<proto::Response> PrepareAsync##Name##Raw(context, const proto::Request&, queue) override { unused(); }
  BENCH_UNARY(AnalyzePlan, AnalyzePlanRequest, AnalyzePlanResponse)
  BENCH_UNARY(Config, ConfigRequest, ConfigResponse)
  BENCH_UNARY(ArtifactStatus, ArtifactStatusesRequest, ArtifactStatusesResponse)
  BENCH_UNARY(Interrupt, InterruptRequest, InterruptResponse)
  BENCH_UNARY(ReleaseExecute, ReleaseExecuteRequest, ReleaseExecuteResponse)
  BENCH_UNARY(ReleaseSession, ReleaseSessionRequest, ReleaseSessionResponse)
  BENCH_UNARY(FetchErrorDetails, FetchErrorDetailsRequest, FetchErrorDetailsResponse)
  BENCH_UNARY(CloneSession, CloneSessionRequest, CloneSessionResponse)
  BENCH_UNARY(GetStatus, GetStatusRequest, GetStatusResponse)
#undef BENCH_UNARY

  using reader = grpc::ClientReaderInterface<proto::ExecutePlanResponse>*;
  using async_reader = grpc::ClientAsyncReaderInterface<proto::ExecutePlanResponse>*;
#define BENCH_STREAM(Name, Request)                                                                  \
  reader Name##Raw(context, const proto::Request&) override { unused(); }                            \
  async_reader Async##Name##Raw(context, const proto::Request&, queue, void*) override { unused(); } \
  async_reader PrepareAsync##Name##Raw(context, const proto::Request&, queue) override { unused(); }
  BENCH_STREAM(ExecutePlan, ExecutePlanRequest)
  BENCH_STREAM(ReattachExecute, ReattachExecuteRequest)
#undef BENCH_STREAM

  using writer = grpc::ClientWriterInterface<proto::AddArtifactsRequest>*;
  using async_writer = grpc::ClientAsyncWriterInterface<proto::AddArtifactsRequest>*;
  writer AddArtifactsRaw(context, proto::AddArtifactsResponse*) override { unused(); }
  async_writer AsyncAddArtifactsRaw(context, proto::AddArtifactsResponse*, queue, void*) override { unused(); }
  async_writer PrepareAsyncAddArtifactsRaw(context, proto::AddArtifactsResponse*, queue) override { unused(); }

  answering async_;
};

}  // namespace bench
