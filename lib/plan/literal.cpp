#include "plan/literal.hpp"

#include "data/proto_type.hpp"
#include "plan/access.hpp"

#include <cospark/row.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

// The types of elements, keys, values and fields are deprecated since Spark 4.1, which still reads them; older servers
// need them.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace cospark::plan {
namespace {

using literal_message = spark::connect::Expression::Literal;

/// Digits that a decimal type needs to hold this number.
int digits(const decimal& number) {
  const std::string text = number.to_string();
  const auto first = text.find_first_of("123456789");
  if (first == std::string::npos) return std::max(number.scale(), 1);
  const auto count =
      std::count_if(text.begin() + static_cast<std::ptrdiff_t>(first), text.end(), [](char c) { return c != '.'; });
  return std::clamp(static_cast<int>(count), std::max(number.scale(), 1), 38);
}

/// The type of which values of both types are, as far as an empty array, a null or a shorter decimal leaves it open.
std::optional<data_type> unite(const data_type& left, const data_type& right) {
  if (left == right || right.kind() == type_kind::null_type) return left;
  if (left.kind() == type_kind::null_type) return right;
  if (left.kind() != right.kind()) return std::nullopt;
  if (left.kind() == type_kind::decimal_type) {
    const int scale = std::max(left.scale(), right.scale());
    const int whole = std::max(left.precision() - left.scale(), right.precision() - right.scale());
    return whole + scale > 38 ? std::nullopt : std::optional(types::decimal_type(std::max(whole + scale, 1), scale));
  }
  if (left.kind() == type_kind::array_type) {
    const auto element = unite(left.element_type(), right.element_type());
    return element ? std::optional(types::array_type(*element)) : std::nullopt;
  }
  if (left.kind() == type_kind::map_type) {
    const auto key = unite(left.key_type(), right.key_type());
    const auto mapped = unite(left.value_type(), right.value_type());
    return key && mapped ? std::optional(types::map_type(*key, *mapped)) : std::nullopt;
  }
  return std::nullopt;
}

/// The common type of some values, to be told to the server.
template <class Values, class Project>
data_type common_type(const Values& values, Project project, build& build);

data_type type_of(const value& constant, build& build) {
  switch (constant.kind()) {
    case type_kind::null_type:
      return types::null_type();
    case type_kind::boolean_type:
      return types::boolean_type();
    case type_kind::byte_type:
      return types::byte_type();
    case type_kind::short_type:
      return types::short_type();
    case type_kind::integer_type:
      return types::integer_type();
    case type_kind::long_type:
      return types::long_type();
    case type_kind::float_type:
      return types::float_type();
    case type_kind::double_type:
      return types::double_type();
    case type_kind::decimal_type: {
      const auto& number = constant.as<decimal>();
      return types::decimal_type(digits(number), number.scale());
    }
    case type_kind::string_type:
      return types::string_type();
    case type_kind::binary_type:
      return types::binary_type();
    case type_kind::date_type:
      return types::date_type();
    case type_kind::timestamp_type:
      return types::timestamp_type();
    case type_kind::timestamp_ntz_type:
      return types::timestamp_ntz_type();
    case type_kind::timestamp_ltz_nanos_type:
      return types::timestamp_ltz_nanos_type();
    case type_kind::timestamp_ntz_nanos_type:
      return types::timestamp_ntz_nanos_type();
    case type_kind::time_type:
      return types::time_type();
    case type_kind::calendar_interval_type:
      return types::calendar_interval_type();
    case type_kind::year_month_interval_type:
      return types::year_month_interval_type();
    case type_kind::day_time_interval_type:
      return types::day_time_interval_type();
    case type_kind::array_type: {
      const auto& elements = constant.as<array_value>();
      return types::array_type(common_type(
          elements, [](const value& each) -> const value& { return each; }, build));
    }
    case type_kind::map_type: {
      const auto& entries = constant.as<map_value>();
      return types::map_type(common_type(
                                 entries, [](const auto& each) -> const value& { return each.first; }, build),
                             common_type(
                                 entries, [](const auto& each) -> const value& { return each.second; }, build));
    }
    case type_kind::struct_type: {
      const auto& fields = constant.as<row>();
      if (!fields.schema().empty()) return types::struct_type(fields.schema());
      schema unnamed;
      for (std::size_t i = 0; i < fields.size(); ++i) {
        unnamed = std::move(unnamed).add("col" + std::to_string(i + 1), type_of(fields[i], build));
      }
      return types::struct_type(unnamed);
    }
    default:
      return types::null_type();
  }
}

template <class Values, class Project>
data_type common_type(const Values& values, Project project, build& build) {
  data_type common = types::null_type();
  for (const auto& each : values) {
    const data_type type = type_of(project(each), build);
    const auto both = unite(common, type);
    if (!both) {
      build.fail("the elements of an array or map literal have different types: " + common.simple_string() + " and " +
                 type.simple_string());
      return common;
    }
    common = *both;
  }
  return common;
}

std::int64_t since_epoch(auto time) {
  return time.time_since_epoch().count();
}

/// Microseconds, rounded down, and the nanoseconds above them.
void write_nanos(std::int64_t nanos, auto& to) {
  const std::int64_t rest = ((nanos % 1000) + 1000) % 1000;
  to.set_epoch_micros((nanos - rest) / 1000);
  to.set_nanos_within_micro(static_cast<std::int32_t>(rest));
  to.set_precision(9);
}

void write_date(const date& from, literal_message& to, build& build) {
  const auto days = from.time_since_epoch().count();
  to.set_date(static_cast<std::int32_t>(days));
  if (to.date() != days) build.fail("a date literal is out of Spark's range");
}

void write_time(const time_of_day& from, literal_message& to, build& build) {
  using namespace std::chrono_literals;
  if (from.since_midnight < 0ns || from.since_midnight >= 24h) {
    build.fail("a time of day must be at least 00:00 and below 24:00");
  }
  // Spark's finest time has microseconds.
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(from.since_midnight);
  to.mutable_time()->set_nano(std::chrono::nanoseconds(micros).count());
  to.mutable_time()->set_precision(6);
}

void write_decimal(const decimal& from, literal_message& to) {
  auto& message = *to.mutable_decimal();
  message.set_value(from.to_string());
  message.set_precision(digits(from));
  message.set_scale(from.scale());
}

void write_array(const value& from, literal_message& to, build& build) {
  auto& message = *to.mutable_array();
  build.type(type_of(from, build).element_type(), *message.mutable_element_type());
  for (const value& element : from.as<array_value>()) write_literal(element, *message.add_elements(), build);
}

void write_map(const value& from, literal_message& to, build& build) {
  auto& message = *to.mutable_map();
  const data_type type = type_of(from, build);
  build.type(type.key_type(), *message.mutable_key_type());
  build.type(type.value_type(), *message.mutable_value_type());
  for (const auto& [key, mapped] : from.as<map_value>()) {
    write_literal(key, *message.add_keys(), build);
    write_literal(mapped, *message.add_values(), build);
  }
}

void write_struct(const value& from, literal_message& to, build& build) {
  auto& message = *to.mutable_struct_();
  build.type(type_of(from, build), *message.mutable_struct_type());
  for (const value& field : from.as<row>()) write_literal(field, *message.add_elements(), build);
}

}  // namespace

unsigned nesting(const value& constant, unsigned outer) {
  if (outer > max_literal_depth) return 0;
  unsigned deepest = 0;
  const auto look = [&deepest, outer](const value& inner) { deepest = std::max(deepest, nesting(inner, outer + 1)); };
  switch (constant.kind()) {
    case type_kind::array_type:
      for (const value& element : constant.as<array_value>()) look(element);
      return deepest + 1;
    case type_kind::map_type:
      for (const auto& [key, mapped] : constant.as<map_value>()) {
        look(key);
        look(mapped);
      }
      return deepest + 1;
    case type_kind::struct_type:
      for (const value& field : constant.as<row>()) look(field);
      return deepest + 1;
    default:
      return 0;
  }
}

void write_literal(const value& from, literal_message& to, build& build) {
  switch (from.kind()) {
    case type_kind::null_type:
      to.mutable_null()->mutable_null();
      break;
    case type_kind::boolean_type:
      to.set_boolean(from.as<bool>());
      break;
    case type_kind::byte_type:
      to.set_byte(from.as<std::int8_t>());
      break;
    case type_kind::short_type:
      to.set_short_(from.as<std::int16_t>());
      break;
    case type_kind::integer_type:
      to.set_integer(from.as<std::int32_t>());
      break;
    case type_kind::long_type:
      to.set_long_(from.as<std::int64_t>());
      break;
    case type_kind::float_type:
      to.set_float_(from.as<float>());
      break;
    case type_kind::double_type:
      to.set_double_(from.as<double>());
      break;
    case type_kind::decimal_type:
      write_decimal(from.as<decimal>(), to);
      break;
    case type_kind::string_type:
      build.text("text literal", from.as<std::string>(), *to.mutable_string());
      break;
    case type_kind::binary_type: {
      const auto& content = from.as<bytes>();
      to.set_binary(content.data(), content.size());
      break;
    }
    case type_kind::date_type:
      write_date(from.as<date>(), to, build);
      break;
    case type_kind::timestamp_type:
      to.set_timestamp(since_epoch(from.as<timestamp>()));
      break;
    case type_kind::timestamp_ntz_type:
      to.set_timestamp_ntz(since_epoch(from.as<timestamp_ntz>()));
      break;
    case type_kind::timestamp_ltz_nanos_type:
      write_nanos(since_epoch(from.as<timestamp_nanos>()), *to.mutable_timestamp_ltz_nanos());
      break;
    case type_kind::timestamp_ntz_nanos_type:
      write_nanos(since_epoch(from.as<timestamp_ntz_nanos>()), *to.mutable_timestamp_ntz_nanos());
      break;
    case type_kind::time_type:
      write_time(from.as<time_of_day>(), to, build);
      break;
    case type_kind::calendar_interval_type: {
      const auto& interval = from.as<calendar_interval>();
      auto& message = *to.mutable_calendar_interval();
      message.set_months(interval.months);
      message.set_days(interval.days);
      message.set_microseconds(interval.microseconds.count());
      break;
    }
    case type_kind::year_month_interval_type:
      to.set_year_month_interval(from.as<year_month_interval>().months);
      break;
    case type_kind::day_time_interval_type:
      to.set_day_time_interval(from.as<day_time_interval>().duration.count());
      break;
    case type_kind::array_type:
      write_array(from, to, build);
      break;
    case type_kind::map_type:
      write_map(from, to, build);
      break;
    case type_kind::struct_type:
      write_struct(from, to, build);
      break;
    default:
      build.fail("a value of this type cannot be a literal; make it with a function of Spark");
      break;
  }
}

expression_ptr literal(const value& constant) {
  const unsigned depth = nesting(constant);
  if (depth > max_literal_depth) {
    return invalid_expression(
        error(errc::limit_exceeded, "a literal is nested more than " + std::to_string(max_literal_depth) + " deep"));
  }
  // Expression > Literal > (Array > Literal)*, and the type of the innermost (DataType > Array > DataType)*.
  extent size;
  size.depth = 3 + 3 * depth;
  return make_expression(size, [constant](spark::connect::Expression& to, build& build) {
    write_literal(constant, *to.mutable_literal(), build);
  });
}

}  // namespace cospark::plan
