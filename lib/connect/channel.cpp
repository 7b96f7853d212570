#include "connect/channel.hpp"

#include "connect/handshake.hpp"

#include <cospark/version.hpp>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace cospark::connect {

namespace {

using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::TlsCustomVerificationCheckRequest;

// gRPC takes the common name when there is no subjectAltName, which is long out of use elsewhere.
class host_name_verifier final : public ExternalCertificateVerifier {
 public:
  explicit host_name_verifier(std::string host) : host_(std::move(host)) {}

  bool Verify(TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)> /*later*/,
              grpc::Status* outcome) override {
    const auto& certificate = request->peer_cert();
    const auto problem = name_problem(std::string(certificate.data(), certificate.size()), host_);
    *outcome = problem.empty() ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, problem);
    return true;
  }
  void Cancel(TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  const std::string host_;
};

std::shared_ptr<grpc::ChannelCredentials> tls_credentials(const std::string& host, const certificates& with) {
  namespace tls = grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  std::vector<tls::IdentityKeyCertPair> identity;
  if (!with.client_chain.empty()) identity.push_back({with.client_key, with.client_chain});
  const bool has_roots = !with.roots.empty();
  if (has_roots && !identity.empty()) {
    options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(with.roots, identity));
  } else if (has_roots) {
    options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(with.roots));
  } else if (!identity.empty()) {
    options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(identity));
  }
  if (has_roots) options.watch_root_certs();
  if (!identity.empty()) options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(with.verify);
  // Ours does it, once a connection: the host of every call is that of the channel.
  options.set_check_call_host(false);
  if (with.verify) {
    options.set_certificate_verifier(ExternalCertificateVerifier::Create<host_name_verifier>(host));
  } else {
    options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  }
  return tls::TlsCredentials(options);
}

}  // namespace

result<bool> uses_tls(const connection_string& where, const session_options& options, bool has_token) {
  const bool wanted = is_given(options.tls) || (has_token && !where.is_loopback());
  const bool tls = where.use_ssl.value_or(wanted);
  if (has_token && !tls && !where.is_loopback()) {
    return failure(errc::invalid_argument,
                   "a token must not go to another host in plain text: remove use_ssl=false, or the token");
  }
  return tls;
}

std::string expected_host(const connection_string& where, const tls_options& options) {
  return options.unsafe_expected_host_name.empty() ? where.host : options.unsafe_expected_host_name;
}

std::shared_ptr<grpc::Channel> make_channel(const connection_string& where, const session_options& options,
                                            const certificates* tls) {
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
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);  // on top of the waits between our own tries
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);  // not a wait: what one try to connect may take
  // A restarted server is often at another address; gRPC would ask for it twice a minute.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 2000);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 1 << 16);  // details of errors travel in the trailers
  // No pings unless asked for: before Spark 4.3 the third one ends the connection.
  const bool pings = where.keepalive.value_or(where.keepalive_time.has_value());
  if (pings) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, where.keepalive_time.value_or(60'000));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, where.keepalive_timeout.value_or(20'000));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, where.keepalive_without_calls.value_or(true) ? 1 : 0);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  // What stays on this machine must not take a way around through a proxy of the environment, a token least of all.
  if (where.is_loopback()) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto credentials =
      tls == nullptr ? grpc::InsecureChannelCredentials() : tls_credentials(expected_host(where, options.tls), *tls);
  return grpc::CreateCustomChannel("dns:///" + where.target(), credentials, arguments);
}

}  // namespace cospark::connect
