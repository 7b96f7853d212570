// Refusing what a caller of a public function must not pass.
#pragma once

#include <cospark/error.hpp>

#include <string>
#include <utility>

namespace cospark::data {

[[noreturn]] inline void fail(std::string message) {
  throw exception(error(errc::invalid_argument, std::move(message)));
}

inline void require(bool holds, const char* otherwise) {
  if (!holds) fail(otherwise);
}
inline void require(bool holds, const std::string& otherwise) {
  if (!holds) fail(otherwise);
}

}  // namespace cospark::data
