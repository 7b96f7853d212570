#include "data/encode_schema.hpp"

#include "data/check.hpp"
#include "data/type_text.hpp"

#include <arrow_generated.h>

#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace cospark::data {
namespace {

namespace format = cospark::arrow;
using key_values = std::vector<std::pair<std::string, std::string>>;

class schema_writer {
 public:
  explicit schema_writer(flatbuffers::FlatBufferBuilder& builder) : builder_(builder) {}

  flatbuffers::Offset<format::Field> field(const std::string& name, const data_type& type, bool nullable,
                                           key_values metadata = {}) {
    if (type.kind() == type_kind::udt_type) return field(name, type.sql_type(), nullable, std::move(metadata));
    const std::vector<flatbuffers::Offset<format::Field>> parts = children(type);
    if (type.kind() == type_kind::time_type) {
      metadata.emplace_back("SPARK::time::precision", std::to_string(type.precision()));
    } else if (type.kind() == type_kind::timestamp_ltz_nanos_type ||
               type.kind() == type_kind::timestamp_ntz_nanos_type) {
      metadata.emplace_back("SPARK::timestampNanos::precision", std::to_string(type.precision()));
    }
    std::vector<flatbuffers::Offset<format::KeyValue>> pairs;
    for (const auto& [key, content] : metadata) {
      pairs.push_back(format::CreateKeyValueDirect(builder_, key.c_str(), content.c_str()));
    }
    const auto [number, table] = type_of(type);
    const auto name_text = builder_.CreateString(name);
    const auto children_vector = builder_.CreateVector(parts);
    const auto pairs_vector = builder_.CreateVector(pairs);
    return format::CreateField(builder_, name_text, nullable, number, table, 0, children_vector, pairs_vector);
  }

 private:
  using type_table = std::pair<format::Type, flatbuffers::Offset<void>>;

  std::vector<flatbuffers::Offset<format::Field>> children(const data_type& type) {
    switch (type.kind()) {
      case type_kind::array_type:
        return {field("element", type.element_type(), type.contains_null())};
      case type_kind::map_type: {
        const schema entry =
            schema().add("key", type.key_type(), false).add("value", type.value_type(), type.value_contains_null());
        return {field("entries", entry, false)};
      }
      case type_kind::struct_type: {
        std::vector<flatbuffers::Offset<format::Field>> fields;
        for (const cospark::field& one : type.fields()) fields.push_back(field(one.name, one.type, one.nullable));
        return fields;
      }
      case type_kind::variant_type:
        return {field("value", types::binary_type(), false),
                field("metadata", types::binary_type(), false, {{"variant", "true"}})};
      case type_kind::geometry_type:
        return spatial(type, "geometry");
      case type_kind::geography_type:
        return spatial(type, "geography");
      default:
        return {};
    }
  }

  std::vector<flatbuffers::Offset<format::Field>> spatial(const data_type& type, const char* mark) {
    return {field("srid", types::integer_type(), false),
            field("wkb", types::binary_type(), false,
                  {{mark, "true"}, {"srid", std::to_string(type.srid().value_or(any_srid))}})};
  }

  type_table integer(int bits) { return {format::Type_Int, format::CreateInt(builder_, bits, true).Union()}; }

  type_table floating(format::FloatPrecision precision) {
    return {format::Type_FloatingPoint, format::CreateFloatingPoint(builder_, precision).Union()};
  }

  type_table timestamp(format::TimeUnit unit, const char* zone) {
    return {format::Type_Timestamp, format::CreateTimestampDirect(builder_, unit, zone).Union()};
  }

  type_table interval(format::IntervalUnit unit) {
    return {format::Type_Interval, format::CreateInterval(builder_, unit).Union()};
  }

  type_table type_of(const data_type& type) {
    switch (type.kind()) {
      case type_kind::null_type:
        return {format::Type_Null, format::CreateNull(builder_).Union()};
      case type_kind::boolean_type:
        return {format::Type_Bool, format::CreateBool(builder_).Union()};
      case type_kind::byte_type:
        return integer(8);
      case type_kind::short_type:
        return integer(16);
      case type_kind::integer_type:
        return integer(32);
      case type_kind::long_type:
        return integer(64);
      case type_kind::float_type:
        return floating(format::FloatPrecision_Single);
      case type_kind::double_type:
        return floating(format::FloatPrecision_Double);
      case type_kind::decimal_type:
        return {format::Type_Decimal, format::CreateDecimal(builder_, type.precision(), type.scale(), 128).Union()};
      case type_kind::string_type:
      case type_kind::char_type:
      case type_kind::varchar_type:
        return {format::Type_Utf8, format::CreateUtf8(builder_).Union()};
      case type_kind::binary_type:
        return {format::Type_Binary, format::CreateBinary(builder_).Union()};
      case type_kind::date_type:
        return {format::Type_Date, format::CreateDate(builder_, format::DateUnit_Day).Union()};
      case type_kind::timestamp_type:
        return timestamp(format::TimeUnit_Microsecond, "UTC");
      case type_kind::timestamp_ntz_type:
        return timestamp(format::TimeUnit_Microsecond, nullptr);
      case type_kind::timestamp_ltz_nanos_type:
        return timestamp(format::TimeUnit_Nanosecond, "UTC");
      case type_kind::timestamp_ntz_nanos_type:
        return timestamp(format::TimeUnit_Nanosecond, nullptr);
      case type_kind::time_type:
        return {format::Type_Time, format::CreateTime(builder_, format::TimeUnit_Nanosecond, 64).Union()};
      case type_kind::calendar_interval_type:
        return interval(format::IntervalUnit_MonthDayNano);
      case type_kind::year_month_interval_type:
        return interval(format::IntervalUnit_YearMonth);
      case type_kind::day_time_interval_type:
        return {format::Type_Duration, format::CreateDuration(builder_, format::TimeUnit_Microsecond).Union()};
      case type_kind::array_type:
        return {format::Type_List, format::CreateList(builder_).Union()};
      case type_kind::map_type:
        return {format::Type_Map, format::CreateMap(builder_, false).Union()};
      case type_kind::struct_type:
      case type_kind::variant_type:
      case type_kind::geometry_type:
      case type_kind::geography_type:
        return {format::Type_Struct, format::CreateStruct(builder_).Union()};
      case type_kind::udt_type:
      case type_kind::unparsed_type:
        break;
    }
    fail("local data of type " + type.simple_string());
  }

  flatbuffers::FlatBufferBuilder& builder_;
};

void append_number(std::int32_t number, std::string& out) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof bytes);
}

}  // namespace

void append_message(const flatbuffers::FlatBufferBuilder& head, const std::string& body, std::string& stream) {
  const std::size_t size = head.GetSize();
  const std::size_t padded = (size + 7) / 8 * 8;
  append_number(-1, stream);
  append_number(static_cast<std::int32_t>(padded), stream);
  stream.append(reinterpret_cast<const char*>(head.GetBufferPointer()), size);
  stream.append(padded - size, '\0');
  stream += body;
}

void append_schema_message(const schema& schema, std::string& stream) {
  flatbuffers::FlatBufferBuilder builder;
  schema_writer writer(builder);
  std::vector<flatbuffers::Offset<format::Field>> fields;
  for (const field& one : schema) fields.push_back(writer.field(one.name, one.type, one.nullable));
  const auto content = format::CreateSchema(builder, format::Endianness_Little, builder.CreateVector(fields));
  builder.Finish(
      format::CreateMessage(builder, format::MetadataVersion_V5, format::MessageHeader_Schema, content.Union(), 0));
  append_message(builder, std::string(), stream);
}

}  // namespace cospark::data
