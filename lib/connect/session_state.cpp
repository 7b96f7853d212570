#include "connect/session_state.hpp"

#include "connect/certificates.hpp"
#include "connect/channel.hpp"
#include "connect/connection_string.hpp"
#include "connect/handshake.hpp"
#include "connect/uuid.hpp"
#include "execute/header.hpp"

#include <cospark/run.hpp>
#include <cospark/version.hpp>

#include <grpcpp/channel.h>
#include <asio/this_coro.hpp>

#include <charconv>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

namespace cospark::connect {
namespace {

using async = rpc::service::StubInterface::async_interface;
namespace proto = spark::connect;

// Progress messages of pending calls, one in two seconds each, are of no use here.
constexpr const char* progress_interval = "spark.connect.progress.reportInterval";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const auto& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return {};
}

result<execute::link_ptr> make_link(const connection_string& where, const session_options& options,
                                    const asio::any_io_executor& executor) {
  const auto token = first_of({where.token, options.token, environment("SPARK_CONNECT_AUTHENTICATE_TOKEN")});
  if (!execute::is_header_value(token)) {
    return failure(errc::invalid_argument, "the token holds a character that a header cannot carry");
  }
  COSPARK_TRY_RETURN(const bool tls, uses_tls(where, options, !token.empty() || options.token_provider));
  COSPARK_TRY_RETURN(auto material, load_certificates(options.tls));
  const auto session_id = first_of({where.session_id, options.session_id, make_uuid()});
  if (!is_uuid(session_id)) return failure(errc::invalid_argument, "session_options::session_id is not a UUID");

  auto link = std::make_shared<execute::link>();
  try {
    link->engine = rpc::engine::make(executor);
  } catch (const std::system_error& thrown) {
    return failure(errc::limit_exceeded, std::string("the execution context cannot have timers: ") + thrown.what());
  }
  link->session_id = session_id;
  link->user_id = first_of({where.user_id, options.user_id, environment("SPARK_USER"), environment("USER")});
  link->user_name = link->user_id;
  link->client_type = (where.user_agent.empty() ? std::string() : where.user_agent + ' ') + "cospark/" + version_text;
  link->metadata = where.metadata;
  link->monitor = std::make_shared<execute::monitor>(link->engine, options.log, options.metrics);
  link->token = std::make_shared<execute::token>(token, options.token_provider, options.token_timeout, link->engine,
                                                 link->monitor);
  link->call_metadata = options.call_metadata;
  link->retries = options.retries;
  link->limits.call = options.call_timeout;
  link->limits.analysis = options.analysis_timeout;
  link->limits.segment = options.segment_timeout;
  // Two connections: a limit of streams that long calls use up must not make short ones wait.
  const auto make_stub = [where, options, tls, material] {
    return rpc::service::NewStub(make_channel(where, options, tls ? &material : nullptr));
  };
  link->calls.open(make_stub);
  link->streams.open(make_stub);
  link->examine = [expected = expected_host(where, options.tls), tls, material](std::string failure, bool heard) {
    return why_not_secure(std::move(failure), expected, tls, material, heard);
  };
  return link;
}

task<std::string> ask_version(execute::link_ptr link, std::chrono::milliseconds limit) {
  proto::AnalyzePlanRequest request;
  request.mutable_spark_version();
  COSPARK_TRY(auto response, co_await execute::unary<proto::AnalyzePlanRequest, proto::AnalyzePlanResponse>(
                                 std::move(link), &async::AnalyzePlan, std::move(request), limit));
  co_return execute::printable(response.spark_version().version(), 64);
}

task<std::string> first_call(execute::link_ptr link, std::chrono::milliseconds limit) {
  if (link->token->has_provider() && link->token->value().empty()) {
    COSPARK_TRY(co_await execute::token::renew(link->token, 0, limit));
  }
  co_return co_await ask_version(std::move(link), limit);
}

task<session_ptr> open_at(connection_string where, session_options options) {
  asio::any_io_executor executor = co_await asio::this_coro::executor;
  if (options.executor) executor = *options.executor;
  COSPARK_TRY(auto link, make_link(where, options, executor));
  const auto limit = options.connect_timeout;
  auto session = std::make_shared<session_state>(link, std::move(options), where);
  auto version = co_await first_call(link, limit);
  if (!version) {
    auto detail = version.error().detail();
    detail.message = "cannot open a session at " + where.target() + ": " + detail.message;
    co_return failure(error(static_cast<errc>(version.error().code().value()), std::move(detail)));
  }
  session->set_server_version(std::move(version).value());
  proto::ConfigRequest settings;
  auto conf = session->options().conf;
  conf.emplace(progress_interval, "-1");
  for (const auto& [key, value] : conf) {
    auto* pair = settings.mutable_operation()->mutable_set()->add_pairs();
    pair->set_key(key);
    pair->set_value(value);
  }
  COSPARK_TRY(co_await configure(session, std::move(settings)));
  link->monitor->log(log_level::info, "connection", "session opened",
                     {{"server", where.target()}, {"version", session->server_version()}, {"id", link->session_id}});
  co_return session;
}

task<session_ptr> open(std::string remote, session_options options) {
  COSPARK_TRY(auto where, parse_connection_string(remote));
  co_return co_await open_at(std::move(where), std::move(options));
}

task<proto::ExecutePlanResponse> run_to_end(session_ptr session, proto::Command command, execute_options options) {
  proto::Plan plan;
  *plan.mutable_command() = std::move(command);
  auto running = execute(session, std::move(plan), std::move(options));
  proto::ExecutePlanResponse answer;
  for (;;) {
    COSPARK_TRY(auto response, co_await running.next());
    if (!response) co_return answer;
    if (response->response_type_case() != proto::ExecutePlanResponse::RESPONSE_TYPE_NOT_SET) {
      answer = std::move(*response);
    }
  }
}

task<> release(session_ptr session) {
  const auto link = session->link();
  if (link->unusable() && !link->closed()) {  // what the server has under this id now is not ours
    session->close();
    co_return success();
  }
  proto::ReleaseSessionRequest request;
  link->address(request);
  proto::ReleaseSessionResponse response;
  const auto call = [&link, &request, &response] {
    return rpc::call(link->engine, link->calls.get(), &async::ReleaseSession, &request, &response,
                     link->options(link->limits.call));
  };
  // Before the server hears of it: what is in flight must end as stopped by us, not as a session that was lost.
  session->close();
  auto status = co_await call();
  // Spark trips over an operation that is just being interrupted, after it has taken the session out of its list.
  // A session that is not in the list is released: asking again shows that it is.
  if (execute::understand(status).is_illegal_state()) status = co_await call();
  if (status.ok()) co_return success();
  auto error = link->to_error(execute::understand(status));
  // Up to 3.5 a session cannot be released, and one that is gone already needs no release.
  if (error == errc::unsupported_by_server || error == errc::session_lost) co_return success();
  co_return failure(std::move(error));
}

}  // namespace

session_state::session_state(execute::link_ptr link, session_options options, connection_string where)
    : link_(std::move(link)), options_(std::move(options)), where_(std::move(where)) {}

session_state::~session_state() {
  link_->engine->cancel_all();
}

bool session_state::server_is_at_least(int major, int minor) const {
  int numbers[2] = {0, 0};
  const char* at = server_version_.data();
  const char* const end = at + server_version_.size();
  for (auto& number : numbers) {
    const auto [next, problem] = std::from_chars(at, end, number);
    if (problem != std::errc()) break;
    at = next == end ? next : next + 1;
  }
  return numbers[0] != major ? numbers[0] > major : numbers[1] >= minor;
}

void session_state::keep_alive() {
  const std::lock_guard lock(mutex_);
  if (keeping_ || options_.keep_alive_interval.count() <= 0 || link_->closed()) return;
  keeping_ = true;
  keep_alive_later();
}

// With the mutex held. The handler holds the session weakly: it ends with the last handle.
void session_state::keep_alive_later() {
  auto ask = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->link_->unusable()) return;
    auto forget = [](const result<std::string>&) {};
    spawn(self->executor(), execute::guarded(ask_version(self->link_, self->options_.call_timeout)), forget);
    const std::lock_guard lock(self->mutex_);
    if (self->keeping_) self->keep_alive_later();
  };
  keeper_.set(executor(), options_.keep_alive_interval, ask);
}

void session_state::close() {
  link_->close();
  std::shared_ptr<part> ending;
  {
    const std::lock_guard lock(mutex_);
    keeping_ = false;
    keeper_.cancel();
    ending = part_;
  }
  if (ending) ending->session_stopped();
  link_->engine->cancel_all();
}

task<session_ptr> open_session(std::string remote, session_options options) {
  return execute::guarded(open(std::move(remote), std::move(options)));
}

task<session_ptr> replace_session(session_ptr session) {
  auto where = session->where();
  auto options = session->options();
  where.session_id.clear();
  options.session_id.clear();
  if (!options.executor) options.executor = session->executor();
  return execute::guarded(open_at(std::move(where), std::move(options)));
}

task<proto::AnalyzePlanResponse> analyze(session_ptr session, proto::AnalyzePlanRequest request) {
  return execute::guarded(execute::unary<proto::AnalyzePlanRequest, proto::AnalyzePlanResponse>(
      session->link(), &async::AnalyzePlan, std::move(request), session->options().analysis_timeout));
}

task<proto::ConfigResponse> configure(session_ptr session, proto::ConfigRequest request) {
  return execute::unary<proto::ConfigRequest, proto::ConfigResponse>(
      session->link(), &async::Config, std::move(request), session->options().call_timeout);
}

namespace {

task<std::vector<std::string>> interrupt_impl(session_ptr session, proto::InterruptRequest request) {
  COSPARK_TRY(auto response,
              co_await execute::unary<proto::InterruptRequest, proto::InterruptResponse>(
                  session->link(), &async::Interrupt, std::move(request), session->options().call_timeout));
  co_return std::vector<std::string>(response.interrupted_ids().begin(), response.interrupted_ids().end());
}

}  // namespace

task<std::vector<std::string>> interrupt(session_ptr session, proto::InterruptRequest request) {
  return execute::guarded(interrupt_impl(std::move(session), std::move(request)));
}

task<> stop(session_ptr session) {
  return execute::guarded(release(std::move(session)));
}

execute::operation execute(const session_ptr& session, proto::Plan plan, execute_options options) {
  if (options.operation_id.empty()) options.operation_id = make_uuid();
  return execute::operation(session->link(), std::move(plan), std::move(options));
}

task<proto::ExecutePlanResponse> run_command(session_ptr session, proto::Command command, execute_options options) {
  return run_to_end(std::move(session), std::move(command), std::move(options));
}

result<void> require_version(const session_state& session, int major, int minor, const std::string& what) {
  if (session.server_is_at_least(major, minor)) return success();
  return failure(errc::unsupported_by_server, what + " needs Spark " + std::to_string(major) + '.' +
                                                  std::to_string(minor) + "; the server is " +
                                                  session.server_version());
}

}  // namespace cospark::connect
