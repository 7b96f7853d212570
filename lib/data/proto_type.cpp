#include "data/proto_type.hpp"

#include "data/type_json.hpp"
#include "data/type_text.hpp"

#include <string>
#include <utility>
#include <vector>

namespace cospark::data {
namespace {

using spark::connect::DataType;

error bad_schema(std::string message) {
  return error(errc::protocol_error, std::move(message));
}

result<data_type> read(const DataType& message, int depth);

result<data_type> read_part(bool present, const DataType& message, int depth) {
  if (!present) return bad_schema("a type without the type of its parts");
  return read(message, depth + 1);
}

result<data_type> read_struct(const DataType::Struct& message, int depth) {
  std::vector<field> fields;
  fields.reserve(static_cast<std::size_t>(message.fields_size()));
  for (const DataType::StructField& one : message.fields()) {
    COSPARK_TRY_RETURN(data_type type, read_part(one.has_data_type(), one.data_type(), depth));
    auto metadata = normal_metadata(one.metadata());
    if (!metadata) return bad_schema("field " + one.name() + ": " + metadata.error().message());
    field next(one.name(), std::move(type), one.nullable());
    next.metadata = std::move(metadata).value();
    fields.push_back(std::move(next));
  }
  return types::struct_type(schema(std::move(fields)));
}

result<data_type> read_udt(const DataType::UDT& message, int depth) {
  data_type stored;
  if (message.has_sql_type()) {
    COSPARK_TRY_RETURN(stored, read(message.sql_type(), depth + 1));
  }
  udt_classes classes;
  classes.jvm_class = message.jvm_class();
  classes.python_class = message.python_class();
  classes.serialized_python_class = message.serialized_python_class();
  return types::udt_type(stored, std::move(classes));
}

std::optional<int> srid_of(int srid) {
  return srid == any_srid ? std::nullopt : std::optional<int>(srid);
}

// Year-month fields are numbered from year, day-time fields from day.
interval_field field_of(int number, interval_field first) {
  return number < 0 || number > 3 ? static_cast<interval_field>(255)
                                  : static_cast<interval_field>(number + static_cast<int>(first));
}

result<data_type> read(const DataType& message, int depth) {
  if (depth > max_type_depth) {
    return failure(errc::limit_exceeded, "a type nested more than " + std::to_string(max_type_depth) + " deep");
  }
  switch (message.kind_case()) {
    case DataType::kNull:
      return types::null_type();
    case DataType::kBinary:
      return types::binary_type();
    case DataType::kBoolean:
      return types::boolean_type();
    case DataType::kByte:
      return types::byte_type();
    case DataType::kShort:
      return types::short_type();
    case DataType::kInteger:
      return types::integer_type();
    case DataType::kLong:
      return types::long_type();
    case DataType::kFloat:
      return types::float_type();
    case DataType::kDouble:
      return types::double_type();
    case DataType::kDecimal: {
      const DataType::Decimal& decimal = message.decimal();
      return types::decimal_type(decimal.has_precision() ? decimal.precision() : 10, decimal.scale());
    }
    case DataType::kString:
      return types::string_type(message.string().collation());
    case DataType::kChar:
      return types::char_type(message.char_().length());
    case DataType::kVarChar:
      return types::varchar_type(message.var_char().length());
    case DataType::kDate:
      return types::date_type();
    case DataType::kTimestamp:
      return types::timestamp_type();
    case DataType::kTimestampNtz:
      return types::timestamp_ntz_type();
    case DataType::kTimestampLtzNanos: {
      const auto& nanos = message.timestamp_ltz_nanos();
      return types::timestamp_ltz_nanos_type(nanos.has_precision() ? nanos.precision() : 9);
    }
    case DataType::kTimestampNtzNanos: {
      const auto& nanos = message.timestamp_ntz_nanos();
      return types::timestamp_ntz_nanos_type(nanos.has_precision() ? nanos.precision() : 9);
    }
    case DataType::kTime:
      return types::time_type(message.time().has_precision() ? message.time().precision() : 6);
    case DataType::kCalendarInterval:
      return types::calendar_interval_type();
    case DataType::kYearMonthInterval: {
      const DataType::YearMonthInterval& interval = message.year_month_interval();
      const int start = interval.has_start_field() ? interval.start_field() : 0;
      const int end = interval.has_end_field() ? interval.end_field() : interval.has_start_field() ? start : 1;
      return types::year_month_interval_type(field_of(start, interval_field::year),
                                             field_of(end, interval_field::year));
    }
    case DataType::kDayTimeInterval: {
      const DataType::DayTimeInterval& interval = message.day_time_interval();
      const int start = interval.has_start_field() ? interval.start_field() : 0;
      const int end = interval.has_end_field() ? interval.end_field() : interval.has_start_field() ? start : 3;
      return types::day_time_interval_type(field_of(start, interval_field::day), field_of(end, interval_field::day));
    }
    case DataType::kArray: {
      const DataType::Array& array = message.array();
      COSPARK_TRY_RETURN(const data_type element, read_part(array.has_element_type(), array.element_type(), depth));
      return types::array_type(element, array.contains_null());
    }
    case DataType::kMap: {
      const DataType::Map& map = message.map();
      COSPARK_TRY_RETURN(const data_type key, read_part(map.has_key_type(), map.key_type(), depth));
      COSPARK_TRY_RETURN(const data_type value, read_part(map.has_value_type(), map.value_type(), depth));
      return types::map_type(key, value, map.value_contains_null());
    }
    case DataType::kStruct:
      return read_struct(message.struct_(), depth);
    case DataType::kVariant:
      return types::variant_type();
    case DataType::kGeometry:
      return types::geometry_type(srid_of(message.geometry().srid()));
    case DataType::kGeography:
      return types::geography_type(srid_of(message.geography().srid()));
    case DataType::kUdt:
      return read_udt(message.udt(), depth);
    case DataType::kUnparsed:
      return types::unparsed_type(message.unparsed().data_type_string());
    case DataType::KIND_NOT_SET:
      return types::unparsed_type("unknown");
  }
  return types::unparsed_type("unknown");
}

void write_struct(const schema& fields, DataType::Struct& message) {
  for (const field& one : fields) {
    DataType::StructField& target = *message.add_fields();
    target.set_name(one.name);
    to_proto(one.type, *target.mutable_data_type());
    target.set_nullable(one.nullable);
    if (!one.metadata.empty()) target.set_metadata(one.metadata);
  }
}

void write_udt(const data_type& type, DataType::UDT& message) {
  message.set_type("udt");
  const udt_classes& classes = type.classes();
  if (!classes.jvm_class.empty()) message.set_jvm_class(classes.jvm_class);
  if (!classes.python_class.empty()) message.set_python_class(classes.python_class);
  if (!classes.serialized_python_class.empty()) message.set_serialized_python_class(classes.serialized_python_class);
  if (type.sql_type().kind() != type_kind::null_type) to_proto(type.sql_type(), *message.mutable_sql_type());
}

int number_of(interval_field field, interval_field first) {
  return static_cast<int>(field) - static_cast<int>(first);
}

}  // namespace

result<data_type> type_from_proto(const DataType& message) {
  try {
    return read(message, 1);
  } catch (const exception& problem) {
    return bad_schema(problem.error().message());
  }
}

result<schema> schema_from_proto(const DataType& message) {
  COSPARK_TRY_RETURN(const data_type type, type_from_proto(message));
  if (type.kind() != type_kind::struct_type) return bad_schema("the schema of a relation is " + type.simple_string());
  return type.fields();
}

void to_proto(const data_type& type, DataType& message) {
  switch (type.kind()) {
    case type_kind::null_type:
      message.mutable_null();
      break;
    case type_kind::boolean_type:
      message.mutable_boolean();
      break;
    case type_kind::byte_type:
      message.mutable_byte();
      break;
    case type_kind::short_type:
      message.mutable_short_();
      break;
    case type_kind::integer_type:
      message.mutable_integer();
      break;
    case type_kind::long_type:
      message.mutable_long_();
      break;
    case type_kind::float_type:
      message.mutable_float_();
      break;
    case type_kind::double_type:
      message.mutable_double_();
      break;
    case type_kind::decimal_type:
      message.mutable_decimal()->set_precision(type.precision());
      message.mutable_decimal()->set_scale(type.scale());
      break;
    case type_kind::string_type: {
      DataType::String& target = *message.mutable_string();
      if (type.collation() != default_collation) target.set_collation(type.collation());
      break;
    }
    case type_kind::char_type:
      message.mutable_char_()->set_length(type.length());
      break;
    case type_kind::varchar_type:
      message.mutable_var_char()->set_length(type.length());
      break;
    case type_kind::binary_type:
      message.mutable_binary();
      break;
    case type_kind::date_type:
      message.mutable_date();
      break;
    case type_kind::timestamp_type:
      message.mutable_timestamp();
      break;
    case type_kind::timestamp_ntz_type:
      message.mutable_timestamp_ntz();
      break;
    case type_kind::timestamp_ltz_nanos_type:
      message.mutable_timestamp_ltz_nanos()->set_precision(type.precision());
      break;
    case type_kind::timestamp_ntz_nanos_type:
      message.mutable_timestamp_ntz_nanos()->set_precision(type.precision());
      break;
    case type_kind::time_type:
      message.mutable_time()->set_precision(type.precision());
      break;
    case type_kind::calendar_interval_type:
      message.mutable_calendar_interval();
      break;
    case type_kind::year_month_interval_type:
      message.mutable_year_month_interval()->set_start_field(number_of(type.start_field(), interval_field::year));
      message.mutable_year_month_interval()->set_end_field(number_of(type.end_field(), interval_field::year));
      break;
    case type_kind::day_time_interval_type:
      message.mutable_day_time_interval()->set_start_field(number_of(type.start_field(), interval_field::day));
      message.mutable_day_time_interval()->set_end_field(number_of(type.end_field(), interval_field::day));
      break;
    case type_kind::array_type:
      to_proto(type.element_type(), *message.mutable_array()->mutable_element_type());
      message.mutable_array()->set_contains_null(type.contains_null());
      break;
    case type_kind::map_type:
      to_proto(type.key_type(), *message.mutable_map()->mutable_key_type());
      to_proto(type.value_type(), *message.mutable_map()->mutable_value_type());
      message.mutable_map()->set_value_contains_null(type.value_contains_null());
      break;
    case type_kind::struct_type:
      write_struct(type.fields(), *message.mutable_struct_());
      break;
    case type_kind::variant_type:
      message.mutable_variant();
      break;
    case type_kind::geometry_type:
      message.mutable_geometry()->set_srid(type.srid().value_or(any_srid));
      break;
    case type_kind::geography_type:
      message.mutable_geography()->set_srid(type.srid().value_or(any_srid));
      break;
    case type_kind::udt_type:
      write_udt(type, *message.mutable_udt());
      break;
    case type_kind::unparsed_type:
      message.mutable_unparsed()->set_data_type_string(type.text());
      break;
  }
}

}  // namespace cospark::data
