#include "fixture.hpp"

#include "catch.hpp"

#include "data/chunk_assembler.hpp"
#include "data/proto_type.hpp"

#include <cospark/row.hpp>

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fixture {
namespace {

namespace json = boost::json;
using namespace cospark;

const std::string arrow_folder = COSPARK_TEST_DATA "/arrow/";

std::string base64(const bytes& content) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (std::byte one : content) {
    bits = bits << 8 | std::to_integer<unsigned>(one);
    for (count += 8; count >= 6; count -= 6) text += digits[bits >> (count - 6) & 63];
    bits &= 0xffffU >> (16 - count);
  }
  if (count > 0) text += digits[bits << (6 - count) & 63];
  while (text.size() % 4 != 0) text += '=';
  return "{\"base64\":\"" + text + "\"}";
}

std::string quoted(const std::string& text) {
  return json::serialize(json::string(text));
}

// Texts of the recordings have six or nine digits of a second or none.
template <class Duration>
std::string padded(std::string text) {
  const std::size_t digits = Duration::period::den == 1'000'000 ? 6 : 9;
  const std::size_t point = text.find('.');
  if (point != std::string::npos) text.append(digits - (text.size() - point - 1), '0');
  return text;
}

template <class Time>
std::string zoned(Time time, const json::value& like) {
  const std::string zone = like.is_string() ? std::string(like.as_string()).substr(like.as_string().size() - 6) : "";
  const int sign = zone.empty() || zone[0] == '+' ? 1 : -1;
  const int minutes = zone.empty() ? 0 : std::stoi(zone.substr(1, 2)) * 60 + std::stoi(zone.substr(4));
  const Time shifted = time + sign * std::chrono::minutes(minutes);
  return quoted(padded<typename Time::duration>(value(shifted).to_string()) + zone);
}

std::string number(double content, const json::value& like) {
  if (std::isnan(content)) return "\"nan\"";
  if (std::isinf(content)) return content < 0 ? "\"-inf\"" : "\"inf\"";
  // The recording's own digits are used if they mean the same number.
  return like.is_number() && like.to_number<double>() == content ? json::serialize(like) : value(content).to_string();
}

// `-1 day, 23:00:00`: days round down, so that the clock is never negative.
std::string python_duration(std::chrono::microseconds duration) {
  const auto days = std::chrono::floor<std::chrono::days>(duration);
  std::string text;
  if (days.count() != 0) {
    text = std::to_string(days.count()) + (std::abs(days.count()) == 1 ? " day, " : " days, ");
  }
  std::string clock = padded<std::chrono::microseconds>(value(time_of_day{duration - days}).to_string());
  if (clock[0] == '0') clock.erase(0, 1);
  return quoted(text + clock);
}

const json::value& member(const json::value& object, const std::string& name) {
  static const json::value none;
  if (!object.is_object()) return none;
  const json::value* found = object.as_object().if_contains(name);
  return found == nullptr ? none : *found;
}

const json::value& element(const json::value& list, std::size_t index) {
  static const json::value none;
  return list.is_array() && index < list.as_array().size() ? list.as_array()[index] : none;
}

std::string array_as_recorded(const array_value& elements, const json::value& like) {
  std::string text = "[";
  for (std::size_t i = 0; i < elements.size(); ++i) {
    text += (i == 0 ? "" : ",") + as_recorded(elements[i], element(like, i));
  }
  return text + "]";
}

std::string map_as_recorded(const map_value& entries, const json::value& like) {
  array_value pairs;
  for (const auto& [key, content] : entries) pairs.emplace_back(array_value{key, content});
  return array_as_recorded(pairs, like);
}

std::string row_as_recorded(const row& fields, const json::value& like) {
  std::string text = "{";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& name = fields.schema()[i].name;
    text += (i == 0 ? "" : ",") + quoted(name) + ":" + as_recorded(fields[i], member(like, name));
  }
  return text + "}";
}

template <class Shape>
std::string shape_as_recorded(const Shape& shape) {
  return "{\"srid\":" + std::to_string(shape.srid) + ",\"wkb\":" + base64(shape.wkb) + "}";
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

json::value parse(const std::string& text) {
  json::parse_options options;
  options.max_depth = 200;
  return json::parse(text, {}, options);
}

std::string as_recorded(const value& content, const json::value& like) {
  switch (content.kind()) {
    case type_kind::null_type:
      return "null";
    case type_kind::long_type:
      return like.is_string() ? quoted(content.to_string()) : content.to_string();
    case type_kind::float_type:
      return number(content.as<float>(), like);
    case type_kind::double_type:
      return number(content.as<double>(), like);
    case type_kind::binary_type:
      return base64(content.as<bytes>());
    case type_kind::timestamp_type:
      return zoned(content.as<timestamp>(), like);
    case type_kind::timestamp_ltz_nanos_type:
      return zoned(content.as<timestamp_nanos>(), like);
    case type_kind::timestamp_ntz_type:
    case type_kind::timestamp_ntz_nanos_type:
    case type_kind::time_type:
    case type_kind::string_type:
    case type_kind::date_type:
      return quoted(content.to_string());
    case type_kind::decimal_type:
      // Python prints small numbers with an exponent.
      return like.is_string() && like.as_string() == "-1E-18" && content.to_string() == "-0.000000000000000001"
                 ? json::serialize(like)
                 : quoted(content.to_string());
    case type_kind::day_time_interval_type:
      return python_duration(content.as<day_time_interval>().duration);
    case type_kind::calendar_interval_type: {
      const auto& interval = content.as<calendar_interval>();
      return quoted("MonthDayNano(months=" + std::to_string(interval.months) +
                    ", days=" + std::to_string(interval.days) +
                    ", nanoseconds=" + std::to_string(interval.microseconds.count() * 1000) + ")");
    }
    case type_kind::array_type:
      return array_as_recorded(content.as<array_value>(), like);
    case type_kind::map_type:
      return map_as_recorded(content.as<map_value>(), like);
    case type_kind::struct_type:
      return row_as_recorded(content.as<row>(), like);
    case type_kind::variant_type:
      return "{\"value\":" + base64(content.as<variant_value>().value) +
             ",\"metadata\":" + base64(content.as<variant_value>().metadata) + "}";
    case type_kind::geometry_type:
      return shape_as_recorded(content.as<geometry>());
    case type_kind::geography_type:
      return shape_as_recorded(content.as<geography>());
    default:
      return content.to_string();
  }
}

recording recording_of(const std::string& version, const std::string& name) {
  const std::string base = arrow_folder + version + "/" + name;
  const json::value description = parse(read_file(base + ".json"));
  recording one;
  one.name = version + "/" + name;
  spark::connect::DataType schema;
  const std::string schema_text = json::serialize(description.at("spark_schema"));
  REQUIRE(google::protobuf::util::JsonStringToMessage(schema_text, &schema).ok());
  one.schema = data::schema_from_proto(schema).value();
  one.row_counts = json::value_to<std::vector<std::int64_t>>(description.at("row_count"));
  one.rows = description.at("rows");
  one.casts = description.at("cast_to_string");

  if (std::filesystem::exists(base + ".arrows")) {
    one.streams.push_back(std::make_shared<const std::string>(read_file(base + ".arrows")));
    return one;
  }
  const bool chunked = name == "chunked";
  data::chunk_assembler chunks;
  for (std::size_t i = 0; i < one.row_counts.size(); ++i) {
    data::arrow_chunk chunk;
    chunk.data = std::make_shared<const std::string>(read_file(base + "." + std::to_string(i) + ".arrows"));
    chunk.row_count = one.row_counts[i];
    if (chunked) {
      chunk.chunk_index = static_cast<std::int64_t>(i);
      chunk.chunk_count = static_cast<std::int64_t>(one.row_counts.size());
    }
    if (auto stream = chunks.add(std::move(chunk)).value()) one.streams.push_back(stream->data);
  }
  REQUIRE(chunks.finish());
  if (chunked) one.row_counts.resize(1);
  return one;
}

std::vector<recording> all_recordings() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(arrow_folder)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<recording> recordings;
  for (const std::string& path : paths) {
    const std::filesystem::path file(path);
    recordings.push_back(recording_of(file.parent_path().filename().string(), file.stem().string()));
  }
  return recordings;
}

std::vector<std::shared_ptr<const std::string>> all_streams() {
  std::vector<std::shared_ptr<const std::string>> streams;
  for (const recording& one : all_recordings()) streams.insert(streams.end(), one.streams.begin(), one.streams.end());
  return streams;
}

std::string walk(const record_batch& batch) {
  std::string text;
  for (const row& one : batch) text += one.to_string() + "\n";
  ArrowSchema schema;
  ArrowArray array;
  batch.export_to_c(&schema, &array);
  array.release(&array);
  schema.release(&schema);
  return text;
}

}  // namespace fixture
