// What the headers of a call can hold.
#pragma once

#include <string>

namespace cospark::execute {

/// Whether a header can carry the text: gRPC ends the process over one that it cannot.
bool is_header_value(const std::string& text) noexcept;
/// Whether the text is the name of a header that a user may set.
bool is_header_name(const std::string& text) noexcept;

}  // namespace cospark::execute
