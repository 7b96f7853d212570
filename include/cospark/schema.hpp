// The columns of a data frame: names, types, and whether null may occur.
#pragma once

#include <cospark/data_type.hpp>
#include <cospark/result.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cospark {

/// One column of a `schema`, or one field of a struct. Corresponds to Spark's `StructField`.
struct field {
  field(std::string name, data_type type, bool nullable = true);
  /// `metadata`: a JSON object; anything else throws `exception` with `errc::invalid_argument`.
  field(std::string name, data_type type, bool nullable, std::string metadata);

  std::string name;
  data_type type;
  /// Whether null may occur.
  bool nullable;
  /// JSON text of an object; empty if there is none.
  std::string metadata;

  friend bool operator==(const field&, const field&) = default;
};

/// An ordered list of fields: the columns of a data frame or the fields of a struct type. A value, cheap to copy,
/// safe to use from several threads. Names may occur more than once. Corresponds to Spark's `StructType`.
///
///     auto events = schema().add("timestamp", types::timestamp_type()).add("value", types::long_type(), false);
class schema {
 public:
  /// No fields.
  schema();
  explicit schema(std::vector<field> fields);

  /// A schema with one more field at the end.
  schema add(field field) const;
  schema add(std::string name, data_type type, bool nullable = true) const;

  std::size_t size() const noexcept { return fields_->size(); }
  bool empty() const noexcept { return fields_->empty(); }
  /// The field at `index`; throws `exception` with `errc::invalid_argument` if there is none.
  const field& operator[](std::size_t index) const;
  std::vector<field>::const_iterator begin() const noexcept { return fields_->begin(); }
  std::vector<field>::const_iterator end() const noexcept { return fields_->end(); }
  /// Position of the first field of this name (upper and lower case matter); nothing if there is none.
  std::optional<std::size_t> index_of(std::string_view name) const noexcept;

  /// Text as Spark's `simpleString`: `struct<timestamp:timestamp,value:bigint>`.
  std::string simple_string() const;
  /// Text as Spark's `toDDL`: `timestamp TIMESTAMP,value BIGINT NOT NULL`.
  std::string ddl() const;
  /// Text as Spark's `json`.
  std::string json() const;
  /// Text as `printSchema` shows it, with a line end after every line.
  std::string tree_string() const;

  /// Reads what `json()` writes. Text that is no JSON, or JSON that is no struct type, is `errc::invalid_argument`;
  /// types nested more than 64 deep are `errc::limit_exceeded`. An unknown type name becomes an unparsed type.
  static result<schema> from_json(std::string_view text);

  friend bool operator==(const schema& left, const schema& right);

 private:
  std::shared_ptr<const std::vector<field>> fields_;
};

}  // namespace cospark
