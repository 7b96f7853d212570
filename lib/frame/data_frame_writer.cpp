#include <cospark/data_frame_writer.hpp>

#include "frame/access.hpp"
#include "plan/build.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace cospark {

struct data_frame_writer::state {
  explicit state(data_frame frame) : input(std::move(frame)) {}

  data_frame input;
  std::optional<std::string> format;
  std::optional<std::string> mode;
  option_map options;
  std::vector<std::string> partition;
  std::int32_t buckets = 0;
  std::vector<std::string> bucket_columns;
  std::vector<std::string> sort;
  std::vector<std::string> cluster;
};

namespace frame {
namespace {

using command = spark::connect::Command;
using operation = spark::connect::WriteOperation;

void write_mode(std::string name, operation& to, plan::build& build) {
  static const std::map<std::string_view, operation::SaveMode> modes = {
      {"append", operation::SAVE_MODE_APPEND},           {"overwrite", operation::SAVE_MODE_OVERWRITE},
      {"error", operation::SAVE_MODE_ERROR_IF_EXISTS},   {"errorifexists", operation::SAVE_MODE_ERROR_IF_EXISTS},
      {"default", operation::SAVE_MODE_ERROR_IF_EXISTS}, {"ignore", operation::SAVE_MODE_IGNORE}};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto found = modes.find(name);
  if (found == modes.end()) {
    std::string problem = "'";
    problem += execute::printable(name, 100);
    problem += "' is no save mode: these are append, overwrite, error, errorifexists and ignore";
    build.fail(std::move(problem));
  } else {
    to.set_mode(found->second);
  }
}

task<> run(connect::session_ptr session, std::shared_ptr<const command> write) {
  if (!write->write_operation().clustering_columns().empty()) {
    COSPARK_TRY(connect::require_version(*session, 4, 0, "cluster_by"));
  }
  connect::execute_options options;
  options.has_effect = true;
  COSPARK_TRY(co_await connect::run_command(std::move(session), *write, std::move(options)));
  co_return success();
}

task<> fail(error problem) {
  co_return failure(std::move(problem));
}

/// Not a coroutine: the command is complete, and independent of the writer, before this returns.
template <class State, class WriteTarget>
task<> write_to(const State& settings, WriteTarget write_target) {
  plan::build build;
  auto message = std::make_shared<command>();
  auto& to = *message->mutable_write_operation();
  build.write(access::relation(settings.input), *to.mutable_input());
  if (settings.format) build.name("format", *settings.format, *to.mutable_source());
  if (settings.mode) write_mode(*settings.mode, to, build);
  build.options(settings.options, *to.mutable_options());
  build.names("partition column", settings.partition, *to.mutable_partitioning_columns());
  build.names("sort column", settings.sort, *to.mutable_sort_column_names());
  build.names("clustering column", settings.cluster, *to.mutable_clustering_columns());
  if (!settings.bucket_columns.empty() || settings.buckets != 0) {
    if (settings.buckets < 1)
      build.fail("a number of buckets must be at least 1, not " + std::to_string(settings.buckets));
    if (settings.bucket_columns.empty()) build.fail("bucket_by() needs at least one column");
    to.mutable_bucket_by()->set_num_buckets(settings.buckets);
    build.names("bucket column", settings.bucket_columns, *to.mutable_bucket_by()->mutable_bucket_column_names());
  }
  write_target(to, build);
  if (auto problem = build.problem()) return fail(*std::move(problem));
  return execute::guarded(run(access::session(settings.input), std::move(message)));
}

}  // namespace

data_frame_writer access::make_writer(const data_frame& input) {
  return data_frame_writer(std::make_shared<const data_frame_writer::state>(input));
}

}  // namespace frame

data_frame_writer data_frame::write() const {
  return frame::access::make_writer(*this);
}

data_frame_writer::data_frame_writer(std::shared_ptr<const state> settings) noexcept : state_(std::move(settings)) {}

template <class Change>
data_frame_writer data_frame_writer::with(Change change) const {
  auto changed = std::make_shared<state>(*state_);
  change(*changed);
  return data_frame_writer(std::move(changed));
}

data_frame_writer data_frame_writer::format(std::string name) const {
  return with([&](state& settings) { settings.format = std::move(name); });
}

data_frame_writer data_frame_writer::mode(save_mode mode) const {
  switch (mode) {
    case save_mode::append:
      return this->mode("append");
    case save_mode::overwrite:
      return this->mode("overwrite");
    case save_mode::error_if_exists:
      return this->mode("errorifexists");
    case save_mode::ignore:
      return this->mode("ignore");
  }
  return this->mode("(no save mode)");
}

data_frame_writer data_frame_writer::mode(std::string_view name) const {
  return with([&](state& settings) { settings.mode = std::string(name); });
}

data_frame_writer data_frame_writer::option(std::string name, const option_value& value) const {
  return with([&](state& settings) { settings.options.insert_or_assign(std::move(name), value.text()); });
}

data_frame_writer data_frame_writer::options(const option_map& options) const {
  return with([&](state& settings) {
    for (const auto& [name, value] : options) settings.options.insert_or_assign(name, value);
  });
}

data_frame_writer data_frame_writer::partition_by(std::vector<std::string> names) const {
  return with([&](state& settings) { settings.partition = std::move(names); });
}

data_frame_writer data_frame_writer::bucket_by(std::int32_t buckets, std::vector<std::string> names) const {
  return with([&](state& settings) {
    settings.buckets = buckets;
    settings.bucket_columns = std::move(names);
  });
}

data_frame_writer data_frame_writer::sort_by(std::vector<std::string> names) const {
  return with([&](state& settings) { settings.sort = std::move(names); });
}

data_frame_writer data_frame_writer::cluster_by(std::vector<std::string> names) const {
  return with([&](state& settings) { settings.cluster = std::move(names); });
}

task<> data_frame_writer::save() const {
  return frame::write_to(*state_, [](auto&, auto&) {});
}

task<> data_frame_writer::save(std::string path) const {
  return frame::write_to(*state_, [&](auto& to, auto& build) { build.name("path", path, *to.mutable_path()); });
}

task<> data_frame_writer::save_as_table(std::string name) const {
  return frame::write_to(*state_, [&](auto& to, auto& build) {
    build.name("table name", name, *to.mutable_table()->mutable_table_name());
    to.mutable_table()->set_save_method(frame::operation::SaveTable::TABLE_SAVE_METHOD_SAVE_AS_TABLE);
  });
}

task<> data_frame_writer::insert_into(std::string name) const {
  return frame::write_to(*state_, [&](auto& to, auto& build) {
    build.name("table name", name, *to.mutable_table()->mutable_table_name());
    to.mutable_table()->set_save_method(frame::operation::SaveTable::TABLE_SAVE_METHOD_INSERT_INTO);
  });
}

task<> data_frame_writer::csv(std::string path) const {
  return format("csv").save(std::move(path));
}
task<> data_frame_writer::json(std::string path) const {
  return format("json").save(std::move(path));
}
task<> data_frame_writer::parquet(std::string path) const {
  return format("parquet").save(std::move(path));
}
task<> data_frame_writer::orc(std::string path) const {
  return format("orc").save(std::move(path));
}
task<> data_frame_writer::text(std::string path) const {
  return format("text").save(std::move(path));
}
task<> data_frame_writer::xml(std::string path) const {
  return format("xml").save(std::move(path));
}

}  // namespace cospark
