#include "data/ipc_message.hpp"

#include <arrow_generated.h>

#include <cstring>
#include <string>

namespace cospark::data {
namespace {

constexpr std::uint32_t continuation = 0xffffffff;

template <class T>
T read(std::span<const std::byte> from, std::size_t offset) noexcept {
  T number;
  std::memcpy(&number, from.data() + offset, sizeof number);
  return number;
}

auto bad_message(const std::string& what) {
  return failure(errc::protocol_error, "damaged Arrow stream: " + what);
}

}  // namespace

result<std::vector<ipc_message>> split_stream(std::span<const std::byte> stream, int max_depth) {
  std::vector<ipc_message> messages;
  while (true) {
    if (stream.size() < 8) return bad_message("it ends without an end mark");
    if (read<std::uint32_t>(stream, 0) != continuation) return bad_message("a message does not begin with its mark");
    const auto length = read<std::int32_t>(stream, 4);
    stream = stream.subspan(8);
    if (length == 0) break;
    if (length < 0 || static_cast<std::size_t>(length) > stream.size())
      return bad_message("it ends inside a message's head");
    if (length % 8 != 0) return bad_message("a message's head is not padded");
    const std::span<const std::byte> head = stream.first(static_cast<std::size_t>(length));
    stream = stream.subspan(head.size());

    // A table takes at least four bytes: more tables than that means that they are shared, which a field may not be.
    // Every level of fields adds a vector of tables; the rest of the metadata needs less than 16 levels.
    flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(head.data()), head.size(),
                                   static_cast<flatbuffers::uoffset_t>(2 * max_depth + 16),
                                   static_cast<flatbuffers::uoffset_t>(head.size() / 4));
    if (!cospark::arrow::VerifyMessageBuffer(verifier))
      return bad_message("a message's head is malformed or nested too deeply");
    const cospark::arrow::Message* metadata = cospark::arrow::GetMessage(head.data());
    if (metadata->version() < cospark::arrow::MetadataVersion_V4 ||
        metadata->version() > cospark::arrow::MetadataVersion_V5) {
      return bad_message("its metadata version " + std::to_string(metadata->version()) + " is not known");
    }
    const std::int64_t body = metadata->body_length();
    if (body < 0 || static_cast<std::uint64_t>(body) > stream.size())
      return bad_message("it ends inside a message's body");
    if (body % 8 != 0) return bad_message("a message's body is not padded");
    messages.push_back({metadata, stream.first(static_cast<std::size_t>(body))});
    stream = stream.subspan(static_cast<std::size_t>(body));
  }
  if (!stream.empty()) return bad_message("bytes follow its end mark");
  return messages;
}

}  // namespace cospark::data
