#include <cospark/row.hpp>

#include "data/check.hpp"

#include <utility>

namespace cospark {

row::row() : row(std::vector<value>()) {}
row::row(std::vector<value> values) : values_(std::make_shared<const std::vector<value>>(std::move(values))) {}

row::row(std::vector<value> values, cospark::schema schema) : row(std::move(values)) {
  if (size() != schema.size()) {
    data::fail("a row of " + std::to_string(size()) + " values for a schema of " + std::to_string(schema.size()) +
               " fields");
  }
  schema_ = std::move(schema);
}

const value& row::operator[](std::size_t index) const {
  if (index >= size()) data::fail("no value " + std::to_string(index) + " in a row of " + std::to_string(size()));
  return (*values_)[index];
}

const value& row::operator[](std::string_view name) const {
  const auto index = schema_.index_of(name);
  if (!index) data::fail("no value named " + std::string(name) + " in a row");
  return (*values_)[*index];
}

std::string row::to_string() const {
  std::string text = "{";
  bool first = true;
  for (const value& content : *values_) {
    if (!first) text += ", ";
    first = false;
    text += content.to_string();
  }
  return text + "}";
}

}  // namespace cospark
