#include <cospark/session.hpp>

#include "connect/session_state.hpp"
#include "connect/uuid.hpp"
#include "frame/access.hpp"
#include "frame/source.hpp"
#include "streaming/access.hpp"
#include "streaming/wait_engine.hpp"

#include <cstdlib>

namespace cospark {

task<session> session::open(std::string remote, session_options options) {
  COSPARK_TRY(auto state, co_await connect::open_session(std::move(remote), std::move(options)));
  co_return session(std::move(state));
}

task<session> session::connect(std::string remote, session_options options) {
  return open(std::move(remote), std::move(options));
}

task<session> session::connect() {
  const char* remote = std::getenv("SPARK_REMOTE");
  return open(remote == nullptr || *remote == '\0' ? "sc://localhost:15002" : remote, session_options());
}

data_stream_reader session::read_stream() const {
  return streaming::access::make_reader(state_);
}

streaming_query_manager session::streams() const {
  return streaming::access::make_manager(state_);
}

data_frame_reader session::read() const {
  return frame::access::make_reader(state_);
}

data_frame session::table(std::string_view name) const {
  return frame::make_table(state_, std::make_shared<frame::source_settings>(), std::string(name));
}

data_frame session::range(std::int64_t end) const {
  return range(0, end);
}

data_frame session::range(std::int64_t start, std::int64_t end, std::int64_t step,
                          std::optional<std::int32_t> partitions) const {
  return frame::make_range(state_, start, end, step, partitions);
}

data_frame session::create_data_frame(const schema& schema, const std::vector<row>& rows) const {
  return frame::make_local(state_, schema, rows);
}

task<data_frame> session::sql(std::string text) const {
  return execute::guarded(frame::make_sql(state_, std::move(text), frame::sql_arguments()));
}

task<data_frame> session::sql(std::string text, named_parameters parameters) const {
  frame::sql_arguments arguments;
  for (auto& [name, value] : parameters) arguments.named.emplace(name, value);
  return execute::guarded(frame::make_sql(state_, std::move(text), std::move(arguments)));
}

task<data_frame> session::sql(std::string text, std::vector<column_or_value> parameters) const {
  frame::sql_arguments arguments;
  arguments.positional = std::move(parameters);
  return execute::guarded(frame::make_sql(state_, std::move(text), std::move(arguments)));
}

runtime_config session::conf() const {
  return runtime_config(state_);
}

const std::string& session::version() const noexcept {
  return state_->server_version();
}

const std::string& session::id() const noexcept {
  return state_->link()->session_id;
}

connection_state session::connection() const {
  return state_->link()->monitor->state();
}

task<connection_state> session::connection_changed(connection_state known) const {
  return execute::guarded(execute::monitor::changed(state_->link()->monitor, std::move(known)));
}

task<session> session::open_replacement(std::shared_ptr<connect::session_state> replaced) {
  COSPARK_TRY(auto state, co_await connect::replace_session(std::move(replaced)));
  co_return session(std::move(state));
}

task<session> session::replacement() const {
  return open_replacement(state_);
}

std::string session::diagnostics() const {
  return "session " + id() + " at " + state_->where().target() + ", Spark " + version() + '\n' +
         streaming::wait_engine::of(*state_)->describe(*state_) + '\n';
}

task<std::vector<std::string>> session::interrupt_all() const {
  spark::connect::InterruptRequest request;
  request.set_interrupt_type(spark::connect::InterruptRequest::INTERRUPT_TYPE_ALL);
  return connect::interrupt(state_, std::move(request));
}

namespace {

task<std::vector<std::string>> interrupt_one(connect::session_ptr session, std::string operation_id) {
  if (!connect::is_uuid(operation_id)) co_return failure(errc::invalid_argument, "an operation id is a UUID");
  spark::connect::InterruptRequest request;
  request.set_interrupt_type(spark::connect::InterruptRequest::INTERRUPT_TYPE_OPERATION_ID);
  request.set_operation_id(std::move(operation_id));
  co_return co_await connect::interrupt(std::move(session), std::move(request));
}

}  // namespace

task<std::vector<std::string>> session::interrupt_operation(std::string operation_id) const {
  return execute::guarded(interrupt_one(state_, std::move(operation_id)));
}

task<> session::stop() const {
  return connect::stop(state_);
}

}  // namespace cospark
