// Settings of a session.
#pragma once

#include <cospark/task.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace cospark {

class session;
namespace connect {
class session_state;
}

/// Settings of a session: Spark's RuntimeConf.
///
/// Thread safety: cheap to copy; may be used from several threads at once.
class runtime_config {
 public:
  /// The value of a setting, or its default. `errc::analysis_failed` if it has neither.
  task<std::string> get(std::string key) const;
  /// The value, or `fallback` if the setting has none.
  task<std::string> get(std::string key, std::string fallback) const;
  /// The value; nothing if the setting has none.
  task<std::optional<std::string>> find(std::string key) const;
  /// All settings that were made, fit for printing: `***` stands for the value of every one whose name contains
  /// `token`, `password`, `secret`, `credential` or `key`, in any case. `get` tells those, too.
  task<std::map<std::string, std::string>> get_all() const;
  /// `errc::analysis_failed` for a setting that cannot be changed while the server runs, or a value of the wrong type.
  task<> set(std::string key, std::string value) const;
  /// Back to the default.
  task<> unset(std::string key) const;
  /// Whether the setting can be changed while the server runs.
  task<bool> is_modifiable(std::string key) const;

 private:
  friend class session;
  explicit runtime_config(std::shared_ptr<connect::session_state> session) noexcept : session_(std::move(session)) {}

  std::shared_ptr<connect::session_state> session_;
};

}  // namespace cospark
