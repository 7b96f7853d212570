// Certificates and keys of the user: read and checked before anything is sent.
#pragma once

#include <cospark/result.hpp>
#include <cospark/session_options.hpp>

#include <memory>
#include <string>

namespace asio::ssl {
class context;
}

namespace cospark::connect {

/// PEM texts, for gRPC, and the same as a context of OpenSSL.
struct certificates {
  certificates() = default;

  std::string roots;  // empty: those of the system
  std::string client_chain;
  std::string client_key;
  bool verify = true;
  std::shared_ptr<asio::ssl::context> context;  // without the authorities of the system
};

/// Errors (`errc::invalid_argument`) name the option that cannot be used.
result<certificates> load_certificates(const tls_options& options);

/// Adds the authorities that gRPC trusts when none are given. Reading them all takes some milliseconds: it is done for
/// a look at a server that was not trusted, and not for every session.
void trust_system(asio::ssl::context& context);

/// Whether anything of it is given.
bool is_given(const tls_options& options);

}  // namespace cospark::connect
