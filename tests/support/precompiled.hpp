// Headers that nearly every test needs and that are slow to read: compiled once.
#pragma once

#include "catch.hpp"

#include <cospark/cospark.hpp>
