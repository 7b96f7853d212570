#include "streaming/progress_json.hpp"

#include "streaming/json_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <limits>
#include <utility>

namespace cospark::streaming {
namespace {

namespace json = boost::json;

std::string copy(json::string_view text) {
  return {text.data(), text.size()};
}

/// A map of which every value can be converted; otherwise the field is left over, and what can be converted is used.
template <class Value, class Convert>
std::map<std::string, Value> read_map(field_reader& fields, std::string_view name, Convert convert) {
  std::map<std::string, Value> map;
  const auto* object = fields.object(name);
  if (object == nullptr) return map;
  bool complete = true;
  for (const auto& [key, value] : *object) {
    std::optional<Value> converted = convert(value);
    if (converted) {
      map.insert_or_assign(copy(key), std::move(*converted));
    } else {
      complete = false;
    }
  }
  if (!complete) fields.leave(name);
  return map;
}

std::optional<std::chrono::milliseconds> as_milliseconds(const json::value& value) {
  const auto count = as_integer(value);
  if (!count) return std::nullopt;
  return std::chrono::milliseconds(*count);
}

std::optional<time_point> as_timestamp(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_string();
  return parse_timestamp({text.data(), text.size()});
}

std::optional<std::string> as_text(const json::value& value) {
  if (value.is_string()) return copy(value.get_string());
  return to_text(value);
}

/// An event has the offset as JSON, `recent_progress` the JSON as text. Some sources' offsets are no JSON.
std::optional<std::string> read_offset(field_reader& fields, std::string_view name) {
  const auto* value = fields.any(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return to_text(*value);
  auto text = copy(value->get_string());
  const auto inner = parse_json(text);
  if (!inner) return text.empty() ? std::nullopt : std::optional(std::move(text));
  if (inner.assume_value().is_null()) return std::nullopt;
  return as_text(inner.assume_value());
}

/// The objects of a list; a list with anything else in it is left over as well.
template <class Part>
std::vector<Part> read_list(field_reader& fields, std::string_view name, Part (*read)(const json::object&)) {
  std::vector<Part> parts;
  const auto* list = fields.array(name);
  if (list == nullptr) return parts;
  for (const auto& element : *list) {
    if (const auto* object = element.if_object()) {
      parts.push_back(read(*object));
    } else {
      fields.leave(name);
    }
  }
  return parts;
}

source_progress read_source(const json::object& object) {
  field_reader fields(object);
  source_progress source;
  source.description = fields.text("description").value_or("");
  source.start_offset = read_offset(fields, "startOffset");
  source.end_offset = read_offset(fields, "endOffset");
  source.latest_offset = read_offset(fields, "latestOffset");
  source.num_input_rows = fields.integer("numInputRows").value_or(0);
  source.input_rows_per_second = fields.number("inputRowsPerSecond");
  source.processed_rows_per_second = fields.number("processedRowsPerSecond");
  source.metrics = read_map<std::string>(fields, "metrics", as_text);
  source.others = fields.left_over();
  return source;
}

sink_progress read_sink(const json::object& object) {
  field_reader fields(object);
  sink_progress sink;
  sink.description = fields.text("description").value_or("");
  sink.num_output_rows = fields.integer("numOutputRows");
  if (sink.num_output_rows && *sink.num_output_rows < 0) sink.num_output_rows.reset();
  sink.metrics = read_map<std::string>(fields, "metrics", as_text);
  sink.others = fields.left_over();
  return sink;
}

state_operator_progress read_state_operator(const json::object& object) {
  using std::chrono::milliseconds;
  field_reader fields(object);
  state_operator_progress state;
  state.operator_name = fields.text("operatorName").value_or("");
  state.num_rows_total = fields.integer("numRowsTotal").value_or(0);
  state.num_rows_updated = fields.integer("numRowsUpdated").value_or(0);
  state.num_rows_removed = fields.integer("numRowsRemoved").value_or(0);
  state.num_rows_dropped_by_watermark = fields.integer("numRowsDroppedByWatermark").value_or(0);
  state.all_updates_time_ms = fields.milliseconds("allUpdatesTimeMs").value_or(milliseconds(0));
  state.all_removals_time_ms = fields.milliseconds("allRemovalsTimeMs").value_or(milliseconds(0));
  state.commit_time_ms = fields.milliseconds("commitTimeMs").value_or(milliseconds(0));
  state.memory_used_bytes = fields.integer("memoryUsedBytes").value_or(0);
  state.num_shuffle_partitions = fields.integer("numShufflePartitions").value_or(0);
  state.num_state_store_instances = fields.integer("numStateStoreInstances").value_or(0);
  state.custom_metrics = read_map<std::int64_t>(fields, "customMetrics", as_integer);
  state.others = fields.left_over();
  return state;
}

/// In `recent_progress` a row is {"values": […], "schema": {"fields": [{"name": …}, …]}}, in an event
/// {name: value, …}. Null unless the object is of the first form.
const json::array* fields_of_row(const json::object& row) {
  const auto* values = row.if_contains("values");
  const auto* schema = row.if_contains("schema");
  if (row.size() != 2 || values == nullptr || !values->is_array() || schema == nullptr) return nullptr;
  const auto* object = schema->if_object();
  const auto* fields = object == nullptr ? nullptr : object->if_contains("fields");
  if (fields == nullptr || !fields->is_array()) return nullptr;
  if (fields->get_array().size() != values->get_array().size()) return nullptr;
  return &fields->get_array();
}

std::string field_name(const json::value& field) {
  const auto* object = field.if_object();
  const auto* name = object == nullptr ? nullptr : object->if_contains("name");
  return name != nullptr && name->is_string() ? copy(name->get_string()) : std::string();
}

/// Rows inside of a value as {name: value, …}.
json::value by_name(const json::value& value) {
  if (const auto* list = value.if_array()) {
    json::array plain;
    for (const auto& element : *list) plain.push_back(by_name(element));
    return plain;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  json::object plain;
  if (const auto* fields = fields_of_row(*object)) {
    const auto& values = object->at("values").get_array();
    for (std::size_t i = 0; i < values.size(); ++i) {
      plain.insert_or_assign(field_name((*fields)[i]), by_name(values[i]));
    }
  } else {
    for (const auto& [key, member] : *object) plain.insert_or_assign(key, by_name(member));
  }
  return plain;
}

metric_value read_metric(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return std::monostate();
    case json::kind::bool_:
      return value.get_bool();
    case json::kind::int64:
      return value.get_int64();
    case json::kind::uint64:
      return static_cast<double>(value.get_uint64());
    case json::kind::double_:
      return value.get_double();
    case json::kind::string:
      return copy(value.get_string());
    case json::kind::array:
    case json::kind::object:
      break;
  }
  return to_text(by_name(value));
}

std::optional<std::vector<observed_column>> read_row(const json::value& value) {
  std::vector<observed_column> columns;
  if (value.is_null()) return columns;
  const auto* row = value.if_object();
  if (row == nullptr) return std::nullopt;
  if (const auto* fields = fields_of_row(*row)) {
    const auto& values = row->at("values").get_array();
    for (std::size_t i = 0; i < values.size(); ++i) {
      columns.emplace_back(field_name((*fields)[i]), read_metric(values[i]));
    }
  } else {
    for (const auto& [key, member] : *row) columns.emplace_back(copy(key), read_metric(member));
  }
  return columns;
}

std::int64_t total_rows(const std::vector<source_progress>& sources) {
  std::int64_t total = 0;
  for (const auto& source : sources) {
    if (__builtin_add_overflow(total, source.num_input_rows, &total)) return std::numeric_limits<std::int64_t>::max();
  }
  return total;
}

/// As Spark computes it: unknown as soon as one source's rate is.
std::optional<double> total_rate(const std::vector<source_progress>& sources,
                                 std::optional<double> source_progress::*rate) {
  double total = 0;
  for (const auto& source : sources) {
    if (!(source.*rate)) return std::nullopt;
    total += *(source.*rate);
  }
  return total;
}

result<progress_fields> read_progress(const json::object& object) {
  field_reader fields(object);
  progress_fields progress;
  const auto missing = [](std::string_view name) {
    return failure(errc::protocol_error, std::string("streaming progress: no usable ").append(name));
  };

  auto id = fields.text("id");
  auto run_id = fields.text("runId");
  const auto timestamp = fields.timestamp("timestamp");
  const auto batch_id = fields.integer("batchId");
  if (!id) return missing("id");
  if (!run_id) return missing("runId");
  if (!timestamp) return missing("timestamp");
  if (!batch_id) return missing("batchId");
  progress.id = std::move(*id);
  progress.run_id = std::move(*run_id);
  progress.timestamp = *timestamp;
  progress.batch_id = *batch_id;

  progress.name = fields.text("name");
  progress.batch_duration = fields.milliseconds("batchDuration");
  progress.duration_ms = read_map<std::chrono::milliseconds>(fields, "durationMs", as_milliseconds);
  progress.event_time = read_map<time_point>(fields, "eventTime", as_timestamp);
  progress.state_operators = read_list(fields, "stateOperators", read_state_operator);
  progress.sources = read_list(fields, "sources", read_source);
  if (const auto* sink = fields.object("sink")) progress.sink = read_sink(*sink);
  progress.observed_metrics = read_map<std::vector<observed_column>>(fields, "observedMetrics", read_row);

  // The totals are in events only, and there absent where they are NaN or infinite.
  progress.num_input_rows = fields.integer("numInputRows").value_or(total_rows(progress.sources));
  progress.input_rows_per_second = fields.number("inputRowsPerSecond");
  progress.processed_rows_per_second = fields.number("processedRowsPerSecond");
  if (!progress.input_rows_per_second) {
    progress.input_rows_per_second = total_rate(progress.sources, &source_progress::input_rows_per_second);
  }
  if (!progress.processed_rows_per_second) {
    progress.processed_rows_per_second = total_rate(progress.sources, &source_progress::processed_rows_per_second);
  }
  progress.others = fields.left_over();
  return progress;
}

}  // namespace

result<streaming_query_progress> parse_progress(std::string_view text) {
  COSPARK_TRY_RETURN(const auto outer, parse_json_object(text, "streaming progress"));
  const auto* inner = outer.if_contains("progress");
  const bool is_event = inner != nullptr && inner->is_object();
  COSPARK_TRY_RETURN(auto fields, read_progress(is_event ? inner->get_object() : outer));
  auto data = std::make_shared<progress_data>();
  data->fields = std::move(fields);
  data->json = text;
  return streaming_query_progress(std::move(data));
}

}  // namespace cospark::streaming
