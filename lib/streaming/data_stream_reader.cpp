#include <cospark/data_stream_reader.hpp>

#include "frame/source.hpp"
#include "streaming/access.hpp"

#include <utility>

namespace cospark {

data_stream_reader streaming::access::make_reader(connect::session_ptr session) {
  auto settings = std::make_shared<frame::source_settings>();
  settings->is_streaming = true;
  return data_stream_reader(std::move(session), std::move(settings));
}

template <class Change>
data_stream_reader data_stream_reader::with(Change change) const {
  auto settings = std::make_shared<frame::source_settings>(*settings_);
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
  return with([&](auto& settings) { settings.name = std::move(source_name); });
}

data_frame data_stream_reader::load() const {
  return frame::make_source(session_, settings_, {});
}

data_frame data_stream_reader::load(std::string path) const {
  std::vector<std::string> paths;
  paths.push_back(std::move(path));
  return frame::make_source(session_, settings_, std::move(paths));
}

data_frame data_stream_reader::table(std::string name) const {
  return frame::make_table(session_, settings_, std::move(name));
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
