// How a session talks to its server.
#pragma once

#include <cospark/retry_policy.hpp>
#include <cospark/wait_strategy.hpp>

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace cospark {

/// TLS of a session. Texts are PEM; an empty one means what its comment says.
struct tls_options {
  tls_options() = default;

  /// Certificates of the authorities to trust; empty: those of the system.
  std::string root_certificates;
  /// Certificate chain and private key that prove who this client is; empty: none.
  std::string client_certificate;
  std::string client_key;
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
  /// Used when the connection string says `use_ssl=true`, or when there is a token for another host.
  tls_options tls;
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
