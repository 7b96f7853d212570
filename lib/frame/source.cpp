#include "frame/source.hpp"

#include "data/encode.hpp"
#include "frame/access.hpp"
#include "plan/build.hpp"

#include <utility>

namespace cospark::frame {
namespace {

using plan::build;
using plan::expression_ptr;
using relation = spark::connect::Relation;

/// What stays in a plan of the arguments.
struct bound_arguments {
  std::vector<std::pair<std::string, expression_ptr>> named;
  std::vector<expression_ptr> positional;
};

void write_query(const std::string& text, const bound_arguments& arguments, spark::connect::SQL& to, build& build) {
  build.name("SQL text", text, *to.mutable_query());
  if (!arguments.named.empty() && !arguments.positional.empty()) {
    build.fail("arguments of a SQL text are given by name or by position, not both");
  }
  for (const auto& [name, value] : arguments.named) {
    std::string key;
    build.name("name of an argument", name, key);
    build.write(value, (*to.mutable_named_arguments())[key]);
  }
  build.write_all(arguments.positional, *to.mutable_pos_arguments());
}

// Servers before 4.0 know these fields only. Newer ones look at `input` alone.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
result<void> write_for_old_server(const spark::connect::SQL& query, spark::connect::SqlCommand& to) {
  to.set_sql(query.query());
  for (const auto& [name, value] : query.named_arguments()) {
    if (!value.has_literal())
      return failure(errc::unsupported_by_server, "SQL arguments other than constants need Spark 4.0");
    (*to.mutable_args())[name] = value.literal();
  }
  for (const auto& value : query.pos_arguments()) {
    if (!value.has_literal())
      return failure(errc::unsupported_by_server, "SQL arguments other than constants need Spark 4.0");
    *to.add_pos_args() = value.literal();
  }
  return success();
}
#pragma GCC diagnostic pop

result<spark::connect::Command> sql_command(const std::string& text, const sql_arguments& arguments, bool is_old) {
  bound_arguments bound;
  for (const auto& [name, value] : arguments.named) bound.named.emplace_back(name, plan::access::node(value));
  for (const auto& value : arguments.positional) bound.positional.push_back(plan::access::node(value));
  const auto write = [&](relation& to, build& build) { write_query(text, bound, *to.mutable_sql(), build); };
  std::vector<expression_ptr> all = bound.positional;
  for (const auto& [name, value] : bound.named) all.push_back(value);

  COSPARK_TRY_RETURN(auto message, plan::to_message(plan::make_relation(plan::measure::around(all), write)));
  spark::connect::Command command;
  if (is_old) {
    COSPARK_TRY_RETURN(write_for_old_server(message.sql(), *command.mutable_sql_command()));
  } else {
    *command.mutable_sql_command()->mutable_input() = std::move(message);
  }
  return command;
}

/// The frame of a relation that a server made.
data_frame received(connect::session_ptr session, relation message) {
  plan::extent size;
  size.depth = 16;  // SQL text with its arguments, or local rows
  const auto shared = std::make_shared<const relation>(std::move(message));
  const auto write = [shared](relation& to, build&) {
    // The plan id is the one of the node, as for every frame.
    auto common = std::move(*to.mutable_common());
    to = *shared;
    *to.mutable_common() = std::move(common);
  };
  return access::make(std::move(session), plan::make_relation(size, write));
}

task<data_frame> run_sql(connect::session_ptr session, std::string text, sql_arguments arguments) {
  COSPARK_TRY(auto command, sql_command(text, arguments, !session->server_is_at_least(4, 0)));
  connect::execute_options options;
  options.has_effect = true;
  COSPARK_TRY(auto response, co_await connect::run_command(session, std::move(command), std::move(options)));
  if (!response.has_sql_command_result()) {
    co_return failure(errc::protocol_error, "the server did not answer a SQL text with its result");
  }
  co_return received(session, std::move(*response.mutable_sql_command_result()->mutable_relation()));
}

}  // namespace

data_frame make_range(connect::session_ptr session, std::int64_t start, std::int64_t end, std::int64_t step,
                      std::optional<std::int32_t> partitions) {
  const auto write = [start, end, step, partitions](relation& to, build& build) {
    if (step == 0) build.fail("the step of a range must not be 0");
    if (partitions && *partitions < 1) build.fail("a number of partitions must be at least 1");
    auto& range = *to.mutable_range();
    range.set_start(start);
    range.set_end(end);
    range.set_step(step);
    if (partitions) range.set_num_partitions(*partitions);
  };
  return access::make(std::move(session), plan::make_relation(plan::extent(), write));
}

data_frame make_table(connect::session_ptr session, std::string name, option_map options, bool is_streaming) {
  const auto write = [name = std::move(name), options = std::move(options), is_streaming](relation& to, build& build) {
    auto& read = *to.mutable_read();
    build.name("table name", name, *read.mutable_named_table()->mutable_unparsed_identifier());
    build.options(options, *read.mutable_named_table()->mutable_options());
    read.set_is_streaming(is_streaming);
  };
  return access::make(std::move(session), plan::make_relation(plan::extent(), write));
}

data_frame make_local(connect::session_ptr session, const schema& schema, const std::vector<row>& rows) {
  auto encoded = data::encode(schema, rows);
  if (!encoded) {
    const auto problem = std::make_shared<const error>(encoded.error());
    return access::make(std::move(session), plan::invalid_relation(problem));
  }
  const auto content = std::make_shared<const std::string>(std::move(encoded).value());
  const auto write = [content, type = schema.json()](relation& to, build& build) {
    to.mutable_local_relation()->set_data(*content);
    build.text("schema", type, *to.mutable_local_relation()->mutable_schema());
  };
  return access::make(std::move(session), plan::make_relation(plan::extent(), write));
}

task<data_frame> make_sql(connect::session_ptr session, std::string text, sql_arguments arguments) {
  return execute::guarded(run_sql(std::move(session), std::move(text), std::move(arguments)));
}

}  // namespace cospark::frame
