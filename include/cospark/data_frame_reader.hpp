// Reads data that does not move.
#pragma once

#include <cospark/data_frame.hpp>
#include <cospark/option_value.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cospark {
namespace frame {
struct source_settings;
}

/// Describes a source and makes a data frame of it. Corresponds to Spark's `DataFrameReader`.
///
/// An immutable value: every setter gives a new reader. Nothing is sent; what is wrong with a source shows when the
/// frame is analysed.
class data_frame_reader {
 public:
  /// The source: "parquet" (Spark's default), "csv", "json", "orc", "text", "jdbc", …
  data_frame_reader format(std::string name) const;
  /// The schema, as DDL such as "user STRING, at TIMESTAMP" or as a value. Without one Spark finds it in the data.
  data_frame_reader schema(std::string ddl) const;
  data_frame_reader schema(const cospark::schema& schema) const;
  /// One option of the source.
  data_frame_reader option(std::string name, const option_value& value) const;
  data_frame_reader options(const option_map& options) const;

  /// The data: of a source that needs no path, or of files and folders, which may contain wildcards.
  data_frame load() const;
  data_frame load(std::string path) const;
  data_frame load(std::vector<std::string> paths) const;
  /// A table or view, with these options. It has a schema of its own: with `schema()` the frame's operations fail with
  /// `errc::invalid_argument`.
  data_frame table(std::string name) const;
  /// `format(…).load(path)` for the file formats.
  data_frame csv(std::string path) const;
  data_frame json(std::string path) const;
  data_frame parquet(std::string path) const;
  data_frame orc(std::string path) const;
  data_frame text(std::string path) const;
  /// Spark 4.0.
  data_frame xml(std::string path) const;
  /// A table of a database at a JDBC URL; user, password and the like are options.
  data_frame jdbc(std::string url, std::string table) const;

 private:
  friend struct frame::access;
  data_frame_reader(std::shared_ptr<connect::session_state> session,
                    std::shared_ptr<const frame::source_settings> settings) noexcept
      : session_(std::move(session)), settings_(std::move(settings)) {}
  template <class Change>
  data_frame_reader with(Change change) const;

  std::shared_ptr<connect::session_state> session_;
  std::shared_ptr<const frame::source_settings> settings_;
};

}  // namespace cospark
