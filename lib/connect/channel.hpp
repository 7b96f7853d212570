// Channels to a server: credentials, sizes, reconnects.
#pragma once

#include "connect/certificates.hpp"
#include "connect/connection_string.hpp"

#include <cospark/result.hpp>
#include <cospark/session_options.hpp>

#include <memory>

namespace grpc {
class Channel;
}

namespace cospark::connect {

/// Whether the connection uses TLS: when asked for, when there are options for it, and always when a token goes to
/// another host. A token in plain text to another host is refused.
result<bool> uses_tls(const connection_string& where, const session_options& options, bool has_token);

/// The host that the server's certificate must be for.
std::string expected_host(const connection_string& where, const tls_options& options);

/// A channel with connections of its own; it connects when first used. Without certificates: in plain text.
std::shared_ptr<grpc::Channel> make_channel(const connection_string& where, const session_options& options,
                                            const certificates* tls);

}  // namespace cospark::connect
