#include <cospark/error.hpp>

namespace cospark {
namespace {

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "cospark"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::invalid_argument:
        return "invalid argument";
      case errc::unavailable:
        return "server unavailable";
      case errc::timed_out:
        return "timed out";
      case errc::cancelled:
        return "cancelled";
      case errc::unauthenticated:
        return "not authenticated";
      case errc::tls_failed:
        return "no secure connection";
      case errc::permission_denied:
        return "permission denied";
      case errc::session_lost:
        return "session lost";
      case errc::operation_lost:
        return "operation lost";
      case errc::outcome_unknown:
        return "outcome unknown";
      case errc::analysis_failed:
        return "analysis failed";
      case errc::execution_failed:
        return "execution failed";
      case errc::query_failed:
        return "streaming query failed";
      case errc::query_not_found:
        return "streaming query not found";
      case errc::unsupported_by_server:
        return "not supported by the server";
      case errc::protocol_error:
        return "protocol error";
      case errc::limit_exceeded:
        return "limit exceeded";
      case errc::client_closed:
        return "session stopped";
      case errc::local_server_failed:
        return "local server failed";
    }
    return "unknown error";
  }
};

error_detail with_message(std::string message) {
  error_detail detail;
  detail.message = std::move(message);
  return detail;
}

}  // namespace

const std::error_category& error_category() noexcept {
  static const category instance;
  return instance;
}

std::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

error::error(errc code) : error(code, make_error_code(code).message()) {}

error::error(errc code, std::string message) : error(code, with_message(std::move(message))) {}

error::error(errc code, error_detail detail)
    : code_(make_error_code(code)), detail_(std::make_shared<const error_detail>(std::move(detail))) {}

std::string error::to_string() const {
  std::string text = code_.message();
  if (!detail_->condition.empty()) text += " [" + detail_->condition + "]";
  if (!detail_->sql_state.empty()) text += " SQLSTATE " + detail_->sql_state;
  if (!detail_->message.empty() && detail_->message != code_.message()) text += ": " + detail_->message;
  return text;
}

exception::exception(cospark::error error)
    : std::system_error(error.code(), error.message()), error_(std::move(error)) {}

void outcome_throw_as_system_error_with_payload(const error& error) {
  throw exception(error);
}

}  // namespace cospark
