// Why there is no secure connection: gRPC says little more than that there is none.
#pragma once

#include "connect/certificates.hpp"

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cospark::connect {

/// The address that a failure of gRPC names.
std::optional<asio::ip::tcp::endpoint> address_in(std::string_view failure);

/// Connects once to the address that the failure names, as this session does, and tells what is wrong with the
/// security of the connection; empty: nothing, or nobody can tell. Nothing is sent but the handshake. `heard`: whether
/// this server ever answered. Within three seconds. Must run on a strand.
asio::awaitable<std::string> why_not_secure(std::string failure, std::string expected_host, bool tls, certificates with,
                                            bool heard);

/// Why a certificate is not for the host; empty if it is. The subject's common name does not count.
std::string name_problem(const std::string& certificate_pem, const std::string& host);

}  // namespace cospark::connect
