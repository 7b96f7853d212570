// Response streams of the scriptable server.
#include "testing/service.hpp"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>

namespace cospark::testing {
namespace {

using writer = grpc::ServerWriter<proto::ExecutePlanResponse>;

// One stream that delivers the responses of one operation, script first.
class delivery {
 public:
  delivery(state& state, std::unique_lock<std::mutex>& lock, grpc::ServerContext& context, writer& to, operation_ptr of,
           std::size_t begin)
      : state_(state), lock_(lock), context_(context), writer_(to), operation_(std::move(of)), next_(begin) {
    ++operation_->record.streams;
    turn_ = ++operation_->holder;  // whoever delivered before has lost it
    ++state_.open_streams;
    state_.wake(operation_.get());
  }
  ~delivery() { --state_.open_streams; }
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;

  grpc::Status run(const std::optional<stream_script>& script) {
    if (script) {
      for (const auto& each : script->steps()) {
        if (auto ended = follow(each)) return *ended;
      }
    }
    for (;;) {
      if (auto ended = send_next()) return *ended;
    }
  }

 private:
  using step = stream_script::step;

  std::optional<grpc::Status> follow(const step& what) {
    switch (what.what) {
      case step::kind::send:
        for (std::size_t i = 0; i < what.count; ++i) {
          if (auto ended = send_next()) return ended;
        }
        return std::nullopt;
      case step::kind::send_sized:
        return send_next(what.count);
      case step::kind::cut_after:
        for (std::size_t left = what.count;;) {
          if (auto ended = wait_for_next()) return ended;
          const auto size =
              next_ < operation_->responses.size() ? operation_->responses[next_].ByteSizeLong() : left + 1;
          if (size > left) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut by the script");
          left -= size;
          if (auto ended = send_next()) return ended;
        }
      case step::kind::repeat:
        for (std::size_t i = next_ - std::min(what.count, next_); i < next_; ++i) write(operation_->responses[i]);
        return std::nullopt;
      case step::kind::skip:
        next_ += what.count;
        return std::nullopt;
      case step::kind::wait:
        if (state_.pause(lock_, context_, std::chrono::milliseconds(what.count))) return std::nullopt;
        return gone();
      case step::kind::hold:
        if (state_.stand_still(lock_, context_)) return std::nullopt;
        return gone();
      case step::kind::fall_silent:
        ++state_.held;
        state_.wait(lock_, context_, [] { return false; });
        --state_.held;
        return gone();
      case step::kind::end:
        return grpc::Status::OK;
      case step::kind::fail:
      case step::kind::refuse:
        return state_.to_status(what.error);
      case step::kind::bytes: {
        // As unknown fields: what they hold is not looked at, and sent as it is.
        proto::ExecutePlanResponse response;
        auto& fields = *response.GetReflection()->MutableUnknownFields(&response);
        if (!fields.ParseFromString(what.bytes)) {
          return grpc::Status(grpc::StatusCode::INTERNAL, "bad bytes in script");
        }
        write(std::move(response));
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  // Until there is a response, or the end; how the stream ends if it ends before.
  std::optional<grpc::Status> wait_for_next() {
    const auto ready = [this] {
      state_.advance(*operation_);
      return lost() || next_ < operation_->responses.size() || operation_->done();
    };
    if (!state_.wait(lock_, context_, ready, operation_.get())) return gone();
    if (!lost()) return std::nullopt;
    return state_.to_status(server_error("INVALID_CURSOR.DISCONNECTED", "HY109",
                                         "[INVALID_CURSOR.DISCONNECTED] The cursor has been disconnected."));
  }

  // The next response, filled up to a size, or how the stream ends.
  std::optional<grpc::Status> send_next(std::size_t size = 0) {
    if (auto ended = wait_for_next()) return ended;
    if (next_ < operation_->responses.size()) {
      if (!state_.reattachable && operation_->responses[next_].has_result_complete()) {
        operation_->live = false;
        return grpc::Status::OK;
      }
      auto response = operation_->responses[next_++];
      fill_up(response, size);
      write(std::move(response));
      return std::nullopt;
    }
    if (operation_->failure) return state_.to_status(*operation_->failure);
    return grpc::Status::OK;
  }

  void address(proto::ExecutePlanResponse& response) {
    const auto at = state_.sessions.find(operation_->session_id);
    if (at != state_.sessions.end()) response.set_server_side_session_id(at->second.server_side_id);
  }

  void fill_up(proto::ExecutePlanResponse& response, std::size_t size) {
    if (size == 0) return;
    address(response);               // as write() does: it counts
    constexpr std::size_t head = 7;  // tag and length of a field of megabytes
    const auto used = response.ByteSizeLong() + head;
    if (size <= used) return;
    constexpr int unused_field = 2047;
    auto& filling = *response.GetReflection()->MutableUnknownFields(&response)->AddLengthDelimited(unused_field);
    filling.assign(size - used, 'x');
    filling.resize(filling.size() + size - response.ByteSizeLong(), 'x');
  }

  bool lost() const { return !operation_->live || operation_->holder != turn_; }
  static grpc::Status gone() { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is being stopped"); }

  void write(proto::ExecutePlanResponse response) {
    if (state_.frozen && !state_.wait(lock_, context_, [this] { return !state_.frozen; })) return;
    address(response);
    lock_.unlock();
    writer_.Write(response);  // blocks while the client does not read
    lock_.lock();
  }

  state& state_;
  std::unique_lock<std::mutex>& lock_;
  grpc::ServerContext& context_;
  writer& writer_;
  operation_ptr operation_;
  std::size_t next_;
  unsigned turn_ = 0;
};

// A script whose first step refuses the call.
std::optional<grpc::Status> refusal(state& state, const std::optional<stream_script>& script) {
  if (!script || script->steps().empty()) return std::nullopt;
  const auto& first = script->steps().front();
  if (first.what != stream_script::step::kind::refuse) return std::nullopt;
  return state.to_status(first.error);
}

}  // namespace

grpc::Status service::ExecutePlan(grpc::ServerContext* context, const proto::ExecutePlanRequest* request, writer* to) {
  if (auto failed = state_.enter(method::execute_plan, *context)) return *failed;
  std::unique_lock lock(state_.mutex);
  const auto kind = kind_of(request->plan());
  const auto script = state_.take_script(kind);
  if (auto refused = refusal(state_, script)) return *refused;
  session* owner = nullptr;
  if (auto failed = state_.find_session(*request, true, owner)) return *failed;

  auto& known = state_.operations[request->operation_id()];
  const auto plan = request->plan().SerializeAsString();
  if (known && known->live) {
    // The same again takes over the stream, from the start; up to 3.5, and with another plan, it is refused.
    if (!state_.is_at_least(4) || known->plan != plan) {
      return state_.to_status(invalid_handle("OPERATION_ALREADY_EXISTS", request->operation_id()));
    }
  } else {
    if (!known) {
      known = std::make_shared<operation>();
      state_.in_order.push_back(known);
    }
    known->session_id = request->session_id();
    known->plan = plan;
    known->record.id = request->operation_id();
    known->record.session_id = request->session_id();
    known->record.plan = request->plan().ShortDebugString();
    known->record.kind = kind;
    known->record.tags.assign(request->tags().begin(), request->tags().end());
    known->responses.clear();
    known->failure.reset();
    known->await.reset();
    known->live = true;
    state_.execute(*known, request->plan(), *owner);
  }
  delivery stream(state_, lock, *context, *to, known, 0);
  return stream.run(script);
}

grpc::Status service::ReattachExecute(grpc::ServerContext* context, const proto::ReattachExecuteRequest* request,
                                      writer* to) {
  if (auto failed = state_.enter(method::reattach_execute, *context)) return *failed;
  std::unique_lock lock(state_.mutex);
  session* owner = nullptr;
  if (auto failed = state_.find_session(*request, false, owner)) return *failed;
  const auto at = state_.operations.find(request->operation_id());
  if (at == state_.operations.end() || !at->second->live || at->second->session_id != request->session_id()) {
    return state_.to_status(invalid_handle("OPERATION_NOT_FOUND", request->operation_id()));
  }
  if (!state_.reattachable) {
    return state_.to_status(server_error("INVALID_CURSOR.NOT_REATTACHABLE", "HY109",
                                         "[INVALID_CURSOR.NOT_REATTACHABLE] The cursor is not reattachable."));
  }
  const auto script = state_.take_script(at->second->record.kind);
  if (auto refused = refusal(state_, script)) return *refused;
  std::size_t begin = 0;
  if (request->has_last_response_id()) {
    const auto& responses = at->second->responses;
    while (begin < responses.size() && responses[begin].response_id() != request->last_response_id()) ++begin;
    if (begin == responses.size()) {
      return state_.to_status(server_error("INVALID_CURSOR.POSITION_NOT_FOUND", "HY109",
                                           "[INVALID_CURSOR.POSITION_NOT_FOUND] The cursor position is not found."));
    }
    ++begin;
  }
  delivery stream(state_, lock, *context, *to, at->second, begin);
  return stream.run(script);
}

}  // namespace cospark::testing
