#include <cospark/data_type.hpp>

#include "data/check.hpp"
#include "data/type_json.hpp"
#include "data/type_node.hpp"
#include "data/type_text.hpp"

#include <algorithm>
#include <utility>

namespace cospark {
namespace {

using node_pointer = std::shared_ptr<const data_type::node>;

const node_pointer& null_node() {
  static const node_pointer node = std::make_shared<const data_type::node>();
  return node;
}

data_type make(data_type::node node) {
  for (const data_type& child : node.children) node.depth = std::max(node.depth, child.inspect().depth + 1);
  for (const field& field : node.fields) node.depth = std::max(node.depth, field.type.inspect().depth + 1);
  data::require(node.depth <= data::max_type_depth, "a type nested too deeply");
  return data_type(std::make_shared<const data_type::node>(std::move(node)));
}

data_type simple(type_kind kind) {
  data_type::node node;
  node.kind = kind;
  return make(std::move(node));
}

data_type with_numbers(type_kind kind, int first, int second = 0) {
  data_type::node node;
  node.kind = kind;
  node.first = first;
  node.second = second;
  return make(std::move(node));
}

data_type with_text(type_kind kind, std::string_view text) {
  data_type::node node;
  node.kind = kind;
  node.text = text;
  return make(std::move(node));
}

data_type interval(type_kind kind, interval_field start, interval_field end, interval_field lowest,
                   interval_field highest) {
  data::require(start >= lowest && start <= end && end <= highest, "an interval of fields that do not fit");
  return with_numbers(kind, static_cast<int>(start), static_cast<int>(end));
}

data_type spatial(type_kind kind, std::optional<int> srid) {
  data::require(!srid || *srid >= 0, "a negative srid");
  return with_numbers(kind, srid.value_or(data::any_srid));
}

const data_type::node& expect(const data_type& type, std::initializer_list<type_kind> kinds, const char* what) {
  const bool fits = std::find(kinds.begin(), kinds.end(), type.kind()) != kinds.end();
  if (!fits) data::fail("a type " + type.simple_string() + " has no " + what);
  return type.inspect();
}

}  // namespace

data_type::data_type() : node_(null_node()) {}
data_type::data_type(const cospark::schema& fields) : data_type(types::struct_type(fields)) {}
data_type::data_type(std::shared_ptr<const node> content) noexcept : node_(std::move(content)) {}

type_kind data_type::kind() const noexcept {
  return node_->kind;
}

int data_type::precision() const {
  return expect(*this,
                {type_kind::decimal_type, type_kind::time_type, type_kind::timestamp_ltz_nanos_type,
                 type_kind::timestamp_ntz_nanos_type},
                "precision")
      .first;
}

int data_type::scale() const {
  return expect(*this, {type_kind::decimal_type}, "scale").second;
}

int data_type::length() const {
  return expect(*this, {type_kind::char_type, type_kind::varchar_type}, "length").first;
}

const std::string& data_type::collation() const {
  return expect(*this, {type_kind::string_type}, "collation").text;
}

std::optional<int> data_type::srid() const {
  const int srid = expect(*this, {type_kind::geometry_type, type_kind::geography_type}, "srid").first;
  return srid == data::any_srid ? std::nullopt : std::optional<int>(srid);
}

interval_field data_type::start_field() const {
  return static_cast<interval_field>(
      expect(*this, {type_kind::year_month_interval_type, type_kind::day_time_interval_type}, "interval fields").first);
}

interval_field data_type::end_field() const {
  return static_cast<interval_field>(
      expect(*this, {type_kind::year_month_interval_type, type_kind::day_time_interval_type}, "interval fields")
          .second);
}

const data_type& data_type::element_type() const {
  return expect(*this, {type_kind::array_type}, "element type").children[0];
}

bool data_type::contains_null() const {
  return expect(*this, {type_kind::array_type}, "elements").contains_null;
}
const data_type& data_type::key_type() const {
  return expect(*this, {type_kind::map_type}, "key type").children[0];
}

const data_type& data_type::value_type() const {
  return expect(*this, {type_kind::map_type}, "value type").children[1];
}

bool data_type::value_contains_null() const {
  return expect(*this, {type_kind::map_type}, "values").contains_null;
}
const schema& data_type::fields() const {
  return expect(*this, {type_kind::struct_type}, "fields").fields;
}
const data_type& data_type::sql_type() const {
  return expect(*this, {type_kind::udt_type}, "sql type").children[0];
}
const udt_classes& data_type::classes() const {
  return expect(*this, {type_kind::udt_type}, "classes").classes;
}
const std::string& data_type::text() const {
  return expect(*this, {type_kind::unparsed_type}, "text").text;
}

std::string data_type::simple_string() const {
  std::string text;
  data::append_simple_string(*this, text);
  return text;
}

std::string data_type::sql() const {
  std::string text;
  data::append_sql(*this, text);
  return text;
}

std::string data_type::json() const {
  std::string text;
  data::append_json(*this, text);
  return text;
}

bool operator==(const data_type& left, const data_type& right) {
  if (left.node_ == right.node_) return true;
  const data_type::node& a = *left.node_;
  const data_type::node& b = *right.node_;
  return a.kind == b.kind && a.first == b.first && a.second == b.second && a.contains_null == b.contains_null &&
         a.text == b.text && a.children == b.children && a.fields == b.fields && a.classes == b.classes;
}

namespace types {

data_type null_type() {
  return data_type();
}

// Types without parameters exist once.
#define COSPARK_SIMPLE_TYPE(name)                          \
  data_type name() {                                       \
    static const data_type type = simple(type_kind::name); \
    return type;                                           \
  }
COSPARK_SIMPLE_TYPE(boolean_type)
COSPARK_SIMPLE_TYPE(byte_type)
COSPARK_SIMPLE_TYPE(short_type)
COSPARK_SIMPLE_TYPE(integer_type)
COSPARK_SIMPLE_TYPE(long_type)
COSPARK_SIMPLE_TYPE(float_type)
COSPARK_SIMPLE_TYPE(double_type)
COSPARK_SIMPLE_TYPE(binary_type)
COSPARK_SIMPLE_TYPE(date_type)
COSPARK_SIMPLE_TYPE(timestamp_type)
COSPARK_SIMPLE_TYPE(timestamp_ntz_type)
COSPARK_SIMPLE_TYPE(calendar_interval_type)
COSPARK_SIMPLE_TYPE(variant_type)
#undef COSPARK_SIMPLE_TYPE

data_type decimal_type(int precision, int scale) {
  data::require(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision,
                "a decimal type of " + std::to_string(precision) + " digits, " + std::to_string(scale) +
                    " of them after the point");
  return with_numbers(type_kind::decimal_type, precision, scale);
}

data_type string_type() {
  static const data_type type = with_text(type_kind::string_type, data::default_collation);
  return type;
}

data_type string_type(std::string_view collation) {
  if (collation.empty() || collation == data::default_collation) return string_type();
  return with_text(type_kind::string_type, collation);
}

data_type char_type(int length) {
  data::require(length >= 1, "a char type without length");
  return with_numbers(type_kind::char_type, length);
}

data_type varchar_type(int length) {
  data::require(length >= 1, "a varchar type without length");
  return with_numbers(type_kind::varchar_type, length);
}

data_type timestamp_ltz_nanos_type(int precision) {
  data::require(precision >= 7 && precision <= 9, "a nanosecond timestamp whose precision is not 7 to 9");
  return with_numbers(type_kind::timestamp_ltz_nanos_type, precision);
}

data_type timestamp_ntz_nanos_type(int precision) {
  data::require(precision >= 7 && precision <= 9, "a nanosecond timestamp whose precision is not 7 to 9");
  return with_numbers(type_kind::timestamp_ntz_nanos_type, precision);
}

data_type time_type(int precision) {
  data::require(precision >= 0 && precision <= 9, "a time type whose precision is not 0 to 9");
  return with_numbers(type_kind::time_type, precision);
}

data_type year_month_interval_type(interval_field start, interval_field end) {
  return interval(type_kind::year_month_interval_type, start, end, interval_field::year, interval_field::month);
}

data_type day_time_interval_type(interval_field start, interval_field end) {
  return interval(type_kind::day_time_interval_type, start, end, interval_field::day, interval_field::second);
}

data_type array_type(const data_type& element, bool contains_null) {
  data_type::node node;
  node.kind = type_kind::array_type;
  node.contains_null = contains_null;
  node.children = {element};
  return make(std::move(node));
}

data_type map_type(const data_type& key, const data_type& value, bool value_contains_null) {
  data_type::node node;
  node.kind = type_kind::map_type;
  node.contains_null = value_contains_null;
  node.children = {key, value};
  return make(std::move(node));
}

data_type struct_type(const schema& fields) {
  data_type::node node;
  node.kind = type_kind::struct_type;
  node.fields = fields;
  return make(std::move(node));
}

data_type geometry_type(std::optional<int> srid) {
  return spatial(type_kind::geometry_type, srid);
}
data_type geography_type(std::optional<int> srid) {
  return spatial(type_kind::geography_type, srid);
}

data_type udt_type(const data_type& sql_type, udt_classes classes) {
  data_type::node node;
  node.kind = type_kind::udt_type;
  node.children = {sql_type};
  node.classes = std::move(classes);
  return make(std::move(node));
}

data_type unparsed_type(std::string_view text) {
  return with_text(type_kind::unparsed_type, text);
}

}  // namespace types
}  // namespace cospark
