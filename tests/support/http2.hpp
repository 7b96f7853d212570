// HTTP/2 frames, as bytes: what gRPC's own server will not send on command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http2 {

enum class kind : std::uint8_t {
  data = 0,
  headers = 1,
  rst_stream = 3,
  settings = 4,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
};

/// Error codes of RFC 9113.
enum class code : std::uint32_t {
  no_error = 0,
  internal_error = 2,
  refused_stream = 7,
  cancel = 8,
  enhance_your_calm = 11,
};

constexpr std::uint8_t end_stream = 1;  // of data and headers
constexpr std::uint8_t ack = 1;         // of settings and ping
constexpr std::uint8_t end_headers = 4;
constexpr std::size_t head_size = 9;
constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The head of a frame.
struct frame {
  frame() = default;
  kind what = kind::data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::size_t length = 0;  // of what follows the head

  bool ends_stream() const { return (what == kind::data || what == kind::headers) && (flags & end_stream) != 0; }
};

/// The head at the beginning of some bytes; nothing as long as a part of the frame is missing.
inline std::optional<frame> next_frame(std::string_view bytes) {
  if (bytes.size() < head_size) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])); };
  frame head;
  head.length = byte(0) << 16U | byte(1) << 8U | byte(2);
  head.what = static_cast<kind>(byte(3));
  head.flags = static_cast<std::uint8_t>(byte(4));
  head.stream = (byte(5) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8)) & 0x7fffffffU;
  if (bytes.size() < head_size + head.length) return std::nullopt;
  return head;
}

inline std::string four_bytes(std::uint32_t number) {
  std::string bytes;
  for (unsigned shift = 32; shift > 0; shift -= 8) bytes += static_cast<char>(number >> (shift - 8) & 0xffU);
  return bytes;
}

inline std::string make_frame(kind what, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes = four_bytes(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes += static_cast<char>(what);
  bytes += static_cast<char>(flags);
  bytes += four_bytes(stream);
  return bytes.append(payload);
}

inline std::string settings() {
  return make_frame(kind::settings, 0, 0, {});
}

inline std::string rst_stream(std::uint32_t stream, code why) {
  return make_frame(kind::rst_stream, 0, stream, four_bytes(static_cast<std::uint32_t>(why)));
}

/// `last`: the last stream that the sender will still answer.
inline std::string goaway(std::uint32_t last, code why, std::string_view text) {
  return make_frame(kind::goaway, 0, 0,
                    four_bytes(last) + four_bytes(static_cast<std::uint32_t>(why)) + std::string(text));
}

/// Headers without compression, each name and value shorter than 127 bytes.
inline std::string headers(std::uint32_t stream, const std::vector<std::pair<std::string, std::string>>& fields,
                           bool last) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block += '\0';  // literal, not indexed, with its name
    block += static_cast<char>(name.size());
    block += name;
    block += static_cast<char>(value.size());
    block += value;
  }
  const auto flags = static_cast<std::uint8_t>(end_headers | (last ? end_stream : 0));
  return make_frame(kind::headers, flags, stream, block);
}

inline std::string data(std::uint32_t stream, std::string_view bytes, bool last) {
  return make_frame(kind::data, last ? end_stream : std::uint8_t{0}, stream, bytes);
}

}  // namespace http2
