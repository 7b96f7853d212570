// Sessions: what they say of themselves, their settings, their end, and many calls at once.
#include "support.hpp"

#include <asio/this_coro.hpp>

using namespace spark_tests;
using cospark::errc;

TEST_CASE("A session knows the server's version and has the id that it was given") {
  spark_test([](cospark::session spark) -> check {
    CHECK(spark.version() == spark_version());
    CHECK(spark.id().size() == 36);
    const std::string id = "12345678-1234-4234-8234-123456789abc";
    const auto named = must(co_await cospark::session::connect(shared_server().remote() + "/;session_id=" + id));
    CHECK(named.id() == id);
    // The same id and user mean the same session on the server.
    const auto twin = must(co_await cospark::session::connect(shared_server().remote() + "/;session_id=" + id));
    must(co_await named.range(3).create_temp_view("of_both"));
    CHECK(must(co_await twin.table("of_both").count()) == 3);
    CHECK(fails(co_await spark.table("of_both").count()).condition() == "TABLE_OR_VIEW_NOT_FOUND");
    must(co_await named.stop());
  });
}

TEST_CASE("A stopped session refuses everything as client_closed, and may be stopped again") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = spark.range(3);
    must(co_await spark.stop());
    CHECK(fails(co_await frame.collect()) == errc::client_closed);
    CHECK(fails(co_await spark.streams().active()) == errc::client_closed);
    must(co_await spark.stop());
  });
}

TEST_CASE("Settings given to connect hold for the session") {
  event_loop_test([]() -> check {
    cospark::session_options options;
    options.conf["spark.sql.shuffle.partitions"] = "7";
    const auto spark = must(co_await cospark::session::connect(shared_server().remote(), options));
    CHECK(must(co_await spark.conf().get("spark.sql.shuffle.partitions")) == "7");
    CHECK(must(co_await spark.conf().get_all()).at("spark.sql.shuffle.partitions") == "7");
    CHECK(must(co_await spark.conf().is_modifiable("spark.sql.shuffle.partitions")));
    CHECK_FALSE(must(co_await spark.conf().is_modifiable("spark.sql.warehouse.dir")));
    must(co_await spark.stop());
  });
}

TEST_CASE("Many calls at once on one thread: each gets its own answer") {
  spark_test([](cospark::session spark) -> check {
    const auto executor = co_await asio::this_coro::executor;
    constexpr int calls = 40;
    int answers = 0;
    int right = 0;
    for (int i = 0; i < calls; ++i) {
      cospark::spawn(executor, spark.range(i).count(), [&, i](cospark::result<std::int64_t> count) {
        ++answers;
        if (count && count.value() == i) ++right;
      });
    }
    co_await eventually([&]() -> asio::awaitable<bool> { co_return answers == calls; });
    CHECK(right == calls);
  });
}

TEST_CASE("show and print_schema print to standard output") {
  spark_test([](cospark::session spark) -> check {
    const auto frame = spark.range(2);
    std::string shown;
    {
      const captured_output output;
      must(co_await frame.show());
      must(co_await frame.print_schema());
      shown = output.text();
    }
    CHECK(shown.starts_with("+---+\n| id|\n+---+\n|  0|\n|  1|\n+---+\n"));
    CHECK(shown.find("root\n |-- id: long (nullable = false)\n") != std::string::npos);
  });
}
