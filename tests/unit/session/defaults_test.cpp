// docs/reliability.md says what the defaults are.
#include "catch.hpp"

#include <cospark/session_options.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

namespace {

using std::chrono::milliseconds;

std::string text(milliseconds time) {
  const auto count = time.count();
  if (count % 60'000 == 0) return std::to_string(count / 60'000) + " min";
  if (count % 1000 == 0) return std::to_string(count / 1000) + " s";
  return std::to_string(count) + " ms";
}

/// The rows of the table under "## Defaults", cut after the second column.
std::vector<std::string> documented() {
  std::ifstream page(COSPARK_TEST_DATA "/../../docs/reliability.md");
  std::vector<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) inside = line == "## Defaults";
    if (!inside || !line.starts_with("| `")) continue;
    rows.push_back(line.substr(0, line.find('|', line.find('|', 1) + 1) + 1));
  }
  return rows;
}

}  // namespace

TEST_CASE("docs/reliability.md has the defaults that the options have") {
  const cospark::session_options options;
  const auto& retries = options.retries;
  const auto row = [](const std::string& name, const std::string& value) { return "| " + name + " | " + value + " |"; };
  const std::vector<std::string> expected{
      row("`connect_timeout`", text(options.connect_timeout)),
      row("`call_timeout`", text(options.call_timeout)),
      row("`analysis_timeout`", text(options.analysis_timeout)),
      row("`stop_timeout`", text(options.stop_timeout)),
      row("`segment_timeout`", text(options.segment_timeout)),
      row("`token_timeout`", text(options.token_timeout)),
      row("`keep_alive_interval`", text(options.keep_alive_interval)),
      row("`sweep_interval`", text(options.sweep_interval)),
      row("`max_message_size`", std::to_string(options.max_message_size >> 20) + " MiB"),
      row("`retries.max_attempts`", std::to_string(retries.max_attempts)),
      row("`retries.max_elapsed`", text(retries.max_elapsed)),
      row("`retries.initial_backoff`, `multiplier`, `max_backoff`",
          text(retries.initial_backoff) + ", " + std::to_string(retries.multiplier) + ", " + text(retries.max_backoff)),
      row("`retries.jitter`", text(retries.jitter)),
      row("`retries.max_server_delay`", text(retries.max_server_delay)),
  };
  CHECK(documented() == expected);
}
