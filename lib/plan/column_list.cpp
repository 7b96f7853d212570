#include <cospark/column_list.hpp>

#include "plan/access.hpp"

namespace cospark {

column_list::column_list(const std::vector<column>& columns) : expressions_(plan::access::nodes(columns)) {}

column_list::column_list(const std::vector<std::string>& names) {
  expressions_.reserve(names.size());
  for (const auto& name : names) expressions_.push_back(plan::attribute(name));
}

column_list::column_list(const std::vector<column_or_name>& columns) {
  expressions_.reserve(columns.size());
  for (const auto& column : columns) expressions_.push_back(plan::access::node(column));
}

}  // namespace cospark
