#include <cospark/runtime_config.hpp>

#include "connect/session_state.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cospark {
namespace connect {
namespace {

using spark::connect::ConfigRequest;
using spark::connect::ConfigResponse;

// The first pair of an answer to a question about one setting.
result<spark::connect::KeyValue> only_pair(ConfigResponse response) {
  if (response.pairs_size() != 1) {
    return failure(errc::protocol_error, "the server did not answer with the one setting that it was asked for");
  }
  return std::move(*response.mutable_pairs(0));
}

task<std::string> get(session_ptr session, std::string key, std::optional<std::string> fallback) {
  ConfigRequest request;
  if (fallback) {
    auto* pair = request.mutable_operation()->mutable_get_with_default()->add_pairs();
    pair->set_key(std::move(key));
    pair->set_value(std::move(*fallback));
  } else {
    request.mutable_operation()->mutable_get()->add_keys(std::move(key));
  }
  COSPARK_TRY(auto response, co_await configure(std::move(session), std::move(request)));
  COSPARK_TRY(auto pair, only_pair(std::move(response)));
  co_return std::move(*pair.mutable_value());
}

task<std::optional<std::string>> find(session_ptr session, std::string key) {
  ConfigRequest request;
  request.mutable_operation()->mutable_get_option()->add_keys(std::move(key));
  COSPARK_TRY(auto response, co_await configure(std::move(session), std::move(request)));
  COSPARK_TRY(auto pair, only_pair(std::move(response)));
  std::optional<std::string> value;
  if (pair.has_value()) value = std::move(*pair.mutable_value());
  co_return value;
}

// Settings are printed by whoever looks for a fault, and the server tells secrets like anything else.
bool is_secret(std::string name) {
  for (auto& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  constexpr std::array<std::string_view, 5> parts = {"token", "password", "secret", "credential", "key"};
  return std::any_of(parts.begin(), parts.end(), [&](auto part) { return name.find(part) != std::string::npos; });
}

task<std::map<std::string, std::string>> get_all(session_ptr session) {
  ConfigRequest request;
  request.mutable_operation()->mutable_get_all();
  COSPARK_TRY(auto response, co_await configure(std::move(session), std::move(request)));
  std::map<std::string, std::string> settings;
  for (const auto& pair : response.pairs()) settings.emplace(pair.key(), is_secret(pair.key()) ? "***" : pair.value());
  co_return settings;
}

task<> change(session_ptr session, ConfigRequest request) {
  COSPARK_TRY(co_await configure(std::move(session), std::move(request)));
  co_return success();
}

task<bool> is_modifiable(session_ptr session, std::string key) {
  ConfigRequest request;
  request.mutable_operation()->mutable_is_modifiable()->add_keys(std::move(key));
  COSPARK_TRY(auto response, co_await configure(std::move(session), std::move(request)));
  COSPARK_TRY(auto pair, only_pair(std::move(response)));
  co_return pair.value() == "true";
}

}  // namespace
}  // namespace connect

task<std::string> runtime_config::get(std::string key) const {
  return execute::guarded(connect::get(session_, std::move(key), std::nullopt));
}

task<std::string> runtime_config::get(std::string key, std::string fallback) const {
  return execute::guarded(connect::get(session_, std::move(key), std::move(fallback)));
}

task<std::optional<std::string>> runtime_config::find(std::string key) const {
  return execute::guarded(connect::find(session_, std::move(key)));
}

task<std::map<std::string, std::string>> runtime_config::get_all() const {
  return execute::guarded(connect::get_all(session_));
}

task<> runtime_config::set(std::string key, std::string value) const {
  connect::ConfigRequest request;
  auto* pair = request.mutable_operation()->mutable_set()->add_pairs();
  pair->set_key(std::move(key));
  pair->set_value(std::move(value));
  return execute::guarded(connect::change(session_, std::move(request)));
}

task<> runtime_config::unset(std::string key) const {
  connect::ConfigRequest request;
  request.mutable_operation()->mutable_unset()->add_keys(std::move(key));
  return execute::guarded(connect::change(session_, std::move(request)));
}

task<bool> runtime_config::is_modifiable(std::string key) const {
  return execute::guarded(connect::is_modifiable(session_, std::move(key)));
}

}  // namespace cospark
