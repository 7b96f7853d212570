#include <cospark/function_call.hpp>

#include "plan/access.hpp"

#include <random>
#include <string>

namespace cospark {

using plan::access;

namespace detail {

column builtin(std::string_view name, const column_list& arguments, bool distinct) {
  return access::make_column(plan::function(name, access::nodes(arguments), distinct));
}

column interval(std::string_view what, const interval_text& interval, bool may_be_negative) {
  if (interval.text().find_first_not_of(" \t\n\r") == std::string::npos) {
    return access::make_column(plan::invalid_expression(std::string("no usable ").append(what)));
  }
  if (interval.is_negative() && !may_be_negative) {
    return access::make_column(
        plan::invalid_expression(std::string("a negative ").append(what).append(": ").append(interval.text())));
  }
  return column(column_or_value(interval.text()));
}

column options(const option_map& options) {
  std::vector<column> parts;
  for (const auto& [key, value] : options) {
    parts.push_back(column(column_or_value(key)));
    parts.push_back(column(column_or_value(value)));
  }
  return builtin("map", parts, false);
}

column parse(std::string_view function, const column& text, const column& schema, const option_map& settings) {
  if (settings.empty()) return call(function, text, schema);
  return call(function, text, schema, options(settings));
}

column print(std::string_view function, const column& value, const option_map& settings) {
  return settings.empty() ? call(function, value) : call(function, value, options(settings));
}

std::int64_t random_seed() {
  thread_local std::mt19937_64 generator(std::random_device{}());
  return static_cast<std::int64_t>(generator() >> 1U);
}

}  // namespace detail

}  // namespace cospark
