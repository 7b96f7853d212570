// Streams recorded from Spark, and what Spark and Arrow said about them.
#pragma once

#include <cospark/record_batch.hpp>
#include <cospark/schema.hpp>

#include <boost/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace fixture {

/// One recorded result.
struct recording {
  std::string name;
  /// Complete streams: chunks are already put together.
  std::vector<std::shared_ptr<const std::string>> streams;
  cospark::schema schema;
  std::vector<std::int64_t> row_counts;
  /// Rows as another Arrow library decoded them, or null.
  boost::json::value rows;
  /// Spark's own cast of column v to string, or null.
  boost::json::value casts;
};

std::string read_file(const std::string& path);
boost::json::value parse(const std::string& text);

/// `recording_of("4.3.0", "bigint")`.
recording recording_of(const std::string& version, const std::string& name);

/// All recordings of all versions.
std::vector<recording> all_recordings();
/// All streams of all recordings.
std::vector<std::shared_ptr<const std::string>> all_streams();

/// A value in the form in which the recordings have it, as compact JSON. `like`: the recorded one; a timestamp is
/// printed with its time zone.
std::string as_recorded(const cospark::value& value, const boost::json::value& like);

/// Touches everything that a batch offers, so that a sanitizer sees what is wrong with it; gives the text of its rows.
std::string walk(const cospark::record_batch& batch);

}  // namespace fixture
