#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace fake {
namespace {

using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make a certificate");
}

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> to(BIO_new(BIO_s_mem()), &BIO_free);
  must(write(to.get()) == 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(to.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string text(X509* certificate) {
  return pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}
std::string text(EVP_PKEY* key) {
  return pem([&](BIO* to) { return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

key_ptr make_key() {
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

void extend(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made(
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()), &X509_EXTENSION_free);
  must(made && X509_add_ext(certificate, made.get(), -1) == 1);
}

// Signed by the issuer, or by itself without one.
certificate_ptr make(const subject& of, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, bool is_authority) {
  static std::atomic<long> serial{1};
  constexpr long day = 24 * 60 * 60;
  certificate_ptr made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), of.begins * day);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), of.ends * day);
  X509_set_pubkey(made.get(), key);
  auto* name = X509_get_subject_name(made.get());
  const auto* common = reinterpret_cast<const unsigned char*>(of.common_name.c_str());
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, common, -1, -1, 0) == 1);
  X509_set_issuer_name(made.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  X509* const signer = issuer == nullptr ? made.get() : issuer;
  if (is_authority) extend(made.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
  if (!of.names.empty()) extend(made.get(), signer, NID_subject_alt_name, of.names);
  must(X509_sign(made.get(), issuer == nullptr ? key : issuer_key, EVP_sha256()) != 0);
  return made;
}

}  // namespace

struct authority::keys {
  key_ptr key = make_key();
  certificate_ptr certificate{nullptr, &X509_free};
};

authority::authority() : keys_(std::make_unique<keys>()) {
  subject self;
  static std::atomic<int> number{0};
  self.common_name = "authority for tests " + std::to_string(++number);  // by its name an issuer is looked for
  keys_->certificate = make(self, keys_->key.get(), nullptr, nullptr, true);
  certificate_ = text(keys_->certificate.get());
}

authority::~authority() = default;

issued authority::issue(const subject& to) const {
  const auto key = make_key();
  const auto made = make(to, key.get(), keys_->certificate.get(), keys_->key.get(), false);
  return {text(made.get()), text(key.get())};
}

issued authority::self_signed(const subject& of) {
  const auto key = make_key();
  const auto made = make(of, key.get(), nullptr, nullptr, false);
  return {text(made.get()), text(key.get())};
}

}  // namespace fake
