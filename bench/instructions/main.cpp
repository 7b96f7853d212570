// Work of a fixed amount, for a program that counts instructions: bench/instructions/check.
#include "data/decode.hpp"
#include "data/encode.hpp"
#include "execute/link.hpp"
#include "instructions/stub.hpp"
#include "plan/build.hpp"

#include <cospark/run.hpp>

#include <asio/io_context.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

namespace {

using proto_async = spark::connect::SparkConnectService::StubInterface::async_interface;

/// Unary calls of the library: retries, checks, bridge, loop. Without gRPC.
int make_calls(std::size_t count) {
  asio::io_context context(1);
  auto link = std::make_shared<cospark::execute::link>();
  link->engine = cospark::rpc::engine::make(context.get_executor());
  link->calls.open([] { return std::make_shared<bench::instant_stub>(); });
  link->monitor = std::make_shared<cospark::execute::monitor>(link->engine, nullptr, nullptr);
  link->token = std::make_shared<cospark::execute::token>(std::string(), nullptr, std::chrono::seconds(1), link->engine,
                                                          link->monitor);
  link->session_id = "8f14e45f-ceea-467a-9575-1a2b3c4d5e6f";
  const auto work = [link, count]() -> cospark::task<> {
    for (std::size_t i = 0; i < count; ++i) {
      spark::connect::ConfigRequest request;
      request.mutable_operation()->mutable_get()->add_keys("key");
      auto answer = co_await cospark::execute::unary<spark::connect::ConfigRequest, spark::connect::ConfigResponse>(
          link, &proto_async::Config, std::move(request), std::chrono::seconds(10));
      if (!answer) co_return cospark::failure(answer.error());
    }
    co_return cospark::success();
  };
  return cospark::run(context, work()) ? 0 : 1;
}

/// Batches of 1,000 rows: four bigints, a double, a text.
int decode_batches(std::size_t count) {
  cospark::schema schema;
  for (int i = 0; i < 4; ++i) schema = schema.add("c" + std::to_string(i), cospark::types::long_type(), false);
  schema = schema.add("price", cospark::types::double_type()).add("name", cospark::types::string_type());
  std::vector<cospark::row> rows;
  for (std::int64_t i = 0; i < 1000; ++i) {
    std::vector<cospark::value> values{i, i * 2, i * 3, i * 5, static_cast<double>(i) / 7, "name " + std::to_string(i)};
    rows.emplace_back(std::move(values));
  }
  const auto bytes = std::make_shared<const std::string>(cospark::data::encode(schema, rows).value());
  std::size_t decoded = 0;
  for (std::size_t i = 0; i < count; ++i) decoded += cospark::data::decode(bytes, &schema).value().row_count();
  return decoded == count * 1000 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  if (what == "unary") return make_calls(std::stoul(argv[2]));
  if (what == "decode") return decode_batches(std::stoul(argv[2]));
  std::cerr << "usage: bench_instructions unary|decode COUNT\n";
  return 2;
}
