// How the one-line functions of functions.hpp become columns. Not for users.
#pragma once

#include <cospark/column.hpp>
#include <cospark/interval_text.hpp>
#include <cospark/option_value.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace cospark {

class data_type;

namespace detail {

column builtin(std::string_view name, const column_list& arguments, bool distinct = false);
template <class... A>
column call(std::string_view name, const A&... arguments) {
  return builtin(name, std::vector<column>{column(arguments)...});
}
template <class... A>
column call_list(std::string_view name, const A&... arguments) {
  return builtin(name, list(arguments...));
}
column interval(std::string_view what, const interval_text& interval, bool may_be_negative = false);
column parse(std::string_view function, const column& text, const column& schema, const option_map& options);
column print(std::string_view function, const column& value, const option_map& options);
std::int64_t random_seed();

}  // namespace detail

}  // namespace cospark
