// What a fuzz target says when a promise is broken.
#pragma once

#include <cospark/error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace fuzz {

/// Ends the process unless `holds`; libFuzzer then keeps the input.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

/// A refusal is of a kind that the caller was promised, and says why.
inline void must_be_refusal(const cospark::error& error, std::initializer_list<cospark::errc> kinds) {
  if (std::none_of(kinds.begin(), kinds.end(), [&](cospark::errc kind) { return error == kind; })) {
    std::fprintf(stderr, "%s\n", error.to_string().c_str());
    must(false, "an error is of the kind that was promised");
  }
  must(!error.message().empty(), "an error says what is wrong");
}

/// Nothing that moves a terminal's cursor or forges a line of a log.
inline bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace fuzz
