#include "execute/monitor.hpp"

#include <asio/post.hpp>

namespace cospark::execute {
namespace {

const std::string any_change;  // the one key of the list of waits

template <class Hook>
std::shared_ptr<const Hook> shared(Hook hook) {
  return hook ? std::make_shared<const Hook>(std::move(hook)) : nullptr;
}

// Posted: a hook may do anything, such as starting a call, and must find no lock held.
template <class Hook, class Entry>
void tell(rpc::engine& engine, const std::shared_ptr<const Hook>& hook, Entry entry) {
  if (!engine.is_open()) return;  // the executor's context may be gone
  asio::post(engine.executor(), [hook, entry = std::move(entry)] {
    try {
      (*hook)(entry);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a hook that fails is the user's; it must disturb nobody
    }
  });
}

const char* name_of(connection_status status) {
  switch (status) {
    case connection_status::connected:
      return "connected";
    case connection_status::reconnecting:
      return "reconnecting";
    case connection_status::lost:
      return "lost";
  }
  return "";
}

}  // namespace

monitor::monitor(std::shared_ptr<rpc::engine> engine, log_hook log, metrics_hook metrics)
    : engine_(std::move(engine)),
      log_(shared(std::move(log))),
      metrics_(shared(std::move(metrics))),
      waits_(wait_list::make(*engine_)) {
  state_.since = std::chrono::system_clock::now();
}

void monitor::log(log_level level, const char* component, const char* message, fields particulars) const {
  if (!log_) return;
  log_entry entry;
  entry.level = level;
  entry.component = component;
  entry.message = message;
  entry.fields = std::move(particulars);
  tell(*engine_, log_, std::move(entry));
}

void monitor::count(const char* name, fields labels, std::uint64_t by) const {
  if (!metrics_) return;
  metric measured;
  measured.name = name;
  measured.count = by;
  measured.labels = std::move(labels);
  tell(*engine_, metrics_, std::move(measured));
}

void monitor::time(const char* name, std::chrono::steady_clock::duration length, fields labels) const {
  if (!metrics_) return;
  metric measured;
  measured.name = name;
  measured.what = metric::kind::duration;
  measured.time = std::chrono::duration_cast<std::chrono::microseconds>(length);
  measured.labels = std::move(labels);
  tell(*engine_, metrics_, std::move(measured));
}

// With the mutex held.
void monitor::change(connection_status to, const std::string& reason) {
  const auto now = std::chrono::system_clock::now();
  fields particulars{{"from", name_of(state_.status)}};
  if (!reason.empty()) particulars.emplace_back("reason", printable(reason, 512));
  if (state_.failures != 0) particulars.emplace_back("failures", std::to_string(state_.failures));
  const auto level = to == connection_status::connected      ? log_level::info
                     : to == connection_status::reconnecting ? log_level::warning
                                                             : log_level::error;
  log(level, "connection", name_of(to), std::move(particulars));
  count("connection_changes", {{"status", name_of(to)}});
  state_.status = to;
  state_.since = now;
  state_.reason = reason;
  state_.failures = 0;
  ++state_.changes;
  well_.store(to == connection_status::connected);
  waits_->resolve(any_change, true);
}

void monitor::arrived() {
  if (well_.load()) return;
  const std::lock_guard lock(mutex_);
  if (state_.status == connection_status::reconnecting) change(connection_status::connected, std::string());
}

void monitor::failed(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (state_.status == connection_status::connected) change(connection_status::reconnecting, reason);
  if (state_.status == connection_status::reconnecting) ++state_.failures;
}

void monitor::lost(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (state_.status != connection_status::lost) change(connection_status::lost, reason);
}

connection_state monitor::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

task<connection_state> monitor::changed(std::shared_ptr<monitor> self, connection_state known) {
  for (;;) {
    auto now = self->state();
    if (now.changes != known.changes || now.status == connection_status::lost) co_return now;
    // Registered first, then looked at again: no change can fall between.
    auto look = [self, known] {
      if (self->state().changes != known.changes) self->waits_->resolve(any_change, true);
    };
    auto outcome = co_await self->waits_->wait(any_change, wait_list::never, look);
    if (!outcome) co_return failure(outcome.error());
  }
}

measurement::measurement(std::shared_ptr<monitor> to, std::string kind)
    : monitor_(std::move(to)), kind_(std::move(kind)) {
  if (monitor_->measures()) monitor_->count("operations_started", {{"kind", kind_}});
}

void measurement::end(std::string_view outcome) {
  if (std::exchange(ended_, true) || !monitor_->measures()) return;
  const fields labels{{"kind", kind_}, {"outcome", std::string(outcome)}};
  monitor_->count("operations_ended", labels);
  monitor_->time("operation_duration", std::chrono::steady_clock::now() - started_, labels);
}

}  // namespace cospark::execute
