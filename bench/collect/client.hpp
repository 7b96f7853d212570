// Who reads a result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

struct reading {
  std::size_t rows = 0;
  std::size_t bytes = 0;  // of Arrow data; 0: not counted
  std::int64_t first_ns = 0;
  std::int64_t total_ns = 0;
};

/// gRPC's blocking reader, which throws the bytes away.
reading read_raw(const std::string& target, const std::string& table);
/// The same by gRPC's callbacks.
reading read_by_callbacks(const std::string& target, const std::string& table);
/// `data_frame::execute()`: record batches, checked; a column of each is looked at. `table`: a table, or SQL if it
/// begins with SELECT.
reading read_batches(const std::string& remote, const std::string& table);
/// `data_frame::collect()`: all rows, in memory.
reading read_rows(const std::string& remote, const std::string& table);

}  // namespace bench
