// The server of the benchmarks: a process of its own, so that what it costs is not charged to the client.
//
// It prints its port, then answers commands on its standard input, a line each, until that ends.
#include "server/fake.hpp"
#include "server/wire.hpp"

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind == "fake") {
    bench::fake server;
    std::cout << server.port() << std::endl;
    for (std::string line; std::getline(std::cin, line);) std::cout << server.answer(line) << std::endl;
  } else if (kind == "wire") {
    bench::wire server;
    std::cout << server.port() << std::endl;
    for (std::string line; std::getline(std::cin, line);) std::cout << server.answer(line) << std::endl;
  } else {
    std::cerr << "usage: bench_server fake|wire\n"
                 "  fake: cospark::testing's server, with queries that a benchmark ends\n"
                 "  wire: the least that answers Spark Connect's calls; for the cost of the client alone\n";
    return 2;
  }
}
