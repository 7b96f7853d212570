// A Spark Connect server inside the process that follows a script: for tests of what is built on cospark.
#pragma once

#include <cospark/error.hpp>
#include <cospark/result.hpp>
#include <cospark/row.hpp>
#include <cospark/schema.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Link `cospark::testing`. Nothing of it is meant for production.
namespace cospark::testing {

/// The remote calls of Spark Connect that the server answers.
enum class method {
  analyze_plan,
  config,
  execute_plan,
  reattach_execute,
  interrupt,
  release_execute,
  release_session,
  fetch_error_details,
};

/// What an operation (an ExecutePlan) does.
enum class operation_kind {
  any,              // in scripts: whatever comes
  rows,             // runs a data frame and answers with rows
  start,            // starts a streaming query
  query_command,    // status, stop, … of one query
  manager_command,  // active, … of all queries
  bus_add,          // opens the stream of query events
  bus_remove,       // closes it
  other_command,
};

/// A failure as a Spark Connect server reports it.
struct server_error {
  server_error() = default;
  /// A status of gRPC without Spark's details. `code`: a number of grpc::StatusCode, such as 14 for UNAVAILABLE.
  server_error(int code, std::string text) : grpc_code(code), message(std::move(text)) {}
  /// A failure inside Spark, as INTERNAL with its condition and SQLSTATE.
  server_error(std::string error_condition, std::string state, std::string text)
      : message(std::move(text)), condition(std::move(error_condition)), sql_state(std::move(state)) {}

  int grpc_code = 13;
  std::string message;
  std::string condition;
  std::string sql_state;
  std::map<std::string, std::string> message_parameters;
  /// Exception class and its bases, most derived first.
  std::vector<std::string> classes;
  /// What FetchErrorDetails tells, once; empty: the error has no id to ask for.
  std::vector<error_cause> causes;
  /// Sent as google.rpc.RetryInfo: "come back later".
  std::optional<std::chrono::milliseconds> retry_after;
};

/// How a server is made.
struct server_options {
  server_options() = default;

  /// Version of Spark that it plays.
  std::string version = "4.3.0";
  /// Most calls at once over one connection, as proxies have it; further ones wait in the client. Zero: no limit.
  int max_concurrent_streams = 0;
  /// False: as with spark.connect.execute.reattachable.enabled=false. An answer ends without a last message that says
  /// so, and nothing can be reattached to.
  bool reattachable = true;
  /// Certificate chain and private key of the server, PEM texts; empty: no TLS.
  std::string certificate;
  std::string key;
  /// Certificates of the authorities that a client's certificate must come from, a PEM text; empty: clients need none.
  std::string client_authorities;
};

/// What happens on one response stream, step by step. The responses of an operation are numbered; a stream begins
/// after the last one that the client has. After the last step the stream goes on as if there were no script.
class stream_script {
 public:
  stream_script() = default;

  /// Sends the next `count` responses.
  stream_script& send(std::size_t count) { return add(step::kind::send, count); }
  /// Sends the next response, filled up to a message of so many bytes with a field that no client knows.
  stream_script& send_sized(std::size_t bytes) { return add(step::kind::send_sized, bytes); }
  /// Sends the next responses as long as they take no more than `bytes` in all, each whole or not at all, and then
  /// ends the stream as a broken connection does: with UNAVAILABLE.
  stream_script& cut_after(std::size_t bytes) { return add(step::kind::cut_after, bytes); }
  /// Sends the last `count` responses once more.
  stream_script& repeat(std::size_t count) { return add(step::kind::repeat, count); }
  /// Leaves out the next `count` responses: a gap.
  stream_script& skip(std::size_t count) { return add(step::kind::skip, count); }
  stream_script& wait(std::chrono::milliseconds time) {
    return add(step::kind::wait, static_cast<std::size_t>(time.count()));
  }
  /// Stands still until `server::release_held`.
  stream_script& hold() { return add(step::kind::hold, 0); }
  /// Sends nothing any more and does not end either, as a peer that has vanished without a word. Only the client, or
  /// `server::stop`, ends such a stream.
  stream_script& fall_silent() { return add(step::kind::fall_silent, 0); }
  /// Ends the stream with status OK, complete or not.
  stream_script& end() { return add(step::kind::end, 0); }
  /// Ends the stream with a failure; the operation itself goes on and can be reattached to.
  stream_script& fail(server_error error);
  /// As the first step of a script: the call fails before the server has done anything.
  stream_script& refuse(server_error error);
  /// Sends a serialized spark.connect.ExecutePlanResponse as it is, whatever is in its fields.
  stream_script& send_bytes(std::string response);

  struct step {
    enum class kind { send, send_sized, cut_after, repeat, skip, wait, hold, fall_silent, end, fail, refuse, bytes };
    step() = default;
    kind what = kind::send;
    std::size_t count = 0;
    std::string bytes;
    server_error error;
  };
  const std::vector<step>& steps() const noexcept { return steps_; }

 private:
  stream_script& add(step::kind what, std::size_t count);
  std::vector<step> steps_;
};

/// What the client did with one operation.
struct operation_record {
  operation_record() = default;
  std::string id;
  std::string session_id;
  operation_kind kind = operation_kind::any;
  /// The plan that was executed, in the text form of Protocol Buffers, on one line.
  std::string plan;
  std::vector<std::string> tags;
  unsigned executions = 0;  // how often the server ran it
  unsigned streams = 0;     // response streams: first one and reattachments
  unsigned interrupts = 0;
  unsigned releases = 0;
};

/// A streaming query of the server.
struct query_record {
  query_record() = default;
  std::string id;
  std::string run_id;
  std::string name;
  bool is_active = true;
};

/// A Spark Connect server on a port of the loopback interface, with threads of its own. Without a script it answers
/// like a healthy Spark: sessions, settings, one table of rows for every data frame, streaming queries that run until
/// the test ends them, and their events. It plans and computes nothing.
///
/// Thread safety: all members may be called from any thread.
class server {
 public:
  /// Starts it. Throws `std::runtime_error` if no port can be had, or the certificates cannot be used.
  explicit server(server_options options);
  /// The same without TLS, as the given version of Spark.
  explicit server(std::string version = "4.3.0");
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  std::uint16_t port() const;
  /// The connection string of this server; says `use_ssl=true` if it has a certificate.
  std::string remote() const;

  /// Cuts all connections and stops listening.
  void stop();
  /// Listens again at the same port. `keep_state`: as if only connections had been cut; otherwise sessions, operations
  /// and queries are gone, as after a restart of the process.
  void start(bool keep_state = false);
  /// Certificates of the next `start`.
  void set_certificate(std::string certificate, std::string key);

  /// Answers nothing and sends nothing from now on, on all connections, old and new, until `thaw`: a process that
  /// hangs. What comes meanwhile is answered afterwards. (HTTP/2 itself goes on: pings are answered.)
  void freeze();
  void thaw();

  /// What every data frame answers from now on, `rows_per_response` at a time. Rows that do not fit the schema:
  /// `errc::invalid_argument`.
  result<void> set_rows(const schema& schema, const std::vector<row>& rows, std::size_t rows_per_response = 1);

  /// Scripts for the next streams of such operations, one stream each, in the order given.
  void script(operation_kind kind, stream_script script);
  /// For all streams of such operations that have no script of their own.
  void script_always(operation_kind kind, stream_script script);
  /// Lets the next `times` calls fail.
  void fail(method which, server_error error, unsigned times = 1);
  /// Answers such calls late from now on.
  void delay(method which, std::chrono::milliseconds time);
  /// Lets such calls stand still until `release_held`.
  void hold(method which);
  void release_held();
  /// Calls and streams that stand still.
  std::size_t held() const;

  /// Closes every session as if it had expired: its queries end as if stopped, later calls fail.
  void expire_sessions();
  /// Answers from other sessions of the same ids from now on, as a server that was restarted behind a proxy.
  /// `notice`: whether the server itself refuses calls that name the session of before.
  void replace_sessions(bool notice);

  std::vector<query_record> queries() const;
  /// Ends a running query well, or with a failure, and sends the event. False if no such run is active.
  bool end_query(const std::string& run_id);
  bool fail_query(const std::string& run_id, server_error error);
  /// Whether ends of queries are sent to the bus (they are, unless switched off).
  void set_sends_events(bool sends);
  /// Sends any event to all buses.
  void send_event(int type, const std::string& json);
  /// Whether another client has the bus: adding one is then neither acknowledged nor refused.
  void set_bus_taken(bool taken);
  /// Removes all buses, as another client of the session can.
  void remove_buses();

  std::size_t calls(method which) const;
  std::vector<operation_record> operations(operation_kind kind = operation_kind::any) const;
  /// Response streams that are open now, and buses that are registered now.
  std::size_t open_streams() const;
  std::size_t buses() const;
  /// A header of the last call; empty if there was none.
  std::string last_header(const std::string& name) const;

 private:
  friend struct server_access;
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace cospark::testing
