#include "data/arrow_schema.hpp"

#include "data/utf8.hpp"

#include <arrow_generated.h>

#include <charconv>
#include <optional>
#include <span>
#include <string_view>

namespace cospark::data {
namespace {

namespace format = cospark::arrow;

auto bad(const std::string& what) {
  return failure(errc::protocol_error, "Arrow schema: " + what);
}

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

const std::string* metadata_of(const arrow_field& field, std::string_view key) {
  for (const auto& [name, content] : field.metadata) {
    if (name == key) return &content;
  }
  return nullptr;
}

std::optional<int> number_of(const std::string* text) {
  int number = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

int precision_of(const arrow_field& field, std::string_view key, int lowest, int highest, int otherwise) {
  const auto precision = number_of(metadata_of(field, key));
  return precision && *precision >= lowest && *precision <= highest ? *precision : otherwise;
}

void be(arrow_field& field, data_type type, layout shape, std::int64_t width, std::string arrow_format) {
  field.type = std::move(type);
  field.shape = shape;
  field.width = width;
  field.format = std::move(arrow_format);
}

bool be_int(arrow_field& field, const format::Int& type) {
  if (!type.is_signed()) return false;
  switch (type.bit_width()) {
    case 8:
      be(field, types::byte_type(), layout::fixed, 1, "c");
      return true;
    case 16:
      be(field, types::short_type(), layout::fixed, 2, "s");
      return true;
    case 32:
      be(field, types::integer_type(), layout::fixed, 4, "i");
      return true;
    case 64:
      be(field, types::long_type(), layout::fixed, 8, "l");
      return true;
    default:
      return false;
  }
}

bool be_timestamp(arrow_field& field, const format::Timestamp& type) {
  const std::string zone = text_of(type.timezone());
  if (type.unit() == format::TimeUnit_Microsecond) {
    be(field, zone.empty() ? types::timestamp_ntz_type() : types::timestamp_type(), layout::fixed, 8, "tsu:" + zone);
    return true;
  }
  if (type.unit() == format::TimeUnit_Nanosecond) {
    const int precision = precision_of(field, "SPARK::timestampNanos::precision", 7, 9, 9);
    be(field, zone.empty() ? types::timestamp_ntz_nanos_type(precision) : types::timestamp_ltz_nanos_type(precision),
       layout::fixed, 8, "tsn:" + zone);
    return true;
  }
  return false;
}

bool be_decimal(arrow_field& field, const format::Decimal& type) {
  if (type.bit_width() != 128 || type.precision() < 1 || type.precision() > 38 || type.scale() < 0 ||
      type.scale() > type.precision()) {
    return false;
  }
  be(field, types::decimal_type(type.precision(), type.scale()), layout::fixed, 16,
     "d:" + std::to_string(type.precision()) + "," + std::to_string(type.scale()));
  return true;
}

bool be_interval(arrow_field& field, const format::Interval& type) {
  if (type.unit() == format::IntervalUnit_YearMonth) {
    be(field, types::year_month_interval_type(), layout::fixed, 4, "tiM");
    return true;
  }
  if (type.unit() == format::IntervalUnit_MonthDayNano) {
    be(field, types::calendar_interval_type(), layout::fixed, 16, "tin");
    return true;
  }
  return false;
}

bool is_child(const arrow_field& field, std::size_t index, std::string_view name, type_kind kind) {
  return field.children.size() == 2 && field.children[index].name == name && field.children[index].type.kind() == kind;
}

bool is_variant_struct(const arrow_field& field) {
  return field.shape == layout::structure && is_child(field, 0, "value", type_kind::binary_type) &&
         is_child(field, 1, "metadata", type_kind::binary_type);
}

bool is_spatial_struct(const arrow_field& field) {
  return field.shape == layout::structure && is_child(field, 0, "srid", type_kind::integer_type) &&
         is_child(field, 1, "wkb", type_kind::binary_type);
}

data_type struct_type_of(const arrow_field& field) {
  if (is_variant_struct(field) && metadata_of(field.children[1], "variant") != nullptr) return types::variant_type();
  if (is_spatial_struct(field)) {
    std::optional<int> srid = number_of(metadata_of(field.children[1], "srid"));
    if (srid && *srid < 0) srid = std::nullopt;
    if (metadata_of(field.children[1], "geometry") != nullptr) return types::geometry_type(srid);
    if (metadata_of(field.children[1], "geography") != nullptr) return types::geography_type(srid);
  }
  return types::struct_type(natural_schema(field.children));
}

// Sets type, layout and format; false for a type that Spark does not send.
bool set_type(arrow_field& field, const format::Field& message) {
  switch (message.type_type()) {
    case format::Type_Null:
      be(field, types::null_type(), layout::null, 0, "n");
      return true;
    case format::Type_Bool:
      be(field, types::boolean_type(), layout::boolean, 0, "b");
      return true;
    case format::Type_Int:
      return message.type_as_Int() != nullptr && be_int(field, *message.type_as_Int());
    case format::Type_FloatingPoint: {
      const format::FloatingPoint* type = message.type_as_FloatingPoint();
      if (type == nullptr || type->precision() == format::FloatPrecision_Half) return false;
      const bool is_double = type->precision() == format::FloatPrecision_Double;
      if (!is_double && type->precision() != format::FloatPrecision_Single) return false;
      be(field, is_double ? types::double_type() : types::float_type(), layout::fixed, is_double ? 8 : 4,
         is_double ? "g" : "f");
      return true;
    }
    case format::Type_Decimal:
      return message.type_as_Decimal() != nullptr && be_decimal(field, *message.type_as_Decimal());
    case format::Type_Utf8:
      be(field, types::string_type(), layout::variable, 0, "u");
      return true;
    case format::Type_LargeUtf8:
      be(field, types::string_type(), layout::large_variable, 0, "U");
      return true;
    case format::Type_Binary:
      be(field, types::binary_type(), layout::variable, 0, "z");
      return true;
    case format::Type_LargeBinary:
      be(field, types::binary_type(), layout::large_variable, 0, "Z");
      return true;
    case format::Type_Date:
      if (message.type_as_Date() == nullptr || message.type_as_Date()->unit() != format::DateUnit_Day) return false;
      be(field, types::date_type(), layout::fixed, 4, "tdD");
      return true;
    case format::Type_Time: {
      const format::Time* type = message.type_as_Time();
      if (type == nullptr || type->unit() != format::TimeUnit_Nanosecond || type->bit_width() != 64) return false;
      be(field, types::time_type(precision_of(field, "SPARK::time::precision", 0, 9, 6)), layout::fixed, 8, "ttn");
      return true;
    }
    case format::Type_Timestamp:
      return message.type_as_Timestamp() != nullptr && be_timestamp(field, *message.type_as_Timestamp());
    case format::Type_Interval:
      return message.type_as_Interval() != nullptr && be_interval(field, *message.type_as_Interval());
    case format::Type_Duration:
      if (message.type_as_Duration() == nullptr || message.type_as_Duration()->unit() != format::TimeUnit_Microsecond) {
        return false;
      }
      be(field, types::day_time_interval_type(), layout::fixed, 8, "tDu");
      return true;
    case format::Type_List:
      if (field.children.size() != 1) return false;
      be(field, types::array_type(field.children[0].type, field.children[0].nullable), layout::list, 0, "+l");
      return true;
    case format::Type_Map: {
      if (field.children.size() != 1 || field.children[0].shape != layout::structure ||
          field.children[0].children.size() != 2) {
        return false;
      }
      const std::vector<arrow_field>& entry = field.children[0].children;
      be(field, types::map_type(entry[0].type, entry[1].type, entry[1].nullable), layout::map, 0, "+m");
      field.keys_sorted = message.type_as_Map() != nullptr && message.type_as_Map()->keys_sorted();
      return true;
    }
    case format::Type_Struct:
      field.shape = layout::structure;
      be(field, struct_type_of(field), layout::structure, 0, "+s");
      return true;
    default:
      return false;
  }
}

result<arrow_field> read_field(const format::Field& message, int depth, int max_depth) {
  if (depth > max_depth) {
    return failure(errc::limit_exceeded, "Arrow schema: nested more than " + std::to_string(max_depth) + " deep");
  }
  arrow_field field;
  field.name = text_of(message.name());
  if (classify(std::as_bytes(std::span(field.name))) == text_kind::neither) {
    return bad("the name of a column is not UTF-8");
  }
  field.nullable = message.nullable();
  if (message.dictionary() != nullptr) return bad("column " + field.name + " is dictionary encoded");
  if (const auto* metadata = message.custom_metadata()) {
    for (const format::KeyValue* pair : *metadata) {
      field.metadata.emplace_back(text_of(pair->key()), text_of(pair->value()));
    }
  }
  if (const auto* children = message.children()) {
    for (const format::Field* child : *children) {
      COSPARK_TRY_RETURN(arrow_field next, read_field(*child, depth + 1, max_depth));
      field.children.push_back(std::move(next));
    }
  }
  if (!set_type(field, message)) {
    return bad("column " + field.name + " has a type that Spark does not send (Arrow type number " +
               std::to_string(message.type_type()) + ")");
  }
  const bool nested = field.shape == layout::list || field.shape == layout::map || field.shape == layout::structure;
  if (!nested && !field.children.empty()) return bad("column " + field.name + " has parts that its type does not have");
  return field;
}

result<data_type> conform_struct(const arrow_field& field, const schema& announced) {
  if (field.shape != layout::structure || field.children.size() != announced.size()) {
    return bad("column " + field.name + " is not the struct that was announced");
  }
  std::vector<cospark::field> fields;
  for (std::size_t index = 0; index < announced.size(); ++index) {
    cospark::field one = announced[index];
    COSPARK_TRY_RETURN(one.type, conform(field.children[index], one.type));
    fields.push_back(std::move(one));
  }
  return types::struct_type(schema(std::move(fields)));
}

bool same_storage(const data_type& natural, const data_type& announced) {
  switch (announced.kind()) {
    case type_kind::char_type:
    case type_kind::varchar_type:
      return natural.kind() == type_kind::string_type;
    case type_kind::decimal_type:
      return natural == announced;
    default:
      return natural.kind() == announced.kind();
  }
}

}  // namespace

result<std::vector<arrow_field>> read_schema(const format::Schema& message, int max_depth) {
  if (message.endianness() != format::Endianness_Little) return bad("it is big-endian");
  std::vector<arrow_field> fields;
  if (message.fields() == nullptr) return fields;
  for (const format::Field* field : *message.fields()) {
    COSPARK_TRY_RETURN(arrow_field next, read_field(*field, 1, max_depth));
    fields.push_back(std::move(next));
  }
  return fields;
}

schema natural_schema(const std::vector<arrow_field>& fields) {
  std::vector<field> columns;
  columns.reserve(fields.size());
  for (const arrow_field& one : fields) columns.emplace_back(one.name, one.type, one.nullable);
  return schema(std::move(columns));
}

result<data_type> conform(const arrow_field& field, const data_type& announced) {
  switch (announced.kind()) {
    case type_kind::unparsed_type:
      return field.type;
    case type_kind::udt_type: {
      if (announced.sql_type().kind() == type_kind::null_type) return types::udt_type(field.type, announced.classes());
      COSPARK_TRY_RETURN(const data_type stored, conform(field, announced.sql_type()));
      return types::udt_type(stored, announced.classes());
    }
    case type_kind::array_type: {
      if (field.shape != layout::list) break;
      COSPARK_TRY_RETURN(const data_type element, conform(field.children[0], announced.element_type()));
      return types::array_type(element, announced.contains_null());
    }
    case type_kind::map_type: {
      if (field.shape != layout::map) break;
      const std::vector<arrow_field>& entry = field.children[0].children;
      COSPARK_TRY_RETURN(const data_type key, conform(entry[0], announced.key_type()));
      COSPARK_TRY_RETURN(const data_type value, conform(entry[1], announced.value_type()));
      return types::map_type(key, value, announced.value_contains_null());
    }
    case type_kind::struct_type:
      return conform_struct(field, announced.fields());
    case type_kind::variant_type:
      if (is_variant_struct(field)) return announced;
      break;
    case type_kind::geometry_type:
    case type_kind::geography_type:
      if (is_spatial_struct(field)) return announced;
      break;
    default:
      if (same_storage(field.type, announced)) return announced;
      break;
  }
  return bad("column " + field.name + " was announced as " + announced.simple_string() + " and came as " +
             field.type.simple_string());
}

}  // namespace cospark::data
