// From the public handles to the state behind them, and back.
#pragma once

#include "connect/session_state.hpp"
#include "streaming/query_state.hpp"

#include <cospark/data_stream_reader.hpp>
#include <cospark/data_stream_writer.hpp>
#include <cospark/streaming_query.hpp>
#include <cospark/streaming_query_manager.hpp>

namespace cospark::streaming {

struct access {
  static data_stream_reader make_reader(connect::session_ptr session);
  static data_stream_writer make_writer(const data_frame& input);
  static streaming_query_manager make_manager(connect::session_ptr session) {
    return streaming_query_manager(std::move(session));
  }
  static streaming_query make_query(std::shared_ptr<const query_state> state) {
    return streaming_query(std::move(state));
  }
  static event_stream make_events(std::shared_ptr<event_queue> queue) { return event_stream(std::move(queue)); }
  static const std::shared_ptr<event_queue>& queue(const event_stream& stream) { return stream.queue_; }
  static const std::shared_ptr<const query_state>& state(const streaming_query& query) { return query.state_; }
};

}  // namespace cospark::streaming
