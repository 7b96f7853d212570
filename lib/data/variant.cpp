#include "data/variant.hpp"

#include "data/value_text.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

namespace cospark::data {
namespace {

using byte_span = std::span<const std::byte>;

constexpr int max_depth = 500;
constexpr std::size_t max_text = std::size_t{256} << 20;

void append_json_string(std::string_view text, std::string& out) {
  constexpr char digits[] = "0123456789ABCDEF";
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += digits[static_cast<unsigned char>(c) >> 4];
          out += digits[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_base64(byte_span content, std::string& out) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t at = 0; at < content.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, content.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < count ? std::to_integer<std::uint32_t>(content[at + i]) : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) out += i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
  }
}

void append_uuid(byte_span content, std::string& out) {
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += digits[std::to_integer<unsigned>(content[i]) >> 4];
    out += digits[std::to_integer<unsigned>(content[i]) & 15];
  }
}

// Thrown inside this file only, where a result at every step would hide the format.
struct damaged {
  errc code = errc::protocol_error;
  const char* what;
};

[[noreturn]] void refuse(const char* what) {
  throw damaged{errc::protocol_error, what};
}

byte_span part(byte_span from, std::size_t offset, std::size_t length) {
  if (offset > from.size() || length > from.size() - offset) refuse("it ends too early");
  return from.subspan(offset, length);
}

std::uint64_t unsigned_at(byte_span from, std::size_t offset, std::size_t width) {
  std::uint64_t number = 0;
  const byte_span digits = part(from, offset, width);
  for (std::size_t i = width; i-- > 0;) number = number << 8 | std::to_integer<std::uint64_t>(digits[i]);
  return number;
}

std::int64_t signed_at(byte_span from, std::size_t offset, std::size_t width) {
  const std::size_t unused = 64 - 8 * width;
  return static_cast<std::int64_t>(unsigned_at(from, offset, width) << unused) >> unused;
}

std::string_view text_of(byte_span content) {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

// The names of object fields.
class dictionary {
 public:
  explicit dictionary(byte_span metadata) : metadata_(metadata) {
    const auto header = unsigned_at(metadata, 0, 1);
    if ((header & 15) != 1) refuse("its version is unknown");
    width_ = (header >> 6) + 1;
    size_ = unsigned_at(metadata, 1, width_);
    (void)part(metadata, 1, width_ * (size_ + 2));
  }

  std::string_view operator[](std::uint64_t id) const {
    if (id >= size_) refuse("a field has no name");
    const std::uint64_t begin = offset(id);
    const std::uint64_t end = offset(id + 1);
    if (begin > end) refuse("the name of a field ends before it begins");
    return text_of(part(metadata_, 1 + width_ * (size_ + 2) + begin, end - begin));
  }

 private:
  std::uint64_t offset(std::uint64_t index) const { return unsigned_at(metadata_, 1 + width_ * (index + 1), width_); }

  byte_span metadata_;
  std::size_t width_ = 1;
  std::uint64_t size_ = 0;
};

class json_writer {
 public:
  explicit json_writer(byte_span metadata) : names_(metadata) {}

  void append(byte_span value, int depth) {
    if (depth > max_depth) throw damaged{errc::limit_exceeded, "it is nested too deeply"};
    if (out_.size() > max_text) throw damaged{errc::limit_exceeded, "its text is too long"};
    const auto header = unsigned_at(value, 0, 1);
    const auto info = header >> 2;
    switch (header & 3) {
      case 0:
        append_primitive(value, info);
        break;
      case 1:
        append_json_string(text_of(part(value, 1, info)), out_);
        break;
      case 2:
        append_object(value, info, depth);
        break;
      default:
        append_array(value, info, depth);
        break;
    }
  }

  std::string take() { return std::move(out_); }

 private:
  template <class Number>
  void append_floating(Number number) {
    if (!std::isfinite(number)) out_ += '"';
    append_text(number, out_);
    if (!std::isfinite(number)) out_ += '"';
  }

  void append_decimal(byte_span value, std::size_t width) {
    const auto scale = static_cast<int>(unsigned_at(value, 1, 1));
    if (scale > 38) refuse("a decimal has too many digits");
    const std::size_t low_width = std::min<std::size_t>(width, 8);
    const std::int64_t low = signed_at(value, 2, low_width);
    const std::int64_t high = width == 16 ? signed_at(value, 10, 8) : (low < 0 ? -1 : 0);
    std::string digits = decimal::from_words(high, static_cast<std::uint64_t>(low), scale).to_string();
    if (scale > 0) {
      digits.erase(digits.find_last_not_of('0') + 1);
      if (digits.back() == '.') digits.pop_back();
    }
    out_ += digits;
  }

  void append_time(std::int64_t micros, bool with_zone) {
    out_ += '"';
    append_date_time(micros, 1'000'000, out_);
    out_ += with_zone ? "+00:00\"" : "\"";
  }

  void append_primitive(byte_span value, std::uint64_t type) {
    switch (type) {
      case 0:
        out_ += "null";
        break;
      case 1:
        out_ += "true";
        break;
      case 2:
        out_ += "false";
        break;
      case 3:
        out_ += std::to_string(signed_at(value, 1, 1));
        break;
      case 4:
        out_ += std::to_string(signed_at(value, 1, 2));
        break;
      case 5:
        out_ += std::to_string(signed_at(value, 1, 4));
        break;
      case 6:
        out_ += std::to_string(signed_at(value, 1, 8));
        break;
      case 7:
        append_floating(std::bit_cast<double>(unsigned_at(value, 1, 8)));
        break;
      case 8:
        append_decimal(value, 4);
        break;
      case 9:
        append_decimal(value, 8);
        break;
      case 10:
        append_decimal(value, 16);
        break;
      case 11:
        out_ += '"';
        append_date(signed_at(value, 1, 4), out_);
        out_ += '"';
        break;
      case 12:
        append_time(signed_at(value, 1, 8), true);
        break;
      case 13:
        append_time(signed_at(value, 1, 8), false);
        break;
      case 14:
        append_floating(std::bit_cast<float>(static_cast<std::uint32_t>(unsigned_at(value, 1, 4))));
        break;
      case 15:
        out_ += '"';
        append_base64(part(value, 5, unsigned_at(value, 1, 4)), out_);
        out_ += '"';
        break;
      case 16:
        append_json_string(text_of(part(value, 5, unsigned_at(value, 1, 4))), out_);
        break;
      case 20:
        out_ += '"';
        append_uuid(part(value, 1, 16), out_);
        out_ += '"';
        break;
      default:
        refuse("it holds a type that is not known");
    }
  }

  void append_object(byte_span value, std::uint64_t info, int depth) {
    const std::size_t offset_width = (info & 3) + 1;
    const std::size_t id_width = (info >> 2 & 3) + 1;
    const std::size_t count_width = (info >> 4 & 1) != 0 ? 4 : 1;
    const std::uint64_t count = unsigned_at(value, 1, count_width);
    const std::size_t ids = 1 + count_width;
    const std::size_t offsets = ids + count * id_width;
    const std::size_t begin = offsets + (count + 1) * offset_width;
    (void)part(value, begin, 0);
    out_ += '{';
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i != 0) out_ += ',';
      append_json_string(names_[unsigned_at(value, ids + i * id_width, id_width)], out_);
      out_ += ':';
      append_at(value.subspan(begin), unsigned_at(value, offsets + i * offset_width, offset_width), depth);
    }
    out_ += '}';
  }

  void append_array(byte_span value, std::uint64_t info, int depth) {
    const std::size_t offset_width = (info & 3) + 1;
    const std::size_t count_width = (info >> 2 & 1) != 0 ? 4 : 1;
    const std::uint64_t count = unsigned_at(value, 1, count_width);
    const std::size_t offsets = 1 + count_width;
    const std::size_t begin = offsets + (count + 1) * offset_width;
    (void)part(value, begin, 0);
    out_ += '[';
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i != 0) out_ += ',';
      append_at(value.subspan(begin), unsigned_at(value, offsets + i * offset_width, offset_width), depth);
    }
    out_ += ']';
  }

  void append_at(byte_span values, std::uint64_t offset, int depth) {
    (void)part(values, offset, 1);
    append(values.subspan(offset), depth + 1);
  }

  dictionary names_;
  std::string out_;
};

}  // namespace

result<std::string> variant_to_json(const bytes& value, const bytes& metadata) {
  try {
    json_writer writer{byte_span(metadata)};
    writer.append(byte_span(value), 1);
    return writer.take();
  } catch (const damaged& problem) {
    return failure(problem.code, std::string("a damaged variant: ") + problem.what);
  }
}

}  // namespace cospark::data
