// Plans as text, for comparison.
#pragma once

#include "frame/access.hpp"
#include "plan/build.hpp"

#include <string>

namespace plan_text {

inline std::string list(const auto& expressions);

/// A short form for the kinds that tests are full of, protobuf's text form for the others.
inline std::string render(const spark::connect::Expression& from) {
  if (from.has_unresolved_function()) {
    const auto& call = from.unresolved_function();
    return call.function_name() + (call.is_distinct() ? "(distinct " : "(") + list(call.arguments()) + ")";
  }
  if (from.has_call_function()) {
    return "call " + from.call_function().function_name() + "(" + list(from.call_function().arguments()) + ")";
  }
  if (from.has_unresolved_attribute() && !from.unresolved_attribute().has_plan_id()) {
    return from.unresolved_attribute().unparsed_identifier();
  }
  if (from.has_literal()) return "{" + from.literal().ShortDebugString() + "}";
  return from.ShortDebugString();
}

inline std::string list(const auto& expressions) {
  std::string text;
  for (const auto& each : expressions) text += (text.empty() ? "" : ", ") + render(each);
  return text;
}

/// The short form of a column, or its error.
inline std::string of(const cospark::column& column) {
  auto message = cospark::plan::to_message(cospark::plan::access::node(column));
  return message ? render(message.value()) : message.error().to_string();
}

/// Protobuf's text form of a column, or its error.
inline std::string full(const cospark::column& column) {
  auto message = cospark::plan::to_message(cospark::plan::access::node(column));
  return message ? message.value().ShortDebugString() : message.error().to_string();
}

/// Takes the plan ids out, which differ from run to run.
inline void drop_ids(google::protobuf::Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->message_type() == spark::connect::RelationCommon::descriptor()) {
      reflection->ClearField(&message, field);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map()) {
      if (field->is_repeated()) {
        for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
          drop_ids(*reflection->MutableRepeatedMessage(&message, field, i));
        }
      } else {
        drop_ids(*reflection->MutableMessage(&message, field));
      }
    }
  }
}

/// Protobuf's text form of a frame without the plan ids, or its error.
inline std::string of(const cospark::data_frame& frame) {
  auto message = cospark::plan::to_message(cospark::frame::access::relation(frame));
  if (!message) return message.error().to_string();
  drop_ids(message.value());
  return message.value().ShortDebugString();
}

}  // namespace plan_text
