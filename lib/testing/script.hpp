// Scripts and answers that need messages of the protocol: for tests of cospark itself.
#pragma once

#include <cospark/testing.hpp>

#include <spark/connect/base.pb.h>

#include <vector>

namespace cospark::testing {

struct server_access {
  /// What every data frame answers from now on, without the ResultComplete, which follows by itself.
  static void set_responses(server& to, std::vector<spark::connect::ExecutePlanResponse> responses);
};

/// A response with a batch that carries only its number: for tests of delivery, which look at nothing else.
inline spark::connect::ExecutePlanResponse numbered(int number) {
  spark::connect::ExecutePlanResponse response;
  response.mutable_arrow_batch()->set_row_count(1);
  response.mutable_arrow_batch()->set_start_offset(number);
  response.mutable_arrow_batch()->set_data(std::to_string(number));
  return response;
}

}  // namespace cospark::testing
