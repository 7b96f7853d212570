#include <cospark/column_or_name.hpp>

#include "plan/access.hpp"

namespace cospark {

column_or_name::column_or_name(const column& column) : expression_(plan::access::node(column)) {}
column_or_name::column_or_name(const char* name)
    : expression_(name == nullptr ? plan::invalid_expression("a null pointer as column name") : plan::attribute(name)) {
}
column_or_name::column_or_name(const std::string& name) : expression_(plan::attribute(name)) {}
column_or_name::column_or_name(std::string_view name) : expression_(plan::attribute(name)) {}

}  // namespace cospark
