#include "support/arguments.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

void print_help(std::ostream& out, const arguments& of) {
  out << "usage: " << of.program() << " [--option VALUE]...\n\n" << of.question() << "\n\n";
  for (const auto& each : of.all()) {
    out << "  --" << each.name << std::string(18 - std::min<std::size_t>(each.name.size(), 17), ' ') << each.meaning;
    if (!each.value.empty()) out << " (" << each.value << ')';
    out << '\n';
  }
}

}  // namespace

arguments::arguments(int argc, char** argv, std::string question, std::vector<option> options)
    : program_(std::filesystem::path(argv[0]).filename()),
      question_(std::move(question)),
      options_(std::move(options)) {
  options_.push_back({"json", "", "file to write all samples to"});
  const auto give_up = [this](const std::string& why) {
    std::cerr << program_ << ": " << why << "; --help lists what there is\n";
    std::exit(2);
  };
  for (int i = 1; i < argc; ++i) {
    const std::string given = argv[i];
    if (given == "--help") {
      print_help(std::cout, *this);
      std::exit(0);
    }
    option* known = nullptr;
    for (auto& each : options_) {
      if (given == "--" + each.name) known = &each;
    }
    if (known == nullptr) give_up("no option " + given);
    if (++i == argc) give_up("no value for " + given);
    known->value = argv[i];
  }
}

const std::string& arguments::text(std::string_view name) const {
  for (const auto& each : options_) {
    if (each.name == name) return each.value;
  }
  throw std::logic_error("no option " + std::string(name));
}

std::size_t arguments::number(std::string_view name) const {
  return static_cast<std::size_t>(std::stoull(text(name)));
}

std::vector<std::string> arguments::texts(std::string_view name) const {
  std::vector<std::string> parts;
  std::istringstream list(text(name));
  for (std::string part; std::getline(list, part, ',');) parts.push_back(part);
  return parts;
}

std::vector<std::size_t> arguments::numbers(std::string_view name) const {
  std::vector<std::size_t> numbers;
  for (const auto& part : texts(name)) numbers.push_back(static_cast<std::size_t>(std::stoull(part)));
  return numbers;
}

}  // namespace bench
