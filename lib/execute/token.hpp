// The bearer token of a session: where it comes from, and that it is told to nobody.
#pragma once

#include "execute/monitor.hpp"

#include <cospark/task.hpp>

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace cospark::execute {

/// Thread safety: all members may be used from any thread.
class token : public std::enable_shared_from_this<token> {
 public:
  using provider = std::function<task<std::string>()>;

  token(std::string value, provider from, std::chrono::milliseconds limit, std::shared_ptr<rpc::engine> engine,
        std::shared_ptr<monitor> told);

  bool has_provider() const noexcept { return provider_ != nullptr; }
  /// The token, empty if there is none; and which one it is, counted from the first.
  std::string value(std::uint64_t* generation = nullptr) const;

  /// A token newer than `refused` is there afterwards, or the call fails with `errc::unauthenticated`. Calls that need
  /// one at the same time share one answer of the provider. False: the provider gave the same token again.
  static task<bool> renew(std::shared_ptr<token> self, std::uint64_t refused, std::chrono::milliseconds limit);

  /// Ends what waits for a token.
  void close() { waits_->fail_all(error(errc::client_closed, "the session was stopped")); }

  /// The text with `***` for every token that was ever sent: a server may well repeat what it was given.
  std::string without_tokens(std::string text) const;
  error without_tokens(const error& reason) const;

 private:
  void begin();
  void finish(const result<std::string>& answer);
  static asio::awaitable<void> ask(std::shared_ptr<token> self);

  const std::shared_ptr<const provider> provider_;
  const std::chrono::milliseconds limit_;
  const std::shared_ptr<rpc::engine> engine_;
  const std::shared_ptr<monitor> monitor_;
  const std::shared_ptr<wait_list> waits_;
  mutable std::mutex mutex_;
  std::string value_;
  std::vector<std::string> sent_;  // the last few
  std::uint64_t generation_ = 0;
  bool asking_ = false;
};

}  // namespace cospark::execute
