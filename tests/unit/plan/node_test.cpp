#include "catch.hpp"
#include "plan_text.hpp"

#include "frame/source.hpp"

#include <cospark/functions.hpp>

#include <thread>
#include <type_traits>

namespace {

namespace f = cospark::functions;
using namespace cospark;

data_frame numbers() {
  return frame::make_range(nullptr, 0, 10, 1, std::nullopt);
}

std::size_t bytes_of(const data_frame& frame) {
  auto message = plan::to_message(frame::access::relation(frame));
  REQUIRE(message);
  return message.value().ByteSizeLong();
}

std::uint64_t nodes_of(const data_frame& frame) {
  return frame::access::relation(frame)->size().nodes;
}

/// Levels of messages, found in the message itself.
std::uint32_t depth_of(const google::protobuf::Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  std::uint32_t deepest = 0;
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      deepest = std::max(deepest, 1 + depth_of(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                                    : reflection->GetMessage(message, field)));
    }
  }
  return deepest;
}

}  // namespace

TEST_CASE("a plan grows by the same amount with every step and shares what is below") {
  std::vector<data_frame> steps{numbers()};
  for (int i = 0; i < 480; ++i) steps.push_back(steps.back().filter(f::col("id") > 5));
  CHECK(nodes_of(steps[480]) - nodes_of(steps[240]) == nodes_of(steps[240]) - nodes_of(steps[0]));
  CHECK(nodes_of(steps[480]) == 1 + 480 * 4);  // range; filter, function, column, constant
  // Lengths before each nested message grow by some bytes, the content does not.
  CHECK(bytes_of(steps[480]) < 480 * 80);
  // A step is one node that holds its input: nothing is copied.
  CHECK(frame::access::relation(steps[480]).use_count() == 1);
  CHECK(frame::access::relation(steps[100]).use_count() == 2);
}

TEST_CASE("the depth that a plan is known to have is the depth of its message") {
  const auto frame = numbers()
                         .with_column("x", f::col("id") + 1)
                         .order_by(-f::col("id"))
                         .join(numbers(), "id")
                         .group_by(f::window("t", "1 second"))
                         .agg(f::sum(f::col("x") * (f::col("x") + 1)).alias("s"));
  auto message = plan::to_message(frame::access::relation(frame));
  REQUIRE(message);
  const auto known = frame::access::relation(frame)->size().depth;
  CHECK(known >= depth_of(message.value()));
  CHECK(known <= depth_of(message.value()) + 3);
}

TEST_CASE("a chain of 100,000 steps is refused with a clear text, and neither making nor dropping it overflows") {
  auto frame = numbers();
  column sum = f::col("id");
  for (int i = 0; i < 100'000; ++i) {
    frame = frame.filter("id > 1");
    sum = sum + 1;
  }
  const auto plan = plan::to_plan(frame::access::relation(frame));
  REQUIRE_FALSE(plan);
  CHECK(plan.error() == errc::limit_exceeded);
  CHECK(plan.error().message().find("1016 deep") != std::string::npos);
  CHECK(plan_text::of(numbers().select(sum)).find("limit exceeded") == 0);
}

TEST_CASE("a frame that is combined with itself again and again is refused before it fills the memory") {
  auto frame = numbers();
  for (int i = 0; i < 40; ++i) frame = frame.union_all(frame);
  const auto plan = plan::to_plan(frame::access::relation(frame));
  REQUIRE_FALSE(plan);
  CHECK(plan.error() == errc::limit_exceeded);
}

TEST_CASE("a long CASE WHEN is wide, not deep") {
  column chain = f::when(f::col("id") == 0, "0");
  for (int i = 1; i < 2000; ++i) chain = chain.when(f::col("id") == i, std::to_string(i));
  CHECK(bytes_of(numbers().select(chain)) > 2000);
}

TEST_CASE("every frame has a plan id of its own, made on any thread") {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> others;
  std::thread other([&others] {
    for (int i = 0; i < 1000; ++i) others.push_back(frame::access::relation(numbers())->plan_id());
  });
  for (int i = 0; i < 1000; ++i) ids.push_back(frame::access::relation(numbers())->plan_id());
  other.join();
  ids.insert(ids.end(), others.begin(), others.end());
  std::sort(ids.begin(), ids.end());
  CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("only valid UTF-8 passes for text") {
  for (const char* good :
       {"", "plain", "\xC3\xBC", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(plan::is_utf8(good));
  }
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xE2\x82", "\xE2\x28\xA1", "\xFF"}) {
    CHECK_FALSE(plan::is_utf8(bad));
  }
}

TEST_CASE("handles are never empty: moving one leaves a copy") {
  column from = f::col("a");
  const column moved = std::move(from);
  CHECK(plan_text::of(from) == "a");
  data_frame frame = numbers();
  const data_frame taken = std::move(frame);
  CHECK(plan_text::of(frame) == plan_text::of(taken));
}

TEST_CASE("no parameter type is an aggregate, which g++ 12 destroys twice inside co_await") {
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<column>);
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<column_list>);
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<column_or_name>);
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<column_or_value>);
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<option_value>);
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<interval_text>);
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<data_frame>);
  STATIC_REQUIRE_FALSE(std::is_aggregate_v<frame::sql_arguments>);
}
