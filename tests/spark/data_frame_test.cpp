// The DataFrame API on batches, each method with the rows that Spark gives.
#include "support.hpp"

#include <sstream>

using namespace spark_tests;

namespace {

/// k, v: (a, 1), (b, 2), (a, 3), (null, 4).
cospark::data_frame letters(const cospark::session& spark) {
  const auto schema = cospark::schema().add("k", cospark::types::string_type()).add("v", cospark::types::long_type());
  using cospark::value;
  const std::vector<cospark::row> rows{cospark::row(std::vector<value>{"a", std::int64_t{1}}),
                                       cospark::row(std::vector<value>{"b", std::int64_t{2}}),
                                       cospark::row(std::vector<value>{"a", std::int64_t{3}}),
                                       cospark::row(std::vector<value>{nullptr, std::int64_t{4}})};
  return spark.create_data_frame(schema, rows);
}

/// k, name: (a, Anna), (c, Carl).
cospark::data_frame names(const cospark::session& spark) {
  const auto schema =
      cospark::schema().add("k", cospark::types::string_type()).add("name", cospark::types::string_type());
  const std::vector<cospark::row> rows{cospark::row(std::vector<cospark::value>{"a", "Anna"}),
                                       cospark::row(std::vector<cospark::value>{"c", "Carl"})};
  return spark.create_data_frame(schema, rows);
}

}  // namespace

TEST_CASE("create_data_frame: rows go to the server and come back") {
  spark_test([](cospark::session spark) -> check {
    CHECK(co_await schema_of(letters(spark)) == "struct<k:string,v:bigint>");
    CHECK(co_await rows_of(letters(spark)) == these("{a, 1}", "{b, 2}", "{a, 3}", "{null, 4}"));
    const auto none =
        spark.create_data_frame(cospark::schema().add("x", cospark::types::date_type()), std::vector<cospark::row>());
    CHECK(co_await schema_of(none) == "struct<x:date>");
    CHECK(must(co_await none.count()) == 0);
  });
}

TEST_CASE("range: from 0, and from, to, step and partitions") {
  spark_test([](cospark::session spark) -> check {
    CHECK(co_await rows_of(spark.range(3)) == these("{0}", "{1}", "{2}"));
    CHECK(co_await rows_of(spark.range(10, 0, -4)) == these("{10}", "{6}", "{2}"));
    CHECK(co_await schema_of(spark.range(3)) == "struct<id:bigint>");
    const auto parts = spark.range(0, 10, 1, 5).select(f::call_function("spark_partition_id").alias("p")).distinct();
    CHECK(must(co_await parts.count()) == 5);
  });
}

TEST_CASE("select, select_expr and col") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark);
    CHECK(co_await rows_of(frame.select("v")) == these("{1}", "{2}", "{3}", "{4}"));
    CHECK(co_await rows_of(frame.select("*", f::col("v") * 2)) ==
          these("{a, 1, 2}", "{b, 2, 4}", "{a, 3, 6}", "{null, 4, 8}"));
    CHECK(co_await rows_of(frame.select(frame.col("v") + frame["v"])) == these("{2}", "{4}", "{6}", "{8}"));
    CHECK(co_await rows_of(frame.select_expr("v + 1 AS w", "upper(k)")) ==
          these("{2, A}", "{3, B}", "{4, A}", "{5, null}"));
  });
}

TEST_CASE("filter and where: by column and by SQL text") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark);
    CHECK(co_await rows_of(frame.filter(f::col("v") > 2)) == these("{a, 3}", "{null, 4}"));
    CHECK(co_await rows_of(frame.filter("k = 'a'")) == these("{a, 1}", "{a, 3}"));
    CHECK(co_await rows_of(frame.where(f::col("k") == "b")) == these("{b, 2}"));
    CHECK(co_await rows_of(frame.where("k IS NULL")) == these("{null, 4}"));
  });
}

TEST_CASE("with_column, with_columns, with_column_renamed, with_columns_renamed, drop, to_df, to") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark).limit(1);
    CHECK(co_await rows_of(frame.with_column("w", f::col("v") + 1)) == these("{a, 1, 2}"));
    CHECK(co_await rows_of(frame.with_column("v", f::lit("x"))) == these("{a, x}"));
    std::vector<std::pair<std::string, cospark::column>> more;
    more.emplace_back("x", f::lit(1));
    more.emplace_back("y", f::col("v") + 10);
    CHECK(co_await rows_of(frame.with_columns(more)) == these("{a, 1, 1, 11}"));
    CHECK(co_await schema_of(frame.with_column_renamed("v", "w")) == "struct<k:string,w:bigint>");
    std::vector<std::pair<std::string, std::string>> renamed;
    renamed.emplace_back("k", "key");
    renamed.emplace_back("v", "value");
    CHECK(co_await schema_of(frame.with_columns_renamed(renamed)) == "struct<key:string,value:bigint>");
    CHECK(co_await schema_of(frame.drop("v")) == "struct<k:string>");
    CHECK(co_await schema_of(frame.drop("no_such_column")) == "struct<k:string,v:bigint>");
    CHECK(co_await schema_of(frame.drop(f::col("k"))) == "struct<v:bigint>");
    CHECK(co_await schema_of(frame.to_df("x", "y")) == "struct<x:string,y:bigint>");
    const auto other =
        cospark::schema().add("v", cospark::types::double_type()).add("k", cospark::types::string_type());
    CHECK(co_await schema_of(frame.to(other)) == "struct<v:double,k:string>");
  });
}

TEST_CASE("alias: a frame's name qualifies its columns") {
  spark_test([](cospark::session spark) -> check {
    const auto left = letters(spark).alias("l");
    const auto right = letters(spark).alias("r");
    const auto pairs = left.join(right, f::col("l.v") == f::col("r.v") + 1).select("l.v", "r.v");
    CHECK(co_await sorted_rows_of(pairs) == these("{2, 1}", "{3, 2}", "{4, 3}"));
  });
}

TEST_CASE("limit, offset, distinct, drop_duplicates, sample") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark);
    CHECK(must(co_await frame.limit(2).count()) == 2);
    CHECK(co_await rows_of(spark.range(5).offset(3)) == these("{3}", "{4}"));
    CHECK(co_await sorted_rows_of(frame.select("k").distinct()) == these("{a}", "{b}", "{null}"));
    CHECK(must(co_await frame.union_all(frame).drop_duplicates().count()) == 4);
    CHECK(must(co_await frame.drop_duplicates("k").count()) == 3);
    CHECK(must(co_await spark.range(1000).sample(0.5, false, 7).count()) ==
          must(co_await spark.range(1000).sample(0.5, false, 7).count()));
    CHECK(must(co_await spark.range(1000).sample(0.0).count()) == 0);
  });
}

TEST_CASE("order_by, sort and sort_within_partitions") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark);
    CHECK(co_await rows_of(frame.order_by(f::col("v").desc())) == these("{null, 4}", "{a, 3}", "{b, 2}", "{a, 1}"));
    CHECK(co_await rows_of(frame.sort("k", f::col("v").desc())) == these("{null, 4}", "{a, 3}", "{a, 1}", "{b, 2}"));
    CHECK(co_await rows_of(frame.order_by(f::col("k").asc_nulls_last(), "v")) ==
          these("{a, 1}", "{a, 3}", "{b, 2}", "{null, 4}"));
    CHECK(co_await rows_of(frame.order_by(f::col("k").desc_nulls_first(), "v")) ==
          these("{null, 4}", "{b, 2}", "{a, 1}", "{a, 3}"));
    const cospark::column_list by_v(std::vector<cospark::column>(1, f::col("id").desc()));
    CHECK(co_await rows_of(spark.range(0, 3, 1, 1).sort_within_partitions(by_v)) == these("{2}", "{1}", "{0}"));
  });
}

TEST_CASE("group_by with agg, count, sum, avg, min, max") {
  spark_test([](cospark::session spark) -> check {
    const auto groups = letters(spark).group_by("k");
    CHECK(co_await sorted_rows_of(groups.count()) == these("{a, 2}", "{b, 1}", "{null, 1}"));
    CHECK(co_await sorted_rows_of(groups.sum("v")) == these("{a, 4}", "{b, 2}", "{null, 4}"));
    CHECK(co_await schema_of(groups.sum("v")) == "struct<k:string,sum(v):bigint>");
    CHECK(co_await sorted_rows_of(groups.avg("v")) == these("{a, 2.0}", "{b, 2.0}", "{null, 4.0}"));
    CHECK(co_await sorted_rows_of(groups.min("v")) == these("{a, 1}", "{b, 2}", "{null, 4}"));
    CHECK(co_await sorted_rows_of(groups.max("v")) == these("{a, 3}", "{b, 2}", "{null, 4}"));
    CHECK(co_await sorted_rows_of(groups.agg(f::sum("v").alias("s"), f::count(f::lit(1)))) ==
          these("{a, 4, 2}", "{b, 2, 1}", "{null, 4, 1}"));
    CHECK(co_await rows_of(letters(spark).agg(f::max("v"), f::count("k"))) == these("{4, 3}"));
    CHECK(co_await rows_of(letters(spark).group_by().sum("v")) == these("{10}"));
  });
}

TEST_CASE("rollup, cube and pivot") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark).filter("k IS NOT NULL");
    const cospark::column_list by(std::vector<std::string>(1, "k"));
    CHECK(co_await sorted_rows_of(frame.rollup(by).sum("v")) == these("{a, 4}", "{b, 2}", "{null, 6}"));
    CHECK(co_await sorted_rows_of(frame.cube(by).count()) == these("{a, 2}", "{b, 1}", "{null, 3}"));
    const auto pivoted = frame.group_by().pivot("k").sum("v");
    CHECK(co_await schema_of(pivoted) == "struct<a:bigint,b:bigint>");
    CHECK(co_await rows_of(pivoted) == these("{4, 2}"));
    const std::vector<cospark::value> only(1, cospark::value("a"));
    CHECK(co_await rows_of(frame.group_by().pivot("k", only).sum("v")) == these("{4}"));
  });
}

TEST_CASE("join: every type, by condition, by name and by names") {
  spark_test([](cospark::session spark) -> check {
    using cospark::join_type;
    const auto left = letters(spark);
    const auto right = names(spark);
    CHECK(co_await sorted_rows_of(left.join(right, "k")) == these("{a, 1, Anna}", "{a, 3, Anna}"));
    CHECK(co_await sorted_rows_of(left.join(right, "k", join_type::left_outer)) ==
          these("{a, 1, Anna}", "{a, 3, Anna}", "{b, 2, null}", "{null, 4, null}"));
    CHECK(co_await sorted_rows_of(left.join(right, "k", join_type::right_outer)) ==
          these("{a, 1, Anna}", "{a, 3, Anna}", "{c, null, Carl}"));
    CHECK(co_await sorted_rows_of(left.join(right, "k", join_type::full_outer)) ==
          these("{a, 1, Anna}", "{a, 3, Anna}", "{b, 2, null}", "{c, null, Carl}", "{null, 4, null}"));
    CHECK(co_await sorted_rows_of(left.join(right, "k", join_type::left_semi)) == these("{a, 1}", "{a, 3}"));
    CHECK(co_await sorted_rows_of(left.join(right, "k", join_type::left_anti)) == these("{b, 2}", "{null, 4}"));
    CHECK(co_await sorted_rows_of(left.join(right, left["k"] == right["k"])) ==
          these("{a, 1, a, Anna}", "{a, 3, a, Anna}"));
    const std::vector<std::string> keys(1, "k");
    CHECK(must(co_await left.join(right, keys).count()) == 2);
    CHECK(must(co_await left.cross_join(right).count()) == 8);
  });
}

TEST_CASE("union_all, union_by_name, intersect, subtract and their all-forms") {
  spark_test([](cospark::session spark) -> check {
    const auto low = spark.range(3);
    const auto twice = low.union_all(low);
    const auto high = spark.range(2, 4);
    CHECK(co_await sorted_rows_of(low.union_all(high)) == these("{0}", "{1}", "{2}", "{2}", "{3}"));
    CHECK(co_await sorted_rows_of(low.intersect(high)) == these("{2}"));
    CHECK(co_await sorted_rows_of(twice.intersect_all(twice)) == these("{0}", "{0}", "{1}", "{1}", "{2}", "{2}"));
    CHECK(co_await sorted_rows_of(twice.subtract(high)) == these("{0}", "{1}"));
    CHECK(co_await sorted_rows_of(twice.except_all(high)) == these("{0}", "{0}", "{1}", "{1}", "{2}"));
    const auto swapped = letters(spark).select("v", "k").limit(1);
    CHECK(co_await rows_of(letters(spark).limit(1).union_by_name(swapped)) == these("{a, 1}", "{a, 1}"));
    CHECK(co_await rows_of(letters(spark).limit(1).union_by_name(names(spark).limit(1), true)) ==
          these("{a, 1, null}", "{a, null, Anna}"));
    CHECK(fails(co_await letters(spark).union_by_name(names(spark)).schema()) == cospark::errc::analysis_failed);
  });
}

TEST_CASE("repartition, coalesce and hint keep the rows") {
  spark_test([](cospark::session spark) -> check {
    const auto partition = f::call_function("spark_partition_id").alias("p");
    CHECK(must(co_await spark.range(100).repartition(4).select(partition).distinct().count()) == 4);
    CHECK(must(co_await spark.range(0, 100, 1, 4).coalesce(2).select(partition).distinct().count()) == 2);
    const cospark::column_list by(std::vector<std::string>(1, "k"));
    CHECK(must(co_await letters(spark).repartition(2, by).count()) == 4);
    const auto joined = letters(spark).join(names(spark).hint("broadcast"), "k");
    CHECK(must(co_await joined.explain()).find("BroadcastHashJoin") != std::string::npos);
    CHECK(must(co_await joined.count()) == 2);
  });
}

TEST_CASE("schema, columns, dtypes, explain, tree_string, print_schema") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark);
    CHECK(must(co_await frame.columns()) == these("k", "v"));
    const auto types = must(co_await frame.dtypes());
    REQUIRE(types.size() == 2);
    CHECK(types[1] == std::make_pair(std::string("v"), std::string("bigint")));
    CHECK(must(co_await frame.explain()).find("== Physical Plan ==") != std::string::npos);
    CHECK(must(co_await frame.explain(cospark::explain_mode::extended)).find("== Optimized Logical Plan ==") !=
          std::string::npos);
    const std::string tree = "root\n |-- k: string (nullable = true)\n |-- v: long (nullable = true)\n";
    CHECK(must(co_await frame.tree_string()).starts_with(tree));
    std::ostringstream out;
    must(co_await frame.print_schema(out));
    CHECK(out.str().starts_with(tree));
  });
}

TEST_CASE("show_string: the table as text") {
  spark_test([](cospark::session spark) -> check {
    CHECK(must(co_await letters(spark).show_string()) ==
          "+----+---+\n|   k|  v|\n+----+---+\n|   a|  1|\n|   b|  2|\n|   a|  3|\n|NULL|  4|\n+----+---+\n");
    CHECK(must(co_await letters(spark).show_string(1)) ==
          "+---+---+\n|  k|  v|\n+---+---+\n|  a|  1|\n+---+---+\nonly showing top 1 row");
    const auto shown = must(co_await letters(spark).show_string(1, 0, true));
    CHECK(shown.find("-RECORD 0-") != std::string::npos);
    CHECK(shown.find(" k   | a") != std::string::npos);
  });
}

TEST_CASE("collect, first, take, head, tail, count, is_empty") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = letters(spark);
    const auto rows = must(co_await frame.collect());
    REQUIRE(rows.size() == 4);
    CHECK(rows[1].get<std::string>("k") == "b");
    CHECK(rows[1].get<std::int64_t>(1) == 2);
    CHECK(rows[3]["k"].is_null());
    const auto first = must(co_await frame.first());
    REQUIRE(first.has_value());
    CHECK(first->to_string() == "{a, 1}");
    CHECK_FALSE(must(co_await frame.filter("v > 9").first()).has_value());
    CHECK(must(co_await frame.take(2)).size() == 2);
    CHECK(must(co_await frame.head(3)).size() == 3);
    const auto last = must(co_await frame.tail(1));
    REQUIRE(last.size() == 1);
    CHECK(last[0].to_string() == "{null, 4}");
    CHECK(must(co_await frame.count()) == 4);
    CHECK_FALSE(must(co_await frame.is_empty()));
    CHECK(must(co_await frame.filter("v > 9").is_empty()));
  });
}

TEST_CASE("execute: batch by batch, with the same rows as collect") {
  spark_test([](cospark::session spark) -> check {
    auto stream = must(co_await spark.range(0, 10000, 1, 4).execute());
    std::int64_t rows = 0;
    std::int64_t sum = 0;
    while (true) {
      const auto batch = must(co_await stream.next());
      if (!batch) break;
      for (const auto& row : *batch) sum += row.get<std::int64_t>(0);
      rows += static_cast<std::int64_t>(batch->row_count());
    }
    CHECK(rows == 10000);
    CHECK(sum == 49995000);
    CHECK_FALSE(must(co_await stream.next()).has_value());
  });
}

TEST_CASE("Large results arrive whole") {
  spark_test([](cospark::session spark) -> check {
    const auto wide = spark.range(300000).select("id", f::call_function("repeat", f::lit("x"), f::lit(100)).alias("x"));
    const auto rows = must(co_await wide.collect());
    REQUIRE(rows.size() == 300000);
    CHECK(rows.back().get<std::int64_t>(0) == 299999);
    CHECK(rows.back().get<std::string>(1) == std::string(100, 'x'));
  });
}

TEST_CASE("sql: a query, a command, named and positional parameters") {
  spark_test([](cospark::session spark) -> check {
    CHECK(co_await rows_of(must(co_await spark.sql("SELECT 1 AS x, 'y' AS y"))) == these("{1, y}"));
    cospark::named_parameters named;
    named.emplace("least", 1);
    named.emplace("text", "it's; DROP TABLE x --");
    const auto by_name = must(co_await spark.sql("SELECT id, :text AS t FROM range(3) WHERE id > :least", named));
    CHECK(co_await rows_of(by_name) == these("{2, it's; DROP TABLE x --}"));
    std::vector<cospark::column_or_value> positional;
    positional.emplace_back(2);
    positional.emplace_back("b");
    const auto by_position = must(co_await spark.sql("SELECT ? + 1 AS n, ? AS t", positional));
    CHECK(co_await rows_of(by_position) == these("{3, b}"));
    const auto table = unique("made_by_sql");
    must(co_await spark.sql("CREATE TABLE " + table + " (x INT) USING parquet"));
    must(co_await spark.sql("INSERT INTO " + table + " VALUES (1), (2)"));
    CHECK(co_await sorted_rows_of(spark.table(table)) == these("{1}", "{2}"));
    must(co_await spark.sql("DROP TABLE " + table));
  });
}

TEST_CASE("create_temp_view: SQL and table see the frame; a taken name fails, replacing does not") {
  spark_test([](cospark::session spark) -> check {
    must(co_await letters(spark).create_temp_view("letters"));
    CHECK(must(co_await spark.table("letters").count()) == 4);
    CHECK(co_await rows_of(must(co_await spark.sql("SELECT sum(v) FROM letters"))) == these("{10}"));
    CHECK(fails(co_await spark.range(1).create_temp_view("letters")).condition() ==
          "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS");
    must(co_await spark.range(1).create_or_replace_temp_view("letters"));
    CHECK(must(co_await spark.table("letters").count()) == 1);
    const auto global = unique("global_letters");
    must(co_await letters(spark).create_global_temp_view(global));
    CHECK(must(co_await spark.table("global_temp." + global).count()) == 4);
  });
}

TEST_CASE("persist, unpersist, same_semantics, is_local, input_files") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = spark.range(10);
    must(co_await frame.persist());
    CHECK(must(co_await frame.count()) == 10);
    must(co_await frame.unpersist(true));
    CHECK(must(co_await frame.same_semantics(frame)));
    CHECK_FALSE(must(co_await frame.same_semantics(spark.range(11))));
    CHECK(must(co_await frame.input_files()).empty());
    CHECK_FALSE(must(co_await frame.filter("id > 1").is_local()));
  });
}

TEST_CASE("write and read: save and load of every file format, modes, partitions and tables") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto frame = letters(spark).filter("k IS NOT NULL");
    const auto expected = these("{a, 1}", "{a, 3}", "{b, 2}");
    const auto reader = spark.read().schema("k STRING, v BIGINT");
    must(co_await frame.write().csv(files / "csv"));
    CHECK(co_await sorted_rows_of(reader.csv(files / "csv")) == expected);
    must(co_await frame.write().json(files / "json"));
    CHECK(co_await sorted_rows_of(reader.json(files / "json")) == expected);
    must(co_await frame.write().parquet(files / "parquet"));
    CHECK(co_await sorted_rows_of(spark.read().parquet(files / "parquet")) == expected);
    must(co_await frame.write().orc(files / "orc"));
    CHECK(co_await sorted_rows_of(spark.read().format("orc").load(files / "orc")) == expected);
    must(co_await frame.select("k").write().text(files / "text"));
    CHECK(co_await sorted_rows_of(spark.read().text(files / "text")) == these("{a}", "{a}", "{b}"));

    CHECK(fails(co_await frame.write().parquet(files / "parquet")).condition() == "PATH_ALREADY_EXISTS");
    must(co_await frame.write().mode(cospark::save_mode::ignore).parquet(files / "parquet"));
    must(co_await frame.write().mode("append").parquet(files / "parquet"));
    CHECK(must(co_await spark.read().parquet(files / "parquet").count()) == 6);
    must(co_await frame.write()
             .mode(cospark::save_mode::overwrite)
             .partition_by("k")
             .format("parquet")
             .save(files / "parquet"));
    CHECK(std::filesystem::exists(files / "parquet/k=a"));

    const auto table = unique("written");
    must(co_await frame.write().save_as_table(table));
    must(co_await frame.write().insert_into(table));
    CHECK(must(co_await spark.read().table(table).count()) == 6);
    must(co_await spark.sql("DROP TABLE " + table));
  });
}

TEST_CASE("drop_duplicates_within_watermark on a stream") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source =
        files.put("timed", "1.json",
                  "{\"t\":\"2026-01-01T00:00:01Z\",\"k\":\"a\"}\n{\"t\":\"2026-01-01T00:00:05Z\",\"k\":\"a\"}\n"
                  "{\"t\":\"2026-01-01T00:00:06Z\",\"k\":\"b\"}\n");
    auto writer = spark.read_stream()
                      .schema("t TIMESTAMP, k STRING")
                      .json(source)
                      .with_watermark("t", 10min)
                      .drop_duplicates_within_watermark("k")
                      .select("k")
                      .write_stream()
                      .format("memory")
                      .query_name("deduplicated")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    CHECK(co_await sorted_rows_of(spark.table("deduplicated")) == these("{a}", "{b}"));
  });
}

TEST_CASE("A stream-stream join within a time range") {
  spark_test([](cospark::session spark) -> check {
    folder files;
    const auto source = files.put("clicks", "1.json",
                                  "{\"t\":\"2026-01-01T00:00:01Z\",\"k\":\"a\"}\n"
                                  "{\"t\":\"2026-01-01T00:00:02Z\",\"k\":\"b\"}\n");
    const auto views = spark.read_stream()
                           .schema("t TIMESTAMP, k STRING")
                           .json(source)
                           .with_watermark("t", "1 minute")
                           .select(f::col("t").alias("shown"), f::col("k").alias("view"));
    const auto clicks =
        spark.read_stream().schema("t TIMESTAMP, k STRING").json(source).with_watermark("t", "1 minute");
    const auto joined = views.join(clicks, f::expr("k = view AND t >= shown AND t <= shown + INTERVAL 10 SECONDS"));
    auto writer = joined.select("view", "k")
                      .write_stream()
                      .format("memory")
                      .query_name("joined")
                      .trigger(cospark::trigger::available_now());
    const auto query = must(co_await writer.start());
    must(co_await query.await_termination());
    CHECK(co_await sorted_rows_of(spark.table("joined")) == these("{a, a}", "{b, b}"));
  });
}
