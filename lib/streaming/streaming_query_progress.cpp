#include <cospark/streaming_query_progress.hpp>

#include "streaming/json_reader.hpp"
#include "streaming/progress_json.hpp"

#include <utility>

namespace cospark {

using time_point = streaming_query_progress::time_point;

streaming_query_progress::streaming_query_progress(std::shared_ptr<const streaming::progress_data> data) noexcept
    : data_(std::move(data)) {}

result<streaming_query_progress> streaming_query_progress::from_json(std::string_view json) {
  return streaming::parse_progress(json);
}

const std::string& streaming_query_progress::id() const noexcept {
  return data_->fields.id;
}
const std::string& streaming_query_progress::run_id() const noexcept {
  return data_->fields.run_id;
}
const std::optional<std::string>& streaming_query_progress::name() const noexcept {
  return data_->fields.name;
}
time_point streaming_query_progress::timestamp() const noexcept {
  return data_->fields.timestamp;
}
std::int64_t streaming_query_progress::batch_id() const noexcept {
  return data_->fields.batch_id;
}
std::optional<std::chrono::milliseconds> streaming_query_progress::batch_duration() const noexcept {
  return data_->fields.batch_duration;
}
std::int64_t streaming_query_progress::num_input_rows() const noexcept {
  return data_->fields.num_input_rows;
}
std::optional<double> streaming_query_progress::input_rows_per_second() const noexcept {
  return data_->fields.input_rows_per_second;
}
std::optional<double> streaming_query_progress::processed_rows_per_second() const noexcept {
  return data_->fields.processed_rows_per_second;
}
const std::map<std::string, std::chrono::milliseconds>& streaming_query_progress::duration_ms() const noexcept {
  return data_->fields.duration_ms;
}
const std::map<std::string, time_point>& streaming_query_progress::event_time() const noexcept {
  return data_->fields.event_time;
}
const std::vector<state_operator_progress>& streaming_query_progress::state_operators() const noexcept {
  return data_->fields.state_operators;
}
const std::vector<source_progress>& streaming_query_progress::sources() const noexcept {
  return data_->fields.sources;
}
const sink_progress& streaming_query_progress::sink() const noexcept {
  return data_->fields.sink;
}
const std::map<std::string, std::vector<observed_column>>& streaming_query_progress::observed_metrics() const noexcept {
  return data_->fields.observed_metrics;
}
const other_fields& streaming_query_progress::others() const noexcept {
  return data_->fields.others;
}
const std::string& streaming_query_progress::json() const noexcept {
  return data_->json;
}

std::string streaming_query_progress::pretty_json() const {
  const auto value = streaming::parse_json(data_->json);
  return value ? streaming::to_pretty_text(value.assume_value()) : data_->json;
}

bool operator==(const streaming_query_progress& left, const streaming_query_progress& right) noexcept {
  return left.data_ == right.data_ || left.data_->fields == right.data_->fields;
}

}  // namespace cospark
