// Writes one plan into messages and notes the first thing that cannot be written.
#pragma once

#include "plan/node.hpp"

#include <cospark/data_type.hpp>
#include <cospark/option_value.hpp>
#include <cospark/result.hpp>

#include <spark/connect/base.pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cospark::plan {

/// State of one serialisation. Writers go on after a problem; the message is then dropped.
class build {
 public:
  /// Notes a problem; the first one counts.
  void fail(const error& problem) {
    if (!problem_) problem_ = problem;
  }
  void fail(std::string message) { fail(error(errc::invalid_argument, std::move(message))); }
  const std::optional<error>& problem() const noexcept { return problem_; }

  void write(const expression_ptr& from, spark::connect::Expression& to) { from->write(to, *this); }
  void write(const relation_ptr& from, spark::connect::Relation& to);
  template <class Repeated>
  void write_all(const std::vector<expression_ptr>& from, Repeated& to) {
    to.Reserve(static_cast<int>(from.size()));
    for (const auto& expression : from) write(expression, *to.Add());
  }
  /// An expression where a sort order is needed: its own, or ascending with nulls first.
  void write_order(const expression_ptr& from, spark::connect::Expression::SortOrder& to);

  /// A text that is valid UTF-8. `what` says in an error what the text is: "column name".
  void text(std::string_view what, std::string_view from, std::string& to);
  /// The same, but it must not be empty.
  void name(std::string_view what, std::string_view from, std::string& to);
  void type(const data_type& from, spark::connect::DataType& to);
  template <class Repeated>
  void names(std::string_view what, const std::vector<std::string>& from, Repeated& to) {
    for (const auto& each : from) name(what, each, *to.Add());
  }
  template <class Map>
  void options(const option_map& from, Map& to) {
    for (const auto& [key, value] : from) {
      std::string checked;
      name("option name", key, checked);
      text("option value", value, to[checked]);
    }
  }

  /// The outcome: a message, or the first problem.
  template <class Message>
  result<Message> finish(Message message) {
    if (problem_) return failure(*std::move(problem_));
    return message;
  }

 private:
  std::optional<error> problem_;
};

bool is_utf8(std::string_view text) noexcept;

/// A plan that gives the rows of a relation, and the message of a relation or an expression alone.
result<spark::connect::Plan> to_plan(const relation_ptr& root);
result<spark::connect::Relation> to_message(const relation_ptr& root);
result<spark::connect::Expression> to_message(const expression_ptr& root);

}  // namespace cospark::plan
