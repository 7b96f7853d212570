#include <cospark/data_stream_reader.hpp>

#include "frame/access.hpp"
#include "plan/build.hpp"
#include "streaming/access.hpp"

#include <optional>
#include <utility>

namespace cospark {
namespace streaming {

struct reader_settings {
  std::optional<std::string> format;
  std::optional<std::string> schema;
  std::optional<std::string> source_name;
  option_map options;
};

namespace {

data_frame make_frame(const connect::session_ptr& session, plan::relation_ptr relation) {
  return frame::access::make(session, std::move(relation));
}

data_frame load(const connect::session_ptr& session, std::shared_ptr<const reader_settings> settings,
                std::optional<std::string> path) {
  // An older server would take no notice of the name.
  result<void> nameable = success();
  if (settings->source_name) nameable = connect::require_version(*session, 4, 2, "the name of a source");
  const auto write = [settings = std::move(settings), path = std::move(path), nameable](spark::connect::Relation& to,
                                                                                        plan::build& build) {
    if (!nameable) build.fail(nameable.error());
    auto& read = *to.mutable_read();
    read.set_is_streaming(true);
    auto& source = *read.mutable_data_source();
    if (settings->format) build.name("source format", *settings->format, *source.mutable_format());
    if (settings->schema) build.name("schema", *settings->schema, *source.mutable_schema());
    if (settings->source_name) build.name("source name", *settings->source_name, *source.mutable_source_name());
    build.options(settings->options, *source.mutable_options());
    if (path) build.name("path", *path, *source.add_paths());
  };
  return make_frame(session, plan::make_relation(plan::extent(), write));
}

}  // namespace

data_stream_reader access::make_reader(connect::session_ptr session) {
  return data_stream_reader(std::move(session), std::make_shared<const reader_settings>());
}

}  // namespace streaming

template <class Change>
data_stream_reader data_stream_reader::with(Change change) const {
  auto settings = std::make_shared<streaming::reader_settings>(*settings_);
  change(*settings);
  return data_stream_reader(session_, std::move(settings));
}

data_stream_reader data_stream_reader::format(std::string name) const {
  return with([&](auto& settings) { settings.format = std::move(name); });
}

data_stream_reader data_stream_reader::schema(std::string ddl) const {
  return with([&](auto& settings) { settings.schema = std::move(ddl); });
}

data_stream_reader data_stream_reader::schema(const cospark::schema& schema) const {
  return with([&](auto& settings) { settings.schema = schema.json(); });
}

data_stream_reader data_stream_reader::option(std::string name, option_value value) const {
  return with([&](auto& settings) { settings.options.insert_or_assign(std::move(name), value.text()); });
}

data_stream_reader data_stream_reader::options(const option_map& options) const {
  return with([&](auto& settings) {
    for (const auto& [name, value] : options) settings.options.insert_or_assign(name, value);
  });
}

data_stream_reader data_stream_reader::name(std::string source_name) const {
  return with([&](auto& settings) { settings.source_name = std::move(source_name); });
}

data_frame data_stream_reader::load() const {
  return streaming::load(session_, settings_, std::nullopt);
}

data_frame data_stream_reader::load(std::string path) const {
  return streaming::load(session_, settings_, std::move(path));
}

data_frame data_stream_reader::table(std::string name) const {
  const auto write = [name = std::move(name), settings = settings_](spark::connect::Relation& to, plan::build& build) {
    to.mutable_read()->set_is_streaming(true);
    auto& table = *to.mutable_read()->mutable_named_table();
    build.name("table name", name, *table.mutable_unparsed_identifier());
    build.options(settings->options, *table.mutable_options());
  };
  return streaming::make_frame(session_, plan::make_relation(plan::extent(), write));
}

data_frame data_stream_reader::csv(std::string path) const {
  return format("csv").load(std::move(path));
}
data_frame data_stream_reader::json(std::string path) const {
  return format("json").load(std::move(path));
}
data_frame data_stream_reader::parquet(std::string path) const {
  return format("parquet").load(std::move(path));
}
data_frame data_stream_reader::orc(std::string path) const {
  return format("orc").load(std::move(path));
}
data_frame data_stream_reader::text(std::string path) const {
  return format("text").load(std::move(path));
}
data_frame data_stream_reader::xml(std::string path) const {
  return format("xml").load(std::move(path));
}

}  // namespace cospark
