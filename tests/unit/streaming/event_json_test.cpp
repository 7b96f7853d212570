#include "streaming/event_json.hpp"
#include "catch.hpp"
#include "recordings.hpp"
#include "spark/connect/commands.pb.h"

#include <chrono>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace {

using namespace cospark;

// An aggregate temporary with strings inside a co_await is destroyed twice by g++ 12.
static_assert(!std::is_aggregate_v<query_started_event>);
static_assert(!std::is_aggregate_v<query_progress_event>);
static_assert(!std::is_aggregate_v<query_idle_event>);
static_assert(!std::is_aggregate_v<query_terminated_event>);
static_assert(!std::is_aggregate_v<missed_events>);
static_assert(!std::is_aggregate_v<unknown_event>);

using cospark::streaming::parse_event;
using cospark::streaming::parse_if_terminated;
using cospark::streaming::parse_started_event;

constexpr int progress_type = spark::connect::QUERY_PROGRESS_EVENT;
constexpr int terminated_type = spark::connect::QUERY_TERMINATED_EVENT;
constexpr int idle_type = spark::connect::QUERY_IDLE_EVENT;

}  // namespace

TEST_CASE("every recorded event becomes an event of its kind") {
  std::size_t progress = 0;
  std::size_t idle = 0;
  std::size_t terminated = 0;
  for (const auto& line : recordings::lines("events", ".progress.jsonl")) {
    const auto event = parse_event(progress_type, line);
    REQUIRE(event);
    CHECK(std::get<query_progress_event>(event.value()).progress.json() == line);
    ++progress;
  }
  for (const auto& line : recordings::lines("events", ".idle.jsonl")) {
    const auto event = parse_event(idle_type, line);
    REQUIRE(event);
    CHECK(std::get<query_idle_event>(event.value()).id.size() == 36);
    ++idle;
  }
  for (const auto& recording : recordings::all("events", ".terminated.jsonl")) {
    for (const auto& line : recording.lines) {
      const auto event = parse_event(terminated_type, line);
      REQUIRE(event);
      const auto& end = std::get<query_terminated_event>(event.value());
      const bool failed = recording.name.starts_with("failed");
      CHECK(end.exception.has_value() == failed);
      if (failed) {
        CHECK(end.exception->find("[DIVIDE_BY_ZERO]") != std::string::npos);
        CHECK(end.error_class_on_exception == "DIVIDE_BY_ZERO");
      }
      CHECK(parse_if_terminated(terminated_type, line).value().value() == end);
      ++terminated;
    }
  }
  CHECK(progress == 128);
  CHECK(idle == 12);
  CHECK(terminated == 44);
}

TEST_CASE("every recorded started event has its name and, since Spark 4.1, its tags") {
  std::size_t count = 0;
  for (const auto& recording : recordings::all("events", ".started.json")) {
    INFO(recording.version << ' ' << recording.name);
    REQUIRE(recording.lines.size() == 1);
    const auto event = parse_started_event(recording.lines[0]);
    REQUIRE(event);
    CHECK(event.value().id.size() == 36);
    CHECK(event.value().run_id.size() == 36);
    CHECK(event.value().name.has_value() == (recording.name != "unnamed.started.json"));
    CHECK(event.value().job_tags.size() == (recording.version == "4.0.5" ? 0 : 1));
    ++count;
  }
  CHECK(count == 44);
}

TEST_CASE("the fields of events are typed") {
  using namespace std::chrono_literals;
  const std::chrono::sys_time<std::chrono::milliseconds> time =
      std::chrono::sys_days(2026y / 11 / 24) + 16h + 34min + 55s + 7ms;
  const auto started = parse_started_event(
      R"({"id":"i","runId":"r","name":null,"timestamp":"2026-11-24T16:34:55.007Z","jobTags":["a","b",3]})");
  REQUIRE(started);
  CHECK(started.value().id == "i");
  CHECK(started.value().run_id == "r");
  CHECK_FALSE(started.value().name);
  CHECK(started.value().timestamp == time);
  CHECK(started.value().job_tags == std::vector<std::string>{"a", "b"});

  const auto idle = parse_event(idle_type, R"({"id":"i","runId":"r","timestamp":"2026-11-24T16:34:55.007Z"})");
  REQUIRE(idle);
  CHECK(std::get<query_idle_event>(idle.value()).timestamp == time);

  const auto end = parse_event(terminated_type, R"({"id":"i","runId":"r"})");
  REQUIRE(end);
  CHECK(std::get<query_terminated_event>(end.value()).run_id == "r");
  CHECK_FALSE(std::get<query_terminated_event>(end.value()).exception);
}

TEST_CASE("an end whose exception is of an unexpected kind is not taken for a good end") {
  const auto end = parse_event(terminated_type, R"({"id":"i","runId":"r","exception":{"message":"m"}})");
  REQUIRE(end);
  CHECK(std::get<query_terminated_event>(end.value()).exception == R"({"message":"m"})");
  const auto empty = parse_event(terminated_type, R"({"id":"i","runId":"r","exception":""})");
  REQUIRE(empty);
  CHECK(std::get<query_terminated_event>(empty.value()).exception == "");
}

TEST_CASE("an event of an unknown type keeps its text, whatever that is") {
  for (const int type : {0, 4, 99, -1}) {
    for (const std::string text : {"", "{\"new\":1}", "no JSON"}) {
      const auto event = parse_event(type, text);
      REQUIRE(event);
      const auto& unknown = std::get<unknown_event>(event.value());
      CHECK(unknown.type == type);
      CHECK(unknown.json == text);
      CHECK_FALSE(unknown.problem);
    }
  }
}

TEST_CASE("D12 a damaged event is a protocol error") {
  for (const std::string text :
       {"", "null", "[]", "{}", "{", R"({"id":"i"})", R"({"runId":"r"})", R"({"id":1,"runId":"r"})",
        R"({"id":null,"runId":"r"})", "{\"id\":\"\xff\",\"runId\":\"r\"}"}) {
    INFO(text);
    for (const int type : {progress_type, idle_type, terminated_type}) {
      const auto event = parse_event(type, text);
      REQUIRE_FALSE(event);
      CHECK(event.error() == errc::protocol_error);
    }
    CHECK(parse_started_event(text).error() == errc::protocol_error);
  }
  CHECK(parse_event(idle_type, R"({"id":"i","runId":"r","timestamp":5})").error() == errc::protocol_error);
  CHECK(parse_started_event(R"({"id":"i","runId":"r"})").error() == errc::protocol_error);
}

TEST_CASE("who waits for ends alone does not read the texts of other events") {
  CHECK_FALSE(parse_if_terminated(progress_type, "no JSON"));
  CHECK_FALSE(parse_if_terminated(idle_type, R"({"id":"i","runId":"r","exception":null})"));
  CHECK_FALSE(parse_if_terminated(0, ""));
  const auto damaged = parse_if_terminated(terminated_type, "no JSON");
  REQUIRE(damaged);
  CHECK(damaged->error() == errc::protocol_error);
}
