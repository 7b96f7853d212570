// How a session talks to its server.
#pragma once

#include <cospark/log_entry.hpp>
#include <cospark/metric.hpp>
#include <cospark/retry_policy.hpp>
#include <cospark/task.hpp>
#include <cospark/wait_strategy.hpp>

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cospark {

/// TLS of a session. Certificates and keys are PEM, given as text or as the name of a file that `connect` reads; giving
/// both, or something that is not PEM, is `errc::invalid_argument`. Without anything the authorities of the system are
/// trusted, and this client proves nothing of itself.
///
/// The server's certificate must come from a trusted authority, be valid today, and name the host of the connection
/// string in its subjectAltName: an old certificate that names it in its common name alone is refused.
struct tls_options {
  tls_options() = default;

  /// Certificates of the authorities to trust, instead of those of the system.
  std::string root_certificates;
  std::string root_certificates_file;
  /// Certificate chain and private key that prove who this client is (mTLS): both or neither. The key is not encrypted.
  std::string client_certificate;
  std::string client_certificate_file;
  std::string client_key;
  std::string client_key_file;

  /// Unsafe: the server's certificate must name this host, and not the one of the connection string.
  std::string unsafe_expected_host_name;
  /// Unsafe: anybody's certificate is accepted, so anybody on the way can read and change everything, tokens included.
  bool unsafe_skip_verification = false;
};

/// How a session talks to its server. Everything has a default; what the connection string says wins over these.
struct session_options {
  session_options() = default;

  /// Where operations complete unless the awaiting coroutine has an executor of its own, and where background work of
  /// the session runs; unset: the executor of the coroutine that awaits `session::connect`.
  std::optional<asio::any_io_executor> executor;
  /// User that the session belongs to; empty: SPARK_USER or USER of the environment.
  std::string user_id;
  /// Id of the session, a UUID; empty: a new one. Clients with the same user and id share queries, views and settings.
  std::string session_id;
  /// Bearer token; empty: SPARK_CONNECT_AUTHENTICATE_TOKEN of the environment. A token is never sent in plain text to
  /// another host than this one: with a token the connection uses TLS, except to localhost.
  std::string token;
  /// Gives tokens that do not live long; unset: none. Asked when the session opens, unless there is a token already,
  /// and when the server refuses a token (UNAUTHENTICATED, PERMISSION_DENIED): once for all calls that were refused
  /// together, at most three times for one of them. The call is then repeated, and an execution goes on where it was.
  /// It runs on a strand of the session's executor, and is cancelled after `token_timeout`. When it fails, throws or
  /// does not answer in time, the calls that need the token end with `errc::unauthenticated`.
  std::function<task<std::string>()> token_provider;
  /// Most time for one answer of `token_provider`.
  std::chrono::milliseconds token_timeout = std::chrono::seconds(10);
  /// Used when the connection string says `use_ssl=true`, when there is a token for another host, and when anything of
  /// it is given and the connection string does not say `use_ssl=false`.
  tls_options tls;
  /// Headers for one call, for tracing; unset: none. Given Spark's name of the call, such as `ExecutePlan`; called by
  /// the coroutine that makes the call, so it must be quick. What a header cannot carry is left out, and so is
  /// everything when it throws.
  std::function<std::vector<std::pair<std::string, std::string>>(std::string_view call)> call_metadata;
  /// Told what happens, on the session's executor; unset: silence. What it throws is dropped.
  std::function<void(const log_entry&)> log;
  /// Told what is measured, on the session's executor; unset: nothing is measured. What it throws is dropped.
  std::function<void(const metric&)> metrics;
  /// Settings of the session, made while connecting.
  std::map<std::string, std::string> conf;

  /// Most time for `connect`, tries included.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(15);
  /// Most time for a short call: status, progress, active, settings. Tries included.
  std::chrono::milliseconds call_timeout = std::chrono::seconds(10);
  /// Most time for the analysis of a plan, and for the start of a query.
  std::chrono::milliseconds analysis_timeout = std::chrono::minutes(2);
  /// Most time for `streaming_query::stop`, which waits for the query's thread to end.
  std::chrono::milliseconds stop_timeout = std::chrono::minutes(2);
  /// Longest silence of a response stream: a little more than the two minutes after which a server ends a segment by
  /// itself. It finds connections that are dead without saying so, which pings must not do before Spark 4.3.
  std::chrono::milliseconds segment_timeout = std::chrono::seconds(135);
  /// What to do about broken connections.
  retry_policy retries;
  /// How often a session that has started a streaming query tells the server that it is alive; zero: never. A session
  /// without any call for an hour (the server's default) is closed, and its queries are stopped.
  std::chrono::milliseconds keep_alive_interval = std::chrono::minutes(1);
  /// How waits for streaming queries learn of their ends.
  wait_strategy waits = wait_strategy::automatic;
  /// How often waits for queries compare what they know with the server's list of active queries, in case an event
  /// was lost.
  std::chrono::milliseconds sweep_interval = std::chrono::seconds(30);
  /// Largest message, in bytes, that is accepted.
  std::size_t max_message_size = std::size_t{128} << 20;
};

}  // namespace cospark
