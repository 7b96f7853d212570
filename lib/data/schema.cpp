#include <cospark/schema.hpp>

#include "data/check.hpp"
#include "data/type_json.hpp"
#include "data/type_text.hpp"

#include <utility>

namespace cospark {
namespace {

const std::shared_ptr<const std::vector<field>>& no_fields() {
  static const auto none = std::make_shared<const std::vector<field>>();
  return none;
}

}  // namespace

field::field(std::string name_, data_type type_, bool nullable_)
    : name(std::move(name_)), type(std::move(type_)), nullable(nullable_) {}

field::field(std::string name_, data_type type_, bool nullable_, std::string metadata_)
    : name(std::move(name_)),
      type(std::move(type_)),
      nullable(nullable_),
      metadata(data::normal_metadata(metadata_).value()) {}

schema::schema() : fields_(no_fields()) {}
schema::schema(std::vector<field> fields) : fields_(std::make_shared<const std::vector<field>>(std::move(fields))) {}

schema schema::add(field field) const {
  std::vector<cospark::field> fields;
  fields.reserve(size() + 1);
  fields.insert(fields.end(), fields_->begin(), fields_->end());
  fields.push_back(std::move(field));
  return schema(std::move(fields));
}

schema schema::add(std::string name, data_type type, bool nullable) const {
  return add(field(std::move(name), std::move(type), nullable));
}

const field& schema::operator[](std::size_t index) const {
  if (index >= size()) {
    data::fail("no field " + std::to_string(index) + " in a schema of " + std::to_string(size()));
  }
  return (*fields_)[index];
}

std::optional<std::size_t> schema::index_of(std::string_view name) const noexcept {
  for (std::size_t index = 0; index < fields_->size(); ++index) {
    if ((*fields_)[index].name == name) return index;
  }
  return std::nullopt;
}

std::string schema::simple_string() const {
  return data_type(*this).simple_string();
}

std::string schema::ddl() const {
  std::string text;
  data::append_ddl(*this, " ", ",", text);
  return text;
}

std::string schema::json() const {
  return data_type(*this).json();
}

std::string schema::tree_string() const {
  std::string text = "root\n";
  data::append_tree(*this, " |", text);
  return text;
}

result<schema> schema::from_json(std::string_view text) {
  COSPARK_TRY_RETURN(const data_type type, data::type_from_json(text));
  if (type.kind() != type_kind::struct_type) {
    return failure(errc::invalid_argument,
                   "the JSON of a schema is that of a struct type, not of " + type.simple_string());
  }
  return type.fields();
}

bool operator==(const schema& left, const schema& right) {
  return left.fields_ == right.fields_ || *left.fields_ == *right.fields_;
}

}  // namespace cospark
