#include "plan/build.hpp"

#include "data/proto_type.hpp"

namespace cospark::plan {

void build::write(const relation_ptr& from, spark::connect::Relation& to) {
  to.mutable_common()->set_plan_id(from->plan_id());
  from->write(to, *this);
}

void build::write_order(const expression_ptr& from, spark::connect::Expression::SortOrder& to) {
  spark::connect::Expression expression;
  write(from, expression);
  if (expression.has_sort_order()) {
    to = std::move(*expression.mutable_sort_order());
  } else {
    *to.mutable_child() = std::move(expression);
    to.set_direction(spark::connect::Expression::SortOrder::SORT_DIRECTION_ASCENDING);
    to.set_null_ordering(spark::connect::Expression::SortOrder::SORT_NULLS_FIRST);
  }
}

void build::text(std::string_view what, std::string_view from, std::string& to) {
  if (!is_utf8(from)) {
    fail(std::string("this ").append(what).append(" is not valid UTF-8, which is all that Spark takes"));
  }
  to.assign(from);
}

void build::name(std::string_view what, std::string_view from, std::string& to) {
  if (from.empty()) fail(std::string("an empty ").append(what));
  text(what, from, to);
}

void build::type(const data_type& from, spark::connect::DataType& to) {
  if (!is_utf8(from.simple_string()))
    fail("a field name of this type is not valid UTF-8, which is all that Spark takes");
  data::to_proto(from, to);
}

bool is_utf8(std::string_view text) noexcept {
  const auto* next = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = next + text.size();
  while (next != end) {
    const unsigned lead = *next++;
    if (lead < 0x80) continue;
    // Ranges of the second byte exclude overlong forms, surrogates, and what is beyond U+10FFFF.
    unsigned low = 0x80;
    unsigned high = 0xBF;
    int rest = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
      rest = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      rest = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      rest = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    for (; rest > 0; --rest) {
      if (next == end || *next < low || *next > high) return false;
      ++next;
      low = 0x80;
      high = 0xBF;
    }
  }
  return true;
}

result<spark::connect::Plan> to_plan(const relation_ptr& root) {
  build build;
  spark::connect::Plan plan;
  build.write(root, *plan.mutable_root());
  return build.finish(std::move(plan));
}

result<spark::connect::Relation> to_message(const relation_ptr& root) {
  build build;
  spark::connect::Relation message;
  build.write(root, message);
  return build.finish(std::move(message));
}

result<spark::connect::Expression> to_message(const expression_ptr& root) {
  build build;
  spark::connect::Expression message;
  build.write(root, message);
  return build.finish(std::move(message));
}

}  // namespace cospark::plan
