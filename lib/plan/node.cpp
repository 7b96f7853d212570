#include "plan/node.hpp"

#include "plan/build.hpp"

#include <atomic>

namespace cospark::plan {
namespace {

std::int64_t next_plan_id() {
  static std::atomic<std::int64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::shared_ptr<const error> invalid_argument(std::string message) {
  return std::make_shared<const error>(errc::invalid_argument, std::move(message));
}

}  // namespace

expression::~expression() = default;
relation::relation(extent size) : size_(size), plan_id_(next_plan_id()) {}
relation::~relation() = default;

std::shared_ptr<const error> size_problem(const extent& size) {
  if (size.depth > max_depth) {
    return std::make_shared<const error>(
        errc::limit_exceeded,
        "the plan nests messages more than " + std::to_string(max_depth) +
            " deep, and a Spark server reads no more: about 500 steps on top of each other. Take steps together (one "
            "with_columns or select instead of many with_column), or save an intermediate result");
  }
  if (size.nodes > max_nodes) {
    return std::make_shared<const error>(
        errc::limit_exceeded, "the plan has more than " + std::to_string(max_nodes) +
                                  " parts when it is written out; a frame that is used several times counts each time. "
                                  "Save an intermediate result");
  }
  return nullptr;
}

expression_ptr invalid_expression(std::shared_ptr<const error> problem) {
  return make_expression(
      extent(), [problem = std::move(problem)](spark::connect::Expression&, build& build) { build.fail(*problem); });
}

expression_ptr invalid_expression(error problem) {
  return invalid_expression(std::make_shared<const error>(std::move(problem)));
}

expression_ptr invalid_expression(std::string message) {
  return invalid_expression(invalid_argument(std::move(message)));
}

relation_ptr invalid_relation(std::shared_ptr<const error> problem) {
  return make_relation(
      extent(), [problem = std::move(problem)](spark::connect::Relation&, build& build) { build.fail(*problem); });
}

relation_ptr invalid_relation(std::string message) {
  return invalid_relation(invalid_argument(std::move(message)));
}

}  // namespace cospark::plan
