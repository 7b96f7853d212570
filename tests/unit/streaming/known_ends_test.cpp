#include "streaming/known_ends.hpp"
#include "catch.hpp"

#include <string>

using cospark::streaming::known_ends;

TEST_CASE("known_ends: the first that is told of a run counts") {
  known_ends ends;
  CHECK_FALSE(ends.ended_well("a"));
  ends.tell("a", false, 0);
  ends.tell("b", true, 0);
  ends.tell("b", false, 0);
  CHECK(ends.ended_well("a"));
  CHECK_FALSE(ends.ended_well("b"));
  CHECK(ends.told() == 3);
}

TEST_CASE("known_ends: only a good end of a run that was seen to be absent needs no question") {
  known_ends ends;
  CHECK(ends.begin_asking("absent", true));
  CHECK(ends.begin_asking("failed", true));
  CHECK(ends.begin_asking("perhaps active", false));
  CHECK_FALSE(ends.begin_asking("perhaps active", true));

  CHECK(ends.tell("absent", false, 0));
  CHECK_FALSE(ends.tell("failed", true, 0));
  CHECK_FALSE(ends.tell("perhaps active", false, 0));
  CHECK_FALSE(ends.tell("not asked about", false, 0));

  ends.end_asking("absent");
  CHECK(ends.begin_asking("absent", false));
}

TEST_CASE("known_ends: the oldest are forgotten, but none that may still be asked for") {
  known_ends ends;
  constexpr std::size_t remembered = 10'000;
  constexpr std::size_t kept = 500;
  for (std::size_t i = 0; i < remembered + kept + 1; ++i) ends.tell(std::to_string(i), false, kept);
  CHECK_FALSE(ends.ended_well("0"));
  CHECK(ends.ended_well("1"));
  // When fewer are waited for, what was kept for them goes little by little.
  for (std::size_t i = 0; i < kept; ++i) ends.tell("later " + std::to_string(i), false, 0);
  CHECK_FALSE(ends.ended_well(std::to_string(2 * kept)));
  CHECK(ends.ended_well(std::to_string(2 * kept + 1)));
}
