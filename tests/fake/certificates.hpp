// Certificates for tests, made when needed.
#pragma once

#include <memory>
#include <string>

namespace fake {

/// A certificate and its private key, PEM.
struct issued {
  std::string certificate;
  std::string key;
};

/// What a certificate says.
struct subject {
  subject() = default;
  explicit subject(std::string alternative_names) : names(std::move(alternative_names)) {}

  std::string common_name = "a test";
  std::string names;  // subjectAltName as openssl.cnf has it, "DNS:localhost"; empty: none
  int begins = -1;    // days from today
  int ends = 2;
};

/// An authority that signs certificates.
class authority {
 public:
  authority();
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  const std::string& certificate() const noexcept { return certificate_; }
  issued issue(const subject& to) const;
  /// Signed by its own key.
  static issued self_signed(const subject& of);

 private:
  struct keys;
  std::unique_ptr<keys> keys_;
  std::string certificate_;
};

}  // namespace fake
