#include "catch.hpp"
#include "recordings.hpp"

#include <cospark/streaming_query_progress.hpp>

#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

namespace {

// An aggregate temporary with strings inside a co_await is destroyed twice by g++ 12.
static_assert(!std::is_aggregate_v<cospark::source_progress>);
static_assert(!std::is_aggregate_v<cospark::sink_progress>);
static_assert(!std::is_aggregate_v<cospark::state_operator_progress>);
static_assert(!std::is_aggregate_v<cospark::observed_column>);

using cospark::metric_value;
using cospark::streaming_query_progress;
using std::chrono::milliseconds;
using time_point = streaming_query_progress::time_point;

streaming_query_progress parse(const std::string& json) {
  auto progress = streaming_query_progress::from_json(json);
  INFO(json);
  if (!progress) INFO(progress.error().to_string());
  REQUIRE(progress);
  return std::move(progress).value();
}

time_point at(std::chrono::sys_days day, int hours, int minutes, int millis) {
  return time_point(day) + std::chrono::hours(hours) + std::chrono::minutes(minutes) + milliseconds(millis);
}

/// Events have one decimal since Spark 4.1; the totals are rounded after they are summed.
bool same_rate(std::optional<double> exact, std::optional<double> sent, bool rounded) {
  if (!exact || !sent) return exact.has_value() == sent.has_value();
  return rounded ? std::abs(*exact - *sent) <= 0.05 + 1e-9 : *exact == *sent;
}

/// What an event cannot tell in the same way: dates and timestamps among the observed metrics.
bool is_time(const std::string& column) {
  return column == "mint" || column == "dt";
}

void check_same(const streaming_query_progress& bean, const streaming_query_progress& event, bool rounded) {
  CHECK(bean.id() == event.id());
  CHECK(bean.run_id() == event.run_id());
  CHECK(bean.name() == event.name());
  CHECK(bean.timestamp() == event.timestamp());
  CHECK(bean.batch_id() == event.batch_id());
  CHECK(bean.batch_duration() == event.batch_duration());
  CHECK(bean.num_input_rows() == event.num_input_rows());
  CHECK(bean.duration_ms() == event.duration_ms());
  CHECK(bean.event_time() == event.event_time());
  CHECK(bean.sink() == event.sink());
  CHECK(bean.others() == event.others());
  CHECK(same_rate(bean.input_rows_per_second(), event.input_rows_per_second(), rounded));
  CHECK(same_rate(bean.processed_rows_per_second(), event.processed_rows_per_second(), rounded));

  REQUIRE(bean.sources().size() == event.sources().size());
  for (std::size_t i = 0; i < bean.sources().size(); ++i) {
    auto exact = bean.sources()[i];
    const auto& sent = event.sources()[i];
    CHECK(same_rate(exact.input_rows_per_second, sent.input_rows_per_second, rounded));
    CHECK(same_rate(exact.processed_rows_per_second, sent.processed_rows_per_second, rounded));
    exact.input_rows_per_second = sent.input_rows_per_second;
    exact.processed_rows_per_second = sent.processed_rows_per_second;
    CHECK(exact == sent);
  }

  auto states = bean.state_operators();
  for (auto& state : states) state.others.erase("snapshotCustomMetricNames");
  CHECK(states == event.state_operators());

  auto metrics = bean.observed_metrics();
  REQUIRE(metrics.size() == event.observed_metrics().size());
  for (auto& [name, columns] : metrics) {
    const auto& sent = event.observed_metrics().at(name);
    REQUIRE(columns.size() == sent.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (is_time(columns[i].name)) columns[i].value = sent[i].value;
    }
    CHECK(columns == sent);
  }
}

}  // namespace

TEST_CASE("both forms of the same batch become the same value, in every recorded version") {
  std::map<std::string, std::size_t> pairs;
  std::size_t equal = 0;
  std::map<std::pair<std::string, std::int64_t>, streaming_query_progress> beans;
  for (const auto& line : recordings::lines("progress", ".jsonl")) {
    auto progress = parse(line);
    CHECK(progress.json() == line);
    beans.emplace(std::pair(progress.run_id(), progress.batch_id()), progress);
  }
  for (const auto& recording : recordings::all("events", ".progress.jsonl")) {
    for (const auto& line : recording.lines) {
      const auto event = parse(line);
      CHECK(event.json() == line);
      const auto bean = beans.find(std::pair(event.run_id(), event.batch_id()));
      if (bean == beans.end()) continue;
      INFO(recording.version << ' ' << recording.name << " batch " << event.batch_id());
      check_same(bean->second, event, recording.version != "4.0.5");
      ++pairs[recording.version];
      if (bean->second == event) ++equal;
    }
  }
  const std::map<std::string, std::size_t> expected{{"4.0.5", 22}, {"4.1.4", 19}, {"4.2.1", 23}, {"4.3.0", 20}};
  CHECK(pairs == expected);
  CHECK(equal >= 40);  // without any of the documented exceptions
}

TEST_CASE("nothing of a recorded progress is left over except what only one form has") {
  for (const auto& kind : {std::pair("progress", ".jsonl"), std::pair("events", ".progress.jsonl")}) {
    for (const auto& line : recordings::lines(kind.first, kind.second)) {
      const auto progress = parse(line);
      CHECK(progress.others().empty());
      CHECK(progress.sink().others.empty());
      for (const auto& source : progress.sources()) CHECK(source.others.empty());
      for (const auto& state : progress.state_operators()) {
        for (const auto& [name, json] : state.others) CHECK(name == "snapshotCustomMetricNames");
      }
    }
  }
}

TEST_CASE("a progress has typed fields, the totals computed where Spark leaves them out") {
  const auto progress = parse(
      R"({"id":"i","runId":"r","name":"joined","timestamp":"2026-11-24T16:40:12.402Z","batchId":1,)"
      R"("batchDuration":2782,)"
      R"("durationMs":{"triggerExecution":2782,"walCommit":169},)"
      R"("eventTime":{"max":"2026-11-24T16:40:11.467Z","watermark":"1970-01-01T00:00:00.000Z"},)"
      R"("stateOperators":[{"operatorName":"symmetricHashJoin","numRowsTotal":40,"numRowsUpdated":39,)"
      R"("allUpdatesTimeMs":420,"numRowsRemoved":7,"allRemovalsTimeMs":3,"commitTimeMs":449,"memoryUsedBytes":20352,)"
      R"("numRowsDroppedByWatermark":5,"numShufflePartitions":2,"numStateStoreInstances":8,)"
      R"("customMetrics":{"SnapshotLastUploaded.partition_0_default":-1}}],"sources":[)"
      R"({"description":"one","startOffset":"0","endOffset":"{\"logOffset\": 1}","latestOffset":"not JSON",)"
      R"("numInputRows":20,"inputRowsPerSecond":4.25,"processedRowsPerSecond":7.5,"metrics":{"lag":"3"}},)"
      R"({"description":"two","startOffset":null,"endOffset":"4","latestOffset":null,"numInputRows":22,)"
      R"("inputRowsPerSecond":4.5,"processedRowsPerSecond":"NaN","metrics":{}}],)"
      R"("sink":{"description":"FileSink","numOutputRows":-1,"metrics":{"files":"2"}},"observedMetrics":{}})");
  using namespace std::chrono_literals;
  const std::chrono::sys_days day = 2026y / 11 / 24;
  CHECK(progress.id() == "i");
  CHECK(progress.run_id() == "r");
  CHECK(progress.name() == "joined");
  CHECK(progress.timestamp() == at(day, 16, 40, 12'402));
  CHECK(progress.batch_id() == 1);
  CHECK(progress.batch_duration() == 2782ms);
  CHECK(progress.duration_ms() ==
        std::map<std::string, milliseconds>{{"triggerExecution", 2782ms}, {"walCommit", 169ms}});
  CHECK(progress.event_time() ==
        std::map<std::string, time_point>{{"max", at(day, 16, 40, 11'467)}, {"watermark", time_point()}});
  CHECK(progress.num_input_rows() == 42);
  CHECK(progress.input_rows_per_second() == 8.75);
  CHECK_FALSE(progress.processed_rows_per_second());

  REQUIRE(progress.state_operators().size() == 1);
  const auto& state = progress.state_operators()[0];
  CHECK(state.operator_name == "symmetricHashJoin");
  CHECK(state.num_rows_total == 40);
  CHECK(state.num_rows_updated == 39);
  CHECK(state.num_rows_removed == 7);
  CHECK(state.num_rows_dropped_by_watermark == 5);
  CHECK(state.all_updates_time_ms == 420ms);
  CHECK(state.all_removals_time_ms == 3ms);
  CHECK(state.commit_time_ms == 449ms);
  CHECK(state.memory_used_bytes == 20352);
  CHECK(state.num_shuffle_partitions == 2);
  CHECK(state.num_state_store_instances == 8);
  CHECK(state.custom_metrics.at("SnapshotLastUploaded.partition_0_default") == -1);

  REQUIRE(progress.sources().size() == 2);
  const auto& one = progress.sources()[0];
  CHECK(one.description == "one");
  CHECK(one.start_offset == "0");
  CHECK(one.end_offset == R"({"logOffset":1})");
  CHECK(one.latest_offset == "not JSON");
  CHECK(one.num_input_rows == 20);
  CHECK(one.input_rows_per_second == 4.25);
  CHECK(one.metrics.at("lag") == "3");
  const auto& two = progress.sources()[1];
  CHECK_FALSE(two.start_offset);
  CHECK_FALSE(two.latest_offset);
  CHECK_FALSE(two.processed_rows_per_second);
  CHECK(two.others.empty());

  CHECK(progress.sink().description == "FileSink");
  CHECK_FALSE(progress.sink().num_output_rows);
  CHECK(progress.sink().metrics.at("files") == "2");
}

TEST_CASE("observed metrics keep their columns in order, from either form") {
  const auto event = recordings::all("events", "observed_types.progress.jsonl");
  const auto bean = recordings::all("progress", "observed_types.jsonl");
  REQUIRE(event.size() == 1);
  REQUIRE(bean.size() == 1);
  for (const auto& line : {event[0].lines.back(), bean[0].lines.back()}) {
    const auto columns = parse(line).observed_metrics().at("o");
    REQUIRE(columns.size() == 10);
    const auto check = [&](std::size_t i, const std::string& name, const metric_value& value) {
      INFO(name);
      CHECK(columns[i].name == name);
      CHECK(columns[i].value == value);
    };
    check(0, "nan", std::string("NaN"));
    check(1, "inf", std::string("Infinity"));
    check(2, "d", 1.5);
    check(3, "big", 1e30);
    check(4, "arr", std::string("[1,2]"));
    check(5, "st", std::string(R"({"a":1,"b":"x"})"));
    CHECK(columns[6].name == "dt");
    check(7, "b", true);
    check(8, "txt", std::string("NaN"));
    check(9, "dec", 12345678901234567890.5);
  }
  CHECK(parse(event[0].lines.back()).observed_metrics().at("o")[6].value == metric_value("2026-11-24"));
  CHECK(parse(bean[0].lines.back()).observed_metrics().at("o")[6].value == metric_value(std::int64_t{1795478400000}));
  CHECK(parse(bean[0].lines.front()).observed_metrics().at("o")[0].value == metric_value());
}

TEST_CASE("a copy of a progress shares its state, and equality looks at everything but the text") {
  const std::string compact = R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12Z","batchId":1})";
  const std::string spaced = R"({ "runId":"r", "id":"i", "batchId":1, "timestamp":"2026-11-24T16:40:12.000Z" })";
  const auto progress = parse(compact);
  const auto copy = progress;
  CHECK(&copy.id() == &progress.id());
  CHECK(progress == parse(spaced));
  CHECK_FALSE(progress == parse(R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12Z","batchId":2})"));
  CHECK(progress.json() == compact);
}

TEST_CASE("pretty_json has a line for every member") {
  const auto progress = parse(R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12Z","batchId":1,)"
                              R"("sources":[],"sink":{},"rate":[1.50,{"x":"a\"b"}]})");
  CHECK(progress.pretty_json() == R"({
  "id": "i",
  "runId": "r",
  "timestamp": "2026-11-24T16:40:12Z",
  "batchId": 1,
  "sources": [],
  "sink": {},
  "rate": [
    1.5,
    {
      "x": "a\"b"
    }
  ]
})");
}
