// A session with a Spark Connect server.
#pragma once

#include <cospark/column_or_value.hpp>
#include <cospark/connection_state.hpp>
#include <cospark/data_frame.hpp>
#include <cospark/data_frame_reader.hpp>
#include <cospark/data_stream_reader.hpp>
#include <cospark/row.hpp>
#include <cospark/runtime_config.hpp>
#include <cospark/schema.hpp>
#include <cospark/session_options.hpp>
#include <cospark/streaming_query_manager.hpp>
#include <cospark/task.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cospark {
namespace connect {
class session_state;
}

/// Parameters of `session::sql` by name: `:name` in the text.
using named_parameters = std::map<std::string, column_or_value>;

/// A session with a Spark Connect server: Spark's SparkSession. Spark 3.5+.
///
/// Executor: operations complete on the executor of the coroutine that awaits them; background work of the session
/// runs on the executor that it was connected with. The library has no threads but gRPC's own, and user code never
/// runs on those. Destroying the executor's context ends everything in flight first, in either order of destruction.
///
/// Lifetime: every handle made from a session keeps it. With the last one, calls in flight are cancelled and nothing
/// is waited for. The server keeps the session and its queries until `stop`, or until nothing has been heard from the
/// session for a while (an hour by default).
///
/// Thread safety: cheap to copy; may be used from several threads at once.
class session {
 public:
  /// Opens a session: asks the server for its version and makes the settings of `options.conf`.
  ///
  /// `remote` is Spark's connection string: `sc://host:15002/;key=value;…`, with IPv6 addresses in brackets and values
  /// percent-encoded. Keys: token, use_ssl, user_id, user_agent, session_id, grpc_max_message_size,
  /// grpc_keepalive_enabled, grpc_keepalive_time_ms (at least 10000; before Spark 4.3 pings end the connection),
  /// grpc_keepalive_timeout_ms, grpc_keepalive_without_calls; any other key becomes a header of every call.
  /// Errors: `errc::invalid_argument` (nothing was sent), `errc::unavailable` (not reachable within
  /// `options.connect_timeout`), `errc::unauthenticated`, `errc::tls_failed` (at once, without retries).
  /// Cancellation: ends the attempt.
  static task<session> connect(std::string remote, session_options options = session_options());
  /// The same with the connection string of the environment variable SPARK_REMOTE, or else `sc://localhost:15002`.
  static task<session> connect();

  /// Reads streams.
  data_stream_reader read_stream() const;
  /// The streaming queries of this session.
  streaming_query_manager streams() const;

  /// Reads batches.
  data_frame_reader read() const;
  /// The rows of a table or view.
  data_frame table(std::string_view name) const;
  /// One column `id` of bigint: from 0, or from `start`, up to but without `end`.
  data_frame range(std::int64_t end) const;
  data_frame range(std::int64_t start, std::int64_t end, std::int64_t step = 1,
                   std::optional<std::int32_t> partitions = std::nullopt) const;
  /// Rows of this program, as a frame. They travel with every plan that uses it. A row must have as many values as the
  /// schema has fields, of their types; what does not fit makes operations on the frame fail with
  /// `errc::invalid_argument`.
  data_frame create_data_frame(const schema& schema, const std::vector<row>& rows) const;

  /// Runs SQL. Commands (CREATE TABLE, …) are carried out at once; a query runs when its frame does. `:name` in the
  /// text stands for a named, `?` for a positional parameter; both are values and need no quoting. Spark 3.5+.
  /// Cancellation: a command is interrupted on the server.
  task<data_frame> sql(std::string text) const;
  task<data_frame> sql(std::string text, named_parameters parameters) const;
  task<data_frame> sql(std::string text, std::vector<column_or_value> parameters) const;

  /// Settings of this session.
  runtime_config conf() const;
  /// Version of the server, such as "4.3.0", as it was when the session was opened.
  const std::string& version() const noexcept;
  /// Id of the session, a UUID.
  const std::string& id() const noexcept;
  /// Lines of text for a human reader: the server, and how waits for streaming queries work in this session and why,
  /// with counts. For logs and bug reports; it holds no secrets, and its form may change.
  std::string diagnostics() const;

  /// Whether the server is being reached. Asks nobody: it is what the calls and streams of the session have met. Keep
  /// alive calls (`session_options::keep_alive_interval`) look even when nothing else happens.
  connection_state connection() const;
  /// Waits until the status is not the one of `known` any more, or has changed and come back, and returns the new
  /// state; at once if that is so already, and when `known` is `lost`, which does not change any more.
  ///
  ///     auto state = spark.connection();
  ///     while (state.status != connection_status::lost) { … state = co_await spark.connection_changed(state); }
  ///
  /// Cancellation: ends the wait alone.
  task<connection_state> connection_changed(connection_state known) const;
  /// Opens another session with the same server and options, and a new id: after `errc::session_lost`. Nothing of this
  /// session goes over to it: no settings but those of the options, no views, no queries; they are started again, from
  /// their checkpoints. Errors and cancellation as of `connect`.
  task<session> replacement() const;

  /// Interrupts executions of this session and stops **all its streaming queries** (Spark 4.0+; up to 3.5 executions
  /// alone); the ids of the operations that were interrupted.
  task<std::vector<std::string>> interrupt_all() const;
  /// The same for one operation; never stops a query.
  task<std::vector<std::string>> interrupt_operation(std::string operation_id) const;

  /// Closes the session: its queries are stopped, what is in flight ends with `errc::client_closed`, and handles of it
  /// are of no more use. Stopping a stopped session is no error.
  task<> stop() const;

 private:
  explicit session(std::shared_ptr<connect::session_state> state) noexcept : state_(std::move(state)) {}
  static task<session> open(std::string remote, session_options options);
  static task<session> open_replacement(std::shared_ptr<connect::session_state> replaced);

  std::shared_ptr<connect::session_state> state_;
};

}  // namespace cospark
