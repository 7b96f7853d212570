#include "data/type_name.hpp"

#include "data/type_text.hpp"

#include <charconv>
#include <map>
#include <optional>
#include <vector>

namespace cospark::data {
namespace {

// Spark names the coordinate system of srid 4326 in its own way.
constexpr std::string_view wgs84 = "OGC:CRS84";
constexpr std::string_view any_system = "SRID:ANY";

std::string coordinate_system(std::optional<int> srid) {
  if (!srid) return std::string(any_system);
  if (*srid == 4326) return std::string(wgs84);
  return (*srid == 0 ? "SRID:" : "EPSG:") + std::to_string(*srid);
}

std::optional<int> to_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The numbers between the parentheses of `name(…)`; nothing if the name is another or they are no numbers.
std::optional<std::vector<int>> numbers_of(std::string_view text, std::string_view name) {
  if (text.size() < name.size() + 2 || text.substr(0, name.size()) != name || text[name.size()] != '(' ||
      text.back() != ')') {
    return std::nullopt;
  }
  std::string_view rest = text.substr(name.size() + 1, text.size() - name.size() - 2);
  std::vector<int> numbers;
  while (true) {
    const std::size_t comma = rest.find(',');
    const auto number = to_number(rest.substr(0, comma));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    if (comma == std::string_view::npos) return numbers;
    rest.remove_prefix(comma + 1);
  }
}

const std::map<std::string_view, data_type>& plain_names() {
  static const std::map<std::string_view, data_type> names = {
      {"void", types::null_type()},
      {"null", types::null_type()},
      {"boolean", types::boolean_type()},
      {"byte", types::byte_type()},
      {"short", types::short_type()},
      {"integer", types::integer_type()},
      {"long", types::long_type()},
      {"float", types::float_type()},
      {"double", types::double_type()},
      {"decimal", types::decimal_type()},
      {"string", types::string_type()},
      {"binary", types::binary_type()},
      {"date", types::date_type()},
      {"timestamp", types::timestamp_type()},
      {"timestamp_ltz", types::timestamp_type()},
      {"timestamp_ntz", types::timestamp_ntz_type()},
      {"interval", types::calendar_interval_type()},
      {"variant", types::variant_type()},
  };
  return names;
}

std::optional<interval_field> to_field(std::string_view name) {
  for (int field = 0; field <= static_cast<int>(interval_field::second); ++field) {
    if (field_name(static_cast<interval_field>(field)) == name) return static_cast<interval_field>(field);
  }
  return std::nullopt;
}

std::optional<data_type> interval_of(std::string_view name) {
  constexpr std::string_view prefix = "interval ";
  if (name.substr(0, prefix.size()) != prefix) return std::nullopt;
  name.remove_prefix(prefix.size());
  const std::size_t to = name.find(" to ");
  const auto start = to_field(name.substr(0, to));
  const auto end = to == std::string_view::npos ? start : to_field(name.substr(to + 4));
  if (!start || !end) return std::nullopt;
  return *start <= interval_field::month ? types::year_month_interval_type(*start, *end)
                                         : types::day_time_interval_type(*start, *end);
}

// `geometry(OGC:CRS84)`, `geography(OGC:CRS84, SPHERICAL)`.
std::optional<data_type> spatial_of(std::string_view text) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') return std::nullopt;
  const std::string_view name = text.substr(0, open);
  std::string_view system = text.substr(open + 1, text.size() - open - 2);
  system = system.substr(0, system.find(','));
  std::optional<int> srid;
  if (system == wgs84) {
    srid = 4326;
  } else if (system != any_system) {
    if (system.substr(0, 5) != "SRID:" && system.substr(0, 5) != "EPSG:") return std::nullopt;
    srid = to_number(system.substr(5));
    if (!srid) return std::nullopt;
  }
  if (name == "geometry") return types::geometry_type(srid);
  if (name == "geography") return types::geography_type(srid);
  return std::nullopt;
}

data_type read_name(std::string_view name) {
  if (const auto found = plain_names().find(name); found != plain_names().end()) return found->second;
  if (const auto numbers = numbers_of(name, "decimal"); numbers && numbers->size() == 2) {
    return types::decimal_type((*numbers)[0], (*numbers)[1]);
  }
  struct one_number {
    std::string_view name;
    data_type (*make)(int);
  };
  static constexpr one_number with_one_number[] = {
      {"char", types::char_type},
      {"varchar", types::varchar_type},
      {"time", types::time_type},
      {"timestamp_ltz", types::timestamp_ltz_nanos_type},
      {"timestamp_ntz", types::timestamp_ntz_nanos_type},
  };
  for (const one_number& candidate : with_one_number) {
    const auto numbers = numbers_of(name, candidate.name);
    if (numbers && numbers->size() == 1) return candidate.make((*numbers)[0]);
  }
  if (const auto interval = interval_of(name)) return *interval;
  constexpr std::string_view collated = "string collate ";
  if (name.substr(0, collated.size()) == collated) return types::string_type(name.substr(collated.size()));
  if (const auto spatial = spatial_of(name)) return *spatial;
  return types::unparsed_type(name);
}

}  // namespace

std::string json_name(const data_type& type) {
  if (type.kind() == type_kind::geometry_type) return "geometry(" + coordinate_system(type.srid()) + ")";
  if (type.kind() == type_kind::geography_type) return "geography(" + coordinate_system(type.srid()) + ", SPHERICAL)";
  return type_name(type);
}

result<data_type> type_from_name(std::string_view name) {
  try {
    return read_name(name);
  } catch (const exception& problem) {
    return problem.error();
  }
}

}  // namespace cospark::data
