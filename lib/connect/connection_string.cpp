#include "connect/connection_string.hpp"

#include "connect/uuid.hpp"
#include "execute/header.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

namespace cospark::connect {
namespace {

using namespace std::string_literals;

constexpr std::string_view parameters[] = {"token",
                                           "use_ssl",
                                           "user_id",
                                           "user_agent",
                                           "session_id",
                                           "grpc_max_message_size",
                                           "grpc_keepalive_enabled",
                                           "grpc_keepalive_time_ms",
                                           "grpc_keepalive_timeout_ms",
                                           "grpc_keepalive_without_calls"};

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return text;
}

auto wrong(std::string what) {
  return failure(errc::invalid_argument, "connection string: " + std::move(what));
}

result<std::string> percent_decoded(std::string_view key, std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const auto* first = text.data() + i + 1;
    const auto* last = first + (text.size() - i > 2 ? 2 : 0);
    const auto [end, problem] = std::from_chars(first, last, value, 16);
    if (first == last || problem != std::errc() || end != last) {
      return wrong("the value of '" + std::string(key) + "' has a '%' that is not followed by two hex digits");
    }
    if (value < 0x20 || value == 0x7f) {
      return wrong("the value of '" + std::string(key) + "' holds a control character");
    }
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

std::string quoted(std::string_view key) {
  std::string text(1, '\'');
  text += key;
  text += '\'';
  return text;
}

result<bool> parse_bool(std::string_view key, const std::string& value) {
  if (value == "true") return true;
  if (value == "false") return false;
  return wrong(quoted(key) + " must be true or false");
}

result<int> parse_number(std::string_view key, const std::string& value, int least, int most) {
  int number = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (problem != std::errc() || end != value.data() + value.size() || number < least || number > most) {
    return wrong(quoted(key) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

result<void> set(connection_string& out, const std::string& key, std::string value) {
  if (key == "token") {
    if (value.empty()) return wrong("'token' is empty");
    out.token = std::move(value);
  } else if (key == "use_ssl") {
    COSPARK_TRY_RETURN(out.use_ssl, parse_bool(key, value));
  } else if (key == "user_id") {
    out.user_id = std::move(value);
  } else if (key == "user_agent") {
    if (value.size() > 2048) return wrong("'user_agent' is longer than 2048 characters");
    out.user_agent = std::move(value);
  } else if (key == "session_id") {
    if (!is_uuid(value)) return wrong("'session_id' must be a UUID such as 123e4567-e89b-42d3-a456-426614174000");
    out.session_id = std::move(value);
  } else if (key == "grpc_max_message_size") {
    COSPARK_TRY_RETURN(const int size, parse_number(key, value, 1, 2'147'483'647));
    out.max_message_size = static_cast<std::size_t>(size);
  } else if (key == "grpc_keepalive_enabled") {
    COSPARK_TRY_RETURN(out.keepalive, parse_bool(key, value));
  } else if (key == "grpc_keepalive_time_ms") {
    // The least that a server of any version accepts.
    COSPARK_TRY_RETURN(out.keepalive_time, parse_number(key, value, 10'000, 2'147'483'647));
  } else if (key == "grpc_keepalive_timeout_ms") {
    COSPARK_TRY_RETURN(out.keepalive_timeout, parse_number(key, value, 1, 2'147'483'647));
  } else if (key == "grpc_keepalive_without_calls") {
    COSPARK_TRY_RETURN(out.keepalive_without_calls, parse_bool(key, value));
  } else {
    // gRPC wants header names in lower case.
    std::string name = in_lower_case(key);
    // As a header, a token in capitals would be sent in plain text.
    if (std::find(std::begin(parameters), std::end(parameters), name) != std::end(parameters)) {
      return wrong("'" + key + "' must be written '" + name + "'");
    }
    if (name == "authorization") return wrong("'authorization' is what 'token' makes");
    if (!execute::is_header_name(name)) {
      return wrong("'" + key.substr(0, 64) + "' is neither a parameter nor a usable header name");
    }
    if (!execute::is_header_value(value) && !name.ends_with("-bin")) {
      return wrong("the value of '" + name + "' holds a character that a header cannot carry");
    }
    out.metadata.emplace_back(std::move(name), std::move(value));
  }
  return success();
}

result<void> parse_authority(std::string_view authority, connection_string& out) {
  std::string_view port;
  if (authority.find('@') != std::string_view::npos) {
    return wrong("credentials before '@' are not supported: use ;token=");
  }
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return wrong("'[' without ']' around an IPv6 address");
    out.host = authority.substr(1, end - 1);
    const auto rest = authority.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return wrong("only ':port' may follow ']'");
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return wrong("the port after ':' is missing");
    const auto fits = [](char c) {
      return c == ':' || c == '.' || c == '%' || std::isxdigit(static_cast<unsigned char>(c));
    };
    if (out.host.find(':') == std::string::npos || !std::all_of(out.host.begin(), out.host.end(), fits)) {
      return wrong("what is in brackets is not an IPv6 address");
    }
  } else {
    const auto colon = authority.find(':');
    out.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = authority.substr(colon + 1);
      if (port.empty()) return wrong("the port after ':' is missing");
      if (port.find(':') != std::string_view::npos) return wrong("an IPv6 address needs brackets: sc://[::1]:15002");
    }
    const auto fits = [](char c) {
      return c == '.' || c == '-' || c == '_' || std::isalnum(static_cast<unsigned char>(c));
    };
    if (out.host.empty()) return wrong("the host is missing: sc://host:15002");
    if (!std::all_of(out.host.begin(), out.host.end(), fits)) return wrong("the host has a character that no host has");
  }
  if (!port.empty()) {
    COSPARK_TRY_RETURN(const int number, parse_number("port", std::string(port), 1, 65'535));
    out.port = static_cast<std::uint16_t>(number);
  }
  return success();
}

}  // namespace

std::string connection_string::target() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

bool connection_string::is_loopback() const {
  if (host == "localhost" || host == "::1") return true;
  // An address, not a name that begins like one: a token may go there in plain text.
  const auto numeric = [](char c) { return c == '.' || (c >= '0' && c <= '9'); };
  return host.starts_with("127.") && std::all_of(host.begin(), host.end(), numeric);
}

result<connection_string> parse_connection_string(std::string_view text) {
  constexpr std::string_view scheme = "sc://";
  if (text.size() > 65'536) return wrong("it is longer than 65536 bytes");
  if (!text.starts_with(scheme)) return wrong("it must begin with sc://, as in sc://localhost:15002");
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x21 || c == 0x7f; })) {
    return wrong("it holds a space or a control character; encode it as %20 and so on");
  }
  text.remove_prefix(scheme.size());
  connection_string out;
  const auto end = text.find_first_of("/;?#");
  COSPARK_TRY_RETURN(parse_authority(text.substr(0, end), out));
  if (end == std::string_view::npos) return out;
  auto rest = text.substr(end);
  if (!rest.starts_with('/')) return wrong("parameters begin with '/;' after the host, as in sc://host/;use_ssl=true");
  rest.remove_prefix(1);
  if (rest.empty()) return out;
  if (!rest.starts_with(';')) return wrong("the path must be empty; parameters begin with '/;'");
  rest.remove_prefix(1);
  std::set<std::string> seen;
  while (!rest.empty()) {
    const auto stop = rest.find(';');
    const auto part = rest.substr(0, stop);
    rest = stop == std::string_view::npos ? std::string_view() : rest.substr(stop + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) return wrong("a parameter is not of the form key=value");
    const std::string key(part.substr(0, equals));
    if (!seen.insert(in_lower_case(key)).second) return wrong("'" + key.substr(0, 64) + "' is given twice");
    COSPARK_TRY_RETURN(auto value, percent_decoded(key.substr(0, 64), part.substr(equals + 1)));
    COSPARK_TRY_RETURN(set(out, key, std::move(value)));
  }
  return out;
}

}  // namespace cospark::connect
