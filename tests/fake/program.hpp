// A program with streaming queries, against the scriptable server.
#pragma once

#include "client.hpp"

#include <cospark/data_stream_writer.hpp>
#include <cospark/streaming_query.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fake {

using cospark::streaming_query;

inline server_error division() {
  server_error error("STREAM_FAILED", "XXKST", "[STREAM_FAILED] Query terminated with exception. SQLSTATE: XXKST");
  error.classes.emplace_back("org.apache.spark.sql.streaming.StreamingQueryException");
  error.causes.resize(2);
  error.causes[0].class_name = "org.apache.spark.sql.streaming.StreamingQueryException";
  error.causes[0].message = error.message;
  error.causes[1].class_name = "org.apache.spark.SparkArithmeticException";
  error.causes[1].condition = "DIVIDE_BY_ZERO";
  return error;
}

struct program {
  explicit program(server& to, cospark::session_options options = client::quick()) {
    auto opened = cospark::run(io, cospark::session::connect(to.remote(), std::move(options)));
    REQUIRE(opened);
    session.emplace(std::move(opened).value());
  }

  streaming_query start(const std::string& checkpoint = "", const std::string& name = "") {
    auto writer = session->read_stream().format("rate").load().write_stream().format("noop");
    if (!checkpoint.empty()) writer = writer.option("checkpointLocation", checkpoint);
    if (!name.empty()) writer = writer.query_name(name);
    auto started = cospark::run(io, writer.start());
    REQUIRE(started);
    return started.value();
  }

  /// Waits in the background; how it ends is in `ended`, in order.
  struct end {
    std::string run_id;
    result<void> outcome;
  };
  void wait(const streaming_query& query) {
    auto store = [this, run_id = query.run_id()](result<void> outcome) {
      ended.push_back({run_id, std::move(outcome)});
    };
    cospark::spawn(io.get_executor(), query.await_termination(), store);
  }
  bool until_ended(std::size_t count) {
    return eventually(io, [&] { return ended.size() >= count; });
  }

  asio::io_context io;
  std::optional<cospark::session> session;
  std::vector<end> ended;
};

inline std::size_t buses_opened(const server& spark) {
  return spark.operations(operation_kind::bus_add).size();
}

inline bool bus_is_ready(program& user, const server& spark) {
  return eventually(user.io, [&] { return spark.buses() == 1; });
}

/// Options of another client of the same session.
inline cospark::session_options same_session(const program& user) {
  auto options = client::quick();
  options.session_id = user.session->id();
  return options;
}

}  // namespace fake
