// Boost.JSON itself: the distribution ships its headers alone, so that this one file compiles its sources.
// No other file may include src.hpp.
#include <boost/json/src.hpp>
