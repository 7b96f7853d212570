// Counts what this program takes from malloc, and who takes it.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace bench {

struct allocation_count {
  std::size_t total = 0;
  std::map<std::string, std::size_t> by_origin;  // empty unless origins were asked for
};

/// Counts until `stop_counting`. With origins, every allocation costs a walk over the stack: not while time is taken.
void start_counting(bool with_origins);
allocation_count stop_counting();

}  // namespace bench
