#include "catch.hpp"
#include "streaming/trigger_problem.hpp"

#include <cospark/output_mode.hpp>
#include <cospark/trigger.hpp>

#include <chrono>
#include <string>
#include <type_traits>

using cospark::errc;
using cospark::trigger;
using cospark::trigger_kind;
using cospark::streaming::problem;
using namespace std::chrono_literals;

TEST_CASE("a trigger has one kind, and a duration reaches Spark as milliseconds") {
  CHECK(trigger::processing_time(10s).interval() == "10000 milliseconds");
  CHECK(trigger::processing_time(0ms).interval() == "0 milliseconds");
  CHECK(trigger::continuous(1min).interval() == "60000 milliseconds");
  CHECK(trigger::real_time(5s).interval() == "5000 milliseconds");
  CHECK(trigger::processing_time("1 hour 30 minutes").interval() == "1 hour 30 minutes");
  CHECK(trigger::once().interval().empty());
  CHECK(trigger::available_now().kind() == trigger_kind::available_now);
  CHECK(trigger::continuous("1 second").kind() == trigger_kind::continuous);
  CHECK(trigger::real_time("5 minutes").kind() == trigger_kind::real_time);
}

TEST_CASE("triggers compare by kind and interval and print themselves") {
  CHECK(trigger::processing_time(1s) == trigger::processing_time("1000 milliseconds"));
  CHECK_FALSE(trigger::processing_time(1s) == trigger::continuous(1s));
  CHECK_FALSE(trigger::processing_time(1s) == trigger::processing_time(2s));
  CHECK(trigger::processing_time("10 seconds").to_string() == "processing_time(10 seconds)");
  CHECK(trigger::once().to_string() == "once");
  CHECK(trigger::available_now().to_string() == "available_now");
  CHECK(trigger::continuous(1s).to_string() == "continuous(1000 milliseconds)");
  CHECK(trigger::real_time(5s).to_string() == "real_time(5000 milliseconds)");
}

TEST_CASE("a blank interval, a negative duration and a real-time batch of no duration are invalid arguments") {
  for (const auto& bad :
       {trigger::processing_time(""), trigger::processing_time("  \t\n"), trigger::continuous(""),
        trigger::real_time(" "), trigger::processing_time(-1ms), trigger::continuous(-5s), trigger::real_time(-1h),
        trigger::real_time(0s), trigger::processing_time(std::chrono::milliseconds::min())}) {
    INFO(bad.to_string());
    const auto found = problem(bad);
    REQUIRE(found);
    CHECK(*found == errc::invalid_argument);
  }
}

TEST_CASE("an interval that Spark may accept is left to Spark") {
  for (const auto& good : {trigger::once(), trigger::available_now(), trigger::processing_time(0s),
                           trigger::processing_time("10 seconds"), trigger::processing_time("-1 second 2 minutes"),
                           trigger::continuous("interval 1 second"), trigger::real_time(5s)}) {
    INFO(good.to_string());
    CHECK_FALSE(problem(good));
  }
}

TEST_CASE("output modes have Spark's names") {
  using cospark::output_mode;
  CHECK(to_string(output_mode::append) == "append");
  CHECK(to_string(output_mode::update) == "update");
  CHECK(to_string(output_mode::complete) == "complete");
}
