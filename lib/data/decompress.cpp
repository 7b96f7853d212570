#include "data/decompress.hpp"

#include <lz4frame.h>
#include <zstd.h>

#include <cstdint>
#include <string>

namespace cospark::data {
namespace {

auto bad(const char* what) {
  return failure(errc::protocol_error, std::string("damaged compressed buffer: ") + what);
}

// The most that one packed byte can become: lz4 counts a long match by bytes of 255; zstd repeats a byte for a block
// of 128 KiB in four bytes.
constexpr std::size_t lz4_ratio = 256;
constexpr std::size_t zstd_ratio = std::size_t{128} * 1024;

result<void> unpack_lz4(std::span<const std::byte> packed, std::byte* target, std::size_t length) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) != 0) {
    return failure(errc::limit_exceeded, "no memory for decompression");
  }
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(raw,
                                                                                     &LZ4F_freeDecompressionContext);
  std::size_t written = 0;
  std::size_t left = 1;
  while (left != 0) {
    std::size_t consumed = packed.size();
    std::size_t produced = length - written;
    left = LZ4F_decompress(context.get(), target + written, &produced, packed.data(), &consumed, nullptr);
    if (LZ4F_isError(left) != 0) return bad(LZ4F_getErrorName(left));
    written += produced;
    packed = packed.subspan(consumed);
    if (left != 0 && consumed == 0 && produced == 0) return bad("it does not hold the length that it names");
  }
  if (written != length || !packed.empty()) return bad("it does not hold the length that it names");
  return success();
}

result<void> unpack_zstd(std::span<const std::byte> packed, std::byte* target, std::size_t length) {
  const std::size_t written = ZSTD_decompress(target, length, packed.data(), packed.size());
  if (ZSTD_isError(written) != 0) return bad(ZSTD_getErrorName(written));
  if (written != length) return bad("it does not hold the length that it names");
  return success();
}

}  // namespace

result<std::shared_ptr<const std::byte>> decompress(codec codec, std::span<const std::byte> packed,
                                                    std::size_t length) {
  const std::size_t ratio = codec == codec::zstd ? zstd_ratio : lz4_ratio;
  if (length / ratio > packed.size()) return bad("it names a length that it cannot expand to");
  const auto words = std::make_shared_for_overwrite<std::uint64_t[]>(length / 8 + 1);
  auto* const target = reinterpret_cast<std::byte*>(words.get());
  COSPARK_TRY_RETURN(codec == codec::zstd ? unpack_zstd(packed, target, length) : unpack_lz4(packed, target, length));
  return std::shared_ptr<const std::byte>(words, target);
}

}  // namespace cospark::data
