#include "connect/handshake.hpp"

#include "execute/failure.hpp"

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl/error.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <system_error>

namespace cospark::connect {
namespace {

using asio::ip::tcp;
using stream = asio::ssl::stream<tcp::socket>;

constexpr auto longest_look = std::chrono::seconds(3);

bool is_address(const std::string& host) {
  std::error_code problem;
  asio::ip::make_address(host, problem);
  return !problem;
}

bool is_tls(const std::error_code& problem) {
  return problem.category() == asio::error::get_ssl_category();
}

int reason_of(const std::error_code& problem) {
  return ERR_GET_REASON(static_cast<unsigned long>(problem.value()));
}

// The other side has sent an alert: it speaks TLS, and does not want us.
bool is_alert(const std::error_code& problem) {
  return is_tls(problem) && reason_of(problem) >= SSL_AD_REASON_OFFSET;
}

std::string text_of(const std::error_code& problem) {
  const char* text = ERR_reason_error_string(static_cast<unsigned long>(problem.value()));
  return text == nullptr ? problem.message() : text;
}

// OpenSSL calls it when the server asks for a certificate of ours.
int note_request(SSL* /*ssl*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 1;
}

void prepare(stream& connection, const std::string& host, bool& asked_for_certificate) {
  SSL_set_cert_cb(connection.native_handle(), &note_request, &asked_for_certificate);
  auto* ssl = connection.native_handle();
  auto* check = SSL_get0_param(ssl);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl, host.c_str());  // NOLINT: a macro of OpenSSL with a cast
    X509_VERIFY_PARAM_set1_host(check, host.c_str(), host.size());
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  }
  constexpr std::array<unsigned char, 3> http2 = {2, 'h', '2'};
  SSL_set_alpn_protos(ssl, http2.data(), static_cast<unsigned>(http2.size()));
  std::error_code ignored;
  // It verifies and goes on whatever it finds: the finding is asked for afterwards.
  connection.set_verify_mode(asio::ssl::verify_none, ignored);
}

// What the certificate is not accepted for; empty if it is.
std::string certificate_problem(stream& connection, const std::string& host) {
  const auto found = SSL_get_verify_result(connection.native_handle());
  if (found == X509_V_OK) return {};
  if (found == X509_V_ERR_HOSTNAME_MISMATCH || found == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return "the server's certificate is not for " + host;
  }
  return std::string("the server's certificate is not accepted: ") + X509_verify_cert_error_string(found);
}

asio::awaitable<std::string> shake_hands(std::shared_ptr<stream> connection, tcp::endpoint at, std::string host,
                                         bool tls, const certificates* with, bool heard) {
  std::error_code problem;
  co_await connection->next_layer().async_connect(at, asio::redirect_error(asio::use_awaitable, problem));
  if (problem) co_return std::string();
  bool asked = false;
  prepare(*connection, host, asked);
  co_await connection->async_handshake(stream::client, asio::redirect_error(asio::use_awaitable, problem));
  if (!tls) {
    if (problem && !is_alert(problem)) co_return std::string();
    co_return std::string("the server wants TLS, and this connection is in plain text: add use_ssl=true");
  }
  if (problem) {
    if (is_alert(problem)) co_return "the server refused the TLS handshake: " + text_of(problem);
    if (!is_tls(problem)) co_return std::string();  // broken off: that may be anything
    co_return "the server does not speak TLS: remove use_ssl=true, or use its TLS port (" + text_of(problem) + ")";
  }
  if (with->verify) {
    auto untrusted = certificate_problem(*connection, host);
    if (!untrusted.empty()) co_return untrusted;
  }
  // A server of TLS 1.3 refuses a client's certificate after the handshake; gRPC's just hangs up, as does one that is
  // going down: a server that was heard before is given the benefit of the doubt.
  std::array<char, 1> first{};
  co_await connection->async_read_some(asio::buffer(first), asio::redirect_error(asio::use_awaitable, problem));
  const bool hung_up = problem && problem != asio::error::operation_aborted && asked;
  if (!is_alert(problem) && (!hung_up || heard)) co_return std::string();
  const std::string why = is_alert(problem) ? text_of(problem) : "it asked for one and hung up";
  if (with->client_chain.empty()) {
    co_return "the server wants a certificate of this client, and tls_options has none (" + why + ")";
  }
  co_return "the server does not accept this client's certificate (" + why + ")";
}

}  // namespace

std::optional<tcp::endpoint> address_in(std::string_view failure) {
  auto at = failure.rfind("ipv4:");
  const auto v6 = failure.rfind("ipv6:");
  const bool is_v6 = v6 != std::string_view::npos;
  if (is_v6) at = v6;
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = failure.substr(at + 5);
  std::string host;
  if (is_v6) {  // ipv6:[::1]:15002, with the brackets percent-encoded by newer gRPCs
    const bool encoded = rest.starts_with("%5B");
    rest.remove_prefix(std::min<std::size_t>(rest.size(), encoded ? 3 : 1));
    const auto end = rest.find(encoded ? "%5D" : "]");
    if (end == std::string_view::npos) return std::nullopt;
    host = rest.substr(0, end);
    rest.remove_prefix(end + (encoded ? 3 : 1));
  } else {
    const auto end = rest.find(':');
    if (end == std::string_view::npos) return std::nullopt;
    host = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  if (!rest.starts_with(':')) return std::nullopt;
  unsigned port = 0;
  const auto [end, wrong] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), port);
  std::error_code problem;
  const auto address = asio::ip::make_address(host, problem);
  if (wrong != std::errc() || problem || port == 0 || port > 65'535) return std::nullopt;
  return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

asio::awaitable<std::string> why_not_secure(std::string failure, std::string expected_host, bool tls, certificates with,
                                            bool heard) {
  std::string finding;
  if (const auto at = address_in(failure)) {
    const auto executor = co_await asio::this_coro::executor;
    if (tls && with.verify && with.roots.empty()) trust_system(*with.context);
    auto connection = std::make_shared<stream>(executor, *with.context);
    asio::steady_timer watchdog(executor, longest_look);
    watchdog.async_wait([weak = std::weak_ptr<stream>(connection)](std::error_code cancelled) {
      std::error_code ignored;
      if (const auto open = weak.lock(); open && !cancelled) open->next_layer().close(ignored);
    });
    finding = co_await shake_hands(connection, *at, expected_host, tls, &with, heard);
  }
  // What gRPC itself says of a handshake is final, even if it went well this time.
  if (finding.empty() && tls && failure.find("SSL_ERROR_SSL") != std::string::npos) {
    finding = "the TLS handshake failed: " + failure;
  }
  co_return execute::printable(finding, 1024);
}

std::string name_problem(const std::string& certificate_pem, const std::string& host) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
  if (!certificate) return "the server's certificate cannot be read";
  const int fits = is_address(host) ? X509_check_ip_asc(certificate.get(), host.c_str(), 0)
                                    : X509_check_host(certificate.get(), host.c_str(), host.size(),
                                                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr);
  return fits == 1 ? std::string() : "the server's certificate is not for " + host;
}

}  // namespace cospark::connect
