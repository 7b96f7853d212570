// What a session knows of ends of its queries, and about which it is asking.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

namespace cospark::streaming {

/// Thread safety: all members may be called from any thread.
class known_ends {
 public:
  /// An event has told of an end. The last 10,000 are remembered, and `more`. True if nothing is left to ask: it ended
  /// well, and the server's list was seen without it.
  bool tell(const std::string& run_id, bool failed, std::size_t more);
  /// How many were told so far.
  std::size_t told() const;
  bool ended_well(const std::string& run_id) const;

  /// Somebody is about to ask how a run ended; `absent` if the server's list was seen without it. False if another is
  /// asking already.
  bool begin_asking(const std::string& run_id, bool absent);
  void end_asking(const std::string& run_id);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, bool> failed_;  // by run id
  std::deque<std::string> order_;                 // of the same, the oldest first
  std::unordered_map<std::string, bool> absent_;  // by the id of each run that is being asked about
  std::size_t told_ = 0;
};

}  // namespace cospark::streaming
