// Channels to a server: credentials, sizes, reconnects.
#pragma once

#include "connect/connection_string.hpp"

#include <cospark/result.hpp>
#include <cospark/session_options.hpp>

#include <memory>

namespace grpc {
class Channel;
}

namespace cospark::connect {

/// Whether the connection uses TLS: when asked for, and always when a token goes to another host.
/// A token in plain text to another host is refused.
result<bool> uses_tls(const connection_string& where, bool has_token);

/// A channel with connections of its own; it connects when first used.
std::shared_ptr<grpc::Channel> make_channel(const connection_string& where, const session_options& options, bool tls);

}  // namespace cospark::connect
