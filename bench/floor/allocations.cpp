// glibc lets a program define malloc and still reach the real one. operator new, gRPC's own allocator and Asio's
// aligned_alloc all end here.
#include "floor/allocations.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace bench {
namespace {

constexpr std::size_t depth = 24;
using stack = std::array<void*, depth>;

std::atomic<bool> counting{false};
std::atomic<bool> tracing{false};
std::atomic<std::size_t> total{0};
std::mutex stacks_mutex;
std::vector<stack> stacks;
thread_local bool inside = false;

void note() {
  if (!counting.load(std::memory_order_relaxed) || inside) return;
  total.fetch_add(1, std::memory_order_relaxed);
  if (!tracing.load(std::memory_order_relaxed)) return;
  inside = true;
  stack taken{};
  backtrace(taken.data(), depth);
  {
    const std::lock_guard lock(stacks_mutex);
    stacks.push_back(taken);
  }
  inside = false;
}

std::string demangled(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

// The innermost frame that says whose allocation it is. Asio and the standard library allocate on behalf of others.
std::string origin_of(const stack& from) {
  for (std::size_t i = 2; i < depth && from[i] != nullptr; ++i) {
    Dl_info info{};
    if (dladdr(from[i], &info) == 0 || info.dli_fname == nullptr) continue;
    const std::string file = info.dli_fname;
    const auto has = [&](const char* part) { return file.find(part) != std::string::npos; };
    if (has("libc.so") || has("libstdc++")) continue;
    if (has("libgrpc") || has("libgpr") || has("libabsl") || has("libupb") || has("libaddress_sorting")) return "gRPC";
    if (has("libprotobuf")) return "Protobuf";
    if (info.dli_sname == nullptr) continue;
    const auto name = demangled(info.dli_sname);
    const auto begins = [&](const char* part) { return name.find(part) < 12; };
    if (begins("google::") || begins("spark::connect::")) return "Protobuf";
    if (begins("grpc::") || name.find("grpc::internal") != std::string::npos) return "gRPC";
    if (name.find("inbox") != std::string::npos) return "cospark, post to the loop";
    if (name.find("unary_call") != std::string::npos || name.find("rpc::call") != std::string::npos) {
      return name.find("Frame") != std::string::npos ? "cospark, coroutine frames" : "cospark, the call";
    }
    if (begins("cospark::")) return "cospark, " + name.substr(0, name.find_first_of("(<"));
    if (begins("bench::")) return "benchmark";
  }
  return "other";
}

}  // namespace

void start_counting(bool with_origins) {
  stack warm{};
  backtrace(warm.data(), depth);  // allocates when called for the first time
  if (with_origins) stacks.reserve(1 << 20);
  total = 0;
  tracing = with_origins;
  counting = true;
}

allocation_count stop_counting() {
  counting = false;
  allocation_count result;
  result.total = total;
  const std::lock_guard lock(stacks_mutex);
  for (const auto& each : stacks) ++result.by_origin[origin_of(each)];
  stacks.clear();
  return result;
}

}  // namespace bench

extern "C" {

void* malloc(std::size_t size) {
  bench::note();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  bench::note();
  return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) {
  bench::note();
  return __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  bench::note();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void** to, std::size_t alignment, std::size_t size) {
  *to = memalign(alignment, size);
  return *to == nullptr ? ENOMEM : 0;
}
}
