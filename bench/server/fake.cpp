#include "server/fake.hpp"

#include "support/process.hpp"

#include <chrono>
#include <sstream>
#include <thread>

namespace bench {

std::string fake::answer(const std::string& command) {
  std::istringstream words(command);
  std::string verb;
  words >> verb;
  if (verb == "streams") return std::to_string(server_.open_streams());
  if (verb == "buses") return std::to_string(server_.buses());
  if (verb != "end") return "no command " + command;

  std::string count;
  words >> count;
  std::ostringstream told;
  const auto queries = server_.queries();
  if (count == "all") {
    told << monotonic_ns();
    for (const auto& query : queries) server_.end_query(query.run_id);
    told << ' ' << monotonic_ns();
    return told.str();
  }
  std::size_t pause = 0;
  words >> pause;
  auto left = std::stoul(count);
  for (const auto& query : queries) {
    if (!query.is_active) continue;
    if (left-- == 0) break;
    told << query.run_id << ' ' << monotonic_ns() << ' ';
    server_.end_query(query.run_id);
    std::this_thread::sleep_for(std::chrono::microseconds(pause));
  }
  return told.str();
}

}  // namespace bench
