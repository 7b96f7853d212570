// A cospark program that waits for N queries.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

/// Takes the commands of bench_peers on standard input and answers each with a line of JSON, until it ends.
int run_ours(const std::string& remote, std::size_t count);

}  // namespace bench
