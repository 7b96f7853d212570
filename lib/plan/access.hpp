// From the public handles to the nodes behind them, and back.
#pragma once

#include "plan/node.hpp"

#include <cospark/column.hpp>

namespace cospark::plan {

struct access {
  static column make_column(expression_ptr expression) { return column(std::move(expression)); }
  static const expression_ptr& node(const column& column) { return column.expression_; }
  static const expression_ptr& node(const column_or_name& parameter) { return parameter.expression_; }
  static const expression_ptr& node(const column_or_value& parameter) { return parameter.expression_; }
  static const std::vector<expression_ptr>& nodes(const column_list& list) { return list.expressions_; }
  static std::vector<expression_ptr> nodes(const std::vector<column>& columns) {
    std::vector<expression_ptr> nodes;
    nodes.reserve(columns.size());
    for (const auto& column : columns) nodes.push_back(column.expression_);
    return nodes;
  }
};

/// Kinds of expressions that several places need.
expression_ptr attribute(std::string_view name);
/// The column of this very relation, even if another one in the plan has a column of the same name.
expression_ptr attribute_of(const relation& frame, std::string_view name);
expression_ptr function(std::string_view name, std::vector<expression_ptr> arguments, bool distinct = false);
expression_ptr literal(const value& constant);
expression_ptr sql_expression(std::string_view text);
/// CASE WHEN with one branch, and the same with more; `what` names the member function in an error.
expression_ptr case_when(const expression_ptr& condition, const expression_ptr& value);
expression_ptr extend_case(const expression_ptr& so_far, std::string_view what,
                           const std::vector<expression_ptr>& more);

}  // namespace cospark::plan
