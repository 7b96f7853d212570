// What a data_type is made of.
#pragma once

#include <cospark/schema.hpp>

#include <string>
#include <vector>

namespace cospark {

struct data_type::node {
  type_kind kind = type_kind::null_type;
  /// Precision, length, srid, first interval field.
  int first = 0;
  /// Scale, last interval field.
  int second = 0;
  /// Of elements of an array, of values of a map.
  bool contains_null = true;
  /// Collation, text of an unparsed type.
  std::string text{};
  /// Element; key and value; the stored type of a user-defined type.
  std::vector<data_type> children{};
  schema fields{};
  udt_classes classes{};
  /// Levels of nesting below and including this one.
  int depth = 1;
};

}  // namespace cospark
