// A length of time, as a duration or as Spark's text.
#pragma once

#include <cospark/column_or_value.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace cospark {

/// A length of time where Spark takes a text such as "10 minutes" or "1 hour 30 minutes": a `chrono` duration (of
/// whole microseconds; what is finer is cut off) or that text. A text is read by the server.
class interval_text {
 public:
  interval_text(const char* text) : interval_text(std::string_view(text == nullptr ? "" : text)) {}
  interval_text(const std::string& text) : text_(text) {}
  interval_text(std::string_view text) : text_(text) {}
  template <class Rep, class Period>
  interval_text(std::chrono::duration<Rep, Period> duration) : interval_text(detail::to_microseconds(duration)) {}

  /// What Spark gets: a duration as "5 seconds", "5 milliseconds" or "5 microseconds". Empty if nothing usable was
  /// given.
  const std::string& text() const noexcept { return text_; }
  /// Whether this is a duration below zero. (Of a text only the server knows.)
  bool is_negative() const noexcept { return is_negative_; }

 private:
  explicit interval_text(std::optional<std::chrono::microseconds> duration);

  std::string text_;
  bool is_negative_ = false;
};

}  // namespace cospark
