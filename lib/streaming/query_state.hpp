// What handles of one run of a streaming query share.
#pragma once

#include "connect/session_state.hpp"

#include <memory>
#include <optional>
#include <string>

namespace cospark::streaming {

class query_state {
 public:
  query_state(connect::session_ptr owner, std::string query_id, std::string run, std::optional<std::string> query_name)
      : session(std::move(owner)), id(std::move(query_id)), run_id(std::move(run)), name(std::move(query_name)) {
    if (name && name->empty()) name.reset();  // servers send "" for a query without a name
  }

  const connect::session_ptr session;
  const std::string id;
  const std::string run_id;
  std::optional<std::string> name;
};

using query_ptr = std::shared_ptr<const query_state>;

}  // namespace cospark::streaming
