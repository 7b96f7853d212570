// JSON from a server: reading it with bounds and without surprises, and writing values back as text.
#pragma once

#include <cospark/result.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cospark::streaming {

using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

/// A progress of a large query has some 100 KB.
inline constexpr std::size_t max_json_size = std::size_t{8} << 20;
/// The schema of an observed metric takes three levels for each level of its type.
inline constexpr std::size_t max_json_depth = 128;

/// Parses a text; anything but JSON within the bounds is `errc::protocol_error`. Of duplicate keys the last counts.
/// Bare NaN, Infinity and -Infinity, and numbers beyond a double, are taken for the texts that Spark writes elsewhere.
result<boost::json::value> parse_json(std::string_view text);

/// As `parse_json`, for a text that has to be an object; `what` names it in the error.
result<boost::json::object> parse_json_object(std::string_view text, std::string_view what);

/// Compact JSON; doubles in their shortest form.
std::string to_text(const boost::json::value& value);
/// JSON with a line for each member, indented by two spaces a level.
std::string to_pretty_text(const boost::json::value& value);

/// Spark's timestamps: ISO 8601 with `Z` or an offset; digits beyond milliseconds are dropped.
std::optional<time_point> parse_timestamp(std::string_view text);

/// A whole number, also as text.
std::optional<std::int64_t> as_integer(const boost::json::value& value);

/// Reads the known fields of an object and keeps what is left over. A field that is null, or missing, is absent; a
/// field whose value is of another kind than asked for is absent, too, and left over.
class field_reader {
 public:
  explicit field_reader(const boost::json::object& object) : object_(object) {}

  std::optional<std::string> text(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name);
  /// Finite numbers only; NaN and infinity are absent without being left over.
  std::optional<double> number(std::string_view name);
  std::optional<std::chrono::milliseconds> milliseconds(std::string_view name);
  std::optional<time_point> timestamp(std::string_view name);
  const boost::json::object* object(std::string_view name);
  const boost::json::array* array(std::string_view name);
  /// Any value except null.
  const boost::json::value* any(std::string_view name);

  /// Puts a field back to the left-over ones: its value could be used in part only.
  void leave(std::string_view name) { std::erase(taken_, name); }
  std::map<std::string, std::string> left_over() const;

 private:
  template <class Convert>
  auto take(std::string_view name, Convert convert) -> decltype(convert(std::declval<const boost::json::value&>()));

  const boost::json::object& object_;
  std::vector<std::string_view> taken_;
};

}  // namespace cospark::streaming
