#include "execute/operation.hpp"

#include "execute/machine.hpp"

#include <grpcpp/support/status_code_enum.h>

#include <algorithm>
#include <utility>

namespace cospark::execute {
namespace {

using clock = std::chrono::steady_clock;

// A stream that stood as long was not ended at once. A server that ends each after this time is asked as often.
constexpr std::chrono::seconds a_while(1);

// What the measurements of an operation are named after. Protobuf's look at its own messages costs a megabyte once.
std::string kind_of(const spark::connect::Plan& plan, const monitor& to) {
  if (!to.measures()) return std::string();
  if (!plan.has_command()) return "query";
  const auto* field = spark::connect::Command::descriptor()->FindFieldByNumber(plan.command().command_type_case());
  return field == nullptr ? "command" : field->name();
}

}  // namespace

class operation::state {
 public:
  state(link_ptr link, spark::connect::Plan plan, execute_options options)
      : link_(std::move(link)),
        options_(std::move(options)),
        measured_(link_->monitor, kind_of(plan, *link_->monitor)),
        machine_(link_->retries, clock::now(), link_->reattach()),
        pending_(machine_.start()) {
    request_->set_operation_id(options_.operation_id);
    *request_->mutable_plan() = std::move(plan);
    for (auto& tag : options_.tags) request_->add_tags(tag);
    request_->add_request_options()->mutable_reattach_options()->set_reattachable(true);
    if (options_.allow_chunking) {
      request_->add_request_options()->mutable_result_chunking_options()->set_allow_arrow_batch_chunking(true);
    }
  }

  ~state() {
    if (sent_ && !released_) link_->release_in_background(id(), true);
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  const std::string& id() const { return request_->operation_id(); }

  static task<rpc::message_ptr> next(std::shared_ptr<state> self) {
    if (self->error_) co_return failure(*self->error_);
    if (self->released_) co_return rpc::message_ptr();
    try {
      auto outcome = co_await read(self);
      if (!outcome) {
        self->error_ = outcome.error();
        self->link_->note(outcome.error());
        self->measured_.ended(outcome.error());
      }
      co_return outcome;
    } catch (const std::system_error& thrown) {
      if (thrown.code() != asio::error::operation_aborted) throw;
    }
    self->error_ = self->give_up(errc::cancelled, "the operation was cancelled");
    self->measured_.ended(*self->error_);
    co_return failure(*self->error_);
  }

 private:
  static task<rpc::message_ptr> read(std::shared_ptr<state> self) {
    for (;;) {
      if (const auto reason = self->link_->unusable()) {
        if (*reason == errc::client_closed) {
          co_return failure(self->give_up(errc::client_closed, reason->message()));
        }
        co_return failure(self->end(*reason));
      }
      if (!self->stream_) {
        const auto wait = self->pending_.delay;
        if (self->remaining() <= wait) co_return failure(self->out_of_time());
        co_await pause(wait);
        self->open_segment();
      }
      auto item = co_await self->stream_->next();
      if (item.response) {
        self->reached_ = true;
        self->tokens_ = 0;
        self->link_->streams.heard();
        if (self->link_->monitor->measures()) {
          self->link_->monitor->count("bytes_received", {{"kind", self->measured_.kind()}},
                                      item.response->ByteSizeLong());
        }
        if (auto changed = self->link_->observe(item.response->server_side_session_id())) {
          co_return failure(self->end(*changed));
        }
        const auto decided = self->machine_.on_response(item.response->response_id(),
                                                        item.response->has_result_complete(), clock::now());
        if (decided.what == machine::step::finish) {
          self->finish();
          co_return rpc::message_ptr();
        }
        if (decided.what == machine::step::skip) continue;
        if (item.response->has_execution_progress() && !self->options_.wants_progress) continue;
        co_return std::move(item.response);
      }
      const auto status = *item.status;
      self->stream_.reset();
      if (self->link_->closed()) continue;
      const auto now = clock::now();
      if (status.ok()) {
        self->pending_ = self->machine_.on_clean_end(now, now - self->segment_began_ >= a_while);
        if (self->pending_.what == machine::step::fail) {
          co_return failure(self->give_up(errc::unavailable, "the server ends every response stream at once"));
        }
      } else {
        const auto failed = understand(status);
        const bool deadline = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
        if (deadline)
          self->link_->streams.replace_if_silent(self->stub_, self->link_->silent_since(self->segment_began_));
        if (deadline && self->remaining() <= std::chrono::milliseconds(0)) co_return failure(self->out_of_time());
        self->last_failure_ = failed;
        if (is_failure_to_connect(failed)) {
          self->link_->streams.replace_if_stuck(self->stub_);
        } else {
          self->reached_ = true;
        }
        auto treated = co_await link::treat(self->link_, failed, self->token_, &self->tokens_, self->remaining());
        if (!treated && treated.error() == errc::cancelled) {
          co_return failure(self->give_up(errc::cancelled, "the operation was cancelled"));
        }
        if (!treated) co_return failure(self->end(self->unsure(treated.error())));
        // A proxy that cuts idle streams is no failure of the server, if that has answered other calls meanwhile.
        const bool stood = !deadline && !is_failure_to_connect(failed) && now - self->segment_began_ >= a_while &&
                           self->link_->has_answered_since(self->segment_began_);
        if (treated.assume_value() == link::remedy::repeat_with_new_token) {
          self->pending_ = self->machine_.on_refused_token(self->pending_.what, now);
        } else {
          self->pending_ = self->machine_.on_failure(failed, deadline, now, stood);
        }
        if (self->pending_.what == machine::step::ask) {
          auto limit = std::min(self->link_->limits.call, self->remaining());
          const auto reattach = co_await link::ask_reattach(self->link_, limit);
          self->pending_ = self->machine_.on_reattach_known(!reattach || reattach.assume_value(), failed, clock::now());
        }
        if (self->pending_.what == machine::step::fail) {
          auto error = self->link_->to_error(failed);
          COSPARK_TRY(co_await link::fetch_details(self->link_, failed, error));
          co_return failure(self->end(self->refine(error)));
        }
        if (self->pending_.what != machine::step::finish) {
          self->link_->monitor->count("retries", {{"kind", self->measured_.kind()}});
        }
      }
      if (self->pending_.what == machine::step::finish) {
        self->finish();
        co_return rpc::message_ptr();
      }
    }
  }

  void open_segment() {
    const auto limit = link_->reattach() ? std::min(link_->limits.segment, remaining()) : remaining();
    const bool first = pending_.what == machine::step::execute;
    const auto options = link_->options(std::max(limit, std::chrono::milliseconds(1)),
                                        first ? "ExecutePlan" : "ReattachExecute", &token_);
    const auto stub = stub_ = link_->streams.get();
    segment_began_ = clock::now();
    ++segments_;
    if (first) {
      link_->address(*request_);
      sent_ = true;
      stream_.emplace(link_->engine, options, [stub, request = request_](auto& context, auto& reactor) {
        stub->async()->ExecutePlan(&context, request.get(), &reactor);
      });
      return;
    }
    link_->monitor->count("reattaches", {{"kind", measured_.kind()}});
    link_->monitor->log(log_level::debug, "execution", "reattaching",
                        {{"operation", id()}, {"after", machine_.last_response_id()}});
    auto request = std::make_shared<spark::connect::ReattachExecuteRequest>();
    link_->address(*request);
    request->set_operation_id(id());
    // Unset means from the start; an empty text would be a wrong cursor.
    if (machine_.received_anything()) request->set_last_response_id(machine_.last_response_id());
    stream_.emplace(link_->engine, options, [stub, request](auto& context, auto& reactor) {
      stub->async()->ReattachExecute(&context, request.get(), &reactor);
    });
  }

  void finish() {
    // Marked before the server hears of it: the release ends the stream with the very code that means "reattach".
    released_ = true;
    measured_.ended_well();
    if (stream_) std::exchange(stream_, std::nullopt)->let_finish();
    link_->release_in_background(id(), false);
  }

  // Ends the operation with what the server said of it.
  error end(const error& reason) {
    released_ = true;
    stream_.reset();
    if (reason != errc::session_lost) link_->release_in_background(id(), false);
    return reason;
  }

  // Ends an operation that may still be running.
  error give_up(errc code, std::string message) {
    if (sent_ && !released_) link_->release_in_background(id(), true);
    released_ = true;
    stream_.reset();
    error_detail detail;
    detail.message = std::move(message);
    detail.outcome_known = !(options_.has_effect && sent_);
    if (!detail.outcome_known) detail.message += "; whether the server carried it out is not known";
    return error(code, stamped(std::move(detail)));
  }

  error out_of_time() {
    auto message =
        "no answer within " + std::to_string(options_.limit.value_or(std::chrono::milliseconds(0)).count()) + " ms";
    if (last_failure_) message += ", at last: " + link_->token->without_tokens(last_failure_->message);
    const bool unreachable = last_failure_ && is_transient(*last_failure_);
    return give_up(unreachable ? errc::unavailable : errc::timed_out, std::move(message));
  }

  error refine(const error& reason) {
    auto code = pending_.code;
    auto detail = reason.detail();
    // After a passing fault that outlasted its bounds nobody can say whether the server carried the command out.
    if (options_.has_effect && (pending_.retries_exhausted || code == errc::operation_lost)) {
      detail.outcome_known = false;
      code = errc::outcome_unknown;
    }
    return error(code, stamped(std::move(detail)));
  }

  error_detail stamped(error_detail detail) const {
    detail.operation_id = id();
    detail.attempts = segments_;
    detail.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - started_);
    return detail;
  }

  // The error of a connection that cannot be had again: a command may have been carried out before.
  error unsure(const error& reason) const {
    auto detail = reason.detail();
    auto code = static_cast<errc>(reason.code().value());
    if (options_.has_effect && reached_) {
      detail.outcome_known = false;
      detail.message += "; whether the server carried it out is not known";
      code = errc::outcome_unknown;
    }
    return error(code, stamped(std::move(detail)));
  }

  std::chrono::milliseconds remaining() const {
    if (!options_.limit) return std::chrono::hours(24);
    return *options_.limit - std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - started_);
  }

  link_ptr link_;
  execute_options options_;
  std::shared_ptr<spark::connect::ExecutePlanRequest> request_ = std::make_shared<spark::connect::ExecutePlanRequest>();
  clock::time_point started_ = clock::now();
  measurement measured_;
  machine machine_;
  machine::decision pending_;
  stub_ptr stub_;  // of the segment
  clock::time_point segment_began_;
  std::optional<rpc::response_stream> stream_;
  std::optional<call_failure> last_failure_;
  std::optional<error> error_;
  unsigned segments_ = 0;
  std::uint64_t token_ = 0;  // which one the stream was opened with
  unsigned tokens_ = 0;      // how many were asked for since the last response
  bool reached_ = false;     // the server may have seen the operation
  bool sent_ = false;
  bool released_ = false;
};

operation::operation(link_ptr link, spark::connect::Plan plan, execute_options options)
    : state_(std::make_shared<state>(std::move(link), std::move(plan), std::move(options))) {}
operation::operation(operation&&) noexcept = default;
operation& operation::operator=(operation&&) noexcept = default;
operation::~operation() = default;

task<rpc::message_ptr> operation::next() {
  return state::next(state_);
}

const std::string& operation::id() const noexcept {
  return state_->id();
}

}  // namespace cospark::execute
