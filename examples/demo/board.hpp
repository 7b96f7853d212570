// The live part of the screen: one line a query, rewritten in place on a terminal, printed anew elsewhere.
#pragma once

#include <cospark/cospark.hpp>

#include <unistd.h>

#include <cstdio>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace demo {

class board {
 public:
  struct entry {
    std::string title;
    cospark::streaming_query query;
    bool ended = false;
    std::string text;
  };

  void add(std::string title, cospark::streaming_query query) {
    lines_.push_back({std::move(title), std::move(query), false, "starting"});
  }
  std::vector<entry>& lines() { return lines_; }
  std::vector<cospark::streaming_query> queries() const {
    std::vector<cospark::streaming_query> queries;
    for (const auto& line : lines_) queries.push_back(line.query);
    return queries;
  }

  // Asks every running query for its last progress, one after the other: a few milliseconds each.
  cospark::task<> refresh() {
    for (auto& line : lines_) {
      if (line.ended) continue;
      COSPARK_TRY(auto status, co_await line.query.status());
      line.ended = !status.is_active;
      COSPARK_TRY(auto progress, co_await line.query.last_progress());
      if (line.ended) {
        COSPARK_TRY(auto problem, co_await line.query.exception());
        line.text = problem ? "failed" : "ended";
      } else if (progress) {
        line.text = describe(*progress);
      }
    }
    draw();
    co_return cospark::success();
  }

 private:
  static std::string describe(const cospark::streaming_query_progress& progress) {
    std::ostringstream text;
    text << "batch " << std::setw(3) << progress.batch_id() << "  rows " << std::setw(5) << progress.num_input_rows()
         << "  " << std::fixed << std::setprecision(1) << std::setw(6)
         << progress.processed_rows_per_second().value_or(0) << " rows/s";
    return text.str();
  }

  void draw() {
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    if (terminal && drawn_) std::cout << "\x1b[" << lines_.size() << 'A';
    for (const auto& line : lines_) {
      if (terminal) std::cout << "\x1b[2K";
      std::cout << "  " << std::left << std::setw(34) << line.title << std::right << line.text << '\n';
    }
    if (!terminal) std::cout << '\n';
    std::cout << std::flush;
    drawn_ = true;
  }

  std::vector<entry> lines_;
  bool drawn_ = false;
};

}  // namespace demo
