// The result of an operation: a value or an error.
#pragma once

#include <cospark/error.hpp>

#include <boost/outcome/std_result.hpp>

#include <utility>

namespace cospark {

/// A value of type T or an `error`. `value()` throws `cospark::exception` when there is none.
template <class T>
using result = boost::outcome_v2::std_result<T, error>;

/// A failed result of any type: `return failure(errc::invalid_argument, "…");`
inline auto failure(error error) {
  return boost::outcome_v2::failure(std::move(error));
}
inline auto failure(errc code, std::string message) {
  return failure(error(code, std::move(message)));
}

/// A successful `result<void>`.
inline auto success() {
  return boost::outcome_v2::success();
}

}  // namespace cospark

// In a coroutine that returns a result: go on with the value, or end the coroutine with the error.
//
//   COSPARK_TRY(auto query, co_await writer.start());
//   COSPARK_TRY(co_await query.stop());
//
// The first argument declares a variable, the second is the expression; with one argument the value is dropped.
// An expression with a comma outside of parentheses, such as f<a, b>(), needs parentheses around it.
#define COSPARK_TRY(...)                                                                                       \
  COSPARK_DETAIL_SELECT(__VA_ARGS__, DECLARE, DECLARE, DECLARE, DECLARE, DECLARE, DECLARE, DECLARE, DISCARD, ) \
  (COSPARK_DETAIL_UNIQUE(__COUNTER__), co_return, __VA_ARGS__)

// The same for a function that is not a coroutine.
#define COSPARK_TRY_RETURN(...)                                                                                \
  COSPARK_DETAIL_SELECT(__VA_ARGS__, DECLARE, DECLARE, DECLARE, DECLARE, DECLARE, DECLARE, DECLARE, DISCARD, ) \
  (COSPARK_DETAIL_UNIQUE(__COUNTER__), return, __VA_ARGS__)

#define COSPARK_DETAIL_SELECT(a, b, c, d, e, f, g, h, name, ...) COSPARK_DETAIL_TRY_##name
#define COSPARK_DETAIL_CONCAT(a, b) a##b
#define COSPARK_DETAIL_UNIQUE(counter) COSPARK_DETAIL_CONCAT(cospark_result_, counter)
#define COSPARK_DETAIL_TRY_DECLARE(unique, leave, declaration, ...) \
  auto unique = (__VA_ARGS__);                                      \
  if (!unique.has_value()) leave std::move(unique).as_failure();    \
  declaration = std::move(unique).assume_value()
#define COSPARK_DETAIL_TRY_DISCARD(unique, leave, ...)             \
  do {                                                             \
    auto unique = (__VA_ARGS__);                                   \
    if (!unique.has_value()) leave std::move(unique).as_failure(); \
  } while (false)
