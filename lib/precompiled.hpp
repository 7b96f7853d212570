// Headers that nearly every file of lib/ needs and that are slow to read: compiled once. Changes nothing but the time
// of a build (COSPARK_PRECOMPILED_HEADERS); every file includes what it uses.
#pragma once

#include <cospark/run.hpp>

#include <grpcpp/support/client_callback.h>
#include <spark/connect/base.grpc.pb.h>

#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
