#include "data/batch_reader.hpp"

#include "data/decompress.hpp"
#include "data/utf8.hpp"

#include <arrow_generated.h>

#include <bit>
#include <cstring>
#include <optional>
#include <string>

namespace cospark::data {
namespace {

namespace format = cospark::arrow;
using byte_span = std::span<const std::byte>;

// Stands for buffers that a column without rows need not have.
alignas(8) constexpr std::byte zeros[16] = {};

auto bad_batch(const std::string& what) {
  return failure(errc::protocol_error, "damaged Arrow batch: " + what);
}
auto too_much(const std::string& what) {
  return failure(errc::limit_exceeded, "Arrow batch: " + what);
}

std::int64_t count_set_bits(byte_span bits, std::int64_t count) noexcept {
  std::int64_t set = 0;
  const auto whole = static_cast<std::size_t>(count / 8);
  for (std::size_t i = 0; i < whole; ++i) set += std::popcount(std::to_integer<unsigned>(bits[i]));
  if (count % 8 != 0) set += std::popcount(std::to_integer<unsigned>(bits[whole]) & ((1U << (count % 8)) - 1));
  return set;
}

// The types of a column's parts, in the order of Arrow's children.
std::vector<data_type> part_types(const arrow_field& field, const data_type& type) {
  switch (type.kind()) {
    case type_kind::udt_type:
      return part_types(field, type.sql_type());
    case type_kind::array_type:
      return {type.element_type()};
    case type_kind::map_type:
      return {types::struct_type(schema().add("key", type.key_type(), false).add("value", type.value_type()))};
    case type_kind::struct_type: {
      std::vector<data_type> parts;
      for (const cospark::field& one : type.fields()) parts.push_back(one.type);
      return parts;
    }
    default: {
      std::vector<data_type> parts;
      for (const arrow_field& child : field.children) parts.push_back(child.type);
      return parts;
    }
  }
}

class reader {
 public:
  reader(const format::RecordBatch& message, byte_span body, const decode_limits& limits)
      : message_(message), body_(body), limits_(limits) {}

  // What must hold for the message as a whole.
  result<void> check() {
    if (message_.length() < 0) return bad_batch("a negative number of rows");
    if (message_.length() > limits_.rows) return too_much(std::to_string(message_.length()) + " rows");
    if (const format::BodyCompression* compression = message_.compression()) {
      if (compression->method() != format::CompressionMethod_Buffer) return bad_batch("an unknown way of compression");
      switch (compression->codec()) {
        case format::CompressionType_Lz4Frame:
          codec_ = codec::lz4_frame;
          break;
        case format::CompressionType_Zstd:
          codec_ = codec::zstd;
          break;
        default:
          return bad_batch("an unknown codec");
      }
    }
    // FlatBuffers' verifier does not look at the alignment of structures in a vector.
    if ((node_count() != 0 && !is_aligned(message_.nodes()->Data())) ||
        (buffer_count() != 0 && !is_aligned(message_.buffers()->Data()))) {
      return bad_batch("its head is not aligned");
    }
    // Buffers that share bytes would let a small message stand for endless work.
    std::int64_t total = 0;
    for (std::size_t i = 0; i < buffer_count(); ++i) {
      const format::Buffer& buffer = *message_.buffers()->Get(static_cast<flatbuffers::uoffset_t>(i));
      const auto size = static_cast<std::int64_t>(body_.size());
      if (buffer.offset() < 0 || buffer.length() < 0 || buffer.offset() > size ||
          buffer.length() > size - buffer.offset()) {
        return bad_batch("a buffer lies outside of the message");
      }
      if (buffer.offset() % 8 != 0) return bad_batch("a buffer is not aligned");
      total += buffer.length();
      if (total > size) return bad_batch("buffers overlap");
    }
    return success();
  }

  result<column_data> column(const arrow_field& field, const data_type& type, std::int64_t expected) {
    COSPARK_TRY_RETURN(column_data column, begin(field, type));
    if (expected >= 0 && column.size != expected) return wrong(field, "has another number of values than the batch");
    switch (field.shape) {
      case layout::null:
        break;
      case layout::boolean:
      case layout::fixed:
        COSPARK_TRY_RETURN(read_fixed(field, column));
        break;
      case layout::variable:
      case layout::large_variable:
        COSPARK_TRY_RETURN(read_variable(field, column));
        break;
      case layout::list:
      case layout::map:
        COSPARK_TRY_RETURN(read_list(field, column));
        break;
      case layout::structure:
        COSPARK_TRY_RETURN(read_children(field, column, column.size));
        break;
    }
    return column;
  }

  result<void> finish() const {
    if (next_node_ != node_count() || next_buffer_ != buffer_count())
      return bad_batch("it holds more than its columns need");
    return success();
  }

  std::vector<std::shared_ptr<const void>> take_owners() { return std::move(owners_); }

 private:
  std::size_t node_count() const noexcept { return message_.nodes() == nullptr ? 0 : message_.nodes()->size(); }
  std::size_t buffer_count() const noexcept { return message_.buffers() == nullptr ? 0 : message_.buffers()->size(); }

  static bool is_aligned(const void* place) noexcept { return reinterpret_cast<std::uintptr_t>(place) % 8 == 0; }

  static error wrong(const arrow_field& field, const std::string& what) {
    return error(errc::protocol_error, "damaged Arrow batch: column " + field.name + " " + what);
  }

  // Number of values, number of nulls, and where they are.
  result<column_data> begin(const arrow_field& field, const data_type& type) {
    if (next_node_ == node_count()) return wrong(field, "is missing");
    const format::FieldNode& node = *message_.nodes()->Get(static_cast<flatbuffers::uoffset_t>(next_node_++));
    column_data column;
    column.type = type;
    column.shape = field.shape;
    column.width = field.width;
    column.size = node.length();
    column.null_count = node.null_count();
    if (column.size < 0) return wrong(field, "has a negative number of values");
    if (column.size > limits_.rows)
      return too_much("column " + field.name + ": " + std::to_string(column.size) + " values");
    if (column.null_count < 0 || column.null_count > column.size)
      return wrong(field, "has an impossible number of nulls");
    if (field.shape == layout::null) {
      column.null_count = column.size;
      return column;
    }
    COSPARK_TRY_RETURN(const byte_span validity, buffer(field));
    if (column.null_count == 0) return column;
    if (static_cast<std::int64_t>(validity.size()) < (column.size + 7) / 8)
      return wrong(field, "does not say what is null");
    if (column.size - count_set_bits(validity, column.size) != column.null_count) {
      return wrong(field, "has another number of nulls than it says");
    }
    column.validity = validity.data();
    return column;
  }

  result<byte_span> buffer(const arrow_field& field) {
    if (next_buffer_ == buffer_count()) return wrong(field, "lacks a buffer");
    const format::Buffer& place = *message_.buffers()->Get(static_cast<flatbuffers::uoffset_t>(next_buffer_++));
    byte_span bytes = body_.subspan(static_cast<std::size_t>(place.offset()), static_cast<std::size_t>(place.length()));
    if (!codec_ || bytes.empty()) {
      COSPARK_TRY_RETURN(account(field, place.length()));
      return bytes;
    }
    if (bytes.size() < 8) return wrong(field, "has a compressed buffer without length");
    std::int64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes = bytes.subspan(8);
    if (length == -1) {
      COSPARK_TRY_RETURN(account(field, static_cast<std::int64_t>(bytes.size())));
      return bytes;
    }
    if (length < 0) return wrong(field, "has a compressed buffer of negative length");
    COSPARK_TRY_RETURN(account(field, length));
    if (length == 0) return byte_span();
    COSPARK_TRY_RETURN(auto unpacked, decompress(*codec_, bytes, static_cast<std::size_t>(length)));
    owners_.push_back(unpacked);
    return byte_span(unpacked.get(), static_cast<std::size_t>(length));
  }

  result<void> account(const arrow_field& field, std::int64_t length) {
    if (length > limits_.buffer_bytes) {
      return too_much("column " + field.name + ": a buffer of " + std::to_string(length) + " bytes");
    }
    total_bytes_ += length;
    if (total_bytes_ > limits_.batch_bytes)
      return too_much("more than " + std::to_string(limits_.batch_bytes) + " bytes");
    return success();
  }

  result<void> read_fixed(const arrow_field& field, column_data& column) {
    COSPARK_TRY_RETURN(const byte_span values, buffer(field));
    const std::int64_t needed = field.shape == layout::boolean ? (column.size + 7) / 8 : column.size * field.width;
    if (static_cast<std::int64_t>(values.size()) < needed) return wrong(field, "has fewer values than it says");
    column.values = needed == 0 ? zeros : values.data();
    return success();
  }

  // Offsets must go up, from 0 or more to `end` or less.
  template <class Offset>
  static bool offsets_hold(const column_data& column, std::int64_t end) noexcept {
    const auto* offsets = reinterpret_cast<const Offset*>(column.offsets);
    if (offsets[0] < 0 || offsets[column.size] > end) return false;
    bool holds = true;
    for (std::int64_t i = 0; i < column.size; ++i) holds &= offsets[i] <= offsets[i + 1];
    return holds;
  }

  result<void> read_offsets(const arrow_field& field, column_data& column) {
    COSPARK_TRY_RETURN(const byte_span offsets, buffer(field));
    const std::int64_t width = column.shape == layout::large_variable ? 8 : 4;
    if (column.size == 0 && static_cast<std::int64_t>(offsets.size()) < width) {
      column.offsets = zeros;
      return success();
    }
    if (static_cast<std::int64_t>(offsets.size()) < (column.size + 1) * width) return wrong(field, "lacks offsets");
    column.offsets = offsets.data();
    return success();
  }

  result<void> read_variable(const arrow_field& field, column_data& column) {
    COSPARK_TRY_RETURN(read_offsets(field, column));
    COSPARK_TRY_RETURN(const byte_span values, buffer(field));
    column.values = values.empty() ? zeros : values.data();
    const auto end = static_cast<std::int64_t>(values.size());
    const bool holds = column.shape == layout::large_variable ? offsets_hold<std::int64_t>(column, end)
                                                              : offsets_hold<std::int32_t>(column, end);
    if (!holds) return wrong(field, "has offsets that do not go up or lie outside of its values");
    if (field.type.kind() == type_kind::string_type && limits_.require_utf8 && !is_utf8(column)) {
      return wrong(field,
                   "holds a string that is not UTF-8; is_valid_utf8 and make_valid_utf8 find and mend such ones");
    }
    return success();
  }

  static bool is_utf8(const column_data& column) noexcept {
    const std::int64_t begin = column.offset(0);
    const std::int64_t end = column.offset(column.size);
    const text_kind kind = classify(byte_span(column.values + begin, static_cast<std::size_t>(end - begin)));
    if (kind != text_kind::utf8) return kind == text_kind::ascii;
    // The whole is UTF-8, so the parts are if none begins inside a character.
    for (std::int64_t i = 0; i < column.size; ++i) {
      const std::int64_t at = column.offset(i);
      if (at < end && is_continuation(column.values[at])) return false;
    }
    return true;
  }

  result<void> read_list(const arrow_field& field, column_data& column) {
    COSPARK_TRY_RETURN(read_offsets(field, column));
    COSPARK_TRY_RETURN(read_children(field, column, -1));
    const column_data& child = column.children[0];
    if (!offsets_hold<std::int32_t>(column, child.size)) {
      return wrong(field, "has offsets that do not go up or lie outside of its elements");
    }
    if (field.shape == layout::map && child.null_count != 0) return wrong(field, "has entries that are null");
    return success();
  }

  result<void> read_children(const arrow_field& field, column_data& parent, std::int64_t expected) {
    const std::vector<data_type> types = part_types(field, parent.type);
    parent.children.reserve(field.children.size());
    for (std::size_t i = 0; i < field.children.size(); ++i) {
      COSPARK_TRY_RETURN(column_data child, column(field.children[i], types[i], expected));
      parent.children.push_back(std::move(child));
    }
    return success();
  }

  const format::RecordBatch& message_;
  byte_span body_;
  const decode_limits& limits_;
  std::optional<codec> codec_;
  std::size_t next_node_ = 0;
  std::size_t next_buffer_ = 0;
  std::int64_t total_bytes_ = 0;
  std::vector<std::shared_ptr<const void>> owners_;
};

column_data empty_column(const arrow_field& field, const data_type& type) {
  column_data column;
  column.type = type;
  column.shape = field.shape;
  column.width = field.width;
  column.offsets = zeros;
  column.values = zeros;
  const std::vector<data_type> types = part_types(field, type);
  for (std::size_t i = 0; i < field.children.size(); ++i) {
    column.children.push_back(empty_column(field.children[i], types[i]));
  }
  return column;
}

}  // namespace

result<batch_data> read_batch(const ipc_message& message, std::shared_ptr<const std::vector<arrow_field>> fields,
                              const schema& columns, const decode_limits& limits) {
  const format::RecordBatch* content = message.metadata->header_as_RecordBatch();
  if (content == nullptr) return bad_batch("a message without content");
  reader reader(*content, message.body, limits);
  COSPARK_TRY_RETURN(reader.check());
  batch_data batch;
  batch.row_count = content->length();
  batch.columns.reserve(fields->size());
  for (std::size_t i = 0; i < fields->size(); ++i) {
    COSPARK_TRY_RETURN(column_data column, reader.column((*fields)[i], columns[i].type, batch.row_count));
    batch.columns.push_back(std::move(column));
  }
  COSPARK_TRY_RETURN(reader.finish());
  batch.owners = reader.take_owners();
  batch.columns_schema = columns;
  batch.fields = std::move(fields);
  return batch;
}

batch_data empty_batch(std::shared_ptr<const std::vector<arrow_field>> fields, const schema& columns) {
  batch_data batch;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    batch.columns.push_back(empty_column((*fields)[i], columns[i].type));
  }
  batch.columns_schema = columns;
  batch.fields = std::move(fields);
  return batch;
}

}  // namespace cospark::data
