#include "data/encode.hpp"

#include "data/check.hpp"
#include "data/encode_schema.hpp"
#include "data/utf8.hpp"

#include <arrow_generated.h>

#include <cstring>
#include <limits>
#include <span>
#include <utility>

namespace cospark::data {
namespace {

namespace format = cospark::arrow;
// The values of a column; a null pointer stands for null below a null struct.
using cells = std::vector<const value*>;

// Of every column the nodes and buffers that describe it, in Arrow's order.
class column_writer {
 public:
  void append(const std::string& name, const data_type& type, bool nullable, const cells& column) {
    if (type.kind() == type_kind::udt_type) return append(name, type.sql_type(), nullable, column);
    begin(name, nullable, column, type.kind() == type_kind::null_type);
    switch (type.kind()) {
      case type_kind::null_type:
        return;
      case type_kind::boolean_type:
        return booleans(name, column);
      case type_kind::byte_type:
        return plain<std::int8_t>(name, column);
      case type_kind::short_type:
        return plain<std::int16_t>(name, column);
      case type_kind::integer_type:
        return plain<std::int32_t>(name, column);
      case type_kind::long_type:
        return plain<std::int64_t>(name, column);
      case type_kind::float_type:
        return plain<float>(name, column);
      case type_kind::double_type:
        return plain<double>(name, column);
      case type_kind::decimal_type:
        return numbers<words>(name, column, [&type](const value& cell) {
          const decimal number = cell.as<decimal>().rescale(type.precision(), type.scale()).value();
          return words{number.low(), static_cast<std::uint64_t>(number.high())};
        });
      case type_kind::string_type:
      case type_kind::char_type:
      case type_kind::varchar_type:
        return strings(name, column);
      case type_kind::binary_type:
        return variable(name, column, [](const value& cell) { return as_text(cell.as<bytes>()); });
      case type_kind::date_type:
        return numbers<std::int32_t>(name, column, [](const value& cell) {
          return static_cast<std::int32_t>(cell.as<date>().time_since_epoch().count());
        });
      case type_kind::timestamp_type:
        return times<timestamp>(name, column);
      case type_kind::timestamp_ntz_type:
        return times<timestamp_ntz>(name, column);
      case type_kind::timestamp_ltz_nanos_type:
        return times<timestamp_nanos>(name, column);
      case type_kind::timestamp_ntz_nanos_type:
        return times<timestamp_ntz_nanos>(name, column);
      case type_kind::time_type:
        return numbers<std::int64_t>(name, column, [](const value& cell) {
          return std::int64_t{cell.as<time_of_day>().since_midnight.count()};
        });
      case type_kind::calendar_interval_type:
        return numbers<calendar_words>(name, column, calendar);
      case type_kind::year_month_interval_type:
        return numbers<std::int32_t>(name, column,
                                     [](const value& cell) { return cell.as<year_month_interval>().months; });
      case type_kind::day_time_interval_type:
        return numbers<std::int64_t>(name, column, [](const value& cell) {
          return std::int64_t{cell.as<day_time_interval>().duration.count()};
        });
      case type_kind::array_type:
        return arrays(name, type, column);
      case type_kind::map_type:
        return maps(name, type, column);
      case type_kind::struct_type:
        return structs(name, type, column);
      case type_kind::variant_type:
        return variants(name, column);
      case type_kind::geometry_type:
        return shapes<geometry>(name, column);
      case type_kind::geography_type:
        return shapes<geography>(name, column);
      case type_kind::udt_type:
      case type_kind::unparsed_type:
        break;
    }
    fail("column " + name + ": local data of type " + type.simple_string());
  }

  const std::vector<format::FieldNode>& nodes() const noexcept { return nodes_; }
  const std::vector<format::Buffer>& buffers() const noexcept { return buffers_; }
  const std::string& body() const noexcept { return body_; }

 private:
  struct words {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  struct calendar_words {
    std::int32_t months = 0;
    std::int32_t days = 0;
    std::int64_t nanoseconds = 0;
  };

  static bool is_null(const value* cell) noexcept { return cell == nullptr || cell->is_null(); }

  static std::string_view as_text(const bytes& content) noexcept {
    return {reinterpret_cast<const char*>(content.data()), content.size()};
  }

  void append_buffer(const void* content, std::size_t size) {
    buffers_.emplace_back(static_cast<std::int64_t>(body_.size()), static_cast<std::int64_t>(size));
    if (size != 0) body_.append(static_cast<const char*>(content), size);
    body_.append((8 - body_.size() % 8) % 8, '\0');
  }

  template <class T>
  void append_buffer(const std::vector<T>& content) {
    append_buffer(content.data(), content.size() * sizeof(T));
  }

  void begin(const std::string& name, bool nullable, const cells& column, bool is_null_type) {
    std::vector<std::uint8_t> validity((column.size() + 7) / 8);
    std::int64_t nulls = 0;
    for (std::size_t i = 0; i < column.size(); ++i) {
      if (is_null(column[i])) {
        ++nulls;
        if (!nullable && column[i] != nullptr) fail(place(name, i) + "null, where the schema does not allow it");
      } else {
        if (is_null_type) fail(place(name, i) + "a value, where the type is void");
        validity[i / 8] = static_cast<std::uint8_t>(validity[i / 8] | 1U << i % 8);
      }
    }
    nodes_.emplace_back(static_cast<std::int64_t>(column.size()), nulls);
    if (!is_null_type) append_buffer(validity);
  }

  static std::string place(const std::string& name, std::size_t index) {
    return "column " + name + ", value " + std::to_string(index) + ": ";
  }

  // Calls `use(cell)` for a value that is not null, and says where a mismatch was.
  template <class Use>
  static void at(const std::string& name, const cells& column, std::size_t index, const Use& use) {
    if (is_null(column[index])) return;
    try {
      use(*column[index]);
    } catch (const exception& problem) {
      fail(place(name, index) + problem.error().message());
    }
  }

  template <class Use>
  static void for_each(const std::string& name, const cells& column, const Use& use) {
    for (std::size_t i = 0; i < column.size(); ++i) {
      at(name, column, i, [&](const value& cell) { use(i, cell); });
    }
  }

  template <class T, class Convert>
  void numbers(const std::string& name, const cells& column, const Convert& convert) {
    std::vector<T> content(column.size());
    for_each(name, column, [&](std::size_t i, const value& cell) { content[i] = convert(cell); });
    append_buffer(content);
  }

  template <class T>
  void plain(const std::string& name, const cells& column) {
    numbers<T>(name, column, [](const value& cell) { return cell.as<T>(); });
  }

  template <class Time>
  void times(const std::string& name, const cells& column) {
    numbers<std::int64_t>(name, column,
                          [](const value& cell) { return std::int64_t{cell.as<Time>().time_since_epoch().count()}; });
  }

  static calendar_words calendar(const value& cell) {
    const auto& interval = cell.as<calendar_interval>();
    const std::int64_t micros = interval.microseconds.count();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1000;
    require(micros <= most && micros >= -most, "an interval too long to be counted in nanoseconds");
    return {interval.months, interval.days, micros * 1000};
  }

  void booleans(const std::string& name, const cells& column) {
    std::vector<std::uint8_t> bits((column.size() + 7) / 8);
    for_each(name, column, [&](std::size_t i, const value& cell) {
      if (cell.as<bool>()) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << i % 8);
    });
    append_buffer(bits);
  }

  static std::int32_t checked_offset(const std::string& name, std::size_t size) {
    if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
      throw exception(error(errc::limit_exceeded, "column " + name + ": more than 2^31 - 1 bytes or elements"));
    }
    return static_cast<std::int32_t>(size);
  }

  // `content(cell)`: the bytes of a value.
  template <class Content>
  void variable(const std::string& name, const cells& column, const Content& content) {
    std::vector<std::int32_t> offsets(column.size() + 1);
    std::string all;
    for (std::size_t i = 0; i < column.size(); ++i) {
      at(name, column, i, [&](const value& cell) { all += content(cell); });
      offsets[i + 1] = checked_offset(name, all.size());
    }
    append_buffer(offsets);
    append_buffer(all.data(), all.size());
  }

  void strings(const std::string& name, const cells& column) {
    variable(name, column, [](const value& cell) -> std::string_view {
      const std::string& text = cell.as<std::string>();
      require(classify(std::as_bytes(std::span(text))) != text_kind::neither, "a string that is not UTF-8");
      return text;
    });
  }

  void arrays(const std::string& name, const data_type& type, const cells& column) {
    std::vector<std::int32_t> offsets(column.size() + 1);
    cells elements;
    for (std::size_t i = 0; i < column.size(); ++i) {
      at(name, column, i, [&](const value& cell) {
        for (const value& element : cell.as<array_value>()) elements.push_back(&element);
      });
      offsets[i + 1] = checked_offset(name, elements.size());
    }
    append_buffer(offsets);
    append(name + ".element", type.element_type(), type.contains_null(), elements);
  }

  void maps(const std::string& name, const data_type& type, const cells& column) {
    std::vector<std::int32_t> offsets(column.size() + 1);
    cells keys;
    cells contents;
    for (std::size_t i = 0; i < column.size(); ++i) {
      at(name, column, i, [&](const value& cell) {
        for (const auto& [key, content] : cell.as<map_value>()) {
          keys.push_back(&key);
          contents.push_back(&content);
        }
      });
      offsets[i + 1] = checked_offset(name, keys.size());
    }
    append_buffer(offsets);
    nodes_.emplace_back(static_cast<std::int64_t>(keys.size()), 0);
    append_buffer(nullptr, 0);
    append(name + ".key", type.key_type(), false, keys);
    append(name + ".value", type.value_type(), type.value_contains_null(), contents);
  }

  void structs(const std::string& name, const data_type& type, const cells& column) {
    const schema& fields = type.fields();
    std::vector<cells> parts(fields.size(), cells(column.size()));
    for_each(name, column, [&](std::size_t i, const value& cell) {
      const row& content = cell.as<row>();
      require(content.size() == fields.size(), "a struct with another number of values than its type has fields");
      for (std::size_t part = 0; part < parts.size(); ++part) parts[part][i] = &content[part];
    });
    for (std::size_t part = 0; part < parts.size(); ++part) {
      append(name + "." + fields[part].name, fields[part].type, fields[part].nullable, parts[part]);
    }
  }

  // Parts of a value that are no values themselves: bytes that null leaves empty.
  template <class Content>
  void byte_part(const std::string& name, const cells& column, const Content& content) {
    begin(name, true, column, false);
    variable(name, column, content);
  }

  void variants(const std::string& name, const cells& column) {
    byte_part(name, column, [](const value& cell) { return as_text(cell.as<variant_value>().value); });
    byte_part(name, column, [](const value& cell) { return as_text(cell.as<variant_value>().metadata); });
  }

  template <class Shape>
  void shapes(const std::string& name, const cells& column) {
    begin(name, true, column, false);
    numbers<std::int32_t>(name, column, [](const value& cell) { return cell.as<Shape>().srid; });
    byte_part(name, column, [](const value& cell) { return as_text(cell.as<Shape>().wkb); });
  }

  std::vector<format::FieldNode> nodes_;
  std::vector<format::Buffer> buffers_;
  std::string body_;
};

std::string encode_stream(const schema& schema, const std::vector<row>& rows) {
  std::string stream;
  append_schema_message(schema, stream);
  column_writer writer;
  for (std::size_t index = 0; index < rows.size(); ++index) {
    if (rows[index].size() == schema.size()) continue;
    fail("row " + std::to_string(index) + " has " + std::to_string(rows[index].size()) + " values for " +
         std::to_string(schema.size()) + " columns");
  }
  cells column(rows.size());
  for (std::size_t part = 0; part < schema.size(); ++part) {
    for (std::size_t index = 0; index < rows.size(); ++index) column[index] = &rows[index][part];
    writer.append(schema[part].name, schema[part].type, schema[part].nullable, column);
  }
  flatbuffers::FlatBufferBuilder builder;
  const auto nodes = builder.CreateVectorOfStructs(writer.nodes());
  const auto buffers = builder.CreateVectorOfStructs(writer.buffers());
  const auto batch = format::CreateRecordBatch(builder, static_cast<std::int64_t>(rows.size()), nodes, buffers);
  builder.Finish(format::CreateMessage(builder, format::MetadataVersion_V5, format::MessageHeader_RecordBatch,
                                       batch.Union(), static_cast<std::int64_t>(writer.body().size())));
  append_message(builder, writer.body(), stream);
  const std::int32_t end_mark[] = {-1, 0};
  stream.append(reinterpret_cast<const char*>(end_mark), sizeof end_mark);
  return stream;
}

}  // namespace

result<std::string> encode(const schema& schema, const std::vector<row>& rows) {
  try {
    return encode_stream(schema, rows);
  } catch (const exception& problem) {
    return problem.error();
  }
}

}  // namespace cospark::data
