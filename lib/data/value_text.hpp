// Values as text, as Spark's cast to string prints them.
#pragma once

#include <cospark/value.hpp>

#include <cstdint>
#include <string>

namespace cospark::data {

void append_text(float number, std::string& out);
void append_text(double number, std::string& out);
void append_text(const bytes& content, std::string& out);
void append_text(const calendar_interval& interval, std::string& out);
void append_text(const year_month_interval& interval, std::string& out);
void append_text(const day_time_interval& interval, std::string& out);

/// `2024-02-29`; years beyond 9999 have a sign.
void append_date(std::int64_t days_since_epoch, std::string& out);
/// Date and time of `units` since 1970, of which `units_per_second` make a second; no zeros at the end of a fraction.
void append_date_time(std::int64_t units, std::int64_t units_per_second, std::string& out);
/// `12:34:56.5`.
void append_time_of_day(std::int64_t units, std::int64_t units_per_second, std::string& out);

}  // namespace cospark::data
