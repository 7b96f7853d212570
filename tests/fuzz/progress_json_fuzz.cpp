// Any text is a progress or an event, or is refused. A progress that is printed anew is the same progress, and what is
// left over of it is JSON.
#include "property.hpp"

#include "streaming/event_json.hpp"
#include "streaming/json_reader.hpp"
#include "streaming/progress_json.hpp"

#include <string>
#include <variant>

namespace {

using namespace cospark;
using namespace cospark::streaming;
using fuzz::must;

void check_left_over(const other_fields& others) {
  for (const auto& [name, text] : others) {
    const auto value = parse_json(text);
    must(value.has_value(), "what is left over is JSON");
    must(to_text(value.assume_value()) == text, "what is left over is printed as it was read");
  }
}

void check_progress(const streaming_query_progress& progress, std::string_view text) {
  must(progress.json() == text, "a progress keeps its text");
  check_left_over(progress.others());
  check_left_over(progress.sink().others);
  for (const auto& source : progress.sources()) check_left_over(source.others);
  for (const auto& state : progress.state_operators()) check_left_over(state.others);
  const auto value = parse_json(text);
  must(value.has_value(), "a progress is JSON");
  const auto compact = to_text(value.assume_value());
  const auto again = parse_progress(compact);
  must(again.has_value(), "a progress printed anew is a progress");
  must(again.assume_value() == progress, "a progress printed anew is the same");
  const auto pretty = parse_progress(progress.pretty_json());
  must(pretty.has_value() && pretty.assume_value() == progress, "an indented progress is the same");
}

void check_event(int type, std::string_view json) {
  const auto event = parse_event(type, json);
  if (!event) fuzz::must_be_refusal(event.error(), {errc::protocol_error});
  const auto terminated = parse_if_terminated(type, json);
  if (!terminated) {
    must(!event || !std::holds_alternative<query_terminated_event>(event.assume_value()), "every end is seen as one");
    return;
  }
  must(terminated->has_value() == event.has_value(), "who waits for ends and who listens read alike");
  if (!event) return;
  const auto* end = std::get_if<query_terminated_event>(&event.assume_value());
  must(end != nullptr && *end == terminated->assume_value(), "who waits for ends and who listens read the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto progress = parse_progress(text);
  if (progress) {
    check_progress(progress.assume_value(), text);
  } else {
    fuzz::must_be_refusal(progress.error(), {errc::protocol_error});
  }
  for (int type = -1; type <= 5; ++type) check_event(type, text);
  const auto started = parse_started_event(text);
  if (!started) fuzz::must_be_refusal(started.error(), {errc::protocol_error});
  return 0;
}
