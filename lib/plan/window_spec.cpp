#include <cospark/window_spec.hpp>

#include "plan/access.hpp"
#include "plan/build.hpp"

#include <optional>

namespace cospark {

struct window_spec::state {
  struct frame {
    bool in_rows;
    std::int64_t start;
    std::int64_t end;
  };

  std::vector<plan::expression_ptr> partition;
  std::vector<plan::expression_ptr> order;
  std::optional<frame> bounds;

  void write(spark::connect::Expression::Window& to, plan::build& build) const;
};

namespace {

using boundary = spark::connect::Expression::Window::WindowFrame::FrameBoundary;

void write_boundary(std::int64_t distance, std::int64_t unbounded, bool in_rows, boundary& to, plan::build& build) {
  if (distance == unbounded) {
    to.set_unbounded(true);
  } else if (distance == window_spec::current_row) {
    to.set_current_row(true);
  } else if (in_rows && static_cast<std::int32_t>(distance) != distance) {
    build.fail("a boundary of a window in rows does not fit in 32 bits");
  } else if (in_rows) {
    to.mutable_value()->mutable_literal()->set_integer(static_cast<std::int32_t>(distance));
  } else {
    to.mutable_value()->mutable_literal()->set_long_(distance);
  }
}

}  // namespace

void window_spec::state::write(spark::connect::Expression::Window& to, plan::build& build) const {
  build.write_all(partition, *to.mutable_partition_spec());
  for (const auto& each : order) build.write_order(each, *to.add_order_spec());
  if (!bounds) return;
  auto& message = *to.mutable_frame_spec();
  using frame_message = spark::connect::Expression::Window::WindowFrame;
  message.set_frame_type(bounds->in_rows ? frame_message::FRAME_TYPE_ROW : frame_message::FRAME_TYPE_RANGE);
  write_boundary(bounds->start, unbounded_preceding, bounds->in_rows, *message.mutable_lower(), build);
  write_boundary(bounds->end, unbounded_following, bounds->in_rows, *message.mutable_upper(), build);
}

window_spec::window_spec() : state_(std::make_shared<state>()) {}
window_spec::window_spec(std::shared_ptr<const state> parts) noexcept : state_(std::move(parts)) {}

window_spec window_spec::partition_by(const column_list& columns) const {
  auto changed = std::make_shared<state>(*state_);
  changed->partition = plan::access::nodes(columns);
  return window_spec(std::move(changed));
}

window_spec window_spec::order_by(const column_list& columns) const {
  auto changed = std::make_shared<state>(*state_);
  changed->order = plan::access::nodes(columns);
  return window_spec(std::move(changed));
}

window_spec window_spec::rows_between(std::int64_t start, std::int64_t end) const {
  auto changed = std::make_shared<state>(*state_);
  changed->bounds = state::frame{true, start, end};
  return window_spec(std::move(changed));
}

window_spec window_spec::range_between(std::int64_t start, std::int64_t end) const {
  auto changed = std::make_shared<state>(*state_);
  changed->bounds = state::frame{false, start, end};
  return window_spec(std::move(changed));
}

column column::over(const window_spec& window) const {
  plan::measure total;
  total.add(expression_).add(window.state_->partition);
  total.at(3).add(window.state_->order);  // Expression > Window > SortOrder > Expression
  return plan::access::make_column(plan::make_expression(
      total.size(),
      [function = expression_, parts = window.state_](spark::connect::Expression& to, plan::build& build) {
        auto& message = *to.mutable_window();
        build.write(function, *message.mutable_window_function());
        parts->write(message, build);
      }));
}

}  // namespace cospark
