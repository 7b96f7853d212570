// UUIDs in their text form: ids of sessions, operations and queries.
#pragma once

#include <string>
#include <string_view>

namespace cospark::connect {

/// Whether the text has the form that Java's UUID prints: 8-4-4-4-12 hexadecimal digits, upper or lower case.
bool is_uuid(std::string_view text) noexcept;

/// A random UUID (version 4), lower case. May be called from any thread.
std::string make_uuid();

}  // namespace cospark::connect
