#include "collect/client.hpp"

#include "connect/uuid.hpp"
#include "support/process.hpp"

#include <cospark/result_stream.hpp>
#include <cospark/run.hpp>
#include <cospark/session.hpp>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/client_callback.h>
#include <spark/connect/base.grpc.pb.h>

#include <asio/io_context.hpp>

#include <future>
#include <memory>
#include <stdexcept>

namespace bench {
namespace {

cospark::task<cospark::data_frame> frame_of(const cospark::session& session, std::string table) {
  if (table.starts_with("SELECT")) co_return co_await session.sql(std::move(table));
  co_return session.table(table);
}

cospark::task<reading> iterate(std::string remote, std::string table) {
  COSPARK_TRY(auto session, co_await cospark::session::connect(remote));
  COSPARK_TRY(const auto frame, co_await frame_of(session, table));
  reading all;
  const auto began = monotonic_ns();
  COSPARK_TRY(auto stream, co_await frame.execute());
  for (;;) {
    COSPARK_TRY(const auto batch, co_await stream.next());
    if (!batch) break;
    if (all.rows == 0 && batch->row_count() != 0) all.first_ns = monotonic_ns() - began;
    all.rows += batch->row_count();
  }
  all.total_ns = monotonic_ns() - began;
  co_return all;
}

cospark::task<reading> collect(std::string remote, std::string table) {
  COSPARK_TRY(auto session, co_await cospark::session::connect(remote));
  COSPARK_TRY(const auto frame, co_await frame_of(session, table));
  reading all;
  const auto began = monotonic_ns();
  COSPARK_TRY(const auto rows, co_await frame.collect());
  all.rows = rows.size();
  all.first_ns = all.total_ns = monotonic_ns() - began;
  co_return all;
}

using response = spark::connect::ExecutePlanResponse;

std::unique_ptr<spark::connect::SparkConnectService::Stub> stub_to(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return spark::connect::SparkConnectService::NewStub(
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
}

spark::connect::ExecutePlanRequest request_for(const std::string& table) {
  spark::connect::ExecutePlanRequest request;
  request.set_session_id("8f14e45f-ceea-467a-9575-1a2b3c4d5e6f");
  request.set_operation_id(cospark::connect::make_uuid());  // Spark refuses one that it has seen
  request.mutable_user_context()->set_user_id("bench");
  auto& root = *request.mutable_plan()->mutable_root();
  if (table.starts_with("SELECT")) {
    root.mutable_sql()->set_query(table);
  } else {
    root.mutable_read()->mutable_named_table()->set_unparsed_identifier(table);
  }
  return request;
}

/// Counts what comes, from its making on.
class counter {
 public:
  void count(const response& message) {
    if (!message.has_arrow_batch()) return;
    if (all_.rows == 0 && message.arrow_batch().row_count() != 0) all_.first_ns = monotonic_ns() - began_;
    all_.rows += static_cast<std::size_t>(message.arrow_batch().row_count());
    all_.bytes += message.arrow_batch().data().size();
  }
  reading end(const grpc::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.error_message());
    all_.total_ns = monotonic_ns() - began_;
    return all_;
  }

 private:
  const std::int64_t began_ = monotonic_ns();
  reading all_;
};

}  // namespace

reading read_raw(const std::string& target, const std::string& table) {
  const auto stub = stub_to(target);
  const auto request = request_for(table);
  counter all;
  grpc::ClientContext context;
  const auto reader = stub->ExecutePlan(&context, request);
  response message;
  while (reader->Read(&message)) all.count(message);
  return all.end(reader->Finish());
}

reading read_by_callbacks(const std::string& target, const std::string& table) {
  struct reader final : grpc::ClientReadReactor<response> {
    void OnReadDone(bool ok) override {
      if (!ok) return;
      all.count(message);
      StartRead(&message);
    }
    void OnDone(const grpc::Status& status) override { ended.set_value(status); }

    grpc::ClientContext context;
    counter all;
    response message;
    std::promise<grpc::Status> ended;
  };
  const auto stub = stub_to(target);
  const auto request = request_for(table);
  reader reading;
  stub->async()->ExecutePlan(&reading.context, &request, &reading);
  reading.StartRead(&reading.message);
  reading.StartCall();
  return reading.all.end(reading.ended.get_future().get());
}

reading read_batches(const std::string& remote, const std::string& table) {
  asio::io_context context(1);
  return cospark::run(context, iterate(remote, table)).value();
}

reading read_rows(const std::string& remote, const std::string& table) {
  asio::io_context context(1);
  return cospark::run(context, collect(remote, table)).value();
}

}  // namespace bench
