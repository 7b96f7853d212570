#include "catch.hpp"
#include "fixture.hpp"

#include "data/proto_type.hpp"

#include <sstream>

namespace {

using namespace cospark;
using spark::connect::DataType;

DataType nested(int depth) {
  DataType type;
  DataType* inner = &type;
  for (int i = 1; i < depth; ++i) inner = inner->mutable_array()->mutable_element_type();
  inner->mutable_long_();
  return type;
}

}  // namespace

TEST_CASE("every type survives the way through the protocol's message") {
  std::istringstream lines(fixture::read_file(COSPARK_TEST_DATA "/types/4.3.0.jsonl"));
  std::vector<schema> schemas;
  for (std::string line; std::getline(lines, line);) {
    schemas.push_back(schema::from_json(fixture::parse(line).at("schema_json").as_string()).value());
  }
  udt_classes classes;
  classes.python_class = "m.Point";
  classes.serialized_python_class = "gASV";
  schemas.push_back(schema().add("u", types::udt_type(types::array_type(types::double_type(), false), classes)));
  schemas.push_back(schema().add("t", types::unparsed_type("quaternion(4)")));
  schemas.push_back(schema().add(field("m", types::long_type(), false, R"({"comment":"x"})")));
  for (const schema& one : schemas) {
    DataType message;
    data::to_proto(one, message);
    DataType received;
    REQUIRE(received.ParseFromString(message.SerializeAsString()));
    INFO(one.simple_string());
    CHECK(data::schema_from_proto(received).value() == one);
  }
}

TEST_CASE("types of the protocol that leave something out have Spark's defaults") {
  DataType message;
  message.mutable_decimal();
  CHECK(data::type_from_proto(message).value() == types::decimal_type(10, 0));
  message.mutable_day_time_interval();
  CHECK(data::type_from_proto(message).value() == types::day_time_interval_type());
  message.mutable_year_month_interval()->set_start_field(1);
  CHECK(data::type_from_proto(message).value() ==
        types::year_month_interval_type(interval_field::month, interval_field::month));
  message.mutable_time();
  CHECK(data::type_from_proto(message).value() == types::time_type(6));
}

TEST_CASE("D11 a kind that only a newer Spark knows is tolerated") {
  DataType message;
  message.mutable_struct_()->add_fields()->set_name("a");
  // A field number that no known kind has, as a message without content.
  REQUIRE(message.mutable_struct_()->mutable_fields(0)->mutable_data_type()->ParseFromString(
      std::string("\xd2\x07\x00", 3)));
  CHECK(data::schema_from_proto(message).value()[0].type.kind() == type_kind::unparsed_type);
}

TEST_CASE("types of the protocol that make no sense are refused with a typed error") {
  DataType message;
  message.mutable_decimal()->set_precision(99);
  CHECK(data::type_from_proto(message).error() == errc::protocol_error);
  message.mutable_array();
  CHECK(data::type_from_proto(message).error() == errc::protocol_error);
  message.mutable_map()->mutable_key_type()->mutable_long_();
  CHECK(data::type_from_proto(message).error() == errc::protocol_error);
  message.mutable_day_time_interval()->set_start_field(17);
  CHECK(data::type_from_proto(message).error() == errc::protocol_error);
  message.mutable_geometry()->set_srid(-7);
  CHECK(data::type_from_proto(message).error() == errc::protocol_error);
  DataType::StructField& field = *message.mutable_struct_()->add_fields();
  field.mutable_data_type()->mutable_long_();
  field.set_metadata("no JSON");
  CHECK(data::type_from_proto(message).error() == errc::protocol_error);
  message.mutable_long_();
  CHECK(data::schema_from_proto(message).error() == errc::protocol_error);
}

TEST_CASE("D10 types of the protocol may be nested 64 deep and no deeper") {
  CHECK(data::type_from_proto(nested(64)));
  CHECK(data::type_from_proto(nested(65)).error() == errc::limit_exceeded);
  CHECK(data::type_from_proto(nested(2000)).error() == errc::limit_exceeded);
}
