// Batches in the form of the Arrow C data interface.
#pragma once

#include "data/column_data.hpp"

#include <cospark/arrow_c_data.hpp>

#include <memory>

namespace cospark::data {

void export_schema(const batch_data& batch, ArrowSchema& target);
void export_array(const std::shared_ptr<const batch_data>& batch, ArrowArray& target);

}  // namespace cospark::data
