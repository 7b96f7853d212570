// Texts that running servers of several versions sent, one folder a version.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace recordings {

struct recording {
  std::string version;  // of Spark
  std::string name;     // of the file, such as "console.jsonl"
  std::vector<std::string> lines;
};

/// All recordings of a kind ("progress" or "events") whose file name has this end.
inline std::vector<recording> all(const std::string& kind, const std::string& end) {
  std::vector<recording> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(COSPARK_TEST_DATA) + "/" + kind)) {
    const auto name = entry.path().filename().string();
    if (!entry.is_regular_file() || !name.ends_with(end)) continue;
    recording one;
    one.version = entry.path().parent_path().filename().string();
    one.name = name;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!line.empty()) one.lines.push_back(line);
    }
    found.push_back(std::move(one));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.version + a.name < b.version + b.name; });
  return found;
}

/// The lines of all recordings of a kind.
inline std::vector<std::string> lines(const std::string& kind, const std::string& end) {
  std::vector<std::string> found;
  for (const auto& one : all(kind, end)) found.insert(found.end(), one.lines.begin(), one.lines.end());
  return found;
}

}  // namespace recordings
