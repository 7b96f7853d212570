// The nodes of a plan: immutable, shared, and each able to write itself into a message.
#pragma once

#include <cospark/error.hpp>

#include <spark/connect/expressions.pb.h>
#include <spark/connect/relations.pb.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cospark::plan {

class build;
class expression;
class relation;
using expression_ptr = std::shared_ptr<const expression>;
using relation_ptr = std::shared_ptr<const relation>;

/// How large a node and all below it become when they are written: known when the node is made, so that writing and
/// destroying a plan never recurse deeper, nor write more, than a server accepts.
struct extent {
  /// Levels of messages below that of the node.
  std::uint32_t depth = 1;
  /// Nodes; a shared one counts as often as it is written.
  std::uint64_t nodes = 1;
};

/// A server reads messages nested at most 1024 deep; the rest is for the request and the command around a plan.
inline constexpr std::uint32_t max_depth = 1024 - 8;
/// Far above sensible plans, far below the server's 128 MB: a frame that is joined with itself doubles each time.
inline constexpr std::uint64_t max_nodes = 1'000'000;

class expression {
 public:
  explicit expression(extent size) noexcept : size_(size) {}
  expression(const expression&) = delete;
  expression& operator=(const expression&) = delete;
  virtual ~expression();

  virtual void write(spark::connect::Expression& to, build& build) const = 0;
  const extent& size() const noexcept { return size_; }

 private:
  const extent size_;
};

class relation {
 public:
  explicit relation(extent size);
  relation(const relation&) = delete;
  relation& operator=(const relation&) = delete;
  virtual ~relation();

  virtual void write(spark::connect::Relation& to, build& build) const = 0;
  const extent& size() const noexcept { return size_; }
  /// Unique in this process. By it a column says of which frame it is, and the server recognizes what it has analysed.
  std::int64_t plan_id() const noexcept { return plan_id_; }

 private:
  const extent size_;
  const std::int64_t plan_id_;
};

/// Adds up the children of a node, any mix of single ones and vectors.
class measure {
 public:
  template <class... Children>
  static extent around(const Children&... children) {
    measure total;
    (total.add(children), ...);
    return total.size();
  }

  /// How many messages lie between the node and the children that follow; usually two, as in Relation > Filter >
  /// Relation.
  measure& at(std::uint32_t levels) noexcept {
    levels_ = levels;
    return *this;
  }
  measure& add(const expression_ptr& child) { return add(child->size()); }
  measure& add(const relation_ptr& child) { return add(child->size()); }
  template <class Child>
  measure& add(const std::vector<Child>& children) {
    for (const auto& child : children) add(child);
    return *this;
  }
  extent size() const noexcept { return size_; }

 private:
  measure& add(const extent& child) {
    size_.depth = std::max(size_.depth, child.depth + levels_);
    size_.nodes = std::min(size_.nodes + child.nodes, max_nodes + 1);
    return *this;
  }

  std::uint32_t levels_ = 2;
  extent size_;
};

/// Nodes for input that cannot be written; a plan that contains one fails with this error.
expression_ptr invalid_expression(error problem);
expression_ptr invalid_expression(std::string message);
relation_ptr invalid_relation(std::string message);
/// The error of a node of this size, if it is too large.
std::shared_ptr<const error> size_problem(const extent& size);
expression_ptr invalid_expression(std::shared_ptr<const error> problem);
relation_ptr invalid_relation(std::shared_ptr<const error> problem);

template <class Base, class Write>
class node final : public Base {
 public:
  node(extent size, Write write) : Base(size), write_(std::move(write)) {}

 private:
  using message =
      std::conditional_t<std::is_same_v<Base, expression>, spark::connect::Expression, spark::connect::Relation>;
  void write(message& to, build& build) const override { write_(to, build); }

  const Write write_;
};

/// `write(Expression&, build&)` holds its children by shared pointers. A node that would be too large holds none: that
/// bounds the recursion of every walk over a plan, that of the destructors included.
template <class Write>
expression_ptr make_expression(extent size, Write write) {
  if (auto problem = size_problem(size)) return invalid_expression(std::move(problem));
  return std::make_shared<const node<expression, Write>>(size, std::move(write));
}

template <class Write>
relation_ptr make_relation(extent size, Write write) {
  if (auto problem = size_problem(size)) return invalid_relation(std::move(problem));
  return std::make_shared<const node<relation, Write>>(size, std::move(write));
}

}  // namespace cospark::plan
