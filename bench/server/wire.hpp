// The least that answers Spark Connect's calls.
#pragma once

#include <spark/connect/base.grpc.pb.h>

#include <grpcpp/server.h>

#include <map>
#include <memory>
#include <string>

namespace bench {

/// Config is answered at once; if the first key asked for is `late`, after 1.0 to 1.5 s of silence, and with the time
/// (ns) in the value; if it is `never`, only when the client gives up.
///
/// ExecutePlan of `range(start, end)` answers with `end` messages of `start` bytes each. Of a table `NAME COUNT` it
/// answers with `COUNT` copies of the batch NAME, which is kept encoded: `longs` has 10,000 rows of 4 bigints, `wide`
/// 1,000 rows of 100 columns.
class wire final : public spark::connect::SparkConnectService::Service {
 public:
  wire();
  ~wire() override;

  std::string port() const { return std::to_string(port_); }
  /// No commands.
  std::string answer(const std::string& command) const { return "no command " + command; }

 private:
  using message = spark::connect::ExecutePlanResponse;
  struct prepared {
    message schema;
    message batch;
  };

  grpc::Status AnalyzePlan(grpc::ServerContext*, const spark::connect::AnalyzePlanRequest*,
                           spark::connect::AnalyzePlanResponse*) override;
  grpc::Status Config(grpc::ServerContext*, const spark::connect::ConfigRequest*,
                      spark::connect::ConfigResponse*) override;
  grpc::Status ReleaseExecute(grpc::ServerContext*, const spark::connect::ReleaseExecuteRequest*,
                              spark::connect::ReleaseExecuteResponse*) override;
  grpc::Status ExecutePlan(grpc::ServerContext*, const spark::connect::ExecutePlanRequest*,
                           grpc::ServerWriter<message>*) override;

  std::map<std::string, prepared> batches_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace bench
