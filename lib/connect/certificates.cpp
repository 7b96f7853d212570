#include "connect/certificates.hpp"

#include <asio/buffer.hpp>
#include <asio/ssl/context.hpp>

#include <openssl/err.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace cospark::connect {
namespace {

auto wrong(const std::string& option, const std::string& what) {
  return failure(errc::invalid_argument, "tls_options::" + option + ' ' + what);
}

result<std::string> read(const std::string& option, const std::string& text, const std::string& file) {
  if (file.empty()) return text;
  if (!text.empty()) return wrong(option, "and " + option + "_file are both given");
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  if (stream) content << stream.rdbuf();
  if (!stream || !content) return wrong(option + "_file", "cannot be read: " + file);
  if (content.str().empty()) return wrong(option + "_file", "is empty: " + file);
  return content.str();
}

constexpr const char* no_certificate = "is not a certificate in PEM";

}  // namespace

void trust_system(asio::ssl::context& context) {
  std::error_code ignored;
  const char* file = std::getenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH");
  if (file != nullptr && *file != '\0') context.load_verify_file(file, ignored);
  context.set_default_verify_paths(ignored);
}

bool is_given(const tls_options& options) {
  return !options.root_certificates.empty() || !options.root_certificates_file.empty() ||
         !options.client_certificate.empty() || !options.client_certificate_file.empty() ||
         !options.client_key.empty() || !options.client_key_file.empty() ||
         !options.unsafe_expected_host_name.empty() || options.unsafe_skip_verification;
}

result<certificates> load_certificates(const tls_options& options) {
  certificates loaded;
  COSPARK_TRY_RETURN(loaded.roots,
                     read("root_certificates", options.root_certificates, options.root_certificates_file));
  COSPARK_TRY_RETURN(loaded.client_chain,
                     read("client_certificate", options.client_certificate, options.client_certificate_file));
  COSPARK_TRY_RETURN(loaded.client_key, read("client_key", options.client_key, options.client_key_file));
  if (loaded.client_chain.empty() != loaded.client_key.empty()) {
    return wrong("client_certificate", "and client_key are of use only together");
  }
  loaded.verify = !options.unsafe_skip_verification;
  loaded.context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  auto& context = *loaded.context;
  std::error_code problem;
  // OpenSSL would ask whoever sits at the terminal.
  context.set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string(); },
                                problem);
  if (!loaded.roots.empty()) {
    context.add_certificate_authority(asio::buffer(loaded.roots), problem);
    if (problem || loaded.roots.find("-----BEGIN ") == std::string::npos) {
      return wrong("root_certificates", no_certificate);
    }
  }
  if (!loaded.client_chain.empty()) {
    context.use_certificate_chain(asio::buffer(loaded.client_chain), problem);
    if (problem) return wrong("client_certificate", no_certificate);
    context.use_private_key(asio::buffer(loaded.client_key), asio::ssl::context::pem, problem);
    if (!problem && SSL_CTX_check_private_key(context.native_handle()) == 1) return loaded;
    ERR_clear_error();
    return wrong("client_key", "is not the unencrypted private key, in PEM, of client_certificate");
  }
  return loaded;
}

}  // namespace cospark::connect
