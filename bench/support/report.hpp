// Figures: gathered, summed up, printed and written.
#pragma once

#include "support/arguments.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace bench {

using fields = boost::json::object;

/// What is between the smallest and the largest of the numbers: 0.5 is the median. 0 for no numbers.
double quantile(std::vector<double> numbers, double part);
inline double median(std::vector<double> numbers) {
  return quantile(std::move(numbers), 0.5);
}
/// One client's figure over another's, round by round: median, and what half of the rounds lie between.
std::string ratio(const std::vector<double>& ours, const std::vector<double>& theirs);
/// Rounded to `digits` significant digits, for reading.
double rounded(double number, int digits = 3);

/// All samples, and a table of what they say. Both go to the JSON file, with the machine, the versions and the load.
class report {
 public:
  explicit report(const arguments& from);

  void add_sample(fields sample) { samples_.emplace_back(std::move(sample)); }
  /// A line of the table. Its columns are the keys, those of the first line of a table for all of them.
  void add_row(std::string table, fields row);
  /// Prints the tables and writes the file.
  void finish() const;

  const boost::json::array& samples() const noexcept { return samples_; }

 private:
  const arguments& arguments_;
  fields environment_;
  boost::json::array samples_;
  std::vector<std::pair<std::string, boost::json::array>> tables_;
};

}  // namespace bench
