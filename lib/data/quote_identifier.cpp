#include <cospark/quote_identifier.hpp>

namespace cospark {

std::string quote_identifier(std::string_view name) {
  std::string quoted = "`";
  quoted.reserve(name.size() + 2);
  for (const char c : name) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  quoted += '`';
  return quoted;
}

}  // namespace cospark
