#include "execute/header.hpp"

#include <algorithm>

namespace cospark::execute {

bool is_header_value(const std::string& text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

bool is_header_name(const std::string& text) noexcept {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= 256 && std::all_of(text.begin(), text.end(), fits) &&
         !text.starts_with("grpc-") && text != "authorization";
}

}  // namespace cospark::execute
