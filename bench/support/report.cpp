#include "support/report.hpp"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>
#include <boost/json/serialize.hpp>
#include <boost/version.hpp>

#include <asio/version.hpp>

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

std::string first_line(const std::string& file) {
  std::string line;
  std::ifstream in(file);
  std::getline(in, line);
  return line;
}

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  }
  return "unknown";
}

std::string commit() {
  std::string text;
  // What a run of the benchmarks writes is no change of what it measures.
  const std::string command = "cd '" COSPARK_SOURCE_DIR
                              "' && at=$(git rev-parse --short=12 HEAD 2>/dev/null) && printf %s \"$at\" && "
                              "{ git diff --quiet HEAD -- . ':!bench/results' ':!docs' || echo -dirty; }";
  if (auto* pipe = popen(command.c_str(), "r")) {
    std::array<char, 128> buffer{};
    if (fgets(buffer.data(), buffer.size(), pipe) != nullptr) text = buffer.data();
    pclose(pipe);
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "unknown" : text;
}

std::string now() {
  const auto time = std::time(nullptr);
  std::ostringstream out;
  out << std::put_time(std::gmtime(&time), "%FT%TZ");
  return out.str();
}

fields describe_machine() {
  utsname system{};
  uname(&system);
  fields about;
  about["commit"] = commit();
  about["time"] = now();
  about["compiler"] = "g++ " __VERSION__;
  about["build"] = COSPARK_BUILD_TYPE;
  about["grpc"] = grpc::Version();
  about["protobuf"] = google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION);
  about["asio"] = std::to_string(ASIO_VERSION / 100000) + '.' + std::to_string(ASIO_VERSION / 100 % 1000) + '.' +
                  std::to_string(ASIO_VERSION % 100);
  about["boost"] = BOOST_LIB_VERSION;
  about["cpu"] = cpu_model();
  about["cpus"] = sysconf(_SC_NPROCESSORS_ONLN);
  about["kernel"] = std::string(system.sysname) + ' ' + system.release;
  about["load_before"] = first_line("/proc/loadavg");
  return about;
}

std::string to_text(const boost::json::value& cell) {
  if (cell.is_null()) return "-";
  if (cell.is_string()) return std::string(cell.get_string());
  if (!cell.is_double()) return boost::json::serialize(cell);
  std::ostringstream out;
  out << std::setprecision(6) << cell.get_double();
  return out.str();
}

void print(std::ostream& out, const std::string& title, const boost::json::array& rows) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : rows.front().get_object()) keys.emplace_back(key);
  std::vector<std::vector<std::string>> lines{keys};
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (const auto& key : keys) {
      const auto* cell = row.get_object().if_contains(key);
      line.push_back(cell == nullptr ? "-" : to_text(*cell));
    }
  }
  out << '\n' << title << '\n';
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      std::size_t width = 0;
      for (const auto& each : lines) width = std::max(width, each[i].size());
      out << (i == 0 ? "  " : "   ") << (i == 0 ? std::left : std::right) << std::setw(static_cast<int>(width))
          << line[i];
    }
    out << '\n';
  }
}

}  // namespace

double quantile(std::vector<double> numbers, double part) {
  if (numbers.empty()) return 0;
  const auto at =
      std::min(numbers.size() - 1, static_cast<std::size_t>(std::floor(part * static_cast<double>(numbers.size()))));
  std::nth_element(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(at), numbers.end());
  return numbers[at];
}

std::string ratio(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / theirs[i]);
  char text[64];
  std::snprintf(text, sizeof text, "%.2f (%.2f-%.2f)", median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75));
  return text;
}

double rounded(double number, int digits) {
  if (number == 0 || !std::isfinite(number)) return number;
  std::ostringstream out;
  out << std::setprecision(digits) << number;
  return std::stod(out.str());
}

report::report(const arguments& from) : arguments_(from), environment_(describe_machine()) {}

void report::add_row(std::string table, fields row) {
  for (auto& [name, rows] : tables_) {
    if (name == table) {
      rows.emplace_back(std::move(row));
      return;
    }
  }
  tables_.emplace_back(std::move(table), boost::json::array()).second.emplace_back(std::move(row));
}

void report::finish() const {
  auto environment = environment_;
  environment["load_after"] = first_line("/proc/loadavg");
  std::cout << arguments_.program() << ": " << arguments_.question() << '\n'
            << "  load " << to_text(environment["load_before"]) << " before, " << to_text(environment["load_after"])
            << " after\n";
  fields tables;
  for (const auto& [name, rows] : tables_) {
    print(std::cout, name, rows);
    tables[name] = rows;
  }
  std::cout << std::flush;
  const auto& file = arguments_.text("json");
  if (file.empty()) return;
  fields options;
  for (const auto& each : arguments_.all()) {
    if (each.name == "json") continue;
    // Where the clone is on this machine says nothing to others.
    std::string value = each.value;
    constexpr std::string_view clone = COSPARK_SOURCE_DIR "/";
    for (std::size_t at = 0; (at = value.find(clone, at)) != std::string::npos;) value.erase(at, clone.size());
    options[each.name] = std::move(value);
  }
  fields all;
  all["program"] = arguments_.program();
  all["question"] = arguments_.question();
  all["options"] = std::move(options);
  all["environment"] = std::move(environment);
  all["tables"] = std::move(tables);
  all["samples"] = samples_;
  std::ofstream out(file);
  out << boost::json::serialize(all) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

}  // namespace bench
