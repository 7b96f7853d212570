#include "streaming/event_json.hpp"

#include "spark/connect/commands.pb.h"
#include "streaming/json_reader.hpp"
#include "streaming/progress_json.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <utility>

namespace cospark::streaming {
namespace {

/// The ids that every event has.
template <class Event>
result<void> read_ids(field_reader& fields, std::string_view what, Event& event) {
  auto id = fields.text("id");
  auto run_id = fields.text("runId");
  if (!id || !run_id) {
    return failure(errc::protocol_error, std::string(what).append(": no usable ").append(id ? "runId" : "id"));
  }
  event.id = std::move(*id);
  event.run_id = std::move(*run_id);
  return success();
}

template <class Event>
result<void> read_timestamp(field_reader& fields, std::string_view what, Event& event) {
  const auto timestamp = fields.timestamp("timestamp");
  if (!timestamp) return failure(errc::protocol_error, std::string(what).append(": no usable timestamp"));
  event.timestamp = *timestamp;
  return success();
}

result<query_idle_event> parse_idle_event(std::string_view json) {
  constexpr std::string_view what = "query idle event";
  COSPARK_TRY_RETURN(const auto object, parse_json_object(json, what));
  field_reader fields(object);
  query_idle_event event;
  COSPARK_TRY_RETURN(read_ids(fields, what, event));
  COSPARK_TRY_RETURN(read_timestamp(fields, what, event));
  return event;
}

result<query_terminated_event> parse_terminated_event(std::string_view json) {
  constexpr std::string_view what = "query terminated event";
  COSPARK_TRY_RETURN(const auto object, parse_json_object(json, what));
  field_reader fields(object);
  query_terminated_event event;
  COSPARK_TRY_RETURN(read_ids(fields, what, event));
  // An exception of an unexpected kind is still one: the end must not pass for a good one.
  if (const auto* exception = fields.any("exception")) {
    event.exception = fields.text("exception").value_or(to_text(*exception));
  }
  event.error_class_on_exception = fields.text("errorClassOnException");
  return event;
}

}  // namespace

result<query_started_event> parse_started_event(std::string_view json) {
  constexpr std::string_view what = "query started event";
  COSPARK_TRY_RETURN(const auto object, parse_json_object(json, what));
  field_reader fields(object);
  query_started_event event;
  COSPARK_TRY_RETURN(read_ids(fields, what, event));
  COSPARK_TRY_RETURN(read_timestamp(fields, what, event));
  event.name = fields.text("name");
  if (const auto* tags = fields.array("jobTags")) {
    for (const auto& tag : *tags) {
      if (const auto* text = tag.if_string()) event.job_tags.emplace_back(text->data(), text->size());
    }
  }
  return event;
}

result<streaming_query_event> parse_event(int type, std::string_view json) {
  switch (type) {
    case spark::connect::QUERY_PROGRESS_EVENT: {
      COSPARK_TRY_RETURN(auto progress, parse_progress(json));
      return query_progress_event(std::move(progress));
    }
    case spark::connect::QUERY_IDLE_EVENT: {
      COSPARK_TRY_RETURN(auto idle, parse_idle_event(json));
      return idle;
    }
    case spark::connect::QUERY_TERMINATED_EVENT: {
      COSPARK_TRY_RETURN(auto terminated, parse_terminated_event(json));
      return terminated;
    }
    default:
      return unknown_event(type, std::string(json));
  }
}

std::optional<result<query_terminated_event>> parse_if_terminated(int type, std::string_view json) {
  if (type != spark::connect::QUERY_TERMINATED_EVENT) return std::nullopt;
  return parse_terminated_event(json);
}

}  // namespace cospark::streaming
