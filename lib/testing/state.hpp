// What the scriptable server knows: sessions, operations, queries, scripts and counts, under one mutex.
#pragma once

#include <cospark/testing.hpp>

#include <grpcpp/server_context.h>
#include <spark/connect/base.pb.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace cospark::testing {

namespace proto = spark::connect;

/// A command that waits for the end of a query.
struct pending_await {
  std::string run_id;  // empty: of any query of the session
  std::optional<std::chrono::steady_clock::time_point> deadline;
};

struct operation {
  std::string session_id;
  std::string plan;  // serialized, to tell a repetition from another plan of the same id
  operation_record record;
  std::vector<proto::ExecutePlanResponse> responses;
  std::optional<server_error> failure;  // after the responses
  std::optional<pending_await> await;
  unsigned holder = 0;  // the stream that may deliver; an earlier one has lost it
  bool live = false;    // not released

  bool complete() const { return !responses.empty() && responses.back().has_result_complete(); }
  bool done() const { return failure.has_value() || complete(); }
};
using operation_ptr = std::shared_ptr<operation>;

struct query {
  std::string session_id;
  query_record record;
  std::string checkpoint;
  std::optional<server_error> failure;
};

struct session {
  std::string server_side_id;
  std::map<std::string, std::string> conf;
  operation_ptr bus;
  bool any_terminated = false;
  std::optional<server_error> last_failure;
};

inline constexpr std::size_t method_count = static_cast<std::size_t>(method::fetch_error_details) + 1;

/// All members need the mutex unless they say otherwise.
class state {
 public:
  explicit state(server_options options)
      : version(options.version), max_streams(options.max_concurrent_streams), reattachable(options.reattachable) {}

  mutable std::mutex mutex;

  const std::string version;
  const int max_streams;
  const bool reattachable;
  bool frozen = false;
  bool stopping = false;
  std::map<std::string, session> sessions;
  std::set<std::string> closed_sessions;
  bool notices_other_session = true;
  std::map<std::string, operation_ptr> operations;  // by id, released ones too
  std::vector<operation_ptr> in_order;
  std::vector<query> queries;
  std::unordered_map<std::string, std::size_t> query_at;                  // by run id
  std::map<std::string, proto::FetchErrorDetailsResponse> error_details;  // by error id
  std::vector<proto::ExecutePlanResponse> row_responses;
  proto::DataType row_schema;
  bool sends_events = true;
  bool bus_taken = false;
  std::size_t open_streams = 0;

  struct per_method {
    std::size_t calls = 0;
    std::deque<server_error> failures;
    std::chrono::milliseconds delay{0};
    bool held = false;
  };
  std::array<per_method, method_count> methods;
  std::map<operation_kind, std::deque<stream_script>> scripts;
  std::map<operation_kind, stream_script> standing_scripts;
  std::size_t held = 0;
  unsigned releases_of_held = 0;
  std::map<std::string, std::string> last_headers;

  bool is_at_least(int major) const { return std::atoi(version.c_str()) >= major; }

  /// Counts a call and does what a test asked for: delay, hold, failure. Takes the mutex itself.
  std::optional<grpc::Status> enter(method which, const grpc::ServerContext& context);
  /// Waits until the condition holds; false when the client or the server goes away first. Of an operation, when only
  /// what happens to that one can make it true, and what happens to all.
  bool wait(std::unique_lock<std::mutex>& lock, const grpc::ServerContext& context, std::function<bool()> condition,
            const operation* of = nullptr);
  /// Wakes who waits: for what happens to an operation, or (none) everybody.
  void wake(const operation* of = nullptr);
  bool stand_still(std::unique_lock<std::mutex>& lock, const grpc::ServerContext& context);
  bool pause(std::unique_lock<std::mutex>& lock, const grpc::ServerContext& context, std::chrono::milliseconds time);

  /// The session of a request, made if `make`; a failure if it is closed, unknown or another one than before.
  template <class Request>
  std::optional<grpc::Status> find_session(const Request& request, bool make, session*& found) {
    return find_session(request.session_id(), request.client_observed_server_side_session_id(), make, found);
  }
  std::optional<grpc::Status> find_session(const std::string& id, const std::string& observed, bool make,
                                           session*& found);

  /// The status of a failure; its details can be fetched from now on.
  grpc::Status to_status(const server_error& error);

  /// The run of this id; null if there is none.
  query* find_query(const std::string& run_id);

  std::optional<stream_script> take_script(operation_kind kind);
  /// Runs a plan: fills in responses or failure of the operation.
  void execute(operation& running, const proto::Plan& plan, session& owner);
  /// Answers a command that waits for the end of a query, if the query has ended or the time is up.
  void advance(operation& waiting);
  void respond(operation& to, proto::ExecutePlanResponse response);
  void complete(operation& ended);
  void end_query(query& ended, std::optional<server_error> failure);
  void remove_bus(session& owner);
  void send_event(session& to, int type, const std::string& json);
  /// Ends everything of a session and remembers that it was closed.
  void close_session(const std::string& id);

 private:
  void execute_command(operation& running, const proto::Command& command, session& owner);
  void start_query(operation& running, const proto::WriteStreamOperationStart& start, session& owner);
  void run_query_command(operation& running, const proto::StreamingQueryCommand& command);
  void run_manager_command(operation& running, const proto::StreamingQueryManagerCommand& command, session& owner);
  void run_bus_command(operation& running, const proto::StreamingQueryListenerBusCommand& command, session& owner);

  // One condition variable each: streams of thousands of operations come and go beside one that stands for hours.
  struct waiter {
    std::condition_variable woken;
    const operation* of;
  };
  std::list<waiter*> waiting_;
};

operation_kind kind_of(const proto::Plan& plan);

/// The error that Spark gives for a handle that it does not know.
server_error invalid_handle(const std::string& what, const std::string& handle);

}  // namespace cospark::testing
