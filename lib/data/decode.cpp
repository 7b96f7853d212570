#include "data/decode.hpp"

#include "data/arrow_schema.hpp"
#include "data/batch_reader.hpp"
#include "data/ipc_message.hpp"

#include <arrow_generated.h>

#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <utility>

namespace cospark::data {
namespace {

namespace format = cospark::arrow;

struct owned_bytes {
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;
};

// Arrow's numbers are read in place, which needs them at their natural alignment.
owned_bytes aligned(std::shared_ptr<const std::string> received) {
  const auto* begin = reinterpret_cast<const std::byte*>(received->data());
  const std::size_t size = received->size();
  if (reinterpret_cast<std::uintptr_t>(begin) % 8 == 0) return {std::move(received), {begin, size}};
  const auto words = std::make_shared_for_overwrite<std::uint64_t[]>(size / 8 + 1);
  std::memcpy(words.get(), begin, size);
  return {words, {reinterpret_cast<const std::byte*>(words.get()), size}};
}

result<schema> conform_all(const std::vector<arrow_field>& fields, const schema& announced) {
  if (fields.size() != announced.size()) {
    return failure(errc::protocol_error, "a batch of " + std::to_string(fields.size()) + " columns, where " +
                                             std::to_string(announced.size()) + " were announced");
  }
  std::vector<field> columns;
  columns.reserve(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    field column = announced[i];
    COSPARK_TRY_RETURN(column.type, conform(fields[i], column.type));
    columns.push_back(std::move(column));
  }
  schema conformed(std::move(columns));
  // Batches of one result then share the names of their columns.
  return conformed == announced ? announced : conformed;
}

struct decoded {
  std::shared_ptr<const std::vector<arrow_field>> fields;
  schema columns;
  std::vector<record_batch> batches;
};

result<decoded> decode_stream(std::shared_ptr<const std::string> received, const schema* announced,
                              const decode_limits& limits) {
  if (received == nullptr) return failure(errc::protocol_error, "a batch without data");
  const owned_bytes stream = aligned(std::move(received));
  COSPARK_TRY_RETURN(const std::vector<ipc_message> messages, split_stream(stream.bytes, limits.depth));
  const format::Schema* head = messages.empty() ? nullptr : messages[0].metadata->header_as_Schema();
  if (head == nullptr) return failure(errc::protocol_error, "damaged Arrow stream: it does not begin with a schema");

  decoded content;
  COSPARK_TRY_RETURN(std::vector<arrow_field> fields, read_schema(*head, limits.depth));
  content.fields = std::make_shared<const std::vector<arrow_field>>(std::move(fields));
  if (announced != nullptr) {
    COSPARK_TRY_RETURN(content.columns, conform_all(*content.fields, *announced));
  } else {
    content.columns = natural_schema(*content.fields);
  }
  for (std::size_t i = 1; i < messages.size(); ++i) {
    if (messages[i].metadata->header_type() != format::MessageHeader_RecordBatch) {
      return failure(errc::protocol_error, "damaged Arrow stream: a message that is no batch");
    }
    COSPARK_TRY_RETURN(batch_data batch, read_batch(messages[i], content.fields, content.columns, limits));
    batch.owners.push_back(stream.owner);
    content.batches.emplace_back(std::make_shared<const batch_data>(std::move(batch)));
  }
  return content;
}

result<decoded> guarded(std::shared_ptr<const std::string> received, const schema* announced,
                        const decode_limits& limits) {
  try {
    return decode_stream(std::move(received), announced, limits);
  } catch (const std::bad_alloc&) {
    return failure(errc::limit_exceeded, "no memory for an Arrow batch");
  } catch (const exception& problem) {
    // A type that cannot be, such as one nested too deeply once its parts are put together.
    return failure(errc::protocol_error, problem.error().message());
  }
}

}  // namespace

result<record_batch> decode(std::shared_ptr<const std::string> received, const schema* announced,
                            const decode_limits& limits) {
  COSPARK_TRY_RETURN(decoded content, guarded(std::move(received), announced, limits));
  if (content.batches.size() > 1) {
    return failure(errc::protocol_error,
                   "an Arrow stream of " + std::to_string(content.batches.size()) + " batches, where one belongs");
  }
  if (!content.batches.empty()) return std::move(content.batches[0]);
  return record_batch(std::make_shared<const batch_data>(empty_batch(content.fields, content.columns)));
}

result<std::vector<record_batch>> decode_all(std::shared_ptr<const std::string> received, const schema* announced,
                                             const decode_limits& limits) {
  COSPARK_TRY_RETURN(decoded content, guarded(std::move(received), announced, limits));
  return std::move(content.batches);
}

}  // namespace cospark::data
