// Where data frames come from.
#pragma once

#include "connect/session_state.hpp"

#include <cospark/column_or_value.hpp>
#include <cospark/data_frame.hpp>
#include <cospark/option_value.hpp>
#include <cospark/row.hpp>
#include <cospark/task.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cospark::frame {

/// One column `id` of the numbers from start, in steps, to before end.
data_frame make_range(connect::session_ptr session, std::int64_t start, std::int64_t end, std::int64_t step,
                      std::optional<std::int32_t> partitions);

/// What the readers collect.
struct source_settings {
  source_settings() = default;

  std::optional<std::string> format;
  std::optional<std::string> schema;  // DDL or Spark's JSON
  std::optional<std::string> name;    // of the source within its query, Spark 4.2
  option_map options;
  bool is_streaming = false;
};

data_frame make_source(connect::session_ptr session, std::shared_ptr<const source_settings> settings,
                       std::vector<std::string> paths);
data_frame make_table(connect::session_ptr session, std::shared_ptr<const source_settings> settings, std::string table);

/// The frame of some rows here. Values must fit the schema, else a plan with it fails with `errc::invalid_argument`.
data_frame make_local(connect::session_ptr session, const schema& schema, const std::vector<row>& rows);

/// Arguments of a SQL text: by name (`:name`) or in order (`?`), not both.
struct sql_arguments {
  sql_arguments() = default;

  std::map<std::string, column_or_value> named;
  std::vector<column_or_value> positional;
};

/// Runs a SQL text. A command is carried out before this ends and the frame has its result; a query runs when rows of
/// the frame are asked for.
task<data_frame> make_sql(connect::session_ptr session, std::string text, sql_arguments arguments);

}  // namespace cospark::frame
