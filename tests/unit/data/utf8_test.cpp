#include "data/utf8.hpp"

#include "catch.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace {

using cospark::data::classify;
using cospark::data::text_kind;

text_kind kind_of(const std::string& text) {
  return classify(std::as_bytes(std::span(text)));
}

}  // namespace

// ASCII is taken in pieces of 8 and of 64 bytes: nothing may hide at their edges, or behind them.
TEST_CASE("utf8: what is no ASCII is found wherever it stands") {
  for (std::size_t before = 0; before < 150; ++before) {
    for (const std::size_t after : {0U, 1U, 7U, 8U, 63U, 64U, 65U, 130U}) {
      const std::string head(before, 'a');
      const std::string tail(after, 'z');
      CAPTURE(before, after);
      CHECK(kind_of(head + tail) == text_kind::ascii);
      for (const std::string good : {"\xc3\xb6", "\xe6\x97\xa5", "\xf0\x9f\x98\x80"}) {
        CHECK(kind_of(head + good + tail) == text_kind::utf8);
        CHECK(kind_of(head + good.substr(0, good.size() - 1) + tail) == text_kind::neither);
        CHECK(kind_of(head + good.substr(1) + tail) == text_kind::neither);
      }
    }
  }
}

TEST_CASE("utf8: what no character can be is refused") {
  const std::string overlong[] = {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf"};
  for (const auto& text : overlong) CHECK(kind_of(text) == text_kind::neither);
  CHECK(kind_of("\xed\x9f\xbf") == text_kind::utf8);
  CHECK(kind_of("\xed\xa0\x80") == text_kind::neither);  // a surrogate
  CHECK(kind_of("\xf4\x8f\xbf\xbf") == text_kind::utf8);
  CHECK(kind_of("\xf4\x90\x80\x80") == text_kind::neither);  // beyond the last character
  CHECK(kind_of("\xff") == text_kind::neither);
  CHECK(kind_of("") == text_kind::ascii);
}
