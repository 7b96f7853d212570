// Kinds of expressions that several places need.
#include "plan/access.hpp"
#include "plan/build.hpp"

namespace cospark::plan {
namespace {

constexpr std::string_view star = "*";
constexpr std::string_view star_of = ".*";

expression_ptr named(std::string_view name, std::optional<std::int64_t> plan_id) {
  // As Spark's clients do: the server takes a star for the name of a column.
  if (name == star || name.ends_with(star_of)) {
    return make_expression(extent(), [target = std::string(name), plan_id](auto& to, build& build) {
      auto& message = *to.mutable_unresolved_star();
      if (target != star) build.text("column name", target, *message.mutable_unparsed_target());
      if (plan_id) message.set_plan_id(*plan_id);
    });
  }
  return make_expression(extent(), [name = std::string(name), plan_id](auto& to, build& build) {
    auto& message = *to.mutable_unresolved_attribute();
    build.name("column name", name, *message.mutable_unparsed_identifier());
    if (plan_id) message.set_plan_id(*plan_id);
  });
}

/// Conditions and values in turn, and the value of ELSE at the end if there is one. A type of its own, because only
/// such a column can be given more branches.
class case_expression final : public expression {
 public:
  explicit case_expression(std::vector<expression_ptr> parts)
      : expression(measure::around(parts)), parts_(std::move(parts)) {}

  const std::vector<expression_ptr>& parts() const noexcept { return parts_; }
  bool has_otherwise() const noexcept { return parts_.size() % 2 == 1; }

 private:
  void write(spark::connect::Expression& to, build& build) const override {
    to.mutable_unresolved_function()->set_function_name("when");
    build.write_all(parts_, *to.mutable_unresolved_function()->mutable_arguments());
  }

  const std::vector<expression_ptr> parts_;
};

expression_ptr make_case(std::vector<expression_ptr> parts) {
  if (auto problem = size_problem(measure::around(parts))) return invalid_expression(std::move(problem));
  return std::make_shared<const case_expression>(std::move(parts));
}

}  // namespace

expression_ptr attribute(std::string_view name) {
  return named(name, std::nullopt);
}

expression_ptr attribute_of(const relation& frame, std::string_view name) {
  return named(name, frame.plan_id());
}

expression_ptr function(std::string_view name, std::vector<expression_ptr> arguments, bool distinct) {
  const auto size = measure::around(arguments);
  return make_expression(
      size, [name = std::string(name), arguments = std::move(arguments), distinct](auto& to, build& build) {
        auto& message = *to.mutable_unresolved_function();
        build.name("function name", name, *message.mutable_function_name());
        build.write_all(arguments, *message.mutable_arguments());
        message.set_is_distinct(distinct);
      });
}

expression_ptr sql_expression(std::string_view text) {
  return make_expression(extent(), [text = std::string(text)](auto& to, build& build) {
    build.name("SQL expression", text, *to.mutable_expression_string()->mutable_expression());
  });
}

expression_ptr case_when(const expression_ptr& condition, const expression_ptr& value) {
  return make_case({condition, value});
}

expression_ptr extend_case(const expression_ptr& so_far, std::string_view what,
                           const std::vector<expression_ptr>& more) {
  const auto* branches = dynamic_cast<const case_expression*>(so_far.get());
  if (branches == nullptr || branches->has_otherwise()) {
    return invalid_expression(
        std::string(what).append("() must follow functions::when() or another when(), and not an otherwise()"));
  }
  auto parts = branches->parts();
  parts.insert(parts.end(), more.begin(), more.end());
  return make_case(std::move(parts));
}

}  // namespace cospark::plan
