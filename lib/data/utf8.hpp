// Whether bytes are UTF-8.
#pragma once

#include <cstddef>
#include <span>

namespace cospark::data {

enum class text_kind { ascii, utf8, neither };

/// `utf8` excludes overlong forms, surrogates and what lies beyond U+10FFFF.
text_kind classify(std::span<const std::byte> text) noexcept;

/// Whether a byte is one of the later bytes of a character.
inline bool is_continuation(std::byte one) noexcept {
  return (one & std::byte{0xc0}) == std::byte{0x80};
}

}  // namespace cospark::data
