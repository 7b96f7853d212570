#include "testing/state.hpp"

#include "connect/uuid.hpp"

#include <cospark/status.pb.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <functional>

namespace cospark::testing {
namespace {

std::string json_text(const std::vector<std::string>& texts) {
  return boost::json::serialize(boost::json::value_from(texts));
}

std::string json_text(const std::map<std::string, std::string>& texts) {
  return boost::json::serialize(boost::json::value_from(texts));
}

template <class Message>
void attach(cospark::wire::Status& to, const char* type, const Message& detail) {
  auto& any = *to.add_details();
  any.set_type_url(std::string("type.googleapis.com/google.rpc.") + type);
  any.set_value(detail.SerializeAsString());
}

proto::FetchErrorDetailsResponse details_of(const server_error& error) {
  proto::FetchErrorDetailsResponse details;
  details.set_root_error_idx(0);
  for (const auto& cause : error.causes) {
    auto& to = *details.add_errors();
    to.add_error_type_hierarchy(cause.class_name);
    to.set_message(cause.message);
    if (!cause.condition.empty()) to.mutable_spark_throwable()->set_error_class(cause.condition);
    if (!cause.sql_state.empty()) to.mutable_spark_throwable()->set_sql_state(cause.sql_state);
    if (!cause.stack_trace.empty()) to.add_stack_trace()->set_declaring_class(cause.stack_trace);
    if (details.errors_size() < static_cast<int>(error.causes.size())) to.set_cause_idx(details.errors_size());
  }
  return details;
}

}  // namespace

server_error invalid_handle(const std::string& what, const std::string& handle) {
  server_error error("INVALID_HANDLE." + what, what.starts_with("SESSION") ? "08003" : "HY000",
                     "[INVALID_HANDLE." + what + "] The handle " + handle + " is invalid.");
  error.classes.emplace_back("org.apache.spark.SparkSQLException");
  return error;
}

std::optional<grpc::Status> state::enter(method which, const grpc::ServerContext& context) {
  std::unique_lock lock(mutex);
  auto& how = methods[static_cast<std::size_t>(which)];
  ++how.calls;
  last_headers.clear();
  for (const auto& [name, value] : context.client_metadata()) {
    last_headers.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  const grpc::Status gone(grpc::StatusCode::UNAVAILABLE, "the server is being stopped");
  if (frozen && !wait(lock, context, [this] { return !frozen; })) return gone;
  if (how.delay.count() > 0 && !pause(lock, context, how.delay)) return gone;
  if (how.held && !stand_still(lock, context)) return gone;
  if (how.failures.empty()) return std::nullopt;
  const auto failure = std::move(how.failures.front());
  how.failures.pop_front();
  return to_status(failure);
}

bool state::wait(std::unique_lock<std::mutex>& lock, const grpc::ServerContext& context,
                 std::function<bool()> condition, const operation* of) {
  waiter self{{}, of};
  const auto at = waiting_.insert(waiting_.end(), &self);
  bool holds = false;
  // gRPC's blocking interface does not tell when a client goes away: one has to look.
  while (!stopping && !context.IsCancelled()) {
    holds = condition();
    if (holds) break;
    self.woken.wait_for(lock, std::chrono::milliseconds(10));
  }
  waiting_.erase(at);
  return holds;
}

void state::wake(const operation* of) {
  for (auto* each : waiting_) {
    if (of == nullptr || each->of == nullptr || each->of == of) each->woken.notify_one();
  }
}

bool state::stand_still(std::unique_lock<std::mutex>& lock, const grpc::ServerContext& context) {
  ++held;
  const auto before = releases_of_held;
  const bool released = wait(lock, context, [&] { return releases_of_held != before; });
  --held;
  return released;
}

bool state::pause(std::unique_lock<std::mutex>& lock, const grpc::ServerContext& context,
                  std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  return wait(lock, context, [&] { return std::chrono::steady_clock::now() >= until; });
}

std::optional<grpc::Status> state::find_session(const std::string& id, const std::string& observed, bool make,
                                                session*& found) {
  if (closed_sessions.count(id) != 0) return to_status(invalid_handle("SESSION_CLOSED", id));
  auto at = sessions.find(id);
  if (at == sessions.end()) {
    if (!make) return to_status(invalid_handle("SESSION_NOT_FOUND", id));
    at = sessions.emplace(id, session()).first;
    if (is_at_least(4)) at->second.server_side_id = connect::make_uuid();
    if (!reattachable) at->second.conf.emplace("spark.connect.execute.reattachable.enabled", "false");
  }
  found = &at->second;
  if (notices_other_session && !observed.empty() && observed != found->server_side_id) {
    return to_status(invalid_handle("SESSION_CHANGED", id));
  }
  return std::nullopt;
}

grpc::Status state::to_status(const server_error& error) {
  const auto code = static_cast<grpc::StatusCode>(error.grpc_code);
  cospark::wire::Status rich;
  rich.set_code(error.grpc_code);
  rich.set_message(error.message);
  if (!error.condition.empty() || !error.classes.empty() || !error.causes.empty()) {
    cospark::wire::ErrorInfo info;
    if (!error.classes.empty()) info.set_reason(error.classes.front());
    info.set_domain("org.apache.spark");
    auto& metadata = *info.mutable_metadata();
    metadata["classes"] = json_text(error.classes);
    if (!error.condition.empty()) metadata["errorClass"] = error.condition;
    if (!error.sql_state.empty()) metadata["sqlState"] = error.sql_state;
    if (!error.message_parameters.empty()) metadata["messageParameters"] = json_text(error.message_parameters);
    if (!error.causes.empty()) {
      const auto id = connect::make_uuid();
      metadata["errorId"] = id;
      error_details.emplace(id, details_of(error));
    }
    attach(rich, "ErrorInfo", info);
  }
  if (error.retry_after) {
    cospark::wire::RetryInfo info;
    info.mutable_retry_delay()->set_seconds(error.retry_after->count() / 1000);
    info.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>(error.retry_after->count() % 1000) * 1'000'000);
    attach(rich, "RetryInfo", info);
  }
  if (rich.details_size() == 0) return grpc::Status(code, error.message);
  return grpc::Status(code, error.message, rich.SerializeAsString());
}

std::optional<stream_script> state::take_script(operation_kind kind) {
  for (const auto wanted : {kind, operation_kind::any}) {
    auto& waiting = scripts[wanted];
    if (waiting.empty()) continue;
    auto script = std::move(waiting.front());
    waiting.pop_front();
    return script;
  }
  for (const auto wanted : {kind, operation_kind::any}) {
    const auto standing = standing_scripts.find(wanted);
    if (standing != standing_scripts.end()) return standing->second;
  }
  return std::nullopt;
}

void state::respond(operation& to, proto::ExecutePlanResponse response) {
  response.set_operation_id(to.record.id);
  response.set_response_id(connect::make_uuid());
  response.set_session_id(to.session_id);
  to.responses.push_back(std::move(response));
  wake(&to);
}

void state::complete(operation& ended) {
  if (ended.done()) return;
  proto::ExecutePlanResponse response;
  response.mutable_result_complete();
  respond(ended, std::move(response));
}

void state::close_session(const std::string& id) {
  const auto at = sessions.find(id);
  if (at == sessions.end()) return;
  for (auto& each : queries) {
    if (each.session_id == id && each.record.is_active) end_query(each, std::nullopt);
  }
  remove_bus(at->second);
  sessions.erase(at);
  closed_sessions.insert(id);
  wake();
}

}  // namespace cospark::testing
