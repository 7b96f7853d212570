#include <cospark/column.hpp>

#include "plan/access.hpp"
#include "plan/build.hpp"

#include <string>

namespace cospark {
namespace {

using plan::access;
using plan::build;
using plan::expression_ptr;
using plan::measure;
using message = spark::connect::Expression;

column make(plan::extent size, auto write) {
  return access::make_column(plan::make_expression(size, std::move(write)));
}

column call(std::string_view name, std::vector<expression_ptr> arguments) {
  return access::make_column(plan::function(name, std::move(arguments)));
}

template <class WriteType>
column cast_to(const expression_ptr& child, bool is_try, WriteType write_type) {
  return make(measure::around(child), [child, is_try, write_type](message& to, build& build) {
    auto& cast = *to.mutable_cast();
    build.write(child, *cast.mutable_expr());
    write_type(cast, build);
    if (is_try) cast.set_eval_mode(message::Cast::EVAL_MODE_TRY);
  });
}

column cast_to(const expression_ptr& child, bool is_try, std::string_view type) {
  return cast_to(child, is_try, [type = std::string(type)](message::Cast& to, build& build) {
    build.name("type", type, *to.mutable_type_str());
  });
}

column cast_to(const expression_ptr& child, bool is_try, const data_type& type) {
  return cast_to(child, is_try, [type](message::Cast& to, build& build) { build.type(type, *to.mutable_type()); });
}

column extract(const expression_ptr& child, const expression_ptr& key) {
  return make(measure::around(child, key), [child, key](message& to, build& build) {
    auto& extraction = *to.mutable_unresolved_extract_value();
    build.write(child, *extraction.mutable_child());
    build.write(key, *extraction.mutable_extraction());
  });
}

column order(const expression_ptr& child, message::SortOrder::SortDirection direction,
             message::SortOrder::NullOrdering nulls) {
  return make(measure::around(child), [child, direction, nulls](message& to, build& build) {
    auto& order = *to.mutable_sort_order();
    build.write(child, *order.mutable_child());
    order.set_direction(direction);
    order.set_null_ordering(nulls);
  });
}

}  // namespace

column::column(std::shared_ptr<const plan::expression> expression) noexcept : expression_(std::move(expression)) {}
column::column(const column_or_name& parameter) : expression_(access::node(parameter)) {}
column::column(const column_or_value& parameter) : expression_(access::node(parameter)) {}

column column::alias(const std::vector<std::string>& names) const {
  return make(measure::around(expression_), [child = expression_, names](message& to, build& build) {
    if (names.empty()) build.fail("alias() needs a name");
    build.write(child, *to.mutable_alias()->mutable_expr());
    build.names("column name", names, *to.mutable_alias()->mutable_name());
  });
}

column column::cast(std::string_view type) const {
  return cast_to(expression_, false, type);
}
column column::cast(const data_type& type) const {
  return cast_to(expression_, false, type);
}
column column::try_cast(std::string_view type) const {
  return cast_to(expression_, true, type);
}
column column::try_cast(const data_type& type) const {
  return cast_to(expression_, true, type);
}

column column::is_null() const {
  return call("isnull", {expression_});
}
column column::is_not_null() const {
  return call("isnotnull", {expression_});
}
column column::is_nan() const {
  return call("isnan", {expression_});
}
column column::eq_null_safe(const column_or_value& other) const {
  return detail::binary("<=>", *this, other);
}
column column::between(const column_or_value& lower, const column_or_value& upper) const {
  return *this >= column(lower) && *this <= column(upper);
}

column column::isin_list(const std::vector<column>& values) const {
  if (values.empty()) return access::make_column(plan::invalid_expression("isin() needs at least one value"));
  std::vector<expression_ptr> arguments = access::nodes(values);
  arguments.insert(arguments.begin(), expression_);
  return call("in", std::move(arguments));
}

column column::like(const column_or_value& pattern) const {
  return detail::binary("like", *this, pattern);
}
column column::ilike(const column_or_value& pattern) const {
  return detail::binary("ilike", *this, pattern);
}
column column::rlike(const column_or_value& pattern) const {
  return detail::binary("rlike", *this, pattern);
}
column column::contains(const column_or_value& part) const {
  return detail::binary("contains", *this, part);
}
column column::starts_with(const column_or_value& prefix) const {
  return detail::binary("startswith", *this, prefix);
}
column column::ends_with(const column_or_value& suffix) const {
  return detail::binary("endswith", *this, suffix);
}
column column::substr(const column_or_value& start, const column_or_value& length) const {
  return call("substr", {expression_, access::node(start), access::node(length)});
}

column column::get_field(std::string_view name) const {
  if (name.empty()) return access::make_column(plan::invalid_expression("an empty field name"));
  return extract(expression_, plan::literal(value(name)));
}
column column::get_item(const column_or_value& key) const {
  return extract(expression_, access::node(key));
}

column column::with_field(std::string_view name, const column_or_value& value) const {
  const auto& field = access::node(value);
  return make(measure::around(expression_, field),
              [child = expression_, field, name = std::string(name)](message& to, build& build) {
                auto& update = *to.mutable_update_fields();
                build.write(child, *update.mutable_struct_expression());
                build.name("field name", name, *update.mutable_field_name());
                build.write(field, *update.mutable_value_expression());
              });
}

column column::drop_fields(const std::vector<std::string>& names) const {
  if (names.empty()) return access::make_column(plan::invalid_expression("drop_fields() needs a field name"));
  column without = *this;
  for (const auto& name : names) {
    without =
        make(measure::around(without.expression_), [child = without.expression_, name](message& to, build& build) {
          auto& update = *to.mutable_update_fields();
          build.write(child, *update.mutable_struct_expression());
          build.name("field name", name, *update.mutable_field_name());
        });
  }
  return without;
}

column column::bitwise_and(const column_or_value& other) const {
  return detail::binary("&", *this, other);
}
column column::bitwise_or(const column_or_value& other) const {
  return detail::binary("|", *this, other);
}
column column::bitwise_xor(const column_or_value& other) const {
  return detail::binary("^", *this, other);
}

column column::asc() const {
  return asc_nulls_first();
}
column column::asc_nulls_first() const {
  return order(expression_, message::SortOrder::SORT_DIRECTION_ASCENDING, message::SortOrder::SORT_NULLS_FIRST);
}
column column::asc_nulls_last() const {
  return order(expression_, message::SortOrder::SORT_DIRECTION_ASCENDING, message::SortOrder::SORT_NULLS_LAST);
}
column column::desc() const {
  return desc_nulls_last();
}
column column::desc_nulls_first() const {
  return order(expression_, message::SortOrder::SORT_DIRECTION_DESCENDING, message::SortOrder::SORT_NULLS_FIRST);
}
column column::desc_nulls_last() const {
  return order(expression_, message::SortOrder::SORT_DIRECTION_DESCENDING, message::SortOrder::SORT_NULLS_LAST);
}

column column::when(const column& condition, const column_or_value& value) const {
  return access::make_column(plan::extend_case(expression_, "when", {condition.expression_, access::node(value)}));
}
column column::otherwise(const column_or_value& value) const {
  return access::make_column(plan::extend_case(expression_, "otherwise", {access::node(value)}));
}

column detail::unary(std::string_view function, const column& operand) {
  return call(function, {access::node(operand)});
}
column detail::binary(std::string_view function, const column_or_value& left, const column_or_value& right) {
  return call(function, {access::node(left), access::node(right)});
}

}  // namespace cospark
