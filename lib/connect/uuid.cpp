#include "connect/uuid.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

namespace cospark::connect {
namespace {

constexpr std::size_t length = 36;

constexpr bool is_hyphen_position(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

constexpr bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    if (is_hyphen_position(i) ? text[i] != '-' : !is_hex_digit(text[i])) return false;
  }
  return true;
}

std::string make_uuid() {
  // The device itself and no generator seeded from it: whoever knows a session's id can join the session, and a
  // generator's state would be the same in a forked child. Opening the device costs ten times as much as reading it.
  thread_local std::random_device device;
  std::array<std::uint32_t, 4> words{};
  for (auto& word : words) word = device();

  std::string text(length, '-');
  std::size_t digit = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (is_hyphen_position(i)) continue;
    auto value = (words[digit / 8] >> (4 * (digit % 8))) & 0xfU;
    if (digit == 12) value = 4;                    // version
    if (digit == 16) value = (value & 0x3U) | 8U;  // variant of RFC 4122
    text[i] = "0123456789abcdef"[value];
    ++digit;
  }
  return text;
}

}  // namespace cospark::connect
