#include "data/type_json.hpp"

#include "data/type_name.hpp"
#include "data/type_node.hpp"
#include "data/type_text.hpp"

#include <boost/json.hpp>

#include <utility>

namespace cospark::data {
namespace {

namespace json = boost::json;

// Where a field's metadata keeps the collations of the strings in its type: path -> provider.name.
constexpr std::string_view collations_key = "__COLLATIONS";

error bad_json(std::string message) {
  return error(errc::invalid_argument, std::move(message));
}

result<json::value> parse(std::string_view text) {
  json::parse_options options;
  // A level of a type is up to three levels of JSON; Boost's own default would cut real schemas.
  options.max_depth = 4 * static_cast<std::size_t>(max_type_depth);
  json::error_code code;
  json::value value = json::parse(text, code, {}, options);
  if (code == json::error::too_deep) {
    return failure(errc::limit_exceeded, "JSON nested more than " + std::to_string(options.max_depth) + " deep");
  }
  if (code) return bad_json("a text that is no JSON: " + code.message());
  return value;
}

std::string json_quoted(std::string_view text) {
  return json::serialize(json::string(text));
}

std::string collation_with_provider(const std::string& collation) {
  return (collation.rfind("UTF8_", 0) == 0 ? "spark." : "icu.") + collation;
}

// Strings with a collation in a field's type, except those of nested structs, whose fields speak for themselves.
void collect_collations(const data_type& type, const std::string& path, json::object& out) {
  switch (type.kind()) {
    case type_kind::string_type:
      if (type.collation() != default_collation) out[path] = collation_with_provider(type.collation());
      break;
    case type_kind::array_type:
      collect_collations(type.element_type(), path + ".element", out);
      break;
    case type_kind::map_type:
      collect_collations(type.key_type(), path + ".key", out);
      collect_collations(type.value_type(), path + ".value", out);
      break;
    default:
      break;
  }
}

void append_type(const data_type& type, bool plain_strings, std::string& out);

void append_field(const field& field, std::string& out) {
  out += "{\"name\":" + json_quoted(field.name) + ",\"type\":";
  append_type(field.type, true, out);
  out += field.nullable ? ",\"nullable\":true,\"metadata\":" : ",\"nullable\":false,\"metadata\":";
  json::object collations;
  collect_collations(field.type, field.name, collations);
  if (collations.empty()) {
    out += field.metadata.empty() ? "{}" : field.metadata;
  } else {
    json::object metadata;
    if (const auto given = parse(field.metadata); given && given.value().is_object()) {
      metadata = given.value().as_object();
    }
    metadata[collations_key] = std::move(collations);
    out += json::serialize(metadata);
  }
  out += '}';
}

void append_type(const data_type& type, bool plain_strings, std::string& out) {
  switch (type.kind()) {
    case type_kind::array_type:
      out += "{\"type\":\"array\",\"elementType\":";
      append_type(type.element_type(), plain_strings, out);
      out += type.contains_null() ? ",\"containsNull\":true}" : ",\"containsNull\":false}";
      break;
    case type_kind::map_type:
      out += "{\"type\":\"map\",\"keyType\":";
      append_type(type.key_type(), plain_strings, out);
      out += ",\"valueType\":";
      append_type(type.value_type(), plain_strings, out);
      out += type.value_contains_null() ? ",\"valueContainsNull\":true}" : ",\"valueContainsNull\":false}";
      break;
    case type_kind::struct_type: {
      out += "{\"type\":\"struct\",\"fields\":[";
      bool first = true;
      for (const field& field : type.fields()) {
        if (!first) out += ',';
        first = false;
        append_field(field, out);
      }
      out += "]}";
      break;
    }
    case type_kind::udt_type: {
      const udt_classes& classes = type.classes();
      out += "{\"type\":\"udt\"";
      if (!classes.jvm_class.empty()) out += ",\"class\":" + json_quoted(classes.jvm_class);
      if (!classes.python_class.empty()) out += ",\"pyClass\":" + json_quoted(classes.python_class);
      if (!classes.serialized_python_class.empty()) {
        out += ",\"serializedClass\":" + json_quoted(classes.serialized_python_class);
      }
      out += ",\"sqlType\":";
      append_type(type.sql_type(), false, out);
      out += '}';
      break;
    }
    case type_kind::string_type:
      out += plain_strings ? "\"string\"" : json_quoted(type_name(type));
      break;
    default:
      out += json_quoted(json_name(type));
      break;
  }
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

bool flag_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || !value->is_bool() || value->as_bool();
}

// The collation that a field's metadata names for the string at a path.
std::string collation_at(const json::object* collations, const std::string& path) {
  if (collations == nullptr) return {};
  const std::string name = text_of(*collations, path);
  const std::size_t point = name.find('.');
  return point == std::string::npos ? name : name.substr(point + 1);
}

result<data_type> read_type(const json::value* value, int depth, const json::object* collations,
                            const std::string& path);

result<field> read_field(const json::value& value, int depth) {
  if (!value.is_object()) return bad_json("a field of a struct type is no JSON object");
  const json::object& object = value.as_object();
  const json::value* name = object.if_contains("name");
  if (name == nullptr || !name->is_string()) return bad_json("a field of a struct type has no name");
  json::object metadata;
  if (const json::value* given = object.if_contains("metadata"); given != nullptr && given->is_object()) {
    metadata = given->as_object();
  }
  json::object collations;
  if (const json::value* given = metadata.if_contains(collations_key); given != nullptr && given->is_object()) {
    collations = given->as_object();
    metadata.erase(collations_key);
  }
  std::string field_name(name->as_string());
  COSPARK_TRY_RETURN(data_type type, read_type(object.if_contains("type"), depth, &collations, field_name));
  return field(std::move(field_name), std::move(type), flag_of(object, "nullable"),
               metadata.empty() ? std::string() : json::serialize(metadata));
}

result<data_type> read_struct(const json::object& object, int depth) {
  const json::value* list = object.if_contains("fields");
  if (list == nullptr || !list->is_array()) return bad_json("a struct type has no list of fields");
  std::vector<field> fields;
  for (const json::value& item : list->as_array()) {
    COSPARK_TRY_RETURN(field one, read_field(item, depth + 1));
    fields.push_back(std::move(one));
  }
  return types::struct_type(schema(std::move(fields)));
}

result<data_type> read_type(const json::value* value, int depth, const json::object* collations,
                            const std::string& path) {
  if (depth > max_type_depth) {
    return failure(errc::limit_exceeded, "a type nested more than " + std::to_string(max_type_depth) + " deep");
  }
  if (value == nullptr) return bad_json("a part of a type is missing");
  if (value->is_string()) {
    const std::string name(value->as_string());
    if (const std::string collation = collation_at(collations, path); name == "string" && !collation.empty()) {
      return types::string_type(collation);
    }
    return type_from_name(name);
  }
  if (!value->is_object()) return bad_json("a type is neither a name nor a JSON object");
  const json::object& object = value->as_object();
  const std::string kind = text_of(object, "type");
  if (kind == "struct") return read_struct(object, depth);
  if (kind == "array") {
    COSPARK_TRY_RETURN(const data_type element,
                       read_type(object.if_contains("elementType"), depth + 1, collations, path + ".element"));
    return types::array_type(element, flag_of(object, "containsNull"));
  }
  if (kind == "map") {
    COSPARK_TRY_RETURN(const data_type key,
                       read_type(object.if_contains("keyType"), depth + 1, collations, path + ".key"));
    COSPARK_TRY_RETURN(const data_type content,
                       read_type(object.if_contains("valueType"), depth + 1, collations, path + ".value"));
    return types::map_type(key, content, flag_of(object, "valueContainsNull"));
  }
  if (kind == "udt") {
    data_type stored;
    if (const json::value* sql_type = object.if_contains("sqlType"); sql_type != nullptr) {
      COSPARK_TRY_RETURN(stored, read_type(sql_type, depth + 1, nullptr, std::string()));
    }
    udt_classes classes;
    classes.jvm_class = text_of(object, "class");
    classes.python_class = text_of(object, "pyClass");
    classes.serialized_python_class = text_of(object, "serializedClass");
    return types::udt_type(stored, std::move(classes));
  }
  // A kind that only a newer Spark knows.
  return types::unparsed_type(json::serialize(*value));
}

}  // namespace

void append_json(const data_type& type, std::string& out) {
  append_type(type, false, out);
}

result<data_type> type_from_json(std::string_view text) {
  COSPARK_TRY_RETURN(const json::value value, parse(text));
  return read_type(&value, 1, nullptr, std::string());
}

result<std::string> normal_metadata(std::string_view text) {
  if (text.empty()) return std::string();
  COSPARK_TRY_RETURN(const json::value value, parse(text));
  if (!value.is_object()) return bad_json("metadata of a field that is no JSON object");
  if (value.as_object().empty()) return std::string();
  return json::serialize(value);
}

std::optional<std::string> comment_of(const field& field) {
  if (field.metadata.find("comment") == std::string::npos) return std::nullopt;
  const result<json::value> metadata = parse(field.metadata);
  if (!metadata || !metadata.value().is_object()) return std::nullopt;
  const json::value* comment = metadata.value().as_object().if_contains("comment");
  if (comment == nullptr || !comment->is_string()) return std::nullopt;
  return std::string(comment->as_string());
}

}  // namespace cospark::data
