// The JSON of the events on the listener bus.
#pragma once

#include <cospark/result.hpp>
#include <cospark/streaming_query_event.hpp>

#include <optional>
#include <string_view>

namespace cospark::streaming {

/// An event of the bus; `type` is a StreamingQueryEventType. A type that is not known gives an `unknown_event`, a text
/// that cannot be read `errc::protocol_error`. Never throws on bad input.
result<streaming_query_event> parse_event(int type, std::string_view json);

/// The event that comes with the result of a start.
result<query_started_event> parse_started_event(std::string_view json);

/// For who waits for ends alone: absent, without a look at the text, unless `type` is that of a termination.
std::optional<result<query_terminated_event>> parse_if_terminated(int type, std::string_view json);

}  // namespace cospark::streaming
