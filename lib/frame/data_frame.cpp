// Transformations. What goes to the server is in data_frame_actions.cpp: half of the class each.
#include <cospark/data_frame.hpp>

#include "frame/access.hpp"
#include "plan/build.hpp"

#include <cospark/function_call.hpp>

#include <cmath>
#include <limits>

namespace cospark {
namespace {

using plan::build;
using plan::expression_ptr;
using plan::measure;
using plan::relation_ptr;
using relation = spark::connect::Relation;
using names = std::vector<std::string>;
using nodes = std::vector<expression_ptr>;

const relation_ptr& node(const data_frame& frame) {
  return frame::access::relation(frame);
}

/// A frame of the same session.
data_frame derive(const data_frame& from, plan::extent size, auto write) {
  return frame::access::make(frame::access::session(from), plan::make_relation(size, std::move(write)));
}

/// A frame with one input; `write` fills in the rest of the message that `select` gives.
data_frame derive(const data_frame& from, auto select, auto write) {
  return derive(from, measure::around(node(from)), [input = node(from), select, write](relation& to, build& build) {
    auto& message = *(to.*select)();
    build.write(input, *message.mutable_input());
    write(message, build);
  });
}

/// The same with expressions among what is written.
data_frame derive(const data_frame& from, auto select, const nodes& expressions, auto write, std::uint32_t levels = 2) {
  measure total;
  total.add(node(from)).at(levels).add(expressions);
  return derive(from, total.size(), [input = node(from), select, expressions, write](relation& to, build& build) {
    auto& message = *(to.*select)();
    build.write(input, *message.mutable_input());
    write(message, expressions, build);
  });
}

/// Two frames, of the same session.
data_frame combine(const data_frame& left, const data_frame& right, plan::extent size, auto write) {
  const auto& session = frame::access::session(left);
  if (session != frame::access::session(right)) {
    return frame::access::make(session, plan::invalid_relation("the two data frames belong to different sessions"));
  }
  return derive(left, size, std::move(write));
}

std::int32_t count_of(std::string_view what, std::int64_t count, build& build) {
  if (count < 0 || count > std::numeric_limits<std::int32_t>::max()) {
    build.fail(std::string(what).append(" must be from 0 to 2147483647, not ").append(std::to_string(count)));
  }
  return static_cast<std::int32_t>(count);
}

std::int32_t partitions_of(std::int32_t count, build& build) {
  if (count < 1) build.fail("a number of partitions must be at least 1, not " + std::to_string(count));
  return count;
}

using set_operation = spark::connect::SetOperation;

data_frame set_op(const data_frame& left, const data_frame& right, set_operation::SetOpType type, bool is_all,
                  std::optional<bool> by_name = std::nullopt, bool allow_missing = false) {
  return combine(left, right, measure::around(node(left), node(right)),
                 [=, left = node(left), right = node(right)](relation& to, build& build) {
                   auto& message = *to.mutable_set_op();
                   build.write(left, *message.mutable_left_input());
                   build.write(right, *message.mutable_right_input());
                   message.set_set_op_type(type);
                   message.set_is_all(is_all);
                   if (by_name) message.set_by_name(*by_name);
                   if (allow_missing) message.set_allow_missing_columns(true);
                 });
}

spark::connect::Join::JoinType to_proto(join_type type) {
  using message = spark::connect::Join;
  switch (type) {
    case join_type::inner:
      return message::JOIN_TYPE_INNER;
    case join_type::cross:
      return message::JOIN_TYPE_CROSS;
    case join_type::full_outer:
      return message::JOIN_TYPE_FULL_OUTER;
    case join_type::left_outer:
      return message::JOIN_TYPE_LEFT_OUTER;
    case join_type::right_outer:
      return message::JOIN_TYPE_RIGHT_OUTER;
    case join_type::left_semi:
      return message::JOIN_TYPE_LEFT_SEMI;
    case join_type::left_anti:
      return message::JOIN_TYPE_LEFT_ANTI;
  }
  return message::JOIN_TYPE_UNSPECIFIED;
}

data_frame join_frames(const data_frame& left, const data_frame& right, join_type type, const nodes& condition,
                       const names& using_columns) {
  return combine(left, right, measure::around(node(left), node(right), condition),
                 [=, left = node(left), right = node(right)](relation& to, build& build) {
                   auto& message = *to.mutable_join();
                   build.write(left, *message.mutable_left());
                   build.write(right, *message.mutable_right());
                   for (const auto& each : condition) build.write(each, *message.mutable_join_condition());
                   build.names("column name", using_columns, *message.mutable_using_columns());
                   message.set_join_type(to_proto(type));
                   if (message.join_type() == spark::connect::Join::JOIN_TYPE_UNSPECIFIED) {
                     build.fail("this is no type of join");
                   }
                 });
}

data_frame sorted(const data_frame& from, const column_list& columns, bool is_global) {
  return derive(
      from, &relation::mutable_sort, plan::access::nodes(columns),
      [is_global](auto& to, const nodes& order, build& build) {
        if (order.empty()) build.fail("a sort needs at least one column");
        for (const auto& each : order) build.write_order(each, *to.add_order());
        to.set_is_global(is_global);
      },
      3);  // Relation > Sort > SortOrder > Expression
}

data_frame deduplicated(const data_frame& from, const names& columns, bool within_watermark) {
  return derive(from, &relation::mutable_deduplicate, [columns, within_watermark](auto& to, build& build) {
    if (columns.empty()) to.set_all_columns_as_keys(true);
    build.names("column name", columns, *to.mutable_column_names());
    to.set_within_watermark(within_watermark);
  });
}

data_frame repartitioned(const data_frame& from, std::int32_t partitions, bool shuffle) {
  return derive(from, &relation::mutable_repartition, [partitions, shuffle](auto& to, build& build) {
    to.set_num_partitions(partitions_of(partitions, build));
    to.set_shuffle(shuffle);
  });
}

}  // namespace

data_frame::data_frame(connect::session_ptr session, relation_ptr relation) noexcept
    : session_(std::move(session)), relation_(std::move(relation)) {}

column data_frame::col(std::string_view name) const {
  return plan::access::make_column(plan::attribute_of(*relation_, name));
}

data_frame data_frame::select(const column_list& columns) const {
  return derive(*this, &relation::mutable_project, plan::access::nodes(columns),
                [](auto& to, const nodes& expressions, build& build) {
                  build.write_all(expressions, *to.mutable_expressions());
                });
}

data_frame data_frame::select_expr(const names& expressions) const {
  std::vector<column> columns;
  for (const auto& sql : expressions) columns.push_back(plan::access::make_column(plan::sql_expression(sql)));
  return select(columns);
}

data_frame data_frame::with_column(std::string_view name, const column& value) const {
  return with_columns({{std::string(name), value}});
}

data_frame data_frame::with_columns(const std::vector<std::pair<std::string, column>>& columns) const {
  names aliases;
  nodes expressions;
  for (const auto& [name, value] : columns) {
    aliases.push_back(name);
    expressions.push_back(plan::access::node(value));
  }
  return derive(
      *this, &relation::mutable_with_columns, expressions,
      [aliases](auto& to, const nodes& values, build& build) {
        for (std::size_t i = 0; i < values.size(); ++i) {
          auto& alias = *to.add_aliases();
          build.name("column name", aliases[i], *alias.add_name());
          build.write(values[i], *alias.mutable_expr());
        }
      },
      3);  // Relation > WithColumns > Alias > Expression
}

data_frame data_frame::with_column_renamed(std::string_view name, std::string_view new_name) const {
  return with_columns_renamed({{std::string(name), std::string(new_name)}});
}

data_frame data_frame::with_columns_renamed(const std::vector<std::pair<std::string, std::string>>& renames) const {
  return derive(*this, &relation::mutable_with_columns_renamed, [renames](auto& to, build& build) {
    for (const auto& [name, new_name] : renames) {
      auto& rename = *to.add_renames();
      build.name("column name", name, *rename.mutable_col_name());
      build.name("column name", new_name, *rename.mutable_new_col_name());
    }
  });
}

data_frame data_frame::drop(const names& columns) const {
  return derive(*this, &relation::mutable_drop,
                [columns](auto& to, build& build) { build.names("column name", columns, *to.mutable_column_names()); });
}

data_frame data_frame::drop(const column& column) const {
  return derive(
      *this, &relation::mutable_drop, nodes{plan::access::node(column)},
      [](auto& to, const nodes& expressions, build& build) { build.write_all(expressions, *to.mutable_columns()); });
}

data_frame data_frame::to_df(const names& columns) const {
  return derive(*this, &relation::mutable_to_df,
                [columns](auto& to, build& build) { build.names("column name", columns, *to.mutable_column_names()); });
}

data_frame data_frame::to(const cospark::schema& schema) const {
  return derive(*this, &relation::mutable_to_schema,
                [type = data_type(schema)](auto& to, build& build) { build.type(type, *to.mutable_schema()); });
}

data_frame data_frame::alias(std::string_view name) const {
  return derive(*this, &relation::mutable_subquery_alias,
                [name = std::string(name)](auto& to, build& build) { build.name("alias", name, *to.mutable_alias()); });
}

data_frame data_frame::filter(const column& condition) const {
  return derive(*this, &relation::mutable_filter, nodes{plan::access::node(condition)},
                [](auto& to, const nodes& expressions, build& build) {
                  build.write(expressions.front(), *to.mutable_condition());
                });
}

data_frame data_frame::filter(std::string_view sql) const {
  return filter(plan::access::make_column(plan::sql_expression(sql)));
}

data_frame data_frame::limit(std::int64_t count) const {
  return derive(*this, &relation::mutable_limit,
                [count](auto& to, build& build) { to.set_limit(count_of("a limit", count, build)); });
}

data_frame data_frame::offset(std::int64_t count) const {
  return derive(*this, &relation::mutable_offset,
                [count](auto& to, build& build) { to.set_offset(count_of("an offset", count, build)); });
}

data_frame data_frame::drop_duplicates(const names& columns) const {
  return deduplicated(*this, columns, false);
}
data_frame data_frame::drop_duplicates_within_watermark(const names& columns) const {
  return deduplicated(*this, columns, true);
}

data_frame data_frame::sample(double fraction, bool with_replacement, std::optional<std::int64_t> seed) const {
  return derive(*this, &relation::mutable_sample,
                [fraction, with_replacement, seed = seed.value_or(detail::random_seed())](auto& to, build& build) {
                  if (!(fraction >= 0) || std::isinf(fraction) || (!with_replacement && fraction > 1)) {
                    build.fail("a sample must be a fraction from 0 to 1, or at least 0 with replacement");
                  }
                  to.set_lower_bound(0);
                  to.set_upper_bound(fraction);
                  to.set_with_replacement(with_replacement);
                  to.set_seed(seed);
                });
}

data_frame data_frame::order_by(const column_list& columns) const {
  return sorted(*this, columns, true);
}
data_frame data_frame::sort_within_partitions(const column_list& columns) const {
  return sorted(*this, columns, false);
}

grouped_data data_frame::group_by(const column_list& columns) const {
  return frame::access::make_groups(*this, frame::grouping::group_by, columns);
}
grouped_data data_frame::rollup(const column_list& columns) const {
  return frame::access::make_groups(*this, frame::grouping::rollup, columns);
}
grouped_data data_frame::cube(const column_list& columns) const {
  return frame::access::make_groups(*this, frame::grouping::cube, columns);
}
data_frame data_frame::agg(const column_list& aggregates) const {
  return group_by().agg(aggregates);
}

data_frame data_frame::join(const data_frame& other, const column& condition, join_type type) const {
  return join_frames(*this, other, type, {plan::access::node(condition)}, {});
}
data_frame data_frame::join(const data_frame& other, std::string_view name, join_type type) const {
  return join_frames(*this, other, type, {}, {std::string(name)});
}
data_frame data_frame::join(const data_frame& other, const names& columns, join_type type) const {
  if (columns.empty()) return frame::access::make(session_, plan::invalid_relation("join() needs a column name"));
  return join_frames(*this, other, type, {}, columns);
}
data_frame data_frame::cross_join(const data_frame& other) const {
  return join_frames(*this, other, join_type::cross, {}, {});
}

data_frame data_frame::union_all(const data_frame& other) const {
  return set_op(*this, other, set_operation::SET_OP_TYPE_UNION, true, false);
}
data_frame data_frame::union_by_name(const data_frame& other, bool allow_missing_columns) const {
  return set_op(*this, other, set_operation::SET_OP_TYPE_UNION, true, true, allow_missing_columns);
}
data_frame data_frame::intersect(const data_frame& other) const {
  return set_op(*this, other, set_operation::SET_OP_TYPE_INTERSECT, false);
}
data_frame data_frame::intersect_all(const data_frame& other) const {
  return set_op(*this, other, set_operation::SET_OP_TYPE_INTERSECT, true);
}
data_frame data_frame::subtract(const data_frame& other) const {
  return set_op(*this, other, set_operation::SET_OP_TYPE_EXCEPT, false);
}
data_frame data_frame::except_all(const data_frame& other) const {
  return set_op(*this, other, set_operation::SET_OP_TYPE_EXCEPT, true);
}

data_frame data_frame::with_watermark(std::string_view event_time, const interval_text& delay) const {
  return derive(*this, &relation::mutable_with_watermark,
                [event_time = std::string(event_time), delay](auto& to, build& build) {
                  build.name("event time column", event_time, *to.mutable_event_time());
                  build.name("watermark delay", delay.text(), *to.mutable_delay_threshold());
                  if (delay.is_negative()) build.fail("a negative watermark delay: " + delay.text());
                });
}

data_frame data_frame::observe(std::string_view name, const column_list& metrics) const {
  return derive(*this, &relation::mutable_collect_metrics, plan::access::nodes(metrics),
                [name = std::string(name)](auto& to, const nodes& expressions, build& build) {
                  build.name("name of an observation", name, *to.mutable_name());
                  if (expressions.empty()) build.fail("observe() needs at least one metric");
                  build.write_all(expressions, *to.mutable_metrics());
                });
}

data_frame data_frame::repartition(std::int32_t partitions) const {
  return repartitioned(*this, partitions, true);
}
data_frame data_frame::repartition(std::optional<std::int32_t> partitions, const column_list& columns) const {
  return derive(*this, &relation::mutable_repartition_by_expression, plan::access::nodes(columns),
                [partitions](auto& to, const nodes& expressions, build& build) {
                  if (expressions.empty()) build.fail("repartition() needs a number of partitions or a column");
                  build.write_all(expressions, *to.mutable_partition_exprs());
                  if (partitions) to.set_num_partitions(partitions_of(*partitions, build));
                });
}
data_frame data_frame::coalesce(std::int32_t partitions) const {
  return repartitioned(*this, partitions, false);
}

data_frame data_frame::hint(std::string_view name, const std::vector<column>& parameters) const {
  return derive(*this, &relation::mutable_hint, plan::access::nodes(parameters),
                [name = std::string(name)](auto& to, const nodes& expressions, build& build) {
                  build.name("hint", name, *to.mutable_name());
                  build.write_all(expressions, *to.mutable_parameters());
                });
}

}  // namespace cospark
