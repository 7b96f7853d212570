// What the scriptable server does with a plan.
#include "connect/uuid.hpp"
#include "testing/state.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace cospark::testing {
namespace {

void write(const query_record& from, proto::StreamingQueryInstanceId& to) {
  to.set_id(from.id);
  to.set_run_id(from.run_id);
}

std::string terminated_json(const query& ended) {
  boost::json::object event;
  event["id"] = ended.record.id;
  event["runId"] = ended.record.run_id;
  event["exception"] = nullptr;
  event["errorClassOnException"] = nullptr;
  if (ended.failure) {
    event["exception"] = ended.failure->message;
    if (!ended.failure->condition.empty()) event["errorClassOnException"] = ended.failure->condition;
  }
  return boost::json::serialize(event);
}

std::string started_json(const query& started, bool with_tags) {
  boost::json::object event;
  event["id"] = started.record.id;
  event["runId"] = started.record.run_id;
  event["name"] = started.record.name.empty() ? boost::json::value(nullptr) : boost::json::value(started.record.name);
  event["timestamp"] = "2026-01-01T00:00:00.000Z";
  if (with_tags) event["jobTags"] = boost::json::array();
  return boost::json::serialize(event);
}

pending_await make_await(std::string run_id, bool has_timeout, std::int64_t timeout_ms) {
  pending_await await;
  await.run_id = std::move(run_id);
  if (has_timeout) await.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  return await;
}

server_error unknown_query(const std::string& id) {
  server_error error("CONNECT_INVALID_PLAN.STREAMING_QUERY_NOT_FOUND", "56K00",
                     "[CONNECT_INVALID_PLAN.STREAMING_QUERY_NOT_FOUND] Streaming query " + id + " is not found.");
  error.classes.emplace_back("org.apache.spark.sql.connect.common.InvalidPlanInput");
  return error;
}

server_error unsupported(const std::string& what) {
  server_error error(13, "UnsupportedOperationException: " + what + " not supported.");
  error.classes.emplace_back("java.lang.UnsupportedOperationException");
  return error;
}

}  // namespace

operation_kind kind_of(const proto::Plan& plan) {
  if (!plan.has_command()) return operation_kind::rows;
  const auto& command = plan.command();
  if (command.has_write_stream_operation_start()) return operation_kind::start;
  if (command.has_streaming_query_command()) return operation_kind::query_command;
  if (command.has_streaming_query_manager_command()) return operation_kind::manager_command;
  if (command.has_streaming_query_listener_bus_command()) {
    const auto& bus = command.streaming_query_listener_bus_command();
    return bus.has_add_listener_bus_listener() ? operation_kind::bus_add : operation_kind::bus_remove;
  }
  return operation_kind::other_command;
}

void state::execute(operation& running, const proto::Plan& plan, session& owner) {
  ++running.record.executions;
  if (plan.has_command()) {
    execute_command(running, plan.command(), owner);
    return;
  }
  if (row_schema.has_struct_()) {
    proto::ExecutePlanResponse response;
    *response.mutable_schema() = row_schema;
    respond(running, std::move(response));
  }
  for (const auto& response : row_responses) respond(running, response);
  complete(running);
}

void state::execute_command(operation& running, const proto::Command& command, session& owner) {
  if (command.has_write_stream_operation_start()) {
    start_query(running, command.write_stream_operation_start(), owner);
  } else if (command.has_streaming_query_command()) {
    run_query_command(running, command.streaming_query_command());
  } else if (command.has_streaming_query_manager_command()) {
    run_manager_command(running, command.streaming_query_manager_command(), owner);
  } else if (command.has_streaming_query_listener_bus_command()) {
    run_bus_command(running, command.streaming_query_listener_bus_command(), owner);
    return;  // which decides itself whether the operation is complete
  } else if (command.has_sql_command()) {
    proto::ExecutePlanResponse response;
    *response.mutable_sql_command_result()->mutable_relation() = command.sql_command().input();
    respond(running, std::move(response));
  }
  if (!running.await) complete(running);
}

void state::advance(operation& waiting) {
  if (!waiting.await || waiting.done()) return;
  const auto& await = *waiting.await;
  const bool any = await.run_id.empty();
  bool ended = false;
  std::optional<server_error> failure;
  if (any) {
    const auto owner = sessions.find(waiting.session_id);
    ended = owner == sessions.end() || owner->second.any_terminated;
    if (owner != sessions.end()) failure = owner->second.last_failure;
  }
  if (const auto* const query = find_query(await.run_id)) {
    ended = !query->record.is_active;
    failure = query->failure;
  }
  if (failure) {
    waiting.failure = failure;
    return;
  }
  if (!ended && !(await.deadline && std::chrono::steady_clock::now() >= *await.deadline)) return;
  proto::ExecutePlanResponse response;
  if (any) {
    auto& answer = *response.mutable_streaming_query_manager_command_result();
    answer.mutable_await_any_termination()->set_terminated(ended);
  } else {
    auto& answer = *response.mutable_streaming_query_command_result();
    answer.mutable_await_termination()->set_terminated(ended);
  }
  respond(waiting, std::move(response));
  complete(waiting);
}

void state::start_query(operation& running, const proto::WriteStreamOperationStart& start, session& owner) {
  query started;
  started.session_id = running.session_id;
  started.record.id = connect::make_uuid();
  started.record.run_id = connect::make_uuid();
  started.record.name = start.query_name();
  const auto checkpoint = start.options().find("checkpointLocation");
  if (checkpoint != start.options().end()) started.checkpoint = checkpoint->second;
  // The same checkpoint is the same query, and has one run at a time.
  if (!started.checkpoint.empty()) {
    for (auto& each : queries) {
      if (each.checkpoint != started.checkpoint) continue;
      started.record.id = each.record.id;
      if (each.record.is_active) end_query(each, std::nullopt);
    }
  }
  proto::ExecutePlanResponse response;
  auto& answer = *response.mutable_write_stream_operation_start_result();
  write(started.record, *answer.mutable_query_id());
  answer.set_name(started.record.name);
  if (owner.bus) answer.set_query_started_event_json(started_json(started, version >= "4.1"));
  query_at.emplace(started.record.run_id, queries.size());
  queries.push_back(std::move(started));
  respond(running, std::move(response));
}

query* state::find_query(const std::string& run_id) {
  const auto at = query_at.find(run_id);
  return at == query_at.end() ? nullptr : &queries[at->second];
}

void state::run_query_command(operation& running, const proto::StreamingQueryCommand& command) {
  auto* const found = find_query(command.query_id().run_id());
  if (found == nullptr || found->session_id != running.session_id) {
    running.failure = unknown_query(command.query_id().id());
    return;
  }
  proto::ExecutePlanResponse response;
  auto& answer = *response.mutable_streaming_query_command_result();
  *answer.mutable_query_id() = command.query_id();
  if (command.has_status()) {
    answer.mutable_status()->set_is_active(found->record.is_active);
    answer.mutable_status()->set_status_message(found->record.is_active ? "Waiting for data to arrive" : "Stopped");
  } else if (command.has_last_progress() || command.has_recent_progress()) {
    answer.mutable_recent_progress();
  } else if (command.has_stop()) {
    if (found->record.is_active) end_query(*found, std::nullopt);
  } else if (command.has_await_termination()) {
    const auto& await = command.await_termination();
    if (await.has_timeout_ms() && await.timeout_ms() <= 0) {
      running.failure = server_error(13, "requirement failed: Timeout has to be positive");
      return;
    }
    running.await = make_await(found->record.run_id, await.has_timeout_ms(), await.timeout_ms());
    return;
  } else if (command.has_explain()) {
    answer.mutable_explain()->set_result("No physical plan. Waiting for data.");
  } else if (command.has_exception()) {
    auto& exception = *answer.mutable_exception();
    if (found->failure && !command.exception() && is_at_least(4)) {
      running.failure = found->failure;
      return;
    }
    if (found->failure) {
      exception.set_exception_message(found->failure->message);
      if (!found->failure->condition.empty()) exception.set_error_class(found->failure->condition);
      exception.set_stack_trace(found->failure->message +
                                "\n\tat org.apache.spark.testing.Server.run(Server.scala:1)\n");
    }
  } else if (!command.has_process_all_available()) {
    running.failure = unsupported("this command of a query");
    return;
  }
  respond(running, std::move(response));
}

void state::run_manager_command(operation& running, const proto::StreamingQueryManagerCommand& command,
                                session& owner) {
  proto::ExecutePlanResponse response;
  auto& answer = *response.mutable_streaming_query_manager_command_result();
  if (command.has_active()) {
    auto& active = *answer.mutable_active();
    for (const auto& each : queries) {
      if (each.session_id != running.session_id || !each.record.is_active) continue;
      auto& to = *active.add_active_queries();
      write(each.record, *to.mutable_id());
      if (!each.record.name.empty()) to.set_name(each.record.name);
    }
  } else if (command.has_get_query()) {
    for (const auto& each : queries) {
      if (each.session_id != running.session_id || !each.record.is_active || each.record.id != command.get_query()) {
        continue;
      }
      write(each.record, *answer.mutable_query()->mutable_id());
      if (!each.record.name.empty()) answer.mutable_query()->set_name(each.record.name);
    }
  } else if (command.has_await_any_termination()) {
    const auto& await = command.await_any_termination();
    running.await = make_await("", await.has_timeout_ms(), await.timeout_ms());
    return;
  } else if (command.has_reset_terminated()) {
    owner.any_terminated = false;
    owner.last_failure.reset();
    answer.set_reset_terminated(true);
  } else {
    running.failure = unsupported("this command of the manager");
    return;
  }
  respond(running, std::move(response));
}

void state::run_bus_command(operation& running, const proto::StreamingQueryListenerBusCommand& command,
                            session& owner) {
  if (!is_at_least(4)) {
    running.failure = unsupported("11: {}");
    return;
  }
  if (command.has_remove_listener_bus_listener()) {
    remove_bus(owner);
    complete(running);
    return;
  }
  if (bus_taken || owner.bus) return;  // silence, for ever: that is what Spark does
  for (const auto& [id, each] : operations) {
    if (each.get() == &running) owner.bus = each;
  }
  proto::ExecutePlanResponse response;
  response.mutable_streaming_query_listener_events_result()->set_listener_bus_listener_added(true);
  respond(running, std::move(response));
}

void state::end_query(query& ended, std::optional<server_error> failure) {
  ended.record.is_active = false;
  ended.failure = std::move(failure);
  wake();  // whoever waits for it by a call of its own
  const auto owner = sessions.find(ended.session_id);
  if (owner == sessions.end()) return;
  owner->second.any_terminated = true;
  owner->second.last_failure = ended.failure;
  if (sends_events) send_event(owner->second, proto::QUERY_TERMINATED_EVENT, terminated_json(ended));
}

void state::send_event(session& to, int type, const std::string& json) {
  if (!to.bus) return;
  proto::ExecutePlanResponse response;
  auto& event = *response.mutable_streaming_query_listener_events_result()->add_events();
  event.set_event_type(static_cast<proto::StreamingQueryEventType>(type));
  event.set_event_json(json);
  respond(*to.bus, std::move(response));
}

void state::remove_bus(session& owner) {
  if (owner.bus) complete(*owner.bus);
  owner.bus.reset();
}

}  // namespace cospark::testing
