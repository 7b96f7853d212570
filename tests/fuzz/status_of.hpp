// The status of a failed call, out of the google.rpc.Status that its trailer carries.
#pragma once

#include <cospark/status.pb.h>
#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

namespace fuzz {

inline grpc::Status status_of(std::string_view bytes) {
  const std::string details(bytes);
  cospark::wire::Status rich;
  if (!rich.ParseFromString(details)) {  // a failure that tells nothing but its message
    const int code = bytes.empty() ? 2 : 1 + static_cast<unsigned char>(bytes[0]) % 16;
    return grpc::Status(static_cast<grpc::StatusCode>(code), details);
  }
  const int code = 1 + static_cast<int>(static_cast<unsigned>(rich.code() - 1) % 16U);
  return grpc::Status(static_cast<grpc::StatusCode>(code), rich.message(), details);
}

}  // namespace fuzz
