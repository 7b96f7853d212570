// Spark's variant encoding -> JSON text.
#pragma once

#include <cospark/result.hpp>
#include <cospark/value.hpp>

#include <string>

namespace cospark::data {

/// Bytes that are no variant are `errc::protocol_error`; a text of more than 256 MiB, which few bytes can stand for
/// when parts are shared, is `errc::limit_exceeded`.
result<std::string> variant_to_json(const bytes& value, const bytes& metadata);

}  // namespace cospark::data
