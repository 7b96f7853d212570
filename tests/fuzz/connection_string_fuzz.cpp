// Any text is a connection string or is refused; what was understood, printed, is understood again as the same; a token
// is in no error.
#include "property.hpp"

#include "connect/connection_string.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace {

using cospark::connect::connection_string;
using cospark::connect::parse_connection_string;

std::string encoded(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
  return out;
}

std::string printed(const connection_string& where) {
  std::string text = "sc://" + where.target() + "/;";
  const auto add = [&](const std::string& key, const std::string& value) { text += key + '=' + encoded(value) + ';'; };
  const auto add_bool = [&](const char* key, const std::optional<bool>& value) {
    if (value) add(key, *value ? "true" : "false");
  };
  const auto add_number = [&](const char* key, const auto& value) {
    if (value) add(key, std::to_string(*value));
  };
  add_bool("use_ssl", where.use_ssl);
  if (!where.token.empty()) add("token", where.token);
  if (!where.user_id.empty()) add("user_id", where.user_id);
  if (!where.user_agent.empty()) add("user_agent", where.user_agent);
  if (!where.session_id.empty()) add("session_id", where.session_id);
  add_number("grpc_max_message_size", where.max_message_size);
  add_bool("grpc_keepalive_enabled", where.keepalive);
  add_number("grpc_keepalive_time_ms", where.keepalive_time);
  add_number("grpc_keepalive_timeout_ms", where.keepalive_timeout);
  add_bool("grpc_keepalive_without_calls", where.keepalive_without_calls);
  for (const auto& [name, value] : where.metadata) add(name, value);
  return text;
}

void compare(const connection_string& one, const connection_string& other) {
  using fuzz::must;
  must(one.host == other.host && one.port == other.port, "host and port are printed as they were read");
  must(one.use_ssl == other.use_ssl && one.token == other.token, "use_ssl and token are printed as they were read");
  must(one.user_id == other.user_id && one.user_agent == other.user_agent && one.session_id == other.session_id,
       "names are printed as they were read");
  must(one.max_message_size == other.max_message_size && one.keepalive == other.keepalive &&
           one.keepalive_time == other.keepalive_time && one.keepalive_timeout == other.keepalive_timeout &&
           one.keepalive_without_calls == other.keepalive_without_calls,
       "settings are printed as they were read");
  must(one.metadata == other.metadata, "headers are printed as they were read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto parsed = parse_connection_string(text);
  if (parsed) {
    const auto& where = parsed.assume_value();
    const auto text_again = printed(where);
    if (text_again.size() <= 65'536) {
      const auto again = parse_connection_string(text_again);
      if (!again) std::fprintf(stderr, "%s: %s\n", text_again.c_str(), again.error().to_string().c_str());
      fuzz::must(again.has_value(), "what was understood is understood again");
      compare(where, again.assume_value());
    }
  } else {
    fuzz::must_be_refusal(parsed.error(), {cospark::errc::invalid_argument});
    fuzz::must(parsed.error().message().size() < 500, "an error is short");
  }
  // Names of headers are told in lower case.
  constexpr const char* canary = "s3cr3t-canary";
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lowered.find(canary) != std::string::npos) return 0;
  const auto with_token = parse_connection_string(std::string(text) + ";token=" + canary);
  if (!with_token) {
    fuzz::must(with_token.error().to_string().find(canary) == std::string::npos, "a token is in no error");
  }
  return 0;
}
