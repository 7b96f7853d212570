#include "streaming/json_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace cospark::streaming {
namespace {

namespace json = boost::json;

template <class Number>
std::optional<Number> from_text(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

class writer {
 public:
  explicit writer(bool pretty) : pretty_(pretty) {}

  void write(const json::value& value) {
    switch (value.kind()) {
      case json::kind::object: {
        begin('{');
        for (const auto& [key, member] : value.get_object()) {
          next();
          write_string(key);
          text_ += pretty_ ? ": " : ":";
          write(member);
        }
        end('}');
        break;
      }
      case json::kind::array:
        begin('[');
        for (const auto& element : value.get_array()) {
          next();
          write(element);
        }
        end(']');
        break;
      case json::kind::string:
        write_string(value.get_string());
        break;
      case json::kind::double_:
        write_double(value.get_double());
        break;
      case json::kind::int64:
        text_ += std::to_string(value.get_int64());
        break;
      case json::kind::uint64:
        text_ += std::to_string(value.get_uint64());
        break;
      case json::kind::bool_:
        text_ += value.get_bool() ? "true" : "false";
        break;
      case json::kind::null:
        text_ += "null";
        break;
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void begin(char bracket) {
    text_ += bracket;
    empty_ = true;
    ++level_;
  }
  void next() {
    if (!empty_) text_ += ',';
    empty_ = false;
    new_line();
  }
  void end(char bracket) {
    --level_;
    if (!empty_) new_line();
    text_ += bracket;
    empty_ = false;
  }
  void new_line() {
    if (pretty_) text_.append("\n").append(2 * level_, ' ');
  }

  void write_string(json::string_view text) { text_ += json::serialize(text); }

  // Boost.JSON writes 1.5E0; an offset should look as its source wrote it.
  void write_double(double number) {
    if (!std::isfinite(number)) {
      text_ += "null";
      return;
    }
    std::array<char, 32> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    const std::string_view shortest(digits.data(), static_cast<std::size_t>(written.ptr - digits.data()));
    text_ += shortest;
    if (shortest.find_first_of(".e") == std::string_view::npos) text_ += ".0";
  }

  bool pretty_;
  bool empty_ = true;
  std::size_t level_ = 0;
  std::string text_;
};

std::string write(const json::value& value, bool pretty) {
  writer out(pretty);
  out.write(value);
  return out.take();
}

/// Reads fixed numbers of digits and single characters from the front of a text.
class scanner {
 public:
  explicit scanner(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  bool skip(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<int> digits(std::size_t count) {
    if (text_.size() < count) return std::nullopt;
    int number = 0;
    for (const char c : text_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      number = 10 * number + (c - '0');
    }
    text_.remove_prefix(count);
    return number;
  }

 private:
  std::string_view text_;
};

}  // namespace

result<json::object> parse_json_object(std::string_view text, std::string_view what) {
  auto value = parse_json(text);
  if (!value) return failure(errc::protocol_error, std::string(what) + ": " + value.error().message());
  if (!value.assume_value().is_object()) return failure(errc::protocol_error, std::string(what) + ": no JSON object");
  return std::move(value.assume_value().get_object());
}

std::string to_text(const json::value& value) {
  return write(value, false);
}
std::string to_pretty_text(const json::value& value) {
  return write(value, true);
}

std::optional<time_point> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  scanner in(text);
  const auto year = in.digits(4);
  if (!year || !in.skip('-')) return std::nullopt;
  const auto month = in.digits(2);
  if (!month || !in.skip('-')) return std::nullopt;
  const auto day = in.digits(2);
  if (!day || !in.skip('T')) return std::nullopt;
  const auto hour = in.digits(2);
  if (!hour || !in.skip(':')) return std::nullopt;
  const auto minute = in.digits(2);
  if (!minute || !in.skip(':')) return std::nullopt;
  const auto second = in.digits(2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;

  int fraction = 0;
  if (in.skip('.')) {
    int weight = 100;
    auto digit = in.digits(1);
    if (!digit) return std::nullopt;
    for (; digit; digit = in.digits(1), weight /= 10) fraction += weight * *digit;
  }

  minutes offset{0};
  if (!in.skip('Z')) {
    const bool east = in.skip('+');
    if (!east && !in.skip('-')) return std::nullopt;
    const auto offset_hours = in.digits(2);
    in.skip(':');
    const auto offset_minutes = in.digits(2);
    if (!offset_hours || !offset_minutes || *offset_hours > 18 || *offset_minutes > 59) return std::nullopt;
    offset = minutes((east ? 1 : -1) * (60 * *offset_hours + *offset_minutes));
  }
  if (!in.done()) return std::nullopt;

  const year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return time_point(sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) +
         std::chrono::milliseconds(fraction) - offset;
}

std::optional<std::int64_t> as_integer(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_string()) return from_text<std::int64_t>(view(value.get_string()));
  if (value.is_double()) {
    const double number = value.get_double();
    // 2^63 is a double, the largest int64 is not.
    if (number >= -0x1p63 && number < 0x1p63 && std::trunc(number) == number) return static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

namespace {

std::optional<double> as_number(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  if (value.is_string()) return from_text<double>(view(value.get_string()));
  return std::nullopt;
}

}  // namespace

template <class Convert>
auto field_reader::take(std::string_view name, Convert convert)
    -> decltype(convert(std::declval<const json::value&>())) {
  const auto* value = object_.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) return {};
  if (value->is_null()) {
    taken_.push_back(name);
    return {};
  }
  auto converted = convert(*value);
  if (converted) taken_.push_back(name);
  return converted;
}

std::optional<std::string> field_reader::text(std::string_view name) {
  return take(name, [](const json::value& value) {
    return value.is_string() ? std::optional<std::string>(view(value.get_string())) : std::nullopt;
  });
}

std::optional<std::int64_t> field_reader::integer(std::string_view name) {
  return take(name, as_integer);
}

std::optional<double> field_reader::number(std::string_view name) {
  const auto number = take(name, as_number);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<std::chrono::milliseconds> field_reader::milliseconds(std::string_view name) {
  const auto count = integer(name);
  if (!count) return std::nullopt;
  return std::chrono::milliseconds(*count);
}

std::optional<time_point> field_reader::timestamp(std::string_view name) {
  return take(name, [](const json::value& value) {
    return value.is_string() ? parse_timestamp(view(value.get_string())) : std::nullopt;
  });
}

const json::object* field_reader::object(std::string_view name) {
  return take(name, [](const json::value& value) { return value.if_object(); });
}

const json::array* field_reader::array(std::string_view name) {
  return take(name, [](const json::value& value) { return value.if_array(); });
}

const json::value* field_reader::any(std::string_view name) {
  return take(name, [](const json::value& value) { return &value; });
}

std::map<std::string, std::string> field_reader::left_over() const {
  std::map<std::string, std::string> others;
  for (const auto& [key, value] : object_) {
    const std::string_view name(key.data(), key.size());
    if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) others.emplace(name, to_text(value));
  }
  return others;
}

}  // namespace cospark::streaming
