#include "data/export_c.hpp"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace cospark::data {
namespace {

// What an exported schema points to. A receiver may move a child away and release the parent, so that every child
// has its own; the parent keeps the places only.
struct schema_storage {
  std::string format;
  std::string name;
  std::string metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
};

struct array_storage {
  std::shared_ptr<const batch_data> batch;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
};

template <class Structure, class Storage>
void release(Structure* exported) {
  // What the receiver moved away has no release function any more.
  for (std::int64_t i = 0; i < exported->n_children; ++i) {
    Structure* child = exported->children[i];
    if (child->release != nullptr) child->release(child);
  }
  delete static_cast<Storage*>(exported->private_data);
  exported->release = nullptr;
}

template <class Structure, class Storage>
void adopt(Structure& target, std::unique_ptr<Storage> storage) {
  for (Structure& child : storage->children) storage->child_pointers.push_back(&child);
  target.n_children = static_cast<std::int64_t>(storage->children.size());
  target.children = storage->child_pointers.data();
  target.dictionary = nullptr;
  target.release = &release<Structure, Storage>;
  target.private_data = storage.release();
}

// Releases children that were exported before something failed.
template <class Structure>
class pending_children {
 public:
  explicit pending_children(std::vector<Structure>& children) : children_(children) {}
  ~pending_children() {
    if (done_) return;
    for (Structure& child : children_) {
      if (child.release != nullptr) child.release(&child);
    }
  }
  pending_children(const pending_children&) = delete;
  pending_children& operator=(const pending_children&) = delete;
  void done() noexcept { done_ = true; }

 private:
  std::vector<Structure>& children_;
  bool done_ = false;
};

void append_int(std::size_t number, std::string& out) {
  const auto narrow = static_cast<std::int32_t>(number);
  out.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
}

std::string encode_metadata(const std::vector<std::pair<std::string, std::string>>& metadata) {
  std::string text;
  append_int(metadata.size(), text);
  for (const auto& [key, content] : metadata) {
    append_int(key.size(), text);
    text += key;
    append_int(content.size(), text);
    text += content;
  }
  return text;
}

void export_fields(const std::vector<arrow_field>& fields, std::string format, std::string name, bool nullable,
                   bool keys_sorted, const std::vector<std::pair<std::string, std::string>>& metadata,
                   ArrowSchema& target) {
  auto storage = std::make_unique<schema_storage>();
  storage->format = std::move(format);
  storage->name = std::move(name);
  if (!metadata.empty()) storage->metadata = encode_metadata(metadata);
  storage->children.resize(fields.size());
  storage->child_pointers.reserve(fields.size());
  pending_children pending(storage->children);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const arrow_field& field = fields[i];
    export_fields(field.children, field.format, field.name, field.nullable, field.keys_sorted, field.metadata,
                  storage->children[i]);
  }
  pending.done();
  target = ArrowSchema();
  target.format = storage->format.c_str();
  target.name = storage->name.c_str();
  target.metadata = storage->metadata.empty() ? nullptr : storage->metadata.data();
  target.flags = (nullable ? ARROW_FLAG_NULLABLE : 0) | (keys_sorted ? ARROW_FLAG_MAP_KEYS_SORTED : 0);
  adopt(target, std::move(storage));
}

void export_columns(const std::shared_ptr<const batch_data>& batch, const std::vector<column_data>& columns,
                    std::vector<const void*> buffers, std::int64_t length, std::int64_t null_count, ArrowArray& target);

void export_column(const std::shared_ptr<const batch_data>& batch, const column_data& column, ArrowArray& target) {
  std::vector<const void*> buffers;
  switch (column.shape) {
    case layout::null:
      break;
    case layout::boolean:
    case layout::fixed:
      buffers = {column.validity, column.values};
      break;
    case layout::variable:
    case layout::large_variable:
      buffers = {column.validity, column.offsets, column.values};
      break;
    case layout::list:
    case layout::map:
      buffers = {column.validity, column.offsets};
      break;
    case layout::structure:
      buffers = {column.validity};
      break;
  }
  export_columns(batch, column.children, std::move(buffers), column.size, column.null_count, target);
}

void export_columns(const std::shared_ptr<const batch_data>& batch, const std::vector<column_data>& columns,
                    std::vector<const void*> buffers, std::int64_t length, std::int64_t null_count,
                    ArrowArray& target) {
  auto storage = std::make_unique<array_storage>();
  storage->batch = batch;
  storage->buffers = std::move(buffers);
  storage->children.resize(columns.size());
  storage->child_pointers.reserve(columns.size());
  pending_children pending(storage->children);
  for (std::size_t i = 0; i < columns.size(); ++i) export_column(batch, columns[i], storage->children[i]);
  pending.done();
  target = ArrowArray();
  target.length = length;
  target.null_count = null_count;
  target.n_buffers = static_cast<std::int64_t>(storage->buffers.size());
  target.buffers = storage->buffers.data();
  adopt(target, std::move(storage));
}

}  // namespace

void export_schema(const batch_data& batch, ArrowSchema& target) {
  export_fields(*batch.fields, "+s", "", false, false, {}, target);
}

void export_array(const std::shared_ptr<const batch_data>& batch, ArrowArray& target) {
  export_columns(batch, batch->columns, {nullptr}, batch->row_count, 0, target);
}

}  // namespace cospark::data
