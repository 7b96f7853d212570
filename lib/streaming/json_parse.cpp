// The parser behind parse_json().
#include "streaming/json_reader.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace cospark::streaming {
namespace {

namespace json = boost::json;

/// Builds the value as boost::json::parse does, except for doubles: Boost 1.81 reads them with a last digit that may be
/// wrong, so that the number of an event and the same number in a text would not be equal.
struct value_builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value_stack stack;

  bool on_document_begin(json::error_code&) {
    stack.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t size, json::error_code&) {
    stack.push_object(size);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t size, json::error_code&) {
    stack.push_array(size);
    return true;
  }
  bool on_key_part(json::string_view text, std::size_t, json::error_code&) {
    stack.push_chars(text);
    return true;
  }
  bool on_key(json::string_view text, std::size_t, json::error_code&) {
    stack.push_key(text);
    return true;
  }
  bool on_string_part(json::string_view text, std::size_t, json::error_code&) {
    stack.push_chars(text);
    return true;
  }
  bool on_string(json::string_view text, std::size_t, json::error_code&) {
    stack.push_string(text);
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    stack.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    stack.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view text, json::error_code&) {
    double exact = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), exact);
    const bool complete = problem == std::errc() && end == text.data() + text.size();
    // 1e999 is no double: taken for Spark's text, it does not become null when it is printed.
    if (!complete && std::isinf(number)) {
      stack.push_string(number < 0 ? "-Infinity" : "Infinity");
    } else {
      stack.push_double(complete ? exact : number);
    }
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

json::value parse(std::string_view text, json::error_code& problem) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::basic_parser<value_builder> parser(options);
  const auto used = parser.write_some(false, text.data(), text.size(), problem);
  if (!problem && used < text.size()) problem = json::error::extra_data;
  if (problem) return {};
  return parser.handler().stack.release();
}

constexpr std::array<std::string_view, 3> non_finite{"NaN", "Infinity", "-Infinity"};

/// The text with quotes around NaN and infinity where they stand outside of strings.
std::string quote_non_finite(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 16);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      quoted += c;
      if (c == '\\' && i + 1 < text.size()) quoted += text[++i];
      in_string = c != '"';
      continue;
    }
    const auto rest = text.substr(i);
    const auto token = std::find_if(non_finite.begin(), non_finite.end(),
                                    [&](std::string_view candidate) { return rest.starts_with(candidate); });
    if (token != non_finite.end()) {
      quoted.append("\"").append(*token).append("\"");
      i += token->size() - 1;
      continue;
    }
    quoted += c;
    in_string = c == '"';
  }
  return quoted;
}

bool may_have_non_finite(std::string_view text) {
  return std::any_of(non_finite.begin(), non_finite.end(),
                     [&](std::string_view token) { return text.find(token) != std::string_view::npos; });
}

}  // namespace

result<json::value> parse_json(std::string_view text) {
  if (text.size() > max_json_size) {
    return failure(errc::protocol_error,
                   "JSON of " + std::to_string(text.size()) + " bytes; the limit is " + std::to_string(max_json_size));
  }
  json::error_code problem;
  auto value = parse(text, problem);
  if (!problem) return value;
  if (may_have_non_finite(text)) {
    json::error_code still;
    value = parse(quote_non_finite(text), still);
    if (!still) return value;
  }
  return failure(errc::protocol_error, "not valid JSON: " + problem.message());
}

}  // namespace cospark::streaming
