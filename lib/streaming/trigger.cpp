#include <cospark/trigger.hpp>

#include "streaming/trigger_problem.hpp"

#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace cospark {
namespace {

constexpr std::string_view unit = " milliseconds";

std::string spark_text(std::chrono::milliseconds duration) {
  return std::to_string(duration.count()).append(unit);
}

std::string_view name(trigger_kind kind) {
  switch (kind) {
    case trigger_kind::processing_time:
      return "processing_time";
    case trigger_kind::once:
      return "once";
    case trigger_kind::available_now:
      return "available_now";
    case trigger_kind::continuous:
      return "continuous";
    case trigger_kind::real_time:
      return "real_time";
  }
  return {};
}

bool has_interval(trigger_kind kind) {
  return kind != trigger_kind::once && kind != trigger_kind::available_now;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

/// The number in a text that was rendered from a duration. Other texts are Spark's to read: "-1 second 2 minutes" is
/// positive.
std::optional<std::int64_t> rendered_milliseconds(std::string_view text) {
  if (!text.ends_with(unit)) return std::nullopt;
  text.remove_suffix(unit.size());
  std::int64_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

}  // namespace

trigger trigger::processing_time(std::chrono::milliseconds interval) {
  return processing_time(spark_text(interval));
}
trigger trigger::processing_time(std::string interval) {
  return {trigger_kind::processing_time, std::move(interval)};
}
trigger trigger::once() {
  return {trigger_kind::once, {}};
}
trigger trigger::available_now() {
  return {trigger_kind::available_now, {}};
}
trigger trigger::continuous(std::chrono::milliseconds checkpoint_interval) {
  return continuous(spark_text(checkpoint_interval));
}
trigger trigger::continuous(std::string checkpoint_interval) {
  return {trigger_kind::continuous, std::move(checkpoint_interval)};
}
trigger trigger::real_time(std::chrono::milliseconds batch_duration) {
  return real_time(spark_text(batch_duration));
}
trigger trigger::real_time(std::string batch_duration) {
  return {trigger_kind::real_time, std::move(batch_duration)};
}

std::string trigger::to_string() const {
  std::string text(name(kind_));
  if (has_interval(kind_)) text.append("(").append(interval_).append(")");
  return text;
}

std::optional<error> streaming::problem(const trigger& trigger) {
  if (!has_interval(trigger.kind())) return std::nullopt;
  const std::string_view interval = trigger.interval();
  const auto invalid = [&](std::string_view reason) {
    return error(errc::invalid_argument,
                 std::string("the interval of the trigger ").append(trigger.to_string()).append(" ").append(reason));
  };
  if (is_blank(interval)) return invalid("is empty");
  const auto count = rendered_milliseconds(interval);
  if (count && *count < 0) return invalid("is negative");
  if (count && *count == 0 && trigger.kind() == trigger_kind::real_time) return invalid("is zero");
  return std::nullopt;
}

}  // namespace cospark
