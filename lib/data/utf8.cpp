#include "data/utf8.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace cospark::data {
namespace {

// Length of the character that begins here, 0 if none does.
std::size_t character_length(std::span<const std::byte> text) noexcept {
  const auto at = [text](std::size_t index) { return std::to_integer<std::uint32_t>(text[index]); };
  const std::uint32_t lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const std::uint32_t second = at(1);
  if (lead == 0xe0 && second < 0xa0) return 0;
  if (lead == 0xed && second > 0x9f) return 0;
  if (lead == 0xf0 && second < 0x90) return 0;
  if (lead == 0xf4 && second > 0x8f) return 0;
  return length;
}

// Whether a piece of this many bytes is at the beginning, and ASCII.
template <std::size_t Size>
bool begins_with_ascii(std::span<const std::byte> text) noexcept {
  if (text.size() < Size) return false;
  std::array<std::uint64_t, Size / sizeof(std::uint64_t)> words;
  std::memcpy(words.data(), text.data(), Size);
  std::uint64_t all = 0;
  for (const auto word : words) all |= word;
  return (all & 0x8080808080808080) == 0;
}

}  // namespace

text_kind classify(std::span<const std::byte> text) noexcept {
  text_kind kind = text_kind::ascii;
  while (!text.empty()) {
    if (begins_with_ascii<8>(text)) {
      text = text.subspan(8);
      while (begins_with_ascii<64>(text)) text = text.subspan(64);
      continue;
    }
    const std::size_t length = character_length(text);
    if (length == 0) return text_kind::neither;
    if (length > 1) kind = text_kind::utf8;
    text = text.subspan(length);
  }
  return kind;
}

}  // namespace cospark::data
