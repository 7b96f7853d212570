#include <cospark/interval_text.hpp>

namespace cospark {

interval_text::interval_text(std::optional<std::chrono::microseconds> duration) {
  if (!duration) return;
  std::int64_t count = duration->count();
  const char* unit = " microseconds";
  if (count % 1'000'000 == 0) {
    count /= 1'000'000;
    unit = " seconds";
  } else if (count % 1'000 == 0) {
    count /= 1'000;
    unit = " milliseconds";
  }
  text_ = std::to_string(count) + unit;
  is_negative_ = count < 0;
}

}  // namespace cospark
