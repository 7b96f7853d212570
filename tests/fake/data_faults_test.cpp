// Answers that are too large, damaged, or not what they should be, on their way through the whole client.
#include "client.hpp"

#include <google/protobuf/unknown_field_set.h>

#include <sys/resource.h>

using namespace fake;
using cospark::row;
using cospark::value;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

/// A user's program: public headers alone.
struct program {
  explicit program(server& to)
      : session(cospark::run(io, cospark::session::connect(to.remote(), client::quick())).value()) {}

  auto collect_rows() { return cospark::run(io, session.range(10).collect()); }

  asio::io_context io;
  cospark::session session;
};

/// One row with a text of so many bytes.
void set_large_row(server& spark, std::size_t bytes) {
  std::vector<value> values;
  values.emplace_back(std::string(bytes, 'x'));
  std::vector<row> rows;
  rows.emplace_back(std::move(values));
  REQUIRE(spark.set_rows(cospark::schema().add("v", cospark::types::string_type()), rows));
}

void set_numbers(server& spark, std::int64_t count) {
  std::vector<row> rows;
  for (std::int64_t i = 0; i < count; ++i) {
    std::vector<value> values;
    values.emplace_back(i);
    rows.emplace_back(std::move(values));
  }
  REQUIRE(spark.set_rows(cospark::schema().add("v", cospark::types::long_type()), rows));
}

/// The wire form of a schema of arrays within arrays.
std::string nested_schema(int depth) {
  const auto wrap = [](int number, const std::string& content) {
    google::protobuf::UnknownFieldSet fields;
    fields.AddLengthDelimited(number)->assign(content);
    std::string bytes;
    fields.SerializeToString(&bytes);
    return bytes;
  };
  std::string type = wrap(proto::DataType::kLongFieldNumber, {});
  for (int i = 0; i < depth; ++i) {
    type = wrap(proto::DataType::kArrayFieldNumber, wrap(proto::DataType::Array::kElementTypeFieldNumber, type));
  }
  return wrap(proto::ExecutePlanResponse::kSchemaFieldNumber, type);
}

}  // namespace

TEST_CASE("D1 messages of 5, 64 and 127 MiB arrive") {
  server spark;
  for (const std::size_t size : {5 * mib, 64 * mib, 127 * mib}) {
    INFO(size << " bytes");
    set_large_row(spark, size);
    program user(spark);
    const auto rows = user.collect_rows();
    INFO((rows ? std::string("rows") : rows.error().to_string()));
    REQUIRE(rows);
    REQUIRE(rows.value().size() == 1);
    CHECK(rows.value()[0][0].to_string().size() == size);
  }
}

TEST_CASE("D2 a message over the limit is an error that names the limit and its setting, and is not asked for again") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  client user(spark);
  spark.script_always(operation_kind::rows, stream_script().send(1).send_sized(129 * mib));
  const auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  const auto& error = *all.value().error;
  CHECK(error == errc::limit_exceeded);
  CHECK(error.message().find(std::to_string(128 * mib)) != std::string::npos);
  CHECK(error.message().find("max_message_size") != std::string::npos);
  CHECK(spark.operations(operation_kind::rows)[0].streams == 1);
  CHECK(user.short_call());
}

TEST_CASE("D3 a row in chunks is put together, and a chunk that is missing or comes twice is an error") {
  server spark;
  set_large_row(spark, 1000);
  std::vector<proto::ExecutePlanResponse> whole;
  {
    client user(spark);
    auto running = user.rows();
    for (;;) {
      auto next = cospark::run(user.io, running.next());
      REQUIRE(next);
      if (!next.value()) break;
      whole.push_back(*next.value());
    }
  }
  REQUIRE(whole.size() == 2);  // schema and batch
  const auto data = whole[1].arrow_batch().data();
  const auto chunks = [&](const std::vector<int>& numbers) {
    std::vector<proto::ExecutePlanResponse> responses;
    responses.push_back(whole[0]);
    for (const int i : numbers) {
      auto& batch = *responses.emplace_back(whole[1]).mutable_arrow_batch();
      const auto third = data.size() / 3 + 1;
      batch.set_data(data.substr(third * static_cast<std::size_t>(i), third));
      batch.set_chunk_index(i);
      batch.set_num_chunks_in_batch(3);
    }
    server_access::set_responses(spark, responses);
    program user(spark);
    return user.collect_rows();
  };
  const auto good = chunks({0, 1, 2});
  REQUIRE(good);
  CHECK(good.value()[0][0].to_string().size() == 1000);
  for (const auto& bad :
       {std::vector<int>{0, 2}, std::vector<int>{0, 1, 1, 2}, std::vector<int>{1, 0, 2}, std::vector<int>{0, 1}}) {
    const auto refused = chunks(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::protocol_error);
  }
}

TEST_CASE("D4 a response that is no message of the protocol is an error at once, and only of its own operation") {
  server spark;
  set_numbers(spark, 3);
  program user(spark);
  google::protobuf::UnknownFieldSet fields;
  fields.AddLengthDelimited(proto::ExecutePlanResponse::kExtensionFieldNumber)->assign("\xff\xff no message");
  std::string damaged;
  fields.SerializeToString(&damaged);
  spark.script(operation_kind::rows, stream_script().send(2).send_bytes(damaged));
  const auto refused = user.collect_rows();
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::protocol_error);
  CHECK(spark.calls(method::reattach_execute) == 0);
  CHECK(user.collect_rows());
}

TEST_CASE("D7 a result whose batches are not those that were announced is an error, never other rows") {
  server spark;
  set_numbers(spark, 3);
  proto::ExecutePlanResponse other;
  other.mutable_schema()->mutable_struct_()->add_fields()->set_name("w");
  other.mutable_schema()->mutable_struct_()->mutable_fields(0)->mutable_data_type()->mutable_string();
  other.set_response_id("other");
  spark.script(operation_kind::rows, stream_script().skip(1).send_bytes(other.SerializeAsString()));
  program user(spark);
  auto refused = user.collect_rows();
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::protocol_error);
  CHECK(user.collect_rows());
}

TEST_CASE("D10 a schema nested deeper than the protocol allows is a typed error at any depth") {
  server spark;
  set_numbers(spark, 3);
  program user(spark);
  for (const int depth : {30, 90, 101, 1025, 20'000}) {
    INFO("depth " << depth);
    spark.script(operation_kind::rows, stream_script().skip(1).send_bytes(nested_schema(depth)));
    const auto refused = user.collect_rows();
    REQUIRE_FALSE(refused);
    INFO(refused.error().to_string());
    CHECK((refused.error() == errc::protocol_error || refused.error() == errc::limit_exceeded));
  }
  CHECK(user.collect_rows());
}

TEST_CASE("D11 what a later server sends on top is skipped") {
  server spark;
  set_numbers(spark, 3);
  program user(spark);
  google::protobuf::UnknownFieldSet fields;
  fields.AddLengthDelimited(1998)->assign("a kind of response of a later version");
  fields.AddVarint(1999, 7);
  std::string later;
  fields.SerializeToString(&later);
  spark.script(operation_kind::rows, stream_script().send_bytes(later).send(2).send_bytes(later).send_sized(5000));
  const auto rows = user.collect_rows();
  REQUIRE(rows);
  CHECK(rows.value().size() == 3);
}

TEST_CASE("D11 an answer of which the necessary part is missing is a protocol error") {
  server spark;
  program user(spark);
  proto::ExecutePlanResponse nothing;
  nothing.set_response_id("nothing");
  proto::ExecutePlanResponse no_ids;
  no_ids.set_response_id("no ids");
  no_ids.mutable_write_stream_operation_start_result();
  for (const auto& bad : {nothing, no_ids}) {
    spark.script(operation_kind::start, stream_script().skip(1).send_bytes(bad.SerializeAsString()));
    auto started =
        cospark::run(user.io, user.session.read_stream().format("rate").load().write_stream().format("noop").start());
    REQUIRE_FALSE(started);
    INFO(started.error().to_string());
    CHECK(started.error() == errc::protocol_error);
  }
  for (const auto& bad : {nothing, no_ids}) {
    auto query =
        cospark::run(user.io, user.session.read_stream().format("rate").load().write_stream().format("noop").start());
    REQUIRE(query);
    spark.script(operation_kind::query_command, stream_script().skip(1).send_bytes(bad.SerializeAsString()));
    const auto status = cospark::run(user.io, query.value().status());
    REQUIRE_FALSE(status);
    CHECK(status.error() == errc::protocol_error);
  }
}

TEST_CASE("D14 ids of a server may be any bytes, of any length") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  client user(spark);
  for (const auto& id : {std::string(mib, 'i'), std::string("a\0b", 3), std::string("\x1b[31m")}) {
    auto odd = numbered(0);
    odd.set_response_id(id);
    odd.set_operation_id(id);
    spark.script(operation_kind::rows, stream_script().skip(1).send_bytes(odd.SerializeAsString()).send(2));
    const auto all = cospark::run(user.io, collect(user.rows()));
    CHECK_FALSE(all.value().error);
    CHECK(all.value().numbers == up_to(3));
  }
}
