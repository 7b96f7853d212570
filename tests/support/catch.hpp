// Catch2 2 or 3, whichever the distribution has.
#pragma once

#ifdef COSPARK_CATCH2_V3
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

// Catch2 writes the expression of an assertion three times, and means one of them to be run. g++, 12 and 14, runs the
// `co_await` of all three.
#undef INTERNAL_CATCH_TEST
#define INTERNAL_CATCH_TEST(name, disposition, ...)                                                    \
  do {                                                                                                 \
    Catch::AssertionHandler catchAssertionHandler(name##_catch_sr, CATCH_INTERNAL_LINEINFO,            \
                                                  CATCH_INTERNAL_STRINGIFY(__VA_ARGS__), disposition); \
    INTERNAL_CATCH_TRY {                                                                               \
      CATCH_INTERNAL_START_WARNINGS_SUPPRESSION                                                        \
      CATCH_INTERNAL_SUPPRESS_PARENTHESES_WARNINGS                                                     \
      catchAssertionHandler.handleExpr(Catch::Decomposer() <= __VA_ARGS__);                            \
      CATCH_INTERNAL_STOP_WARNINGS_SUPPRESSION                                                         \
    }                                                                                                  \
    INTERNAL_CATCH_CATCH(catchAssertionHandler)                                                        \
    catchAssertionHandler.complete();                                                                  \
  } while (false)

#include <cospark/error.hpp>

template <>
struct Catch::StringMaker<cospark::error> {
  static std::string convert(const cospark::error& value) { return value.to_string(); }
};
