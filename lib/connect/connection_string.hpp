// "sc://host:port/;key=value": parsed and checked.
#pragma once

#include <cospark/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cospark::connect {

struct connection_string {
  connection_string() = default;

  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 15002;
  std::optional<bool> use_ssl;
  std::string token;
  std::string user_id;
  std::string user_agent;
  std::string session_id;
  std::optional<std::size_t> max_message_size;  // bytes
  std::optional<bool> keepalive;
  std::optional<int> keepalive_time;     // milliseconds
  std::optional<int> keepalive_timeout;  // milliseconds
  std::optional<bool> keepalive_without_calls;
  std::vector<std::pair<std::string, std::string>> metadata;  // every other key

  /// "host:port", with brackets around an IPv6 address. Holds no secret.
  std::string target() const;
  /// Whether the host is this machine.
  bool is_loopback() const;
};

/// Parses a connection string. Errors (`errc::invalid_argument`) name the part that is wrong and what would be right,
/// and never repeat the value of a token.
result<connection_string> parse_connection_string(std::string_view text);

}  // namespace cospark::connect
