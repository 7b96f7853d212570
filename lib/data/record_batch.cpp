#include <cospark/record_batch.hpp>

#include "data/check.hpp"
#include "data/column_data.hpp"
#include "data/export_c.hpp"

#include <string>
#include <utility>

namespace cospark {

record_batch::record_batch() {
  static const auto none = [] {
    auto batch = std::make_shared<data::batch_data>();
    batch->fields = std::make_shared<const std::vector<data::arrow_field>>();
    return std::shared_ptr<const data::batch_data>(std::move(batch));
  }();
  data_ = none;
}

record_batch::record_batch(std::shared_ptr<const data::batch_data> data) noexcept : data_(std::move(data)) {}

std::size_t record_batch::row_count() const noexcept {
  return static_cast<std::size_t>(data_->row_count);
}
std::size_t record_batch::column_count() const noexcept {
  return data_->columns.size();
}
const schema& record_batch::schema() const noexcept {
  return data_->columns_schema;
}

column_view record_batch::column(std::size_t index) const {
  if (index >= column_count()) {
    data::fail("no column " + std::to_string(index) + " in a batch of " + std::to_string(column_count()));
  }
  return column_view(std::shared_ptr<const data::column_data>(data_, &data_->columns[index]));
}

column_view record_batch::column(std::string_view name) const {
  const auto index = data_->columns_schema.index_of(name);
  if (!index) data::fail("no column named " + std::string(name) + " in a batch");
  return column(*index);
}

row record_batch::row(std::size_t index) const {
  if (index >= row_count()) {
    data::fail("no row " + std::to_string(index) + " in a batch of " + std::to_string(row_count()));
  }
  std::vector<value> values;
  values.reserve(column_count());
  for (std::size_t column_index = 0; column_index < column_count(); ++column_index) {
    values.push_back(column(column_index)[index]);
  }
  return cospark::row(std::move(values), data_->columns_schema);
}

void record_batch::export_to_c(ArrowSchema* schema, ArrowArray* array) const {
  data::require(schema != nullptr && array != nullptr, "no place to export a batch to");
  data::export_schema(*data_, *schema);
  try {
    data::export_array(data_, *array);
  } catch (...) {
    schema->release(schema);
    throw;
  }
}

}  // namespace cospark
