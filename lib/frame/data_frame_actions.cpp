// What data frames ask the server: the remote half of the class.
#include <cospark/data_frame.hpp>

#include "data/proto_type.hpp"
#include "frame/access.hpp"
#include "frame/result_state.hpp"
#include "plan/build.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <iostream>
#include <limits>

namespace cospark {
namespace frame {
namespace {

using connect::session_ptr;
using plan::relation_ptr;
using request = spark::connect::AnalyzePlanRequest;
using response = spark::connect::AnalyzePlanResponse;
/// Where a request wants its plan.
using plan_slot = spark::connect::Plan* (*)(request&);

error unexpected_answer() {
  return error(errc::protocol_error, "the server answered a question about a plan with something else");
}

task<response> ask(session_ptr session, relation_ptr relation, request question, plan_slot slot) {
  COSPARK_TRY(auto plan, plan::to_plan(relation));
  *slot(question) = std::move(plan);
  co_return co_await connect::analyze(std::move(session), std::move(question));
}

task<schema> fetch_schema(session_ptr session, relation_ptr relation) {
  const auto slot = [](request& to) { return to.mutable_schema()->mutable_plan(); };
  COSPARK_TRY(auto answer, co_await ask(std::move(session), std::move(relation), request(), slot));
  if (!answer.has_schema()) co_return failure(unexpected_answer());
  co_return data::schema_from_proto(answer.schema().schema());
}

task<std::vector<std::string>> fetch_columns(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(const auto fields, co_await fetch_schema(std::move(session), std::move(relation)));
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  co_return names;
}

task<std::vector<std::pair<std::string, std::string>>> fetch_dtypes(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(const auto fields, co_await fetch_schema(std::move(session), std::move(relation)));
  std::vector<std::pair<std::string, std::string>> types;
  for (const auto& field : fields) types.emplace_back(field.name, field.type.simple_string());
  co_return types;
}

task<bool> ask_is_streaming(session_ptr session, relation_ptr relation) {
  const auto slot = [](request& to) { return to.mutable_is_streaming()->mutable_plan(); };
  COSPARK_TRY(const auto answer, co_await ask(std::move(session), std::move(relation), request(), slot));
  if (!answer.has_is_streaming()) co_return failure(unexpected_answer());
  co_return answer.is_streaming().is_streaming();
}

task<bool> ask_is_local(session_ptr session, relation_ptr relation) {
  const auto slot = [](request& to) { return to.mutable_is_local()->mutable_plan(); };
  COSPARK_TRY(const auto answer, co_await ask(std::move(session), std::move(relation), request(), slot));
  if (!answer.has_is_local()) co_return failure(unexpected_answer());
  co_return answer.is_local().is_local();
}

request::Explain::ExplainMode to_proto(explain_mode mode) {
  switch (mode) {
    case explain_mode::simple:
      return request::Explain::EXPLAIN_MODE_SIMPLE;
    case explain_mode::extended:
      return request::Explain::EXPLAIN_MODE_EXTENDED;
    case explain_mode::codegen:
      return request::Explain::EXPLAIN_MODE_CODEGEN;
    case explain_mode::cost:
      return request::Explain::EXPLAIN_MODE_COST;
    case explain_mode::formatted:
      return request::Explain::EXPLAIN_MODE_FORMATTED;
  }
  return request::Explain::EXPLAIN_MODE_UNSPECIFIED;
}

task<std::string> fetch_explanation(session_ptr session, relation_ptr relation, explain_mode mode) {
  request question;
  question.mutable_explain()->set_explain_mode(to_proto(mode));
  if (question.explain().explain_mode() == request::Explain::EXPLAIN_MODE_UNSPECIFIED) {
    co_return failure(errc::invalid_argument, "this is no mode of explain()");
  }
  const auto slot = [](request& to) { return to.mutable_explain()->mutable_plan(); };
  COSPARK_TRY(auto answer, co_await ask(std::move(session), std::move(relation), std::move(question), slot));
  if (!answer.has_explain()) co_return failure(unexpected_answer());
  co_return std::move(*answer.mutable_explain()->mutable_explain_string());
}

task<std::string> fetch_tree(session_ptr session, relation_ptr relation, std::optional<std::int32_t> level) {
  request question;
  if (level) question.mutable_tree_string()->set_level(*level);
  const auto slot = [](request& to) { return to.mutable_tree_string()->mutable_plan(); };
  COSPARK_TRY(auto answer, co_await ask(std::move(session), std::move(relation), std::move(question), slot));
  if (!answer.has_tree_string()) co_return failure(unexpected_answer());
  co_return std::move(*answer.mutable_tree_string()->mutable_tree_string());
}

task<> print_tree(session_ptr session, relation_ptr relation, std::ostream& out) {
  COSPARK_TRY(const auto tree, co_await fetch_tree(std::move(session), std::move(relation), std::nullopt));
  out << tree << std::flush;
  co_return success();
}

task<std::vector<std::string>> fetch_input_files(session_ptr session, relation_ptr relation) {
  const auto slot = [](request& to) { return to.mutable_input_files()->mutable_plan(); };
  COSPARK_TRY(const auto answer, co_await ask(std::move(session), std::move(relation), request(), slot));
  if (!answer.has_input_files()) co_return failure(unexpected_answer());
  const auto& files = answer.input_files().files();
  co_return std::vector<std::string>(files.begin(), files.end());
}

task<bool> compare(session_ptr session, relation_ptr relation, relation_ptr other) {
  request question;
  COSPARK_TRY(auto other_plan, plan::to_plan(other));
  *question.mutable_same_semantics()->mutable_other_plan() = std::move(other_plan);
  const auto slot = [](request& to) { return to.mutable_same_semantics()->mutable_target_plan(); };
  COSPARK_TRY(const auto answer, co_await ask(std::move(session), std::move(relation), std::move(question), slot));
  if (!answer.has_same_semantics()) co_return failure(unexpected_answer());
  co_return answer.same_semantics().result();
}

task<> keep(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(auto message, plan::to_message(relation));
  request question;
  *question.mutable_persist()->mutable_relation() = std::move(message);
  COSPARK_TRY(co_await connect::analyze(std::move(session), std::move(question)));
  co_return success();
}

task<> let_go(session_ptr session, relation_ptr relation, bool blocking) {
  COSPARK_TRY(auto message, plan::to_message(relation));
  request question;
  *question.mutable_unpersist()->mutable_relation() = std::move(message);
  question.mutable_unpersist()->set_blocking(blocking);
  COSPARK_TRY(co_await connect::analyze(std::move(session), std::move(question)));
  co_return success();
}

struct view {
  std::string name;
  bool is_global;
  bool may_replace;
};

task<> create_view(session_ptr session, relation_ptr relation, std::shared_ptr<const view> target) {
  plan::build build;
  spark::connect::Command command;
  auto& create = *command.mutable_create_dataframe_view();
  build.write(relation, *create.mutable_input());
  build.name("view name", target->name, *create.mutable_name());
  create.set_is_global(target->is_global);
  create.set_replace(target->may_replace);
  COSPARK_TRY(auto checked, build.finish(std::move(command)));
  connect::execute_options options;
  options.has_effect = true;
  COSPARK_TRY(co_await connect::run_command(std::move(session), std::move(checked), std::move(options)));
  co_return success();
}

task<> create_view(const data_frame& from, std::string_view name, bool is_global, bool may_replace) {
  auto target = std::make_shared<const view>(view{std::string(name), is_global, may_replace});
  return execute::guarded(create_view(access::session(from), access::relation(from), std::move(target)));
}

result<std::shared_ptr<result_state>> open(const session_ptr& session, const relation_ptr& relation) {
  COSPARK_TRY_RETURN(auto plan, plan::to_plan(relation));
  connect::execute_options options;
  options.allow_chunking = session->server_is_at_least(4, 1);
  return std::make_shared<result_state>(connect::execute(session, std::move(plan), std::move(options)));
}

task<result_stream> open_stream(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(auto state, open(session, relation));
  co_return access::make_stream(std::move(state));
}

constexpr std::size_t rows_at_once = 1024;  // then other handlers of the context have their turn

task<std::vector<row>> fetch_rows(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(const auto state, open(session, relation));
  std::vector<row> rows;
  for (;;) {
    COSPARK_TRY(const auto batch, co_await result_state::next(state));
    if (!batch) co_return rows;
    for (std::size_t i = 0; i < batch->row_count(); ++i) {
      rows.push_back(batch->row(i));
      if (rows.size() % rows_at_once == 0) co_await asio::post(asio::use_awaitable);
    }
  }
}

task<std::optional<row>> fetch_first(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(auto rows, co_await fetch_rows(std::move(session), std::move(relation)));
  if (rows.empty()) co_return std::nullopt;
  co_return std::move(rows.front());
}

/// The content of the only cell of a result.
template <class T>
task<T> fetch_cell(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(const auto rows, co_await fetch_rows(std::move(session), std::move(relation)));
  if (rows.size() != 1 || rows.front().size() != 1 || !rows.front()[0].template is<T>()) {
    co_return failure(errc::protocol_error, "the server answered with something else than the one value asked for");
  }
  co_return T(rows.front()[0].template as<T>());
}

task<bool> fetch_is_empty(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(const auto rows, co_await fetch_rows(std::move(session), std::move(relation)));
  co_return rows.empty();
}

task<> print_rows(session_ptr session, relation_ptr relation) {
  COSPARK_TRY(const auto table, co_await fetch_cell<std::string>(std::move(session), std::move(relation)));
  std::cout << table << '\n' << std::flush;  // with a blank line behind, as Spark's own shells print it
  co_return success();
}

relation_ptr last_rows(const relation_ptr& input, std::int64_t count) {
  return plan::make_relation(plan::measure::around(input), [input, count](auto& to, plan::build& build) {
    if (count < 0 || count > std::numeric_limits<std::int32_t>::max()) {
      build.fail("a number of rows must be from 0 to 2147483647, not " + std::to_string(count));
    }
    build.write(input, *to.mutable_tail()->mutable_input());
    to.mutable_tail()->set_limit(static_cast<std::int32_t>(count));
  });
}

relation_ptr table_of(const relation_ptr& input, std::int32_t rows, std::int32_t truncate, bool vertical) {
  return plan::make_relation(plan::measure::around(input), [=](auto& to, plan::build& build) {
    if (rows < 0) build.fail("a number of rows must not be negative: " + std::to_string(rows));
    if (truncate < 0) build.fail("a number of characters must not be negative: " + std::to_string(truncate));
    auto& message = *to.mutable_show_string();
    build.write(input, *message.mutable_input());
    message.set_num_rows(rows);
    message.set_truncate(truncate);
    message.set_vertical(vertical);
  });
}

}  // namespace
}  // namespace frame

using execute::guarded;

task<schema> data_frame::schema() const {
  return guarded(frame::fetch_schema(session_, relation_));
}
task<std::vector<std::string>> data_frame::columns() const {
  return guarded(frame::fetch_columns(session_, relation_));
}
task<std::vector<std::pair<std::string, std::string>>> data_frame::dtypes() const {
  return guarded(frame::fetch_dtypes(session_, relation_));
}
task<bool> data_frame::is_streaming() const {
  return guarded(frame::ask_is_streaming(session_, relation_));
}
task<bool> data_frame::is_local() const {
  return guarded(frame::ask_is_local(session_, relation_));
}
task<std::string> data_frame::explain(explain_mode mode) const {
  return guarded(frame::fetch_explanation(session_, relation_, mode));
}
task<std::string> data_frame::tree_string(std::optional<std::int32_t> level) const {
  return guarded(frame::fetch_tree(session_, relation_, level));
}
task<> data_frame::print_schema() const {
  return print_schema(std::cout);
}
task<> data_frame::print_schema(std::ostream& out) const {
  return guarded(frame::print_tree(session_, relation_, out));
}
task<std::vector<std::string>> data_frame::input_files() const {
  return guarded(frame::fetch_input_files(session_, relation_));
}
task<bool> data_frame::same_semantics(const data_frame& other) const {
  return guarded(frame::compare(session_, relation_, other.relation_));
}
task<> data_frame::persist() const {
  return guarded(frame::keep(session_, relation_));
}
task<> data_frame::unpersist(bool blocking) const {
  return guarded(frame::let_go(session_, relation_, blocking));
}

task<> data_frame::create_temp_view(std::string_view name) const {
  return frame::create_view(*this, name, false, false);
}
task<> data_frame::create_or_replace_temp_view(std::string_view name) const {
  return frame::create_view(*this, name, false, true);
}
task<> data_frame::create_global_temp_view(std::string_view name) const {
  return frame::create_view(*this, name, true, false);
}
task<> data_frame::create_or_replace_global_temp_view(std::string_view name) const {
  return frame::create_view(*this, name, true, true);
}

task<std::vector<row>> data_frame::collect() const {
  return guarded(frame::fetch_rows(session_, relation_));
}
task<result_stream> data_frame::execute() const {
  return guarded(frame::open_stream(session_, relation_));
}
task<std::optional<row>> data_frame::first() const {
  return guarded(frame::fetch_first(session_, limit(1).relation_));
}
task<std::vector<row>> data_frame::take(std::int64_t count) const {
  return limit(count).collect();
}
task<std::vector<row>> data_frame::tail(std::int64_t count) const {
  return guarded(frame::fetch_rows(session_, frame::last_rows(relation_, count)));
}
task<std::int64_t> data_frame::count() const {
  return guarded(frame::fetch_cell<std::int64_t>(session_, group_by().count().relation_));
}
task<bool> data_frame::is_empty() const {
  return guarded(frame::fetch_is_empty(session_, select(column_list()).limit(1).relation_));
}
task<std::string> data_frame::show_string(std::int32_t rows, std::int32_t truncate, bool vertical) const {
  return guarded(frame::fetch_cell<std::string>(session_, frame::table_of(relation_, rows, truncate, vertical)));
}
task<> data_frame::show(std::int32_t rows, std::int32_t truncate, bool vertical) const {
  return guarded(frame::print_rows(session_, frame::table_of(relation_, rows, truncate, vertical)));
}

}  // namespace cospark
