#include "catch.hpp"
#include "plan_text.hpp"

#include "frame/source.hpp"

#include <cospark/run.hpp>

namespace {

using namespace cospark;

struct row_of_table {
  std::string expected;
  data_frame_writer writer;
};

}  // namespace

TEST_CASE("a write that makes no sense is refused before anything is sent") {
  asio::io_context context;
  const auto writer = frame::make_range(nullptr, 0, 10, 1, std::nullopt).write();
  const std::vector<row_of_table> table = {
      {"'append it' is no save mode: these are append, overwrite, error, errorifexists and ignore",
       writer.mode("append it")},
      {"an empty format", writer.format("")},
      {"an empty option name", writer.option("", 1)},
      {"an empty partition column", writer.partition_by("")},
      {"an empty clustering column", writer.cluster_by("a", "")},
      {"a number of buckets must be at least 1, not -1", writer.bucket_by(-1, std::vector<std::string>{"a"})},
      {"bucket_by() needs at least one column", writer.bucket_by(3, std::vector<std::string>())},
      {"the step of a range must not be 0", frame::make_range(nullptr, 0, 10, 0, std::nullopt).write()},
  };
  for (const auto& [expected, each] : table) {
    const auto outcome = run(context, each.save("/data"));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error() == errc::invalid_argument);
    CHECK(outcome.error().message() == expected);
  }
  CHECK(run(context, writer.save("")).error().message() == "an empty path");
  CHECK(run(context, writer.save_as_table("")).error().message() == "an empty table name");
  CHECK(run(context, writer.insert_into("")).error().message() == "an empty table name");
}

TEST_CASE("bad input to a remote operation of a frame is refused before anything is sent") {
  asio::io_context context;
  const auto df = frame::make_range(nullptr, 0, 10, 1, std::nullopt);
  CHECK(run(context, df.limit(-1).schema()).error() == errc::invalid_argument);
  CHECK(run(context, df.take(-1)).error() == errc::invalid_argument);
  CHECK(run(context, df.tail(-1)).error() == errc::invalid_argument);
  CHECK(run(context, df.show_string(-1)).error() == errc::invalid_argument);
  CHECK(run(context, df.show_string(1, -1)).error() == errc::invalid_argument);
  CHECK(run(context, df.create_temp_view("")).error() == errc::invalid_argument);
  CHECK(run(context, df.create_or_replace_temp_view("\xff")).error() == errc::invalid_argument);
  CHECK(run(context, df.explain(static_cast<explain_mode>(99))).error() == errc::invalid_argument);
  const auto stream = run(context, df.alias("").execute());  // named: CHECK cannot take apart a result that only moves
  CHECK(stream.error() == errc::invalid_argument);
}
