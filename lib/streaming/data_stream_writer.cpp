#include <cospark/data_stream_writer.hpp>

#include "execute/failure.hpp"
#include "frame/access.hpp"
#include "plan/build.hpp"
#include "streaming/access.hpp"
#include "streaming/trigger_problem.hpp"
#include "streaming/wait_engine.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace cospark {
namespace streaming {

struct writer_settings {
  explicit writer_settings(data_frame frame) : input(std::move(frame)) {}

  data_frame input;
  std::optional<std::string> format;
  std::optional<std::string> query_name;
  std::optional<std::string> output_mode;
  std::optional<cospark::trigger> trigger;
  std::vector<std::string> partition_columns;
  std::vector<std::string> cluster_columns;
  option_map options;
};

namespace {

using settings_ptr = std::shared_ptr<const writer_settings>;

struct destination {
  destination() = default;
  std::optional<std::string> path;
  std::optional<std::string> table;
};

void write_trigger(const trigger& trigger, spark::connect::WriteStreamOperationStart& to) {
  switch (trigger.kind()) {
    case trigger_kind::processing_time:
      to.set_processing_time_interval(trigger.interval());
      break;
    case trigger_kind::once:
      to.set_once(true);
      break;
    case trigger_kind::available_now:
      to.set_available_now(true);
      break;
    case trigger_kind::continuous:
      to.set_continuous_checkpoint_interval(trigger.interval());
      break;
    case trigger_kind::real_time:
      to.set_real_time_batch_duration(trigger.interval());
      break;
  }
}

bool is_memory(std::string_view format) {
  constexpr std::string_view memory = "memory";
  return std::equal(format.begin(), format.end(), memory.begin(), memory.end(),
                    [](char given, char expected) { return (given | 0x20) == expected; });
}

/// One name for Spark's parser: letters of any script, digits and underscores, or anything in backticks. A digit comes
/// not first, since some such names are numbers.
bool is_identifier(std::string_view name) {
  if (name.size() > 2 && name.front() == '`' && name.back() == '`') {
    const auto inner = name.substr(1, name.size() - 2);
    for (std::size_t at = 0; (at = inner.find('`', at)) != std::string_view::npos; at += 2) {
      if (inner.substr(at, 2) != "``") return false;
    }
    return true;
  }
  if (!name.empty() && name.front() >= '0' && name.front() <= '9') return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  });
}

result<spark::connect::Command> make_command(const writer_settings& settings, const destination& where) {
  plan::build build;
  spark::connect::Command command;
  auto& start = *command.mutable_write_stream_operation_start();
  build.write(frame::access::relation(settings.input), *start.mutable_input());
  if (settings.format) build.name("sink format", *settings.format, *start.mutable_format());
  if (settings.query_name) build.name("query name", *settings.query_name, *start.mutable_query_name());
  // Spark would start the query, fail to make the view, and let the query run on.
  if (settings.format && is_memory(*settings.format) && settings.query_name && !is_identifier(*settings.query_name)) {
    build.fail("the memory sink makes a view of the name of its query, and '" +
               execute::printable(*settings.query_name, 256) + "' is no identifier: see quote_identifier");
  }
  if (settings.output_mode) build.name("output mode", *settings.output_mode, *start.mutable_output_mode());
  if (settings.trigger) {
    if (const auto wrong = problem(*settings.trigger)) build.fail(*wrong);
    write_trigger(*settings.trigger, start);
  }
  build.names("partition column", settings.partition_columns, *start.mutable_partitioning_column_names());
  build.names("clustering column", settings.cluster_columns, *start.mutable_clustering_column_names());
  build.options(settings.options, *start.mutable_options());
  if (where.path) build.name("path", *where.path, *start.mutable_path());
  if (where.table) build.name("table name", *where.table, *start.mutable_table_name());
  return build.finish(std::move(command));
}

// What an older server would silently ignore is refused here.
result<void> check_version(const connect::session_state& session, const writer_settings& settings) {
  if (settings.trigger && settings.trigger->kind() == trigger_kind::real_time) {
    COSPARK_TRY_RETURN(connect::require_version(session, 4, 2, "the real-time trigger"));
  }
  if (!settings.cluster_columns.empty()) {
    COSPARK_TRY_RETURN(connect::require_version(session, 4, 0, "cluster_by"));
  }
  return success();
}

task<streaming_query> start(settings_ptr settings, destination where) {
  const auto session = frame::access::session(settings->input);
  COSPARK_TRY(check_version(*session, *settings));
  COSPARK_TRY(auto command, make_command(*settings, where));
  connect::execute_options options;
  options.limit = session->options().analysis_timeout;
  options.has_effect = true;
  session->keep_alive();
  COSPARK_TRY(auto response, co_await connect::run_command(session, std::move(command), std::move(options)));
  const auto& ids = response.write_stream_operation_start_result().query_id();
  if (ids.id().empty() || ids.run_id().empty()) {
    co_return failure(errc::protocol_error, "the server did not answer the start of a query with its id");
  }
  const auto& started = response.write_stream_operation_start_result();
  if (started.has_query_started_event_json()) {
    wait_engine::of(*session)->bus()->note_started(session, started.query_started_event_json());
  }
  co_return access::make_query(std::make_shared<const query_state>(
      session, execute::printable(started.query_id().id(), 256), execute::printable(started.query_id().run_id(), 256),
      execute::printable(started.name())));
}

}  // namespace

data_stream_writer access::make_writer(const data_frame& input) {
  return data_stream_writer(std::make_shared<const writer_settings>(input));
}

}  // namespace streaming

data_stream_writer data_frame::write_stream() const {
  return streaming::access::make_writer(*this);
}

template <class Change>
data_stream_writer data_stream_writer::with(Change change) const {
  auto settings = std::make_shared<streaming::writer_settings>(*settings_);
  change(*settings);
  return data_stream_writer(std::move(settings));
}

data_stream_writer data_stream_writer::format(std::string name) const {
  return with([&](auto& settings) { settings.format = std::move(name); });
}

data_stream_writer data_stream_writer::query_name(std::string name) const {
  return with([&](auto& settings) { settings.query_name = std::move(name); });
}

data_stream_writer data_stream_writer::output_mode(cospark::output_mode mode) const {
  return output_mode(to_string(mode));
}

data_stream_writer data_stream_writer::output_mode(std::string_view mode) const {
  return with([&](auto& settings) { settings.output_mode = std::string(mode); });
}

data_stream_writer data_stream_writer::trigger(const cospark::trigger& trigger) const {
  return with([&](auto& settings) { settings.trigger = trigger; });
}

data_stream_writer data_stream_writer::partition_by(std::vector<std::string> columns) const {
  return with([&](auto& settings) { settings.partition_columns = std::move(columns); });
}

data_stream_writer data_stream_writer::cluster_by(std::vector<std::string> columns) const {
  return with([&](auto& settings) { settings.cluster_columns = std::move(columns); });
}

data_stream_writer data_stream_writer::option(std::string name, option_value value) const {
  return with([&](auto& settings) { settings.options.insert_or_assign(std::move(name), value.text()); });
}

data_stream_writer data_stream_writer::options(const option_map& options) const {
  return with([&](auto& settings) {
    for (const auto& [name, value] : options) settings.options.insert_or_assign(name, value);
  });
}

task<streaming_query> data_stream_writer::start() const {
  return execute::guarded(streaming::start(settings_, streaming::destination()));
}

task<streaming_query> data_stream_writer::start(std::string path) const {
  streaming::destination where;
  where.path = std::move(path);
  return execute::guarded(streaming::start(settings_, std::move(where)));
}

task<streaming_query> data_stream_writer::to_table(std::string name) const {
  streaming::destination where;
  where.table = std::move(name);
  return execute::guarded(streaming::start(settings_, std::move(where)));
}

}  // namespace cospark
