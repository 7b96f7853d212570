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

data_frame make_source(connect::session_ptr session, std::shared_ptr<const source_settings> settings,
                       std::vector<std::string> paths) {
  // An older server would take no notice of the name.
  result<void> nameable = success();
  if (settings->name) nameable = connect::require_version(*session, 4, 2, "the name of a source");
  const auto write = [settings = std::move(settings), paths = std::move(paths), nameable](relation& to, build& build) {
    if (!nameable) build.fail(nameable.error());
    auto& source = *to.mutable_read()->mutable_data_source();
    if (settings->format) build.name("source format", *settings->format, *source.mutable_format());
    if (settings->schema) build.name("schema", *settings->schema, *source.mutable_schema());
    if (settings->name) build.name("source name", *settings->name, *source.mutable_source_name());
    build.options(settings->options, *source.mutable_options());
    build.names("path", paths, *source.mutable_paths());
    to.mutable_read()->set_is_streaming(settings->is_streaming);
  };
  return access::make(std::move(session), plan::make_relation(plan::extent(), write));
}

data_frame make_table(connect::session_ptr session, std::shared_ptr<const source_settings> settings,
                      std::string table) {
  const auto write = [settings = std::move(settings), table = std::move(table)](relation& to, build& build) {
    // The protocol has no place for these beside a table; left out they would be missed.
    if (settings->schema) build.fail("a table has its own schema: schema() goes with load()");
    if (settings->name) build.fail("a table cannot be given a name within the query: name() goes with load()");
    auto& named = *to.mutable_read()->mutable_named_table();
    build.name("table name", table, *named.mutable_unparsed_identifier());
    build.options(settings->options, *named.mutable_options());
    to.mutable_read()->set_is_streaming(settings->is_streaming);
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
