// What happens to one execution, as bytes: for each thing that happens its kind, the length of what belongs to it in
// two bytes, and that. Bytes that were changed anywhere still are such a sequence.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fuzz {

enum class happening : unsigned char { response, clean_end, failure, segment_deadline, refused_token, time };
inline constexpr unsigned happenings = 6;

struct frame {
  happening kind;
  std::string_view content;
};

/// Takes the first frame off; none if nothing is left.
inline std::optional<frame> next_frame(std::string_view& bytes) {
  if (bytes.size() < 3) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const auto kind = static_cast<happening>(byte(0) % happenings);
  const auto length = std::min<std::size_t>(byte(1) + 256U * byte(2), bytes.size() - 3);
  const frame taken{kind, bytes.substr(3, length)};
  bytes.remove_prefix(3 + length);
  return taken;
}

inline void append_frame(happening kind, std::string_view content, std::string& bytes) {
  content = content.substr(0, 0xffff);
  bytes += static_cast<char>(kind);
  bytes += static_cast<char>(content.size() % 256);
  bytes += static_cast<char>(content.size() / 256);
  bytes += content;
}

}  // namespace fuzz
