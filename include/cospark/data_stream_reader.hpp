// Reads streams.
#pragma once

#include <cospark/data_frame.hpp>
#include <cospark/option_value.hpp>
#include <cospark/schema.hpp>

#include <memory>
#include <string>

namespace cospark {
namespace connect {
class session_state;
}
namespace frame {
struct source_settings;
}
namespace streaming {
struct access;
}

/// Describes a streaming source and makes a streaming data frame of it: Spark's DataStreamReader. Spark 3.5+.
///
/// A value: every setter returns a new reader and leaves this one as it is. Nothing is sent; what is wrong with a
/// source shows when the frame is analysed or its query is started.
class data_stream_reader {
 public:
  /// The source: "rate", "kafka", "parquet", "csv", "json", "orc", "text", "socket", …
  data_stream_reader format(std::string name) const;
  /// The schema, as DDL such as "user STRING, at TIMESTAMP". File sources need one, except text.
  data_stream_reader schema(std::string ddl) const;
  data_stream_reader schema(const cospark::schema& schema) const;
  /// One option of the source. Names differ by more than upper and lower case.
  data_stream_reader option(std::string name, option_value value) const;
  data_stream_reader options(const option_map& options) const;
  /// Name of the source within its query, of letters, digits and underscores, so that a checkpoint can tell sources
  /// apart when their order changes. Spark 4.2+; older servers refuse the query.
  data_stream_reader name(std::string source_name) const;

  /// The stream.
  data_frame load() const;
  /// The stream of the files in a folder.
  data_frame load(std::string path) const;
  /// The stream of a table's rows. A table has a schema of its own and takes no name: with `schema()` or `name()` the
  /// frame's operations fail with `errc::invalid_argument`.
  data_frame table(std::string name) const;
  /// `format(…).load(path)` for the file formats.
  data_frame csv(std::string path) const;
  data_frame json(std::string path) const;
  data_frame parquet(std::string path) const;
  data_frame orc(std::string path) const;
  data_frame text(std::string path) const;
  /// Spark 4.0+.
  data_frame xml(std::string path) const;

 private:
  friend struct streaming::access;
  data_stream_reader(std::shared_ptr<connect::session_state> session,
                     std::shared_ptr<const frame::source_settings> settings) noexcept
      : session_(std::move(session)), settings_(std::move(settings)) {}
  template <class Change>
  data_stream_reader with(Change change) const;

  std::shared_ptr<connect::session_state> session_;
  std::shared_ptr<const frame::source_settings> settings_;
};

}  // namespace cospark
