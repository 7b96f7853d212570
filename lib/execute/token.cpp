#include "execute/token.hpp"

#include "execute/header.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>

#include <algorithm>

namespace cospark::execute {
namespace {

const std::string next_token;  // the one key of the list of waits
constexpr std::size_t remembered_tokens = 8;
// A shorter one would hide ordinary words, and is no secret.
constexpr std::size_t shortest_secret = 4;

void hide(const std::string& secret, std::string& text) {
  if (secret.size() < shortest_secret) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
    text.replace(at, secret.size(), "***");
  }
}

error refusal(std::string why) {
  return error(errc::unauthenticated, std::move(why));
}

}  // namespace

token::token(std::string value, provider from, std::chrono::milliseconds limit, std::shared_ptr<rpc::engine> engine,
             std::shared_ptr<monitor> told)
    : provider_(from ? std::make_shared<const provider>(std::move(from)) : nullptr),
      limit_(limit),
      engine_(std::move(engine)),
      monitor_(std::move(told)),
      waits_(wait_list::make(*engine_)),
      value_(std::move(value)) {
  if (value_.empty()) return;
  sent_.push_back(value_);
  generation_ = 1;
}

std::string token::value(std::uint64_t* generation) const {
  const std::lock_guard lock(mutex_);
  if (generation != nullptr) *generation = generation_;
  return value_;
}

task<bool> token::renew(std::shared_ptr<token> self, std::uint64_t refused, std::chrono::milliseconds limit) {
  std::string before;
  {
    const std::lock_guard lock(self->mutex_);
    if (self->generation_ > refused) co_return true;
    before = self->value_;
  }
  const auto deadline = wait_list::clock::now() + std::min(limit, self->limit_);
  // Registered first: an answer that comes at once finds the wait.
  auto start = [self] { self->begin(); };
  auto answered = co_await self->waits_->wait(next_token, deadline, start);
  if (!answered) co_return failure(answered.error());
  if (!answered.assume_value()) {
    co_return failure(refusal("the token provider did not answer within " +
                              std::to_string(std::min(limit, self->limit_).count()) + " ms"));
  }
  const auto now = self->value();
  co_return now != before;
}

void token::begin() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(asking_, true)) return;  // one that hangs is not asked again, its answer still counts
  }
  // The hanging coroutine of a user holds this object and no session.
  const auto strand = asio::make_strand(engine_->executor());
  auto stop = std::make_shared<asio::cancellation_signal>();
  auto watchdog = std::make_shared<asio::steady_timer>(strand, limit_);
  watchdog->async_wait([stop, watchdog](std::error_code cancelled) {
    if (!cancelled) stop->emit(asio::cancellation_type::terminal);
  });
  auto done = [stop, watchdog](std::exception_ptr) { watchdog->cancel(); };
  asio::co_spawn(strand, ask(shared_from_this()), asio::bind_cancellation_slot(stop->slot(), done));
}

asio::awaitable<void> token::ask(std::shared_ptr<token> self) {
  result<std::string> answer = failure(refusal("the token provider failed: it threw"));
  try {
    auto operation = (*self->provider_)();
    answer = co_await std::move(operation);
  } catch (...) {  // NOLINT(bugprone-empty-catch): what it says may hold the very token
  }
  self->finish(answer);
}

void token::finish(const result<std::string>& answer) {
  result<bool> outcome = true;
  if (!answer) {
    outcome = failure(refusal("the token provider failed: " + without_tokens(answer.error().to_string())));
  } else if (answer.assume_value().empty()) {
    outcome = failure(refusal("the token provider gave an empty token"));
  } else if (!is_header_value(answer.assume_value())) {
    outcome = failure(refusal("the token provider gave a token with a character that a header cannot carry"));
  }
  {
    const std::lock_guard lock(mutex_);
    asking_ = false;
    if (outcome) {
      value_ = answer.assume_value();
      ++generation_;
      if (std::find(sent_.begin(), sent_.end(), value_) == sent_.end()) sent_.push_back(value_);
      if (sent_.size() > remembered_tokens) sent_.erase(sent_.begin());
    }
  }
  monitor_->count("tokens_requested", {{"outcome", outcome ? "ok" : "failed"}});
  if (outcome) {
    monitor_->log(log_level::info, "token", "the token provider gave a token");
  } else {
    monitor_->log(log_level::error, "token", "the token provider gave no token",
                  {{"reason", printable(outcome.error().message(), 512)}});
  }
  waits_->resolve(next_token, outcome);
}

std::string token::without_tokens(std::string text) const {
  const std::lock_guard lock(mutex_);
  for (const auto& secret : sent_) hide(secret, text);
  return text;
}

error token::without_tokens(const error& reason) const {
  auto detail = reason.detail();
  const std::lock_guard lock(mutex_);
  if (sent_.empty()) return reason;
  for (const auto& secret : sent_) {
    hide(secret, detail.message);
    for (auto& [name, value] : detail.message_parameters) hide(secret, value);
    for (auto& cause : detail.causes) {
      hide(secret, cause.message);
      hide(secret, cause.stack_trace);
    }
  }
  return error(static_cast<errc>(reason.code().value()), std::move(detail));
}

}  // namespace cospark::execute
