// The guide's "Managing queries".
#include "support.hpp"

#include <algorithm>

using namespace spark_tests;

TEST_CASE("streams().active(): the running queries of the session") {
  spark_test([](cospark::session spark) -> check {
    CHECK(must(co_await spark.streams().active()).empty());
    const auto first = co_await endless(spark);
    const auto second = co_await endless(spark);
    const auto active = must(co_await spark.streams().active());
    REQUIRE(active.size() == 2);
    CHECK(std::find(active.begin(), active.end(), first) != active.end());
    CHECK(std::find(active.begin(), active.end(), second) != active.end());
    must(co_await first.stop());
    const auto left = must(co_await spark.streams().active());
    REQUIRE(left.size() == 1);
    CHECK(left[0].id() == second.id());
    CHECK(left[0].name() == second.name());
  });
}

TEST_CASE("streams().get(id): the query, or nothing") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    const auto found = must(co_await spark.streams().get(query.id()));
    REQUIRE(found.has_value());
    CHECK(*found == query);
    CHECK_FALSE(must(co_await spark.streams().get("11111111-2222-3333-4444-555555555555")).has_value());
    must(co_await query.stop());
    CHECK_FALSE(must(co_await spark.streams().get(query.id())).has_value());
  });
}

TEST_CASE("streams().get of something that is no id is an invalid argument") {
  spark_test([](cospark::session spark) -> check {
    CHECK(fails(co_await spark.streams().get("abc")) == cospark::errc::invalid_argument);
  });
}

TEST_CASE("streams().await_any_termination(timeout): false while all run, true when one has ended") {
  spark_test([](cospark::session spark) -> check {
    const auto first = co_await endless(spark);
    const auto second = co_await endless(spark);
    CHECK_FALSE(must(co_await spark.streams().await_any_termination(300ms)));
    must(co_await second.stop());
    CHECK(must(co_await spark.streams().await_any_termination(30s)));
    must(co_await spark.streams().await_any_termination());
    CHECK(must(co_await first.is_active()));
  });
}

TEST_CASE("streams().await_any_termination() returns when a query ends during the wait") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    const auto executor = co_await asio::this_coro::executor;
    std::optional<cospark::result<void>> outcome;
    cospark::spawn(executor, spark.streams().await_any_termination(),
                   [&](cospark::result<void> ended) { outcome = std::move(ended); });
    co_await pause(300ms);
    CHECK_FALSE(outcome.has_value());
    must(co_await query.stop());
    co_await eventually([&]() -> asio::awaitable<bool> { co_return outcome.has_value(); });
    must(*outcome);
  });
}

TEST_CASE("streams().reset_terminated(): ended queries are forgotten") {
  spark_test([](cospark::session spark) -> check {
    const auto query = co_await endless(spark);
    must(co_await query.stop());
    CHECK(must(co_await spark.streams().await_any_termination(30s)));
    must(co_await spark.streams().reset_terminated());
    CHECK_FALSE(must(co_await spark.streams().await_any_termination(500ms)));
    const auto next = co_await endless(spark);
    must(co_await next.stop());
    CHECK(must(co_await spark.streams().await_any_termination(30s)));
  });
}

TEST_CASE("await_all tells how each query ended, await_first which one ended first") {
  spark_test([](cospark::session spark) -> check {
    const auto good = co_await endless(spark);
    const auto bad = co_await failing(spark);
    std::vector<cospark::streaming_query> both;
    both.push_back(good);
    both.push_back(bad);
    const auto first = must(co_await cospark::await_first(both));
    CHECK(first.query == bad);
    CHECK(fails(first.outcome) == cospark::errc::query_failed);
    must(co_await good.stop());
    const auto all = must(co_await cospark::await_all(both));
    REQUIRE(all.size() == 2);
    CHECK(all[0].query == good);
    CHECK(all[0].outcome.has_value());
    CHECK(all[1].query == bad);
    CHECK(fails(all[1].outcome) == cospark::errc::query_failed);
  });
}

TEST_CASE("Queries of another session are not seen") {
  spark_test([](cospark::session spark) -> check {
    const auto other = must(co_await cospark::session::connect(shared_server().remote()));
    const auto query = co_await endless(other);
    CHECK(must(co_await spark.streams().active()).empty());
    CHECK_FALSE(must(co_await spark.streams().get(query.id())).has_value());
    must(co_await other.stop());
  });
}
