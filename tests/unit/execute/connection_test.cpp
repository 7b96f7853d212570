#include "execute/connection.hpp"
#include "catch.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using cospark::execute::connection;
using cospark::execute::stub_ptr;

stub_ptr make_stub() {
  return cospark::rpc::service::NewStub(grpc::CreateChannel("localhost:1", grpc::InsecureChannelCredentials()));
}

}  // namespace

TEST_CASE("T12 a channel that fails to connect is replaced when its time is up, once for all of its calls") {
  connection patient(1h);
  patient.open(make_stub);
  const auto kept = patient.get();
  patient.replace_if_stuck(kept);
  CHECK(patient.get() == kept);

  connection impatient(0s);
  impatient.open(make_stub);
  const auto first = impatient.get();
  impatient.replace_if_stuck(first);
  const auto second = impatient.get();
  CHECK(second != first);
  impatient.replace_if_stuck(first);  // told again by another call that used the old one
  CHECK(impatient.get() == second);
}

TEST_CASE("T2 a connection is replaced only if nothing was heard over it since") {
  connection over;
  over.open(make_stub);
  const auto used = over.get();
  const auto before = connection::clock::now() - 1s;
  over.heard();
  over.replace_if_silent(used, before);
  CHECK(over.get() == used);
  over.replace_if_silent(used, connection::clock::now());
  CHECK(over.get() != used);
}
