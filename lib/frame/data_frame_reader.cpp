#include <cospark/data_frame_reader.hpp>

#include "frame/access.hpp"
#include "frame/source.hpp"

#include <utility>

namespace cospark {

data_frame_reader frame::access::make_reader(connect::session_ptr session) {
  return data_frame_reader(std::move(session), std::make_shared<const source_settings>());
}

template <class Change>
data_frame_reader data_frame_reader::with(Change change) const {
  auto changed = std::make_shared<frame::source_settings>(*settings_);
  change(*changed);
  return data_frame_reader(session_, std::move(changed));
}

data_frame_reader data_frame_reader::format(std::string name) const {
  return with([&](auto& settings) { settings.format = std::move(name); });
}

data_frame_reader data_frame_reader::schema(std::string ddl) const {
  return with([&](auto& settings) { settings.schema = std::move(ddl); });
}

data_frame_reader data_frame_reader::schema(const cospark::schema& schema) const {
  return this->schema(schema.json());
}

data_frame_reader data_frame_reader::option(std::string name, const option_value& value) const {
  return with([&](auto& settings) { settings.options.insert_or_assign(std::move(name), value.text()); });
}

data_frame_reader data_frame_reader::options(const option_map& options) const {
  return with([&](auto& settings) {
    for (const auto& [name, value] : options) settings.options.insert_or_assign(name, value);
  });
}

data_frame data_frame_reader::load() const {
  return load(std::vector<std::string>());
}
data_frame data_frame_reader::load(std::string path) const {
  std::vector<std::string> paths;
  paths.push_back(std::move(path));
  return load(std::move(paths));
}

data_frame data_frame_reader::load(std::vector<std::string> paths) const {
  return frame::make_source(session_, settings_, std::move(paths));
}

data_frame data_frame_reader::table(std::string name) const {
  return frame::make_table(session_, settings_, std::move(name));
}

data_frame data_frame_reader::csv(std::string path) const {
  return format("csv").load(std::move(path));
}
data_frame data_frame_reader::json(std::string path) const {
  return format("json").load(std::move(path));
}
data_frame data_frame_reader::parquet(std::string path) const {
  return format("parquet").load(std::move(path));
}
data_frame data_frame_reader::orc(std::string path) const {
  return format("orc").load(std::move(path));
}
data_frame data_frame_reader::text(std::string path) const {
  return format("text").load(std::move(path));
}
data_frame data_frame_reader::xml(std::string path) const {
  return format("xml").load(std::move(path));
}
data_frame data_frame_reader::jdbc(std::string url, std::string table) const {
  return format("jdbc").option("url", url).option("dbtable", table).load();
}

}  // namespace cospark
