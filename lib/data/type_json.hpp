// Types and schemas in Spark's schema JSON.
#pragma once

#include <cospark/schema.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cospark::data {

void append_json(const data_type& type, std::string& out);

result<data_type> type_from_json(std::string_view text);

/// Metadata as it is kept: empty for an empty text and for an object without members, else the object's text.
/// Anything that is no JSON object is `errc::invalid_argument`.
result<std::string> normal_metadata(std::string_view text);

/// The comment in a field's metadata, if there is one.
std::optional<std::string> comment_of(const field& field);

}  // namespace cospark::data
