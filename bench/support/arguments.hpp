// The command line of a benchmark.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// An option `--name VALUE`, with the value it has when it is not given.
struct option {
  std::string name;
  std::string value;
  std::string meaning;
};

/// Parsed options. `--help` prints what the program measures and its options, and ends it; so does a mistake. Every
/// program has `--json FILE`.
class arguments {
 public:
  arguments(int argc, char** argv, std::string question, std::vector<option> options);

  const std::string& question() const noexcept { return question_; }
  const std::string& program() const noexcept { return program_; }
  const std::vector<option>& all() const noexcept { return options_; }

  const std::string& text(std::string_view name) const;
  std::size_t number(std::string_view name) const;
  /// A list such as `1,100,1000`.
  std::vector<std::size_t> numbers(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;

 private:
  std::string program_;
  std::string question_;
  std::vector<option> options_;
};

}  // namespace bench
