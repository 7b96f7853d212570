// A schema -> the bytes of Arrow's schema message.
#pragma once

#include <cospark/schema.hpp>

#include <flatbuffers/flatbuffers.h>
#include <cstddef>

#include <string>

namespace cospark::data {

/// Appends an IPC message with a finished head; `body` follows behind it.
void append_message(const flatbuffers::FlatBufferBuilder& head, const std::string& body, std::string& stream);

/// Appends the schema message. A type that Arrow cannot carry throws `exception` with `errc::invalid_argument`.
void append_schema_message(const schema& schema, std::string& stream);

}  // namespace cospark::data
