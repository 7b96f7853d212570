#include "data/type_text.hpp"

#include "data/type_json.hpp"

#include <cospark/quote_identifier.hpp>

#include <algorithm>

namespace cospark::data {
namespace {

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

bool is_plain_identifier(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

void append_identifier(std::string_view name, std::string& out) {
  if (is_plain_identifier(name)) {
    out += name;
  } else {
    out += quote_identifier(name);
  }
}

std::string with_arguments(const char* name, int first) {
  std::string text = name;
  text += '(';
  text += std::to_string(first);
  text += ')';
  return text;
}

std::string interval_name(const data_type& type) {
  std::string name = "interval ";
  name += field_name(type.start_field());
  if (type.start_field() != type.end_field()) {
    name += " to ";
    name += field_name(type.end_field());
  }
  return name;
}

std::string spatial_name(const char* name, const data_type& type) {
  return type.srid() ? with_arguments(name, *type.srid()) : std::string(name) + "(any)";
}

// The lines of printSchema below the line of a value of this type.
void append_tree_of(const data_type& type, const std::string& prefix, std::string& out);

void append_tree_line(std::string_view name, const data_type& type, const char* label, bool nullable,
                      const std::string& prefix, std::string& out) {
  out += prefix;
  out += "-- ";
  out += name;
  out += ": ";
  out += type_name(type);
  if (label != nullptr) {
    out += " (";
    out += label;
    out += nullable ? " = true)" : " = false)";
  }
  out += '\n';
  append_tree_of(type, prefix + "    |", out);
}

void append_tree_of(const data_type& type, const std::string& prefix, std::string& out) {
  switch (type.kind()) {
    case type_kind::array_type:
      append_tree_line("element", type.element_type(), "containsNull", type.contains_null(), prefix, out);
      break;
    case type_kind::map_type:
      append_tree_line("key", type.key_type(), nullptr, false, prefix, out);
      append_tree_line("value", type.value_type(), "valueContainsNull", type.value_contains_null(), prefix, out);
      break;
    case type_kind::struct_type:
      append_tree(type.fields(), prefix, out);
      break;
    default:
      break;
  }
}

}  // namespace

std::string_view field_name(interval_field field) noexcept {
  switch (field) {
    case interval_field::year:
      return "year";
    case interval_field::month:
      return "month";
    case interval_field::day:
      return "day";
    case interval_field::hour:
      return "hour";
    case interval_field::minute:
      return "minute";
    case interval_field::second:
      return "second";
  }
  return "second";
}

std::string simple_name(const data_type& type) {
  switch (type.kind()) {
    case type_kind::byte_type:
      return "tinyint";
    case type_kind::short_type:
      return "smallint";
    case type_kind::integer_type:
      return "int";
    case type_kind::long_type:
      return "bigint";
    default:
      return type_name(type);
  }
}

std::string type_name(const data_type& type) {
  switch (type.kind()) {
    case type_kind::null_type:
      return "void";
    case type_kind::boolean_type:
      return "boolean";
    case type_kind::byte_type:
      return "byte";
    case type_kind::short_type:
      return "short";
    case type_kind::integer_type:
      return "integer";
    case type_kind::long_type:
      return "long";
    case type_kind::float_type:
      return "float";
    case type_kind::double_type:
      return "double";
    case type_kind::decimal_type:
      return "decimal(" + std::to_string(type.precision()) + "," + std::to_string(type.scale()) + ")";
    case type_kind::string_type:
      return type.collation() == default_collation ? "string" : "string collate " + type.collation();
    case type_kind::char_type:
      return with_arguments("char", type.length());
    case type_kind::varchar_type:
      return with_arguments("varchar", type.length());
    case type_kind::binary_type:
      return "binary";
    case type_kind::date_type:
      return "date";
    case type_kind::timestamp_type:
      return "timestamp";
    case type_kind::timestamp_ntz_type:
      return "timestamp_ntz";
    case type_kind::timestamp_ltz_nanos_type:
      return with_arguments("timestamp_ltz", type.precision());
    case type_kind::timestamp_ntz_nanos_type:
      return with_arguments("timestamp_ntz", type.precision());
    case type_kind::time_type:
      return with_arguments("time", type.precision());
    case type_kind::calendar_interval_type:
      return "interval";
    case type_kind::year_month_interval_type:
    case type_kind::day_time_interval_type:
      return interval_name(type);
    case type_kind::array_type:
      return "array";
    case type_kind::map_type:
      return "map";
    case type_kind::struct_type:
      return "struct";
    case type_kind::variant_type:
      return "variant";
    case type_kind::geometry_type:
      return spatial_name("geometry", type);
    case type_kind::geography_type:
      return spatial_name("geography", type);
    case type_kind::udt_type:
      return "udt";
    case type_kind::unparsed_type:
      return type.text();
  }
  return "void";
}

void append_simple_string(const data_type& type, std::string& out) {
  out += simple_name(type);
  switch (type.kind()) {
    case type_kind::array_type:
      out += '<';
      append_simple_string(type.element_type(), out);
      out += '>';
      break;
    case type_kind::map_type:
      out += '<';
      append_simple_string(type.key_type(), out);
      out += ',';
      append_simple_string(type.value_type(), out);
      out += '>';
      break;
    case type_kind::struct_type: {
      out += '<';
      bool first = true;
      for (const field& field : type.fields()) {
        if (!first) out += ',';
        first = false;
        out += field.name;
        out += ':';
        append_simple_string(field.type, out);
      }
      out += '>';
      break;
    }
    default:
      break;
  }
}

void append_sql(const data_type& type, std::string& out) {
  switch (type.kind()) {
    case type_kind::array_type:
      out += "ARRAY<";
      append_sql(type.element_type(), out);
      out += '>';
      break;
    case type_kind::map_type:
      out += "MAP<";
      append_sql(type.key_type(), out);
      out += ", ";
      append_sql(type.value_type(), out);
      out += '>';
      break;
    case type_kind::struct_type:
      out += "STRUCT<";
      append_ddl(type.fields(), ": ", ", ", out);
      out += '>';
      break;
    case type_kind::udt_type:
      append_sql(type.sql_type(), out);
      break;
    case type_kind::unparsed_type:
      out += type.text();
      break;
    default:
      out += upper(simple_name(type));
      break;
  }
}

void append_ddl(const schema& fields, std::string_view separator, std::string_view between, std::string& out) {
  bool first = true;
  for (const field& field : fields) {
    if (!first) out += between;
    first = false;
    append_identifier(field.name, out);
    out += separator;
    append_sql(field.type, out);
    if (!field.nullable) out += " NOT NULL";
    if (const auto comment = comment_of(field)) {
      out += " COMMENT '";
      for (char c : *comment) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
      }
      out += '\'';
    }
  }
}

void append_tree(const schema& fields, const std::string& prefix, std::string& out) {
  for (const field& field : fields) append_tree_line(field.name, field.type, "nullable", field.nullable, prefix, out);
}

}  // namespace cospark::data
