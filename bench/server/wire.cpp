#include "server/wire.hpp"

#include "data/encode.hpp"
#include "data/proto_type.hpp"
#include "support/process.hpp"

#include <cospark/row.hpp>
#include <cospark/schema.hpp>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using namespace spark::connect;

// What the clients check in every answer.
const std::string server_side_session = "5ec6a5b9-7a4d-4f58-8d7c-1d2c3b4a5f60";

template <class Request, class Response>
void sign(const Request& request, Response& response) {
  response.set_session_id(request.session_id());
  response.set_server_side_session_id(server_side_session);
}

cospark::schema longs_schema() {
  cospark::schema schema;
  for (const auto* name : {"c0", "c1", "c2", "c3"}) schema = schema.add(name, cospark::types::long_type(), false);
  return schema;
}

// A row as reports have it: numbers, prices, names.
cospark::schema wide_schema() {
  cospark::schema schema;
  for (int i = 0; i < 100; ++i) {
    auto type = cospark::types::long_type();
    if (i % 4 == 0) type = cospark::types::string_type();
    if (i % 4 == 1) type = cospark::types::double_type();
    schema = schema.add("column_" + std::to_string(i), type);
  }
  return schema;
}

std::vector<cospark::row> rows_of(const cospark::schema& schema, std::size_t count) {
  std::vector<cospark::row> rows;
  for (std::size_t r = 0; r < count; ++r) {
    std::vector<cospark::value> values;
    for (std::size_t c = 0; c < schema.size(); ++c) {
      const auto number = static_cast<std::int64_t>(r * 31 + c);
      if (schema[c].type == cospark::types::string_type()) {
        values.emplace_back("value " + std::to_string(number));
      } else if (schema[c].type == cospark::types::double_type()) {
        values.emplace_back(static_cast<double>(number) / 7);
      } else {
        values.emplace_back(number);
      }
    }
    rows.emplace_back(std::move(values));
  }
  return rows;
}

}  // namespace

wire::wire() {
  const auto prepare = [this](const std::string& name, const cospark::schema& schema, std::size_t rows) {
    auto& made = batches_[name];
    cospark::data::to_proto(cospark::types::struct_type(schema), *made.schema.mutable_schema());
    auto& batch = *made.batch.mutable_arrow_batch();
    batch.set_row_count(static_cast<std::int64_t>(rows));
    batch.set_data(cospark::data::encode(schema, rows_of(schema, rows)).value());
  };
  prepare("longs", longs_schema(), 10'000);
  prepare("wide", wide_schema(), 1'000);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.SetMaxSendMessageSize(-1);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (!server_ || port_ == 0) throw std::runtime_error("no port to listen at");
}

wire::~wire() {
  server_->Shutdown(std::chrono::system_clock::now());
}

grpc::Status wire::AnalyzePlan(grpc::ServerContext*, const AnalyzePlanRequest* request, AnalyzePlanResponse* response) {
  sign(*request, *response);
  response->mutable_spark_version()->set_version("4.3.0");
  return grpc::Status::OK;
}

grpc::Status wire::Config(grpc::ServerContext* context, const ConfigRequest* request, ConfigResponse* response) {
  sign(*request, *response);
  const auto& asked = request->operation().get();
  if (asked.keys_size() == 0) return grpc::Status::OK;
  auto& pair = *response->add_pairs();
  pair.set_key(asked.keys(0));
  pair.set_value("value");
  if (asked.keys(0) == "late") {
    thread_local std::mt19937 random(std::random_device{}());
    std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(1'000'000, 1'500'000)(random)));
    pair.set_value(std::to_string(monotonic_ns()));
  }
  while (asked.keys(0) == "never" && !context->IsCancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return grpc::Status::OK;
}

grpc::Status wire::ReleaseExecute(grpc::ServerContext*, const ReleaseExecuteRequest* request,
                                  ReleaseExecuteResponse* response) {
  sign(*request, *response);
  response->set_operation_id(request->operation_id());
  return grpc::Status::OK;
}

grpc::Status wire::ExecutePlan(grpc::ServerContext*, const ExecutePlanRequest* request,
                               grpc::ServerWriter<message>* writer) {
  std::uint64_t number = 0;
  const auto send = [&](message& next) {
    sign(*request, next);
    next.set_operation_id(request->operation_id());
    next.set_response_id(std::to_string(++number));
    return writer->Write(next);
  };
  std::int64_t count = 0;
  message sent;
  const auto& root = request->plan().root();
  if (root.has_read()) {
    std::istringstream words(root.read().named_table().unparsed_identifier());
    std::string name;
    words >> name >> count;
    const auto found = batches_.find(name);
    if (found == batches_.end()) return grpc::Status(grpc::StatusCode::NOT_FOUND, "no batch " + name);
    auto schema = found->second.schema;
    if (!send(schema)) return grpc::Status::CANCELLED;
    sent = found->second.batch;
  } else {
    count = root.range().end();
    sent.mutable_arrow_batch()->set_data(std::string(static_cast<std::size_t>(root.range().start()), 'x'));
    sent.mutable_arrow_batch()->set_row_count(1);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    sent.mutable_arrow_batch()->set_start_offset(i * sent.arrow_batch().row_count());
    if (!send(sent)) return grpc::Status::CANCELLED;
  }
  message last;
  last.mutable_result_complete();
  send(last);
  return grpc::Status::OK;
}

}  // namespace bench
