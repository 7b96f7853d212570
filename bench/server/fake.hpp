// cospark::testing's server under the command of a benchmark.
#pragma once

#include <cospark/testing.hpp>

#include <string>

namespace bench {

class fake {
 public:
  std::string port() const { return std::to_string(server_.port()); }

  /// `streams`: how many response streams are open.
  /// `buses`: how many listener buses are registered.
  /// `end all`: ends all queries; "FIRST LAST", the times (ns) before the first end and after the last.
  /// `end COUNT MICROSECONDS`: ends that many, so far apart; "RUN_ID TIME RUN_ID TIME …".
  std::string answer(const std::string& command);

 private:
  cospark::testing::server server_;
};

}  // namespace bench
