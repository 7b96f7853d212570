#include <cospark/column_or_value.hpp>

#include "plan/access.hpp"

namespace cospark {

column_or_value::column_or_value(const column& column) : expression_(plan::access::node(column)) {}
column_or_value::column_or_value(const value& constant) : expression_(plan::literal(constant)) {}
column_or_value::column_or_value(const char* text)
    : expression_(text == nullptr ? plan::invalid_expression("a null pointer as text literal")
                                  : plan::literal(value(text))) {}

column_or_value::column_or_value(std::chrono::months months) {
  const auto count = months.count();
  year_month_interval interval;
  interval.months = static_cast<std::int32_t>(count);
  expression_ = interval.months == count ? plan::literal(value(interval)) : out_of_range().expression_;
}

column_or_value::column_or_value(std::chrono::years years) {
  const std::int64_t months = std::int64_t{years.count()} * 12;
  year_month_interval interval;
  interval.months = static_cast<std::int32_t>(months);
  expression_ = interval.months == months ? plan::literal(value(interval)) : out_of_range().expression_;
}

column_or_value::column_or_value(std::chrono::year_month_day day)
    : expression_(day.ok() ? plan::literal(value(std::chrono::sys_days(day)))
                           : plan::invalid_expression("there is no such date")) {}

column_or_value column_or_value::out_of_range() {
  column_or_value parameter(nullptr);
  parameter.expression_ = plan::invalid_expression("a time or duration is out of Spark's range");
  return parameter;
}

}  // namespace cospark
