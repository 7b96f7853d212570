#include <cospark/grouped_data.hpp>

#include "frame/access.hpp"
#include "plan/build.hpp"
#include "plan/literal.hpp"

#include <optional>

namespace cospark {

struct grouped_data::state {
  struct pivoted {
    plan::expression_ptr column;
    std::vector<value> values;
  };

  state(data_frame frame, frame::grouping kind_of_groups, std::vector<plan::expression_ptr> columns)
      : input(std::move(frame)), kind(kind_of_groups), grouping(std::move(columns)) {}

  data_frame input;
  frame::grouping kind;
  std::vector<plan::expression_ptr> grouping;
  std::optional<pivoted> pivot;
};

namespace {

spark::connect::Aggregate::GroupType to_proto(frame::grouping kind) {
  switch (kind) {
    case frame::grouping::group_by:
      return spark::connect::Aggregate::GROUP_TYPE_GROUPBY;
    case frame::grouping::rollup:
      return spark::connect::Aggregate::GROUP_TYPE_ROLLUP;
    case frame::grouping::cube:
      return spark::connect::Aggregate::GROUP_TYPE_CUBE;
  }
  return spark::connect::Aggregate::GROUP_TYPE_UNSPECIFIED;
}

}  // namespace

grouped_data frame::access::make_groups(const data_frame& input, grouping kind, const column_list& columns) {
  return grouped_data(std::make_shared<const grouped_data::state>(input, kind, plan::access::nodes(columns)));
}

grouped_data::grouped_data(std::shared_ptr<const state> groups) noexcept : state_(std::move(groups)) {}

data_frame grouped_data::agg(const column_list& aggregates) const {
  const auto& input = frame::access::relation(state_->input);
  const auto& columns = plan::access::nodes(aggregates);
  plan::measure total;
  total.add(input).add(state_->grouping).add(columns);
  if (state_->pivot) total.at(3).add(state_->pivot->column);  // Relation > Aggregate > Pivot > Expression
  const auto write = [input, columns, groups = state_](spark::connect::Relation& to, plan::build& build) {
    auto& message = *to.mutable_aggregate();
    build.write(input, *message.mutable_input());
    message.set_group_type(to_proto(groups->kind));
    build.write_all(groups->grouping, *message.mutable_grouping_expressions());
    if (columns.empty()) build.fail("agg() needs at least one aggregate");
    build.write_all(columns, *message.mutable_aggregate_expressions());
    if (!groups->pivot) return;
    if (groups->kind != frame::grouping::group_by) build.fail("pivot() is for group_by() only, not rollup() or cube()");
    message.set_group_type(spark::connect::Aggregate::GROUP_TYPE_PIVOT);
    build.write(groups->pivot->column, *message.mutable_pivot()->mutable_col());
    for (const value& each : groups->pivot->values) {
      plan::write_literal(each, *message.mutable_pivot()->add_values(), build);
    }
  };
  return frame::access::make(frame::access::session(state_->input), plan::make_relation(total.size(), write));
}

data_frame grouped_data::count() const {
  return agg(plan::access::make_column(plan::function("count", {plan::literal(value(1))})).alias("count"));
}

data_frame grouped_data::each(std::string_view function, const std::vector<std::string>& names) const {
  std::vector<column> aggregates;
  for (const auto& name : names) {
    aggregates.push_back(plan::access::make_column(plan::function(function, {plan::attribute(name)})));
  }
  return agg(aggregates);
}

grouped_data grouped_data::pivot(const column_or_name& column, const std::vector<value>& values) const {
  auto changed = std::make_shared<state>(*state_);
  changed->pivot = state::pivoted{plan::access::node(column), values};
  return grouped_data(std::move(changed));
}

}  // namespace cospark
