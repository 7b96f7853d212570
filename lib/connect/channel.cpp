#include "connect/channel.hpp"

#include <cospark/version.hpp>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <limits>

namespace cospark::connect {

result<bool> uses_tls(const connection_string& where, bool has_token) {
  if (!has_token) return where.use_ssl.value_or(false);
  const bool tls = where.use_ssl.value_or(!where.is_loopback());
  if (!tls && !where.is_loopback()) {
    return failure(errc::invalid_argument,
                   "a token must not go to another host in plain text: remove use_ssl=false, or the token");
  }
  return tls;
}

std::shared_ptr<grpc::Channel> make_channel(const connection_string& where, const session_options& options, bool tls) {
  grpc::ChannelArguments arguments;
  const auto limit = std::min(where.max_message_size.value_or(options.max_message_size),
                              static_cast<std::size_t>(std::numeric_limits<int>::max()));
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limit));
  arguments.SetMaxSendMessageSize(static_cast<int>(limit));
  arguments.SetUserAgentPrefix(std::string("cospark/") + version_text);
  // A pool of its own: otherwise equal channels share one connection, and long streams could use up a proxy's limit of
  // streams so that short calls wait.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // retries are ours: gRPC's would send an execution twice
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 1 << 16);  // details of errors travel in the trailers
  // No pings unless asked for: before Spark 4.3 the third one ends the connection.
  const bool pings = where.keepalive.value_or(where.keepalive_time.has_value());
  if (pings) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, where.keepalive_time.value_or(60'000));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, where.keepalive_timeout.value_or(20'000));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, where.keepalive_without_calls.value_or(true) ? 1 : 0);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (tls) {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = options.tls.root_certificates;
    ssl.pem_cert_chain = options.tls.client_certificate;
    ssl.pem_private_key = options.tls.client_key;
    credentials = grpc::SslCredentials(ssl);
  } else {
    credentials = grpc::InsecureChannelCredentials();
  }
  return grpc::CreateCustomChannel("dns:///" + where.target(), credentials, arguments);
}

}  // namespace cospark::connect
