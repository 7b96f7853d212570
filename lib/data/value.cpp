#include <cospark/value.hpp>

#include "data/check.hpp"
#include "data/value_text.hpp"
#include "data/variant.hpp"

#include <cospark/row.hpp>

#include <optional>

namespace cospark {
namespace {

const char* name_of(type_kind kind) {
  switch (kind) {
    case type_kind::null_type:
      return "null";
    case type_kind::boolean_type:
      return "boolean";
    case type_kind::byte_type:
      return "tinyint";
    case type_kind::short_type:
      return "smallint";
    case type_kind::integer_type:
      return "int";
    case type_kind::long_type:
      return "bigint";
    case type_kind::float_type:
      return "float";
    case type_kind::double_type:
      return "double";
    case type_kind::decimal_type:
      return "decimal";
    case type_kind::string_type:
      return "string";
    case type_kind::binary_type:
      return "binary";
    case type_kind::date_type:
      return "date";
    case type_kind::timestamp_type:
      return "timestamp";
    case type_kind::timestamp_ntz_type:
      return "timestamp_ntz";
    case type_kind::timestamp_ltz_nanos_type:
      return "timestamp_ltz with nanoseconds";
    case type_kind::timestamp_ntz_nanos_type:
      return "timestamp_ntz with nanoseconds";
    case type_kind::time_type:
      return "time";
    case type_kind::calendar_interval_type:
      return "interval";
    case type_kind::year_month_interval_type:
      return "year-month interval";
    case type_kind::day_time_interval_type:
      return "day-time interval";
    case type_kind::array_type:
      return "array";
    case type_kind::map_type:
      return "map";
    case type_kind::struct_type:
      return "struct";
    case type_kind::variant_type:
      return "variant";
    case type_kind::geometry_type:
      return "geometry";
    case type_kind::geography_type:
      return "geography";
    default:
      return "unknown";
  }
}

// In the order of the alternatives of value's storage.
constexpr type_kind kinds[] = {
    type_kind::null_type,
    type_kind::boolean_type,
    type_kind::byte_type,
    type_kind::short_type,
    type_kind::integer_type,
    type_kind::long_type,
    type_kind::float_type,
    type_kind::double_type,
    type_kind::decimal_type,
    type_kind::date_type,
    type_kind::timestamp_type,
    type_kind::timestamp_ntz_type,
    type_kind::timestamp_ltz_nanos_type,
    type_kind::timestamp_ntz_nanos_type,
    type_kind::time_type,
    type_kind::calendar_interval_type,
    type_kind::year_month_interval_type,
    type_kind::day_time_interval_type,
    type_kind::string_type,
    type_kind::binary_type,
    type_kind::array_type,
    type_kind::map_type,
    type_kind::struct_type,
    type_kind::variant_type,
    type_kind::geometry_type,
    type_kind::geography_type,
};

struct printer {
  std::string& out;

  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
  void operator()(std::int8_t number) const { out += std::to_string(number); }
  void operator()(std::int16_t number) const { out += std::to_string(number); }
  void operator()(std::int32_t number) const { out += std::to_string(number); }
  void operator()(std::int64_t number) const { out += std::to_string(number); }
  void operator()(const decimal& number) const { out += number.to_string(); }
  void operator()(date day) const { data::append_date(day.time_since_epoch().count(), out); }
  void operator()(timestamp time) const { data::append_date_time(time.time_since_epoch().count(), 1'000'000, out); }
  void operator()(timestamp_ntz time) const { data::append_date_time(time.time_since_epoch().count(), 1'000'000, out); }
  void operator()(timestamp_nanos time) const {
    data::append_date_time(time.time_since_epoch().count(), 1'000'000'000, out);
  }
  void operator()(timestamp_ntz_nanos time) const {
    data::append_date_time(time.time_since_epoch().count(), 1'000'000'000, out);
  }
  void operator()(time_of_day time) const { data::append_time_of_day(time.since_midnight.count(), 1'000'000'000, out); }
  template <class T>
    requires requires(const T& content, std::string& text) { data::append_text(content, text); }
  void operator()(const T& content) const {
    data::append_text(content, out);
  }
  void operator()(const std::string& text) const { out += text; }

  void operator()(const array_value& elements) const {
    out += '[';
    bool first = true;
    for (const value& element : elements) {
      if (!first) out += ", ";
      first = false;
      out += element.to_string();
    }
    out += ']';
  }

  void operator()(const map_value& entries) const {
    out += '{';
    bool first = true;
    for (const auto& [key, content] : entries) {
      if (!first) out += ", ";
      first = false;
      out += key.to_string() + " -> " + content.to_string();
    }
    out += '}';
  }

  void operator()(const row& fields) const { out += fields.to_string(); }

  void operator()(const variant_value& content) const {
    auto text = content.to_json();
    out += text ? std::move(text).value() : "<damaged variant>";
  }

  void operator()(const geometry& shape) const { shape_text(shape.srid, shape.wkb); }
  void operator()(const geography& shape) const { shape_text(shape.srid, shape.wkb); }

  template <class T>
  void operator()(const std::shared_ptr<const T>& content) const {
    (*this)(*content);
  }

 private:
  // Spark cannot print these; this is the usual extended text with the well-known binary form in hexadecimal.
  void shape_text(std::int32_t srid, const bytes& wkb) const {
    out += "SRID=" + std::to_string(srid) + ";";
    data::append_text(wkb, out);
  }
};

template <class T>
constexpr bool is_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

// Whether every From is exactly a To.
template <class From, class To>
constexpr bool widens =
    is_number<From> && is_number<To> && std::is_integral_v<From> == std::is_integral_v<To> && sizeof(From) < sizeof(To);

template <class T>
type_kind kind_of() {
  return value(T()).kind();
}

}  // namespace

result<std::string> variant_value::to_json() const {
  return data::variant_to_json(value, metadata);
}

type_kind value::kind() const noexcept {
  static_assert(std::size(kinds) == std::variant_size_v<decltype(storage_)>);
  return kinds[storage_.index()];
}

template <value_alternative T>
std::conditional_t<std::is_arithmetic_v<T>, T, const T&> value::as() const& {
  if (const auto* held = std::get_if<stored<T>>(&storage_)) {
    if constexpr (std::same_as<stored<T>, T>) {
      return *held;
    } else {
      return **held;
    }
  }
  if constexpr (is_number<T>) {
    const auto widened = std::visit(
        [](const auto& held) -> std::optional<T> {
          if constexpr (widens<std::decay_t<decltype(held)>, T>) return static_cast<T>(held);
          return std::nullopt;
        },
        storage_);
    if (widened) return *widened;
  }
  data::fail(std::string("a value of type ") + name_of(kind()) + ", where " + name_of(kind_of<T>()) + " was asked for");
}

template <value_alternative T>
result<T> value::try_as() const {
  try {
    return as<T>();
  } catch (const exception& problem) {
    return problem.error();
  }
}

#define COSPARK_VALUE_ALTERNATIVE(T)                                                       \
  template std::conditional_t<std::is_arithmetic_v<T>, T, const T&> value::as<T>() const&; \
  template result<T> value::try_as<T>() const;
COSPARK_VALUE_ALTERNATIVE(bool)
COSPARK_VALUE_ALTERNATIVE(std::int8_t)
COSPARK_VALUE_ALTERNATIVE(std::int16_t)
COSPARK_VALUE_ALTERNATIVE(std::int32_t)
COSPARK_VALUE_ALTERNATIVE(std::int64_t)
COSPARK_VALUE_ALTERNATIVE(float)
COSPARK_VALUE_ALTERNATIVE(double)
COSPARK_VALUE_ALTERNATIVE(decimal)
COSPARK_VALUE_ALTERNATIVE(std::string)
COSPARK_VALUE_ALTERNATIVE(bytes)
COSPARK_VALUE_ALTERNATIVE(date)
COSPARK_VALUE_ALTERNATIVE(timestamp)
COSPARK_VALUE_ALTERNATIVE(timestamp_ntz)
COSPARK_VALUE_ALTERNATIVE(timestamp_nanos)
COSPARK_VALUE_ALTERNATIVE(timestamp_ntz_nanos)
COSPARK_VALUE_ALTERNATIVE(time_of_day)
COSPARK_VALUE_ALTERNATIVE(calendar_interval)
COSPARK_VALUE_ALTERNATIVE(year_month_interval)
COSPARK_VALUE_ALTERNATIVE(day_time_interval)
COSPARK_VALUE_ALTERNATIVE(array_value)
COSPARK_VALUE_ALTERNATIVE(map_value)
COSPARK_VALUE_ALTERNATIVE(row)
COSPARK_VALUE_ALTERNATIVE(variant_value)
COSPARK_VALUE_ALTERNATIVE(geometry)
COSPARK_VALUE_ALTERNATIVE(geography)
#undef COSPARK_VALUE_ALTERNATIVE

std::string value::to_string() const {
  std::string text;
  std::visit(printer{text}, storage_);
  return text;
}

bool operator==(const value& left, const value& right) {
  if (left.storage_.index() != right.storage_.index()) return false;
  return std::visit(
      [&right](const auto& held) {
        using held_type = std::decay_t<decltype(held)>;
        const auto& other = std::get<held_type>(right.storage_);
        if constexpr (requires { *held; }) {
          return held == other || *held == *other;
        } else {
          return held == other;
        }
      },
      left.storage_);
}

}  // namespace cospark
