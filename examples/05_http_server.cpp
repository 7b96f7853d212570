// An event-loop server that shares its one thread with the queries: GET /queries answers with their state as JSON.
//
// Usage: 05_http_server PORT [SECONDS]     then: curl localhost:PORT/queries
#include <cospark/cospark.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using asio::ip::tcp;
using namespace std::chrono_literals;

// The state of every query. Names here are our own, so they need no escaping; Spark's progress is JSON already.
cospark::task<std::string> describe(cospark::session spark) {
  COSPARK_TRY(auto queries, co_await spark.streams().active());
  std::ostringstream json;
  json << '[';
  for (std::size_t i = 0; i < queries.size(); ++i) {
    COSPARK_TRY(auto status, co_await queries[i].status());
    COSPARK_TRY(auto progress, co_await queries[i].last_progress());
    json << (i == 0 ? "" : ",") << R"({"name":")" << queries[i].name().value_or("") << R"(","id":")" << queries[i].id()
         << R"(","triggerActive":)" << std::boolalpha << status.is_trigger_active << R"(,"lastProgress":)"
         << (progress ? progress->json() : "null") << '}';
  }
  json << "]\n";
  co_return json.str();
}

asio::awaitable<void> answer(tcp::socket socket, cospark::session spark) {
  asio::streambuf request(8192);
  co_await asio::async_read_until(socket, request, "\r\n\r\n", asio::use_awaitable);
  std::istream stream(&request);
  std::string method;
  std::string path;
  stream >> method >> path;

  std::string status = "404 Not Found";
  std::string body = "{\"error\":\"there is only GET /queries\"}\n";
  if (method == "GET" && path == "/queries") {
    auto state = co_await describe(spark);
    status = state ? "200 OK" : "503 Service Unavailable";
    body = state ? state.value() : "{\"error\":\"" + state.error().code().message() + "\"}\n";
  }
  const std::string reply = "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nConnection: close\r\n" +
                            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  co_await asio::async_write(socket, asio::buffer(reply), asio::use_awaitable);
}

asio::awaitable<void> listen(unsigned short port, cospark::session spark) {
  const auto executor = co_await asio::this_coro::executor;
  const tcp::endpoint local(asio::ip::make_address("127.0.0.1"), port);
  tcp::acceptor acceptor(executor, local);
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(executor, answer(std::move(socket), spark), asio::detached);
  }
}

cospark::task<> serve(unsigned short port, std::chrono::seconds time) {
  COSPARK_TRY(auto spark, co_await cospark::session::connect());
  std::vector<cospark::streaming_query> queries;
  for (const auto* name : {"first", "second", "third"}) {
    auto rows = spark.read_stream().format("rate").load();
    COSPARK_TRY(auto query, co_await rows.write_stream()
                                .format("noop")
                                .query_name(name)
                                .trigger(cospark::trigger::processing_time(1s))
                                .start());
    queries.push_back(query);
  }
  asio::co_spawn(co_await asio::this_coro::executor, listen(port, spark), asio::detached);
  std::cout << "listening on port " << port << std::endl;
  COSPARK_TRY(co_await queries.front().await_termination(time));
  co_return co_await spark.stop();
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: 05_http_server PORT [SECONDS]\n";
    return 2;
  }
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  const std::chrono::seconds time(argc > 2 ? std::atoi(argv[2]) : 3600);
  asio::io_context context;
  const auto outcome = cospark::run(context, serve(port, time));
  if (outcome) return 0;
  std::cerr << outcome.error().to_string() << '\n';
  return 1;
}
