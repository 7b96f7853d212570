// A parameter that names a column or is one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cospark {

class column;
namespace plan {
class expression;
struct access;
}  // namespace plan

/// A parameter for which a text is the name of a column, as in Spark: `group_by("user")`, `sum("amount")`.
///
/// A name is Spark's: `a.b` is the field b of a (or the column b of the frame aliased a), `*` and `a.*` are all
/// columns, and a name that contains a dot is quoted by backticks.
class column_or_name {
 public:
  column_or_name(const column& column);
  column_or_name(const char* name);
  column_or_name(const std::string& name);
  column_or_name(std::string_view name);

 private:
  friend struct plan::access;
  std::shared_ptr<const plan::expression> expression_;
};

}  // namespace cospark
