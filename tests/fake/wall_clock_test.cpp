// The wall clock jumps: this program has its own clock_gettime, which gRPC's libraries call, too.
#include "client.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

namespace {

std::atomic<std::time_t> jump{0};

struct jumped {
  explicit jumped(std::chrono::seconds by) { jump = static_cast<std::time_t>(by.count()); }
  ~jumped() { jump = 0; }
  jumped(const jumped&) = delete;
  jumped& operator=(const jumped&) = delete;
};

}  // namespace

extern "C" int clock_gettime(clockid_t which, timespec* time) noexcept {
  const auto failed = ::syscall(SYS_clock_gettime, which, time);
  if (failed == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) time->tv_sec += jump.load();
  return static_cast<int>(failed);
}

using namespace fake;

TEST_CASE("L17 a wall clock that jumps an hour neither ends what is under way nor keeps it") {
  for (const auto by : {3600s, -3600s}) {
    INFO("by " << by.count() << " s");
    server spark;
    server_access::set_responses(spark, numbered_responses(10));
    client user(spark);
    spark.script(operation_kind::rows, stream_script().send(3).hold());
    user.begin_rows();
    REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
    const auto before = std::chrono::system_clock::now();
    const jumped clock(by);
    const auto difference = std::chrono::system_clock::now() - before;
    REQUIRE(std::chrono::abs(difference) > 3000s);
    let_run(user.io, 100ms);
    CHECK(user.ended.empty());
    spark.release_held();
    REQUIRE(user.until_ended(1));
    CHECK(user.ended[0].numbers == up_to(10));
    CHECK(spark.operations(operation_kind::rows)[0].streams == 1);
    CHECK(user.short_call());
    // gRPC's timers sleep by the kernel's wall clock, which a program cannot move: deadlines are not tried here.
  }
}
