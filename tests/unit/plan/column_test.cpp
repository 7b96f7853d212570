#include "catch.hpp"
#include "plan_text.hpp"

#include <cospark/functions.hpp>
#include <cospark/window_spec.hpp>

namespace {

namespace f = cospark::functions;
using namespace cospark;

struct row_of_table {
  std::string expected;
  column built;
};

const column a = f::col("a");
const column b = f::col("b");

}  // namespace

TEST_CASE("operators and members of a column become Spark's functions") {
  const std::vector<row_of_table> table = {
      {"+(a, {integer: 1})", a + 1},
      {"+({integer: 1}, a)", 1 + a},
      {"-(a, b)", a - b},
      {"*(a, {double: 0.5})", a * 0.5},
      {"/(a, {long: 2})", a / std::int64_t{2}},
      {"%(a, {integer: 2})", a % 2},
      {"==(a, {string: \"x\"})", a == "x"},
      {"==({string: \"x\"}, a)", std::string("x") == a},
      {"not(==(a, b))", a != b},
      {"<(a, {integer: 1})", a < 1},
      {"<=(a, {integer: 1})", a <= 1},
      {">(a, {integer: 1})", a > 1},
      {">=({integer: 1}, a)", 1 >= a},
      {"and(a, or(b, {boolean: true}))", a && (b || true)},
      {"not(a)", !a},
      {"negative(a)", -a},
      {"isnull(a)", a.is_null()},
      {"isnotnull(a)", a.is_not_null()},
      {"isnan(a)", a.is_nan()},
      {"<=>(a, {null { null { } }})", a.eq_null_safe(nullptr)},
      {"and(>=(a, {integer: 1}), <=(a, {integer: 5}))", a.between(1, 5)},
      {"in(a, {integer: 1}, b, {string: \"x\"})", a.isin(1, b, "x")},
      {"in(a, {string: \"x\"}, {string: \"y\"})", a.isin(std::vector<std::string>{"x", "y"})},
      {"like(a, {string: \"x%\"})", a.like("x%")},
      {"ilike(a, {string: \"x%\"})", a.ilike("x%")},
      {"rlike(a, {string: \"x+\"})", a.rlike("x+")},
      {"contains(a, b)", a.contains(b)},
      {"startswith(a, {string: \"x\"})", a.starts_with("x")},
      {"endswith(a, {string: \"x\"})", a.ends_with("x")},
      {"substr(a, {integer: 1}, {integer: 3})", a.substr(1, 3)},
      {"&(a, {integer: 1})", a.bitwise_and(1)},
      {"|(a, {integer: 1})", a.bitwise_or(1)},
      {"^(a, {integer: 1})", a.bitwise_xor(1)},
      {"when(>(a, {integer: 1}), {string: \"big\"})", f::when(a > 1, "big")},
      {"when(a, {integer: 1}, b, {integer: 2}, {integer: 3})", f::when(a, 1).when(b, 2).otherwise(3)},
  };
  for (const auto& [expected, built] : table) CHECK(plan_text::of(built) == expected);
}

TEST_CASE("members of a column with messages of their own are written as Spark has them") {
  const std::string child = R"(unresolved_attribute { unparsed_identifier: "a" })";
  const std::vector<row_of_table> table = {
      {R"(alias { expr { )" + child + R"( } name: "x" })", a.alias("x")},
      {R"(alias { expr { )" + child + R"( } name: "k" name: "v" })", a.alias("k", "v")},
      {R"(cast { expr { )" + child + R"( } type_str: "array<int>" })", a.cast("array<int>")},
      {R"(cast { expr { )" + child + R"( } type { long { } } })", a.cast(types::long_type())},
      {R"(cast { expr { )" + child + R"( } type_str: "int" eval_mode: EVAL_MODE_TRY })", a.try_cast("int")},
      {R"(unresolved_extract_value { child { )" + child + R"( } extraction { literal { string: "x" } } })",
       a.get_field("x")},
      {R"(unresolved_extract_value { child { )" + child + R"( } extraction { literal { integer: 2 } } })",
       a.get_item(2)},
      {R"(update_fields { struct_expression { )" + child +
           R"( } field_name: "x" value_expression { literal { integer: 1 } } })",
       a.with_field("x", 1)},
      {R"(update_fields { struct_expression { )" + child + R"( } field_name: "x" })", a.drop_fields("x")},
      {R"(sort_order { child { )" + child +
           R"( } direction: SORT_DIRECTION_ASCENDING null_ordering: SORT_NULLS_FIRST })",
       a.asc()},
      {R"(sort_order { child { )" + child +
           R"( } direction: SORT_DIRECTION_ASCENDING null_ordering: SORT_NULLS_LAST })",
       a.asc_nulls_last()},
      {R"(sort_order { child { )" + child +
           R"( } direction: SORT_DIRECTION_DESCENDING null_ordering: SORT_NULLS_LAST })",
       a.desc()},
      {R"(sort_order { child { )" + child +
           R"( } direction: SORT_DIRECTION_DESCENDING null_ordering: SORT_NULLS_FIRST })",
       a.desc_nulls_first()},
      {R"(window { window_function { unresolved_function { function_name: "rank" } } partition_spec { )" + child +
           R"( } order_spec { child { )" + child +
           R"( } direction: SORT_DIRECTION_DESCENDING null_ordering: SORT_NULLS_LAST } frame_spec { frame_type: FRAME_TYPE_ROW )"
           R"(lower { unbounded: true } upper { current_row: true } } })",
       f::rank().over(
           window_spec().partition_by("a").order_by(a.desc()).rows_between(window_spec::unbounded_preceding, 0))},
      {R"(window { window_function { )" + child +
           R"( } frame_spec { frame_type: FRAME_TYPE_RANGE lower { value { literal { long: -5 } } } upper { unbounded: true } } })",
       a.over(window_spec().range_between(-5, window_spec::unbounded_following))},
  };
  for (const auto& [expected, built] : table) CHECK(plan_text::full(built) == expected);
}

TEST_CASE("a name may be a star, of everything or of one frame") {
  CHECK(plan_text::full(f::col("*")) == "unresolved_star { }");
  CHECK(plan_text::full(f::col("t.*")) == R"(unresolved_star { unparsed_target: "t.*" })");
}

TEST_CASE("a column that cannot be written is an invalid argument and says why") {
  const std::vector<row_of_table> table = {
      {"an empty column name", f::col("")},
      {"an empty column name", column(column_or_name(std::string()))},
      {"a null pointer as column name", column(column_or_name(static_cast<const char*>(nullptr)))},
      {"a null pointer as text literal", a == static_cast<const char*>(nullptr)},
      {"this column name is not valid UTF-8, which is all that Spark takes", f::col("\xff")},
      {"this text literal is not valid UTF-8, which is all that Spark takes", a == "\xc3"},
      {"an empty column name", a.alias("")},
      {"alias() needs a name", a.alias(std::vector<std::string>())},
      {"an empty type", a.cast("")},
      {"isin() needs at least one value", a.isin(std::vector<int>())},
      {"an empty field name", a.get_field("")},
      {"an empty field name", a.with_field("", 1)},
      {"drop_fields() needs a field name", a.drop_fields(std::vector<std::string>())},
      {"an empty SQL expression", f::expr("")},
      {"an empty function name", f::call_function("", a)},
      {"no usable window duration", f::window("t", "")},
      {"no usable window duration", f::window("t", std::chrono::years(400000))},
      {"a negative window duration: -5 seconds", f::window("t", std::chrono::seconds(-5))},
      {"when() must follow functions::when() or another when(), and not an otherwise()", a.when(b, 1)},
      {"otherwise() must follow functions::when() or another when(), and not an otherwise()",
       f::when(a, 1).otherwise(2).otherwise(3)},
      {"from_csv() needs a struct type, not bigint", f::from_csv(a, types::long_type())},
      {"a boundary of a window in rows does not fit in 32 bits", a.over(window_spec().rows_between(INT64_MIN + 1, 0))},
  };
  for (const auto& [expected, built] : table) {
    CHECK(plan_text::of(built) == "invalid argument: " + expected);
    CHECK(plan_text::of(f::upper(built) + 1) == "invalid argument: " + expected);
  }
}
