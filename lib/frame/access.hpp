// From the public handles to the session and the plan behind them, and back.
#pragma once

#include "connect/session_state.hpp"
#include "plan/access.hpp"

#include <cospark/data_frame.hpp>
#include <cospark/data_frame_reader.hpp>
#include <cospark/data_frame_writer.hpp>
#include <cospark/grouped_data.hpp>
#include <cospark/result_stream.hpp>

#include <utility>

namespace cospark::frame {

enum class grouping { group_by, rollup, cube };

struct access {
  static data_frame make(connect::session_ptr session, plan::relation_ptr relation) {
    return data_frame(std::move(session), std::move(relation));
  }
  static const connect::session_ptr& session(const data_frame& frame) { return frame.session_; }
  static const plan::relation_ptr& relation(const data_frame& frame) { return frame.relation_; }

  static data_frame_reader make_reader(connect::session_ptr session);
  static grouped_data make_groups(const data_frame& input, grouping kind, const column_list& columns);
  static data_frame_writer make_writer(const data_frame& input);
  static result_stream make_stream(std::shared_ptr<result_state> state) { return result_stream(std::move(state)); }
};

}  // namespace cospark::frame
