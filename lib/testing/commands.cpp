// What the scriptable server does with a plan.
#include "connect/uuid.hpp"
#include "testing/state.hpp"

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

void state::await_query(operation& running, const query& of, const proto::StreamingQueryCommand& command) {
  const auto& asked = command.await_termination();
  if (asked.has_timeout_ms() && asked.timeout_ms() <= 0) {
    running.failure = server_error(13, "requirement failed: Timeout has to be positive");
    return;
  }
  proto::ExecutePlanResponse response;
  auto& answer = *response.mutable_streaming_query_command_result();
  *answer.mutable_query_id() = command.query_id();
  answer.mutable_await_termination()->set_terminated(false);
  auto& waits = running.waits.emplace();
  waits.run_id = of.record.run_id;
  waits.not_terminated = std::move(response);
  if (asked.has_timeout_ms()) {
    waits.until = std::chrono::steady_clock::now() + std::chrono::milliseconds(asked.timeout_ms());
  }
  if (!of.record.is_active) answer_awaits(of);
}

void state::await_any(operation& running, const proto::StreamingQueryManagerCommand& command, const session& owner) {
  const auto& asked = command.await_any_termination();
  auto& waits = running.waits.emplace();
  waits.not_terminated.mutable_streaming_query_manager_command_result()->mutable_await_any_termination()->set_terminated(
      false);
  if (asked.has_timeout_ms()) {
    waits.until = std::chrono::steady_clock::now() + std::chrono::milliseconds(asked.timeout_ms());
  }
  if (owner.any_terminated) {
    query ended;
    ended.session_id = running.session_id;
    ended.failure = owner.last_failure;
    answer_awaits(ended);
  }
}

void state::answer_awaits(const query& ended) {
  for (auto& [id, each] : operations) {
    if (!each->waits || each->done() || each->session_id != ended.session_id) continue;
    if (!each->waits->run_id.empty() && each->waits->run_id != ended.record.run_id) continue;
    auto response = std::move(each->waits->not_terminated);
    each->waits.reset();
    if (ended.failure) {
      each->failure = ended.failure;
      continue;
    }
    if (response.has_streaming_query_command_result()) {
      response.mutable_streaming_query_command_result()->mutable_await_termination()->set_terminated(true);
    } else {
      response.mutable_streaming_query_manager_command_result()->mutable_await_any_termination()->set_terminated(true);
    }
    respond(*each, std::move(response));
    complete(*each);
  }
  changed.notify_all();
}

void state::expire(operation& waiting) {
  if (!waiting.waits || !waiting.waits->until || std::chrono::steady_clock::now() < *waiting.waits->until) return;
  auto response = std::move(waiting.waits->not_terminated);
  waiting.waits.reset();
  respond(waiting, std::move(response));
  complete(waiting);
}

void state::execute_command(operation& running, const proto::Command& command, session& owner) {
  if (command.has_write_stream_operation_start()) {
    start_query(running, command.write_stream_operation_start());
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
  if (!running.waits) complete(running);
}

void state::start_query(operation& running, const proto::WriteStreamOperationStart& start) {
  query started;
  started.session_id = running.session_id;
  started.record.id = connect::make_uuid();
  started.record.run_id = connect::make_uuid();
  started.record.name = start.query_name();
  proto::ExecutePlanResponse response;
  auto& answer = *response.mutable_write_stream_operation_start_result();
  write(started.record, *answer.mutable_query_id());
  answer.set_name(started.record.name);
  queries.push_back(std::move(started));
  respond(running, std::move(response));
}

void state::run_query_command(operation& running, const proto::StreamingQueryCommand& command) {
  query* found = nullptr;
  for (auto& each : queries) {
    if (each.session_id == running.session_id && each.record.run_id == command.query_id().run_id()) found = &each;
  }
  if (found == nullptr) {
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
    }
  } else if (command.has_await_termination()) {
    await_query(running, *found, command);
    return;
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
    await_any(running, command, owner);
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
  const auto owner = sessions.find(ended.session_id);
  if (owner == sessions.end()) return;
  owner->second.any_terminated = true;
  owner->second.last_failure = ended.failure;
  answer_awaits(ended);
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
