#include "collect/client.hpp"

#include "connect/uuid.hpp"
#include "support/process.hpp"

#include <cospark/result_stream.hpp>
#include <cospark/run.hpp>
#include <cospark/session.hpp>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <spark/connect/base.grpc.pb.h>

#include <asio/io_context.hpp>

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

}  // namespace

reading read_raw(const std::string& target, const std::string& table) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto stub = spark::connect::SparkConnectService::NewStub(
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
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
  reading all;
  grpc::ClientContext context;
  const auto began = monotonic_ns();
  const auto reader = stub->ExecutePlan(&context, request);
  spark::connect::ExecutePlanResponse response;
  while (reader->Read(&response)) {
    if (!response.has_arrow_batch()) continue;
    if (all.rows == 0 && response.arrow_batch().row_count() != 0) all.first_ns = monotonic_ns() - began;
    all.rows += static_cast<std::size_t>(response.arrow_batch().row_count());
    all.bytes += response.arrow_batch().data().size();
  }
  if (const auto status = reader->Finish(); !status.ok()) throw std::runtime_error(status.error_message());
  all.total_ns = monotonic_ns() - began;
  return all;
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
