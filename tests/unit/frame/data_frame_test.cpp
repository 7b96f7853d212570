#include "catch.hpp"
#include "plan_text.hpp"

#include "frame/source.hpp"
#include "streaming/access.hpp"

#include <cospark/functions.hpp>

#include <algorithm>

namespace {

namespace f = cospark::functions;
using namespace cospark;
using namespace std::chrono_literals;

const std::string input = R"(range { start: 0 end: 10 step: 1 })";

data_frame numbers() {
  return frame::make_range(nullptr, 0, 10, 1, std::nullopt);
}

std::string attribute(const std::string& name) {
  return R"(unresolved_attribute { unparsed_identifier: ")" + name + R"(" })";
}

struct row_of_table {
  std::string expected;
  data_frame built;
};

}  // namespace

TEST_CASE("every transformation becomes Spark's relation") {
  const data_frame df = numbers();
  const column id = f::col("id");
  const std::string in = "input { " + input + " }";
  const std::string pair = "left_input { " + input + " } right_input { " + input + " }";
  const std::string sides = "left { " + input + " } right { " + input + " }";
  const std::string less = R"(unresolved_function { function_name: "<" arguments { )" + attribute("id") +
                           R"( } arguments { literal { integer: 5 } } })";
  const std::vector<row_of_table> table = {
      {input, df},
      {"project { " + in + " expressions { " + attribute("id") + " } expressions { literal { integer: 1 } } }",
       df.select("id", f::lit(1))},
      {"project { " + in + " expressions { " + attribute("a") + " } expressions { " + attribute("b") + " } }",
       df.select(std::vector<std::string>{"a", "b"})},
      {"project { " + in + R"( expressions { expression_string { expression: "id + 1" } } })",
       df.select_expr("id + 1")},
      {"with_columns { " + in + R"( aliases { expr { )" + attribute("id") + R"( } name: "x" } })",
       df.with_column("x", id)},
      {"with_columns_renamed { " + in + R"( renames { col_name: "id" new_col_name: "x" } })",
       df.with_column_renamed("id", "x")},
      {"drop { " + in + R"( column_names: "a" column_names: "b.c" })", df.drop("a", "b.c")},
      {"drop { " + in + " columns { " + attribute("id") + " } }", df.drop(id)},
      {"to_df { " + in + R"( column_names: "x" })", df.to_df("x")},
      {"to_schema { " + in +
           R"( schema { struct { fields { name: "id" data_type { integer { } } nullable: true } } } })",
       df.to(schema().add("id", types::integer_type()))},
      {"subquery_alias { " + in + R"( alias: "n" })", df.alias("n")},
      {"filter { " + in + " condition { " + less + " } }", df.filter(id < 5)},
      {"filter { " + in + R"( condition { expression_string { expression: "id < 5" } } })", df.where("id < 5")},
      {"limit { " + in + " limit: 3 }", df.limit(3)},
      {"offset { " + in + " offset: 3 }", df.offset(3)},
      {"deduplicate { " + in + " all_columns_as_keys: true within_watermark: false }", df.distinct()},
      {"deduplicate { " + in + R"( column_names: "a" column_names: "b" within_watermark: false })",
       df.drop_duplicates("a", "b")},
      {"deduplicate { " + in + R"( column_names: "a" within_watermark: true })",
       df.drop_duplicates_within_watermark("a")},
      {"deduplicate { " + in + " all_columns_as_keys: true within_watermark: true }",
       df.drop_duplicates_within_watermark()},
      {"sample { " + in + " upper_bound: 0.5 with_replacement: false seed: 7 }", df.sample(0.5, false, 7)},
      {"sort { " + in + " order { child { " + attribute("id") +
           " } direction: SORT_DIRECTION_ASCENDING null_ordering: SORT_NULLS_FIRST } is_global: true }",
       df.order_by("id")},
      {"sort { " + in + " order { child { " + attribute("id") +
           " } direction: SORT_DIRECTION_DESCENDING null_ordering: SORT_NULLS_LAST } is_global: true }",
       df.sort(id.desc())},
      {"sort { " + in + " order { child { " + attribute("id") +
           " } direction: SORT_DIRECTION_ASCENDING null_ordering: SORT_NULLS_FIRST } is_global: false }",
       df.sort_within_partitions(std::vector<std::string>{"id"})},
      {"set_op { " + pair + " set_op_type: SET_OP_TYPE_UNION is_all: true by_name: false }", df.union_all(df)},
      {"set_op { " + pair + " set_op_type: SET_OP_TYPE_UNION is_all: true by_name: true allow_missing_columns: true }",
       df.union_by_name(df, true)},
      {"set_op { " + pair + " set_op_type: SET_OP_TYPE_INTERSECT is_all: false }", df.intersect(df)},
      {"set_op { " + pair + " set_op_type: SET_OP_TYPE_INTERSECT is_all: true }", df.intersect_all(df)},
      {"set_op { " + pair + " set_op_type: SET_OP_TYPE_EXCEPT is_all: false }", df.subtract(df)},
      {"set_op { " + pair + " set_op_type: SET_OP_TYPE_EXCEPT is_all: true }", df.except_all(df)},
      {"join { " + sides + " join_condition { " + less + " } join_type: JOIN_TYPE_LEFT_OUTER }",
       df.join(df, id < 5, join_type::left_outer)},
      {"join { " + sides + R"( join_type: JOIN_TYPE_INNER using_columns: "id" })", df.join(df, "id")},
      {"join { " + sides + R"( join_type: JOIN_TYPE_FULL_OUTER using_columns: "a" using_columns: "b" })",
       df.join(df, std::vector<std::string>{"a", "b"}, join_type::full_outer)},
      {"join { " + sides + R"( join_type: JOIN_TYPE_LEFT_SEMI using_columns: "a" })",
       df.join(df, "a", join_type::left_semi)},
      {"join { " + sides + R"( join_type: JOIN_TYPE_LEFT_ANTI using_columns: "a" })",
       df.join(df, "a", join_type::left_anti)},
      {"join { " + sides + R"( join_type: JOIN_TYPE_RIGHT_OUTER using_columns: "a" })",
       df.join(df, "a", join_type::right_outer)},
      {"join { " + sides + " join_type: JOIN_TYPE_CROSS }", df.cross_join(df)},
      {"with_watermark { " + in + R"( event_time: "t" delay_threshold: "10 minutes" })",
       df.with_watermark("t", "10 minutes")},
      {"with_watermark { " + in + R"( event_time: "t" delay_threshold: "600 seconds" })",
       df.with_watermark("t", 10min)},
      {"collect_metrics { " + in + R"( name: "m" metrics { )" + attribute("id") + " } }", df.observe("m", "id")},
      {"repartition { " + in + " num_partitions: 4 shuffle: true }", df.repartition(4)},
      {"repartition { " + in + " num_partitions: 1 shuffle: false }", df.coalesce(1)},
      {"repartition_by_expression { " + in + " partition_exprs { " + attribute("id") + " } num_partitions: 4 }",
       df.repartition(4, std::vector<column>{id})},
      {"repartition_by_expression { " + in + " partition_exprs { " + attribute("id") + " } }",
       df.repartition(std::nullopt, std::vector<column>{id})},
      {"hint { " + in + R"( name: "broadcast" })", df.hint("broadcast")},
  };
  for (const auto& [expected, built] : table) CHECK(plan_text::of(built) == expected);
}

TEST_CASE("groups become Spark's aggregate") {
  const data_frame df = numbers();
  const std::string in = "input { " + input + " }";
  const auto call = [](const std::string& name, const std::string& argument) {
    return "unresolved_function { function_name: \"" + name + "\" arguments { " + argument + " } }";
  };
  const std::string by_user = " grouping_expressions { " + attribute("user") + " }";
  const std::string rows =
      " aggregate_expressions { alias { expr { " + call("count", "literal { integer: 1 }") + R"( } name: "count" } })";
  const std::string sum = " aggregate_expressions { " + call("sum", attribute("n")) + " }";
  const std::vector<row_of_table> table = {
      {"aggregate { " + in + " group_type: GROUP_TYPE_GROUPBY" + by_user + rows + " }", df.group_by("user").count()},
      {"aggregate { " + in + " group_type: GROUP_TYPE_GROUPBY" + sum + " }", df.agg(f::sum("n"))},
      {"aggregate { " + in + " group_type: GROUP_TYPE_ROLLUP" + by_user + sum + " }",
       df.rollup(std::vector<std::string>{"user"}).sum("n")},
      {"aggregate { " + in + " group_type: GROUP_TYPE_CUBE" + by_user + sum + " }",
       df.cube(std::vector<std::string>{"user"}).sum("n")},
      {"aggregate { " + in + " group_type: GROUP_TYPE_GROUPBY" + by_user + " aggregate_expressions { " +
           call("avg", attribute("n")) + " } aggregate_expressions { " + call("avg", attribute("m")) + " } }",
       df.group_by("user").mean("n", "m")},
      {"aggregate { " + in + " group_type: GROUP_TYPE_PIVOT" + by_user + sum + " pivot { col { " + attribute("year") +
           " } values { integer: 2025 } values { integer: 2026 } } }",
       df.group_by("user").pivot("year", std::vector<value>{value(2025), value(2026)}).sum("n")},
  };
  for (const auto& [expected, built] : table) CHECK(plan_text::of(built) == expected);
  CHECK(plan_text::of(df.group_by("a").min("n")).find("\"min\"") != std::string::npos);
  CHECK(plan_text::of(df.group_by("a").max("n")).find("\"max\"") != std::string::npos);
}

TEST_CASE("a column of a frame carries the frame's plan id") {
  const data_frame left = numbers();
  const data_frame right = numbers();
  const auto joined = left.join(right, left["id"] == right.col("id"));
  const auto message = plan::to_message(frame::access::relation(joined)).value();
  const auto& arguments = message.join().join_condition().unresolved_function().arguments();
  CHECK(arguments[0].unresolved_attribute().plan_id() == message.join().left().common().plan_id());
  CHECK(arguments[1].unresolved_attribute().plan_id() == message.join().right().common().plan_id());
  CHECK(message.join().left().common().plan_id() != message.join().right().common().plan_id());
}

TEST_CASE("sources become Spark's relations") {
  CHECK(plan_text::of(streaming::access::make_reader(nullptr).option("a", 1).table("db.t")) ==
        R"(read { named_table { unparsed_identifier: "db.t" options { key: "a" value: "1" } } is_streaming: true })");
  CHECK(plan_text::of(frame::make_range(nullptr, 1, 5, -1, 3)) ==
        "range { start: 1 end: 5 step: -1 num_partitions: 3 }");

  const auto base = frame::access::make_reader(nullptr).format("csv");
  const auto reader = base.schema("a INT").option("header", true).option("HEADER", false).option("n", 3);
  CHECK(plan_text::of(reader.load("/data")) ==
        R"(read { data_source { format: "csv" schema: "a INT" options { key: "header" value: "false" } )"
        R"(options { key: "n" value: "3" } paths: "/data" } })");
  CHECK(plan_text::of(base.load(std::vector<std::string>{"/a", "/b"})) ==
        R"(read { data_source { format: "csv" paths: "/a" paths: "/b" } })");
  CHECK(plan_text::of(base.json("/a")) == R"(read { data_source { format: "json" paths: "/a" } })");
  CHECK(plan_text::of(base.table("t")) == R"(read { named_table { unparsed_identifier: "t" } })");
  CHECK(plan_text::of(base.schema(schema().add("a", types::long_type())).load()).find(R"(\"type\":\"long\")") !=
        std::string::npos);
  CHECK(
      plan_text::of(base.jdbc("jdbc:x", "t")) ==
      R"(read { data_source { format: "jdbc" options { key: "dbtable" value: "t" } options { key: "url" value: "jdbc:x" } } })");
}

TEST_CASE("what cannot be a plan is an invalid argument and says why, however much is built on it") {
  const data_frame df = numbers();
  const std::vector<row_of_table> table = {
      {"a limit must be from 0 to 2147483647, not -1", df.limit(-1)},
      {"a limit must be from 0 to 2147483647, not 2147483648", df.limit(2147483648)},
      {"an offset must be from 0 to 2147483647, not -5", df.offset(-5)},
      {"an empty column name", df.with_column("", f::lit(1))},
      {"an empty column name", df.select("")},
      {"an empty column name", df.drop("")},
      {"an empty column name", df.drop_duplicates("")},
      {"an empty column name", df.join(df, "")},
      {"join() needs a column name", df.join(df, std::vector<std::string>())},
      {"an empty column name", df.with_column_renamed("a", "")},
      {"an empty SQL expression", df.filter("")},
      {"an empty alias", df.alias("")},
      {"this alias is not valid UTF-8, which is all that Spark takes", df.alias("\xff")},
      {"an empty event time column", df.with_watermark("", "1 second")},
      {"an empty watermark delay", df.with_watermark("t", "")},
      {"a negative watermark delay: -1 seconds", df.with_watermark("t", -1s)},
      {"an empty name of an observation", df.observe("", f::count("*"))},
      {"observe() needs at least one metric", df.observe("m", std::vector<column>())},
      {"a sort needs at least one column", df.order_by(column_list())},
      {"agg() needs at least one aggregate", df.agg(column_list())},
      {"agg() needs at least one aggregate", df.group_by("a").sum(std::vector<std::string>())},
      {"pivot() is for group_by() only, not rollup() or cube()",
       df.cube(std::vector<std::string>{"a"}).pivot("b").count()},
      {"a sample must be a fraction from 0 to 1, or at least 0 with replacement", df.sample(1.5)},
      {"a sample must be a fraction from 0 to 1, or at least 0 with replacement",
       df.sample(std::numeric_limits<double>::quiet_NaN())},
      {"a number of partitions must be at least 1, not 0", df.repartition(0)},
      {"repartition() needs a number of partitions or a column", df.repartition(std::nullopt, column_list())},
      {"an empty hint", df.hint("")},
      {"the step of a range must not be 0", frame::make_range(nullptr, 0, 1, 0, std::nullopt)},
      {"an empty table name", frame::access::make_reader(nullptr).table("")},
      {"a table has its own schema: schema() goes with load()",
       frame::access::make_reader(nullptr).schema("a INT").table("t")},
      {"an empty path", frame::access::make_reader(nullptr).load("")},
      {"an empty source format", frame::access::make_reader(nullptr).format("").load()},
      {"an empty option name", frame::access::make_reader(nullptr).option("", 1).load()},
  };
  for (const auto& [expected, built] : table) {
    CHECK(plan_text::of(built) == "invalid argument: " + expected);
    CHECK(plan_text::of(built.select("x").union_all(df)) == "invalid argument: " + expected);
  }
}

TEST_CASE("rows that do not fit their schema make a frame whose plan says so") {
  const auto shape = schema().add("a", types::integer_type(), false);
  CHECK(plan_text::of(frame::make_local(nullptr, shape, std::vector<row>{row(std::vector<value>{value("x")})}))
            .find("invalid argument") == 0);
  const auto good = frame::make_local(nullptr, shape, std::vector<row>{row(std::vector<value>{value(1)})});
  CHECK(plan_text::of(good).find("local_relation { data:") == 0);
}
