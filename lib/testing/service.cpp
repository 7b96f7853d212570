#include "testing/service.hpp"

#include <algorithm>

namespace cospark::testing {
namespace {

// Where the client is told that this version lacks something.
const grpc::Status unimplemented(grpc::StatusCode::UNIMPLEMENTED, "Method not found");

void answer(const std::string& key, const std::map<std::string, std::string>& conf, bool must_exist,
            proto::ConfigResponse& to, std::optional<server_error>& problem) {
  const auto found = conf.find(key);
  if (found == conf.end() && must_exist) {
    problem.emplace("SQL_CONF_NOT_FOUND", "42K0I",
                    "[SQL_CONF_NOT_FOUND] The SQL config \"" + key + "\" cannot be found.");
    return;
  }
  auto& pair = *to.add_pairs();
  pair.set_key(key);
  if (found != conf.end()) pair.set_value(found->second);
}

}  // namespace

grpc::Status service::AnalyzePlan(grpc::ServerContext* context, const proto::AnalyzePlanRequest* request,
                                  proto::AnalyzePlanResponse* response) {
  if (auto failed = state_.enter(method::analyze_plan, *context)) return *failed;
  const std::lock_guard lock(state_.mutex);
  session* owner = nullptr;
  if (auto failed = state_.find_session(*request, true, owner)) return *failed;
  response->set_session_id(request->session_id());
  response->set_server_side_session_id(owner->server_side_id);
  if (request->has_spark_version()) {
    response->mutable_spark_version()->set_version(state_.version);
  } else if (request->has_schema()) {
    *response->mutable_schema()->mutable_schema() = state_.row_schema;
  } else if (request->has_is_streaming()) {
    response->mutable_is_streaming()->set_is_streaming(false);
  } else if (request->has_explain()) {
    response->mutable_explain()->set_explain_string("== Physical Plan ==\n");
  } else {
    return grpc::Status(grpc::StatusCode::INTERNAL, "the testing server does not analyze this");
  }
  return grpc::Status::OK;
}

grpc::Status service::Config(grpc::ServerContext* context, const proto::ConfigRequest* request,
                             proto::ConfigResponse* response) {
  if (auto failed = state_.enter(method::config, *context)) return *failed;
  const std::lock_guard lock(state_.mutex);
  session* owner = nullptr;
  if (auto failed = state_.find_session(*request, true, owner)) return *failed;
  response->set_session_id(request->session_id());
  response->set_server_side_session_id(owner->server_side_id);
  auto& conf = owner->conf;
  const auto& what = request->operation();
  std::optional<server_error> problem;
  for (const auto& pair : what.set().pairs()) conf[pair.key()] = pair.value();
  for (const auto& key : what.unset().keys()) conf.erase(key);
  for (const auto& key : what.get().keys()) answer(key, conf, true, *response, problem);
  for (const auto& key : what.get_option().keys()) answer(key, conf, false, *response, problem);
  for (const auto& pair : what.get_with_default().pairs()) {
    answer(pair.key(), conf, false, *response, problem);
    auto& answered = *response->mutable_pairs(response->pairs_size() - 1);
    if (!answered.has_value() && pair.has_value()) answered.set_value(pair.value());
  }
  if (what.has_get_all()) {
    for (const auto& [key, value] : conf) answer(key, conf, false, *response, problem);
  }
  for (const auto& key : what.is_modifiable().keys()) {
    auto& pair = *response->add_pairs();
    pair.set_key(key);
    pair.set_value("true");
  }
  if (problem) return state_.to_status(*problem);
  return grpc::Status::OK;
}

grpc::Status service::Interrupt(grpc::ServerContext* context, const proto::InterruptRequest* request,
                                proto::InterruptResponse* response) {
  if (auto failed = state_.enter(method::interrupt, *context)) return *failed;
  const std::lock_guard lock(state_.mutex);
  session* owner = nullptr;
  if (auto failed = state_.find_session(*request, true, owner)) return *failed;
  response->set_session_id(request->session_id());
  response->set_server_side_session_id(owner->server_side_id);
  const bool all = request->interrupt_type() == proto::InterruptRequest::INTERRUPT_TYPE_ALL;
  for (const auto& [id, each] : state_.operations) {
    const auto& tags = each->record.tags;
    const bool tagged =
        request->has_operation_tag() && std::find(tags.begin(), tags.end(), request->operation_tag()) != tags.end();
    const bool named = request->has_operation_id() && request->operation_id() == id;
    if (each->session_id != request->session_id() || !(all || tagged || named)) continue;
    ++each->record.interrupts;
    if (!each->live || each->done() || each->record.kind == operation_kind::bus_add) continue;
    each->failure.emplace("OPERATION_CANCELED", "HY008", "[OPERATION_CANCELED] Operation has been canceled.");
    response->add_interrupted_ids(id);
  }
  if (all) {
    for (auto& each : state_.queries) {
      if (each.session_id == request->session_id() && each.record.is_active) state_.end_query(each, std::nullopt);
    }
  }
  state_.wake();
  return grpc::Status::OK;
}

grpc::Status service::ReleaseExecute(grpc::ServerContext* context, const proto::ReleaseExecuteRequest* request,
                                     proto::ReleaseExecuteResponse* response) {
  if (auto failed = state_.enter(method::release_execute, *context)) return *failed;
  const std::lock_guard lock(state_.mutex);
  session* owner = nullptr;
  // Which session the client had before is of no interest here.
  if (auto failed = state_.find_session(request->session_id(), "", false, owner)) return *failed;
  response->set_session_id(request->session_id());
  response->set_server_side_session_id(owner->server_side_id);
  const auto at = state_.operations.find(request->operation_id());
  if (at == state_.operations.end() || !request->has_release_all()) return grpc::Status::OK;
  auto& released = *at->second;
  ++released.record.releases;
  if (!released.live) return grpc::Status::OK;
  released.live = false;
  state_.wake(&released);
  // As Spark does: a second bus is removed by its release, and yet the call fails.
  if (released.record.kind == operation_kind::bus_add && released.responses.empty()) {
    return state_.to_status(server_error(
        "SPARK_CONNECT_ILLEGAL_STATE.STATE_CONSISTENCY_EXECUTION_STATE_TRANSITION_INVALID_OPERATION_STATUS_MISMATCH",
        "XXSC0", "Operation with status Started is not within statuses List(Finished, Failed, Canceled)"));
  }
  response->set_operation_id(request->operation_id());
  return grpc::Status::OK;
}

grpc::Status service::ReleaseSession(grpc::ServerContext* context, const proto::ReleaseSessionRequest* request,
                                     proto::ReleaseSessionResponse* response) {
  if (auto failed = state_.enter(method::release_session, *context)) return *failed;
  const std::lock_guard lock(state_.mutex);
  if (!state_.is_at_least(4)) return unimplemented;
  response->set_session_id(request->session_id());
  const auto at = state_.sessions.find(request->session_id());
  if (at == state_.sessions.end()) return grpc::Status::OK;
  response->set_server_side_session_id(at->second.server_side_id);
  state_.close_session(request->session_id());
  return grpc::Status::OK;
}

grpc::Status service::FetchErrorDetails(grpc::ServerContext* context, const proto::FetchErrorDetailsRequest* request,
                                        proto::FetchErrorDetailsResponse* response) {
  if (auto failed = state_.enter(method::fetch_error_details, *context)) return *failed;
  const std::lock_guard lock(state_.mutex);
  if (!state_.is_at_least(4)) return unimplemented;
  session* owner = nullptr;
  if (auto failed = state_.find_session(*request, true, owner)) return *failed;
  // The first to ask gets them, and they are gone.
  if (auto found = state_.error_details.extract(request->error_id())) *response = std::move(found.mapped());
  response->set_session_id(request->session_id());
  response->set_server_side_session_id(owner->server_side_id);
  return grpc::Status::OK;
}

}  // namespace cospark::testing
