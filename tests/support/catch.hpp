// Catch2 2 or 3, whichever the distribution has.
#pragma once

#ifdef COSPARK_CATCH2_V3
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#include <cospark/error.hpp>

template <>
struct Catch::StringMaker<cospark::error> {
  static std::string convert(const cospark::error& value) { return value.to_string(); }
};
