// Version of this library.
#pragma once

namespace cospark {

/// "major.minor.patch", the same as CMake's project version.
inline constexpr const char* version_text = "0.1.0";

}  // namespace cospark
