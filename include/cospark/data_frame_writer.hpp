// Writes the rows of a data frame.
#pragma once

#include <cospark/column_list.hpp>
#include <cospark/data_frame.hpp>
#include <cospark/option_value.hpp>
#include <cospark/save_mode.hpp>
#include <cospark/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cospark {

/// Describes where a batch frame is written, and writes it: what `data_frame::write` gives. Corresponds to Spark's
/// `DataFrameWriter`. An immutable value: every setter gives a new writer.
///
/// The remote members end when all is written. Errors: `errc::analysis_failed` (the target exists, a streaming frame,
/// an unknown format), `errc::execution_failed`, and `errc::outcome_unknown` if the connection is lost for good.
/// Cancelling interrupts the write on the server; what is written by then depends on the target.
class data_frame_writer {
 public:
  /// The target: "parquet" (Spark's default), "csv", "json", "orc", "text", "noop", …
  data_frame_writer format(std::string name) const;
  /// What to do if the target exists, also by Spark's name such as "overwrite" or "error".
  data_frame_writer mode(save_mode mode) const;
  data_frame_writer mode(std::string_view name) const;
  /// One option of the target.
  data_frame_writer option(std::string name, const option_value& value) const;
  data_frame_writer options(const option_map& options) const;
  /// Columns by whose values files are laid out in folders. This and the next ones replace what was given before.
  data_frame_writer partition_by(const detail::text_like auto&... names) const {
    return partition_by(detail::name_list(names...));
  }
  data_frame_writer partition_by(std::vector<std::string> names) const;
  /// Columns by whose hash rows are put into this many buckets, and columns by which each is sorted. Tables only.
  data_frame_writer bucket_by(std::int32_t buckets, const detail::text_like auto&... names) const {
    return bucket_by(buckets, detail::name_list(names...));
  }
  data_frame_writer bucket_by(std::int32_t buckets, std::vector<std::string> names) const;
  data_frame_writer sort_by(const detail::text_like auto&... names) const {
    return sort_by(detail::name_list(names...));
  }
  data_frame_writer sort_by(std::vector<std::string> names) const;
  /// Columns by which the target clusters its data; not together with `partition_by`. Spark 4.0.
  data_frame_writer cluster_by(const detail::text_like auto&... names) const {
    return cluster_by(detail::name_list(names...));
  }
  data_frame_writer cluster_by(std::vector<std::string> names) const;

  /// Writes to a target that needs no path, or to files in a folder.
  task<> save() const;
  task<> save(std::string path) const;
  /// Writes to a table, which is made if it does not exist; columns by name.
  task<> save_as_table(std::string name) const;
  /// Adds to a table that exists; columns by position.
  task<> insert_into(std::string name) const;
  /// `format(…).save(path)` for the file formats.
  task<> csv(std::string path) const;
  task<> json(std::string path) const;
  task<> parquet(std::string path) const;
  task<> orc(std::string path) const;
  task<> text(std::string path) const;
  /// Spark 4.0.
  task<> xml(std::string path) const;

 private:
  friend struct frame::access;
  struct state;
  explicit data_frame_writer(std::shared_ptr<const state> settings) noexcept;
  template <class Change>
  data_frame_writer with(Change change) const;

  std::shared_ptr<const state> state_;
};

}  // namespace cospark
