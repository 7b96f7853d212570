// Sessions and operations that a server loses, one way or another.
#include "client.hpp"

using namespace fake;

namespace {

server_error in_spark(const std::string& condition) {
  return server_error(condition, "HY000", "[" + condition + "] as Spark says it");
}

}  // namespace

TEST_CASE("S6 a session that another client closes while an operation is under way ends the operation, typed") {
  for (const auto* condition : {"OPERATION_CANCELED", "INVALID_HANDLE.SESSION_CLOSED"}) {
    server spark;
    server_access::set_responses(spark, numbered_responses(10));
    client user(spark);
    spark.script(operation_kind::rows, stream_script().send(3).hold().fail(in_spark(condition)));
    user.begin_rows();
    REQUIRE(eventually(user.io, [&] { return spark.held() == 1; }));
    spark.expire_sessions();
    spark.release_held();
    REQUIRE(user.until_ended(1));
    REQUIRE(user.ended[0].error);
    CHECK((*user.ended[0].error == errc::cancelled || *user.ended[0].error == errc::session_lost));
    CHECK(user.short_call().error() == errc::session_lost);
  }
}

TEST_CASE("S7 an operation that the server has abandoned is lost, and not tried again") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.script(operation_kind::rows, stream_script().send(3).fail(server_error(unavailable, "cut")));
  spark.script(operation_kind::rows, stream_script().refuse(in_spark("INVALID_HANDLE.OPERATION_ABANDONED")));
  const auto all = cospark::run(user.io, collect(user.rows()));
  REQUIRE(all.value().error);
  CHECK(*all.value().error == errc::operation_lost);
  CHECK(all.value().error->condition() == "INVALID_HANDLE.OPERATION_ABANDONED");
  CHECK(all.value().error->detail().operation_id == spark.operations(operation_kind::rows)[0].id);
  CHECK(spark.calls(method::reattach_execute) == 1);
  CHECK(spark.operations(operation_kind::rows)[0].executions == 1);
}

TEST_CASE("S10 a server that cannot be reattached to: a whole answer is one, a broken one is an error that says why") {
  server spark;
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  spark.fail(method::release_execute, in_spark("INVALID_CURSOR.NOT_REATTACHABLE"));
  CHECK(cospark::run(user.io, collect(user.rows())).value().numbers == up_to(10));
  REQUIRE(user.settle());

  spark.script(operation_kind::rows, stream_script().send(3).fail(server_error(unavailable, "cut")));
  spark.script(operation_kind::rows, stream_script().refuse(in_spark("INVALID_CURSOR.NOT_REATTACHABLE")));
  const auto broken = cospark::run(user.io, collect(user.rows()));
  REQUIRE(broken.value().error);
  CHECK(*broken.value().error == errc::operation_lost);
  CHECK(broken.value().error->condition() == "INVALID_CURSOR.NOT_REATTACHABLE");
  CHECK(broken.value().numbers == up_to(3));
}

TEST_CASE("S10 a server without reattach: whole answers arrive, also of commands, and each is carried out once") {
  server_options options;
  options.reattachable = false;
  server spark(options);
  server_access::set_responses(spark, numbered_responses(10));
  client user(spark);
  for (int i = 0; i < 3; ++i) {
    const auto rows = cospark::run(user.io, collect(user.rows())).value();
    CHECK_FALSE(rows.error);
    CHECK(rows.numbers == up_to(10));
  }
  CHECK(spark.calls(method::execute_plan) == 3);
  CHECK(spark.calls(method::reattach_execute) == 1);  // then it is known

  spark.script(operation_kind::rows, stream_script().send(3).fail(server_error(unavailable, "cut")));
  const auto broken = cospark::run(user.io, collect(user.rows())).value();
  REQUIRE(broken.error);
  CHECK(*broken.error == errc::operation_lost);
  CHECK(broken.error->condition() == "INVALID_CURSOR.NOT_REATTACHABLE");
}

TEST_CASE("S10 an empty answer of a server without reattach is not asked for again") {
  server_options options;
  options.reattachable = false;
  server spark(options);
  server_access::set_responses(spark, {});
  client user(spark);
  const auto rows = cospark::run(user.io, collect(user.rows())).value();
  CHECK_FALSE(rows.error);
  CHECK(rows.numbers.empty());
  CHECK(spark.calls(method::execute_plan) == 1);
}

TEST_CASE("S12 an answer that is said to be complete twice is complete once") {
  server spark;
  server_access::set_responses(spark, numbered_responses(3));
  client user(spark);
  proto::ExecutePlanResponse complete;
  complete.mutable_result_complete();
  complete.set_response_id("first");
  auto again = complete;
  again.set_response_id("second");
  spark.script(operation_kind::rows,
               stream_script().send(3).send_bytes(complete.SerializeAsString()).send_bytes(again.SerializeAsString()));
  const auto all = cospark::run(user.io, collect(user.rows()));
  CHECK_FALSE(all.value().error);
  CHECK(all.value().numbers == up_to(3));
}
