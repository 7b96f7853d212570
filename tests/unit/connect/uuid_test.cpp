#include "connect/uuid.hpp"
#include "catch.hpp"

#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

using cospark::connect::is_uuid;
using cospark::connect::make_uuid;

TEST_CASE("a UUID is 32 hexadecimal digits in five groups, and nothing else is") {
  CHECK(is_uuid("e0d0ba1e-ce60-4419-9098-b583345b813d"));
  CHECK(is_uuid("E0D0BA1E-CE60-4419-9098-B583345B813D"));
  for (const std::string text : {"", "e0d0ba1e", "e0d0ba1ece6044199098b583345b813d",
                                 "e0d0ba1e-ce60-4419-9098-b583345b813", "e0d0ba1e-ce60-4419-9098-b583345b813dd",
                                 "g0d0ba1e-ce60-4419-9098-b583345b813d", "e0d0ba1e-ce60-4419-9098_b583345b813d",
                                 "{0d0ba1e-ce60-4419-9098-b583345b813}", " e0d0ba1e-ce60-4419-9098-b583345b813"}) {
    INFO(text);
    CHECK_FALSE(is_uuid(text));
  }
}

TEST_CASE("D14 an id that is not a UUID is refused whatever its bytes are") {
  CHECK_FALSE(is_uuid(std::string(1 << 20, 'a')));
  std::string embedded = "e0d0ba1e-ce60-4419-9098-b583345b813d";
  for (const char byte : {'\0', '\xff', '\n'}) {
    for (std::size_t i = 0; i < embedded.size(); ++i) {
      auto damaged = embedded;
      damaged[i] = byte;
      CHECK_FALSE(is_uuid(damaged));
    }
  }
}

TEST_CASE("made UUIDs are valid, of version 4, and all different, also from several threads") {
  constexpr std::size_t per_thread = 2000;
  std::mutex mutex;
  std::set<std::string> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      std::vector<std::string> mine;
      for (std::size_t n = 0; n < per_thread; ++n) mine.push_back(make_uuid());
      const std::lock_guard lock(mutex);
      all.insert(mine.begin(), mine.end());
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(all.size() == 4 * per_thread);

  std::set<char> variants;
  std::vector<std::set<char>> seen(36);
  for (const auto& text : all) {
    REQUIRE(is_uuid(text));
    REQUIRE(text[14] == '4');
    variants.insert(text[19]);
    for (std::size_t i = 0; i < text.size(); ++i) seen[i].insert(text[i]);
  }
  CHECK(variants == std::set<char>{'8', '9', 'a', 'b'});
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (i == 8 || i == 13 || i == 14 || i == 18 || i == 19 || i == 23) continue;
    INFO("digit " << i);
    CHECK(seen[i].size() == 16);
  }
}
