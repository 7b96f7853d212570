#include "catch.hpp"
#include "recordings.hpp"
#include "streaming/event_json.hpp"
#include "streaming/json_reader.hpp"

#include <cospark/streaming_query_progress.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using cospark::errc;
using cospark::streaming_query_progress;
using cospark::streaming::parse_event;
using cospark::streaming::parse_started_event;

const std::string head = R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12.402Z","batchId":1)";

streaming_query_progress parse(const std::string& more) {
  const auto text = more.empty() ? head + "}" : head + "," + more + "}";
  INFO(text.substr(0, 500));
  auto progress = streaming_query_progress::from_json(text);
  REQUIRE(progress);
  return std::move(progress).value();
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("D12 progress that is no JSON, or no progress, is a protocol error and no exception") {
  const std::vector<std::string> texts{
      "",
      " ",
      "null",
      "true",
      "0",
      "\"text\"",
      "[]",
      "{}",
      "{",
      "}",
      "NaN",
      "Infinity",
      "{\"progress\":null}",
      "{\"progress\":{}}",
      "{\"progress\":[]}",
      head,
      head + ",}",
      head + "}}",
      head + "}x",
      head + "} {}",
      head + R"(,"a":nan})",
      head + R"(,"a":NaN1})",
      head + R"(,"a":+Infinity})",
      head + R"(,"a":tru})",
      head + R"(,"a":'b'})",
      head + R"(,"a":"\x"})",
      head + R"(,"a":"\ud800"})",
      head + ",\"a\":\"\n\"}",
      head + R"(,/* no comment */"a":1})",
      std::string("\0", 1),
      std::string(head + "}") + '\0',
      std::string("\xef\xbb\xbf") + head + "}",
      R"({"runId":"r","timestamp":"2026-11-24T16:40:12.402Z","batchId":1})",
      R"({"id":"i","timestamp":"2026-11-24T16:40:12.402Z","batchId":1})",
      R"({"id":"i","runId":"r","batchId":1})",
      R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12.402Z"})",
      R"({"id":null,"runId":"r","timestamp":"2026-11-24T16:40:12.402Z","batchId":1})",
      R"({"id":7,"runId":"r","timestamp":"2026-11-24T16:40:12.402Z","batchId":1})",
      R"({"id":"i","runId":"r","timestamp":"yesterday","batchId":1})",
      R"({"id":"i","runId":"r","timestamp":"2026-02-30T16:40:12.402Z","batchId":1})",
      R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12.402Z","batchId":1.5})",
      R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12.402Z","batchId":99999999999999999999})",
      R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:40:12.402Z","batchId":"one"})"};
  for (const auto& text : texts) {
    INFO(text);
    const auto progress = streaming_query_progress::from_json(text);
    REQUIRE_FALSE(progress);
    CHECK(progress.error() == errc::protocol_error);
    CHECK_FALSE(progress.error().message().empty());
  }
}

TEST_CASE("D12 progress nested too deeply is a protocol error") {
  CHECK(parse(R"("deep":)" + nested(127)).others().at("deep") == nested(127));
  for (const std::size_t depth : {std::size_t{128}, std::size_t{10'000}, std::size_t{1'000'000}}) {
    CHECK(streaming_query_progress::from_json(head + R"(,"deep":)" + nested(depth) + "}").error() ==
          errc::protocol_error);
    CHECK(streaming_query_progress::from_json(std::string(depth, '[')).error() == errc::protocol_error);
    CHECK(streaming_query_progress::from_json(std::string(depth, '{')).error() == errc::protocol_error);
  }
  // The text of an offset is JSON as well; if it cannot be read it stays a text.
  const auto offset = nested(10'000);
  CHECK(parse(R"("sources":[{"endOffset":")" + offset + R"("}])").sources().at(0).end_offset == offset);
}

TEST_CASE("D12 progress of 50 MB is a protocol error without being parsed") {
  const auto large = head + R"(,"a":")" + std::string(50'000'000, 'a') + R"("})";
  const auto progress = streaming_query_progress::from_json(large);
  REQUIRE_FALSE(progress);
  CHECK(progress.error() == errc::protocol_error);
  CHECK(progress.error().message().size() < 200);
  CHECK(parse(R"("a":")" + std::string(8'000'000, 'a') + "\"").others().at("a").size() == 8'000'002);
}

TEST_CASE("D12 bare NaN and Infinity are absent rates, and texts among the observed metrics") {
  const auto progress =
      parse(R"("inputRowsPerSecond":NaN,"processedRowsPerSecond":-Infinity,"sources":[{"description":"NaN \" NaN",)"
            R"("inputRowsPerSecond":NaN,"processedRowsPerSecond":Infinity}],)"
            R"("observedMetrics":{"o":{"a":NaN,"b":-Infinity}})");
  CHECK_FALSE(progress.input_rows_per_second());
  CHECK_FALSE(progress.processed_rows_per_second());
  CHECK(progress.sources().at(0).description == "NaN \" NaN");
  CHECK_FALSE(progress.sources()[0].input_rows_per_second);
  CHECK_FALSE(progress.sources()[0].processed_rows_per_second);
  CHECK(progress.others().empty());
  CHECK(progress.observed_metrics().at("o").at(0).value == cospark::metric_value("NaN"));
  CHECK(progress.observed_metrics().at("o").at(1).value == cospark::metric_value("-Infinity"));
}

TEST_CASE("D12 of duplicate keys the last counts") {
  CHECK(parse(R"("batchId":2,"batchId":3)").batch_id() == 3);
  CHECK(parse(R"("durationMs":{"addBatch":1,"addBatch":2})").duration_ms().at("addBatch").count() == 2);
}

TEST_CASE("D12 invalid UTF-8 in progress is a protocol error") {
  for (const std::string bytes : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    CHECK(streaming_query_progress::from_json(head + R"(,"name":")" + bytes + R"("})").error() == errc::protocol_error);
  }
  CHECK(parse("\"name\":\"\xe2\x82\xac\"").name() == "\xe2\x82\xac");
}

TEST_CASE("D12 numbers keep 64 bits, and larger ones are not mistaken for others") {
  const auto exact = parse(R"("numInputRows":9007199254740993,"sink":{"numOutputRows":9223372036854775807})");
  CHECK(exact.num_input_rows() == 9007199254740993);
  CHECK(exact.sink().num_output_rows == std::numeric_limits<std::int64_t>::max());

  const auto large = parse(R"("numInputRows":9223372036854775808,"inputRowsPerSecond":1e999,"batchDuration":-1e999,)"
                           R"("durationMs":{"addBatch":1e300,"walCommit":5},)"
                           R"("processedRowsPerSecond":18446744073709551615)");
  CHECK(large.num_input_rows() == 0);
  CHECK(large.others().at("numInputRows") == "9223372036854775808");
  CHECK(large.input_rows_per_second() == 0.0);  // of no sources
  CHECK_FALSE(large.batch_duration());
  CHECK(large.others().at("batchDuration") == R"("-Infinity")");
  CHECK(large.duration_ms().size() == 1);
  CHECK(large.others().at("durationMs") == R"({"addBatch":1e+300,"walCommit":5})");
  CHECK(large.processed_rows_per_second() == 18446744073709551615.0);

  const auto overflow = parse(R"("sources":[{"numInputRows":9223372036854775807},{"numInputRows":1}])");
  CHECK(overflow.num_input_rows() == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("D13 numbers as texts are read, and fields that are null, missing or empty are absent") {
  const auto texts = parse(R"("batchDuration":"17","inputRowsPerSecond":"2.5","durationMs":{"addBatch":"3"},)"
                           R"("sink":{"numOutputRows":"-1"},"sources":[{"numInputRows":"4","inputRowsPerSecond":"NaN",)"
                           R"("processedRowsPerSecond":"Infinity"}])");
  CHECK(texts.batch_duration() == std::chrono::milliseconds(17));
  CHECK(texts.input_rows_per_second() == 2.5);
  CHECK_FALSE(texts.processed_rows_per_second());
  CHECK(texts.num_input_rows() == 4);
  CHECK(texts.others().empty());
  CHECK(texts.sources().at(0).others.empty());

  const auto nulls = parse(R"("name":null,"batchDuration":null,"durationMs":null,"eventTime":{},"stateOperators":null,)"
                           R"("sources":[],"sink":null,"observedMetrics":null,"inputRowsPerSecond":null)");
  CHECK(nulls == parse(""));
  CHECK_FALSE(nulls.name());
}

TEST_CASE("D13 an offset may be any JSON, nested or as text") {
  const auto offset = [](const std::string& json) {
    return parse(R"("sources":[{"endOffset":)" + json + "}]").sources().at(0).end_offset;
  };
  CHECK_FALSE(offset("null"));
  CHECK_FALSE(offset(R"("")"));
  CHECK_FALSE(offset(R"("null")"));
  CHECK(offset("5") == "5");
  CHECK(offset(R"("5")") == "5");
  CHECK(offset("true") == "true");
  CHECK(offset("1.50") == "1.5");
  CHECK(offset(R"("1.50")") == "1.5");
  CHECK(offset("2.0") == "2.0");
  CHECK(offset(R"({"topic":{"0":23,"1":-1}})") == R"({"topic":{"0":23,"1":-1}})");
  CHECK(offset(R"("{ \"topic\": {\"0\": 23, \"1\": -1} }")") == R"({"topic":{"0":23,"1":-1}})");
  CHECK(offset(R"([1,"a",null])") == R"([1,"a",null])");
  CHECK(offset(R"("earliest")") == "earliest");
  CHECK(offset(R"("\"earliest\"")") == "earliest");
  CHECK(offset(R"("{broken")") == "{broken");
}

TEST_CASE("D13 fields of later versions, and values of another kind, are kept as JSON") {
  const auto progress =
      parse(R"("new":{"a":[1,2]},"sources":[{"description":7,"topic":"t"}],"sink":{"numOutputRows":true,"new":1},)"
            R"("stateOperators":[{"customMetrics":{"good":1,"rate":0.5},"snapshotCustomMetricNames":["x"]},5],)"
            R"("eventTime":{"max":"soon","min":"2026-11-24T16:40:12.402Z"},"observedMetrics":{"o":7,"p":null},)"
            R"("batchDuration":"PT1S")");
  CHECK(progress.others().at("new") == R"({"a":[1,2]})");
  CHECK(progress.others().at("batchDuration") == R"("PT1S")");
  CHECK(progress.others().count("stateOperators") == 1);
  CHECK(progress.others().count("eventTime") == 1);
  CHECK(progress.others().count("observedMetrics") == 1);
  CHECK(progress.others().size() == 5);
  CHECK(progress.event_time().size() == 1);
  CHECK(progress.observed_metrics().count("p") == 1);
  CHECK(progress.sources().at(0).others.at("description") == "7");
  CHECK(progress.sources()[0].others.at("topic") == R"("t")");
  CHECK(progress.sink().others.size() == 2);
  const auto& state = progress.state_operators().at(0);
  CHECK(state.custom_metrics.at("good") == 1);
  CHECK(state.others.at("customMetrics") == R"({"good":1,"rate":0.5})");
  CHECK(state.others.at("snapshotCustomMetricNames") == R"(["x"])");
  for (const std::string wrong : {"sources", "sink", "stateOperators", "durationMs", "eventTime", "observedMetrics"}) {
    CHECK(parse("\"" + wrong + "\":5").others().at(wrong) == "5");
  }
}

TEST_CASE("D13 rows of observed metrics that are not as Spark writes them are read as they are") {
  for (const std::string row : {R"({"values":[1,2],"schema":{"fields":[{"name":"a"}]}})", R"({"values":1,"schema":{}})",
                                R"({"values":[1],"schema":null})", R"({"values":[1],"schema":{"fields":5}})",
                                R"({"values":[1],"schema":{"fields":[{"name":"a"}]},"more":1})", R"({"schema":1})"}) {
    const auto progress = parse(R"("observedMetrics":{"o":)" + row + "}");
    CHECK(progress.observed_metrics().at("o").at(0).name == (row.starts_with("{\"v") ? "values" : "schema"));
  }
  const auto nameless = parse(R"("observedMetrics":{"o":{"values":[1,2],"schema":{"fields":[5,{"name":7}]}}})");
  CHECK(nameless.observed_metrics().at("o").size() == 2);
}

TEST_CASE("D14 ids may be any text") {
  const std::string with_nul("a\0b", 3);
  for (const auto& id : {std::string("not a UUID"), std::string(), std::string(1'000'000, 'x')}) {
    const auto progress = streaming_query_progress::from_json(
        R"({"id":")" + id + R"(","runId":")" + id + R"(","timestamp":"2026-11-24T16:40:12.402Z","batchId":1})");
    REQUIRE(progress);
    CHECK(progress.value().id() == id);
    CHECK(progress.value().run_id() == id);
  }
  const auto progress = streaming_query_progress::from_json(
      R"({"id":"a\u0000b","runId":"r","name":"a\u0000b","timestamp":"2026-11-24T16:40:12.402Z","batchId":1})");
  REQUIRE(progress);
  CHECK(progress.value().id() == with_nul);
  CHECK(progress.value().name() == with_nul);
}

TEST_CASE("D12 no truncated or damaged recording crashes the readers") {
  struct text {
    std::string content;
    bool newest;
  };
  std::vector<text> texts;
  for (const auto& [kind, end] : {std::pair("progress", ".jsonl"), {"events", ".jsonl"}, {"events", ".json"}}) {
    for (const auto& recording : recordings::all(kind, end)) {
      for (const auto& line : recording.lines) texts.push_back({line, recording.version == "4.3.0"});
    }
  }
  REQUIRE(texts.size() > 300);

  std::size_t accepted = 0;
  std::size_t refused = 0;
  std::size_t wrong_errors = 0;
  const auto feed = [&](const std::string& text) {
    for (const int type : {1, 2, 3}) {
      const auto event = parse_event(type, text);
      event ? ++accepted : ++refused;
      if (!event && event.error() != errc::protocol_error) ++wrong_errors;
    }
    const auto started = parse_started_event(text);
    if (!started && started.error() != errc::protocol_error) ++wrong_errors;
  };

  std::mt19937 random(20260924);
  const std::string_view marks = "{}[]\",:\\0e-+.Nn\0\xff";
  for (const auto& [text, newest] : texts) {
    std::size_t accepted_cuts = 0;
    for (std::size_t length = 0; length < text.size(); length += newest ? 1 : 8) {
      if (parse_event(1, std::string_view(text).substr(0, length))) ++accepted_cuts;
    }
    CHECK(accepted_cuts == 0);
    for (int round = 0; round < 100; ++round) {
      auto damaged = text;
      for (int flips = 0; flips < 1 + round % 4; ++flips) {
        auto& byte = damaged[random() % damaged.size()];
        byte = random() % 2 == 0 ? marks[random() % marks.size()] : static_cast<char>(random() % 256);
      }
      if (round % 10 == 0) damaged.erase(random() % damaged.size(), random() % 40);
      feed(damaged);
    }
  }
  CHECK(wrong_errors == 0);
  CHECK(accepted > 1'000);
  CHECK(refused > 10'000);
}
