#include <cospark/testing.hpp>

#include "connect/uuid.hpp"
#include "data/encode.hpp"
#include "data/proto_type.hpp"
#include "testing/script.hpp"
#include "testing/service.hpp"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <stdexcept>

namespace cospark::testing {

class server::impl {
 public:
  explicit impl(server_options how) : known(std::make_unique<state>(how)), options(std::move(how)) { listen(); }
  ~impl() { stop(); }

  void listen() {
    service_ = std::make_unique<service>(*known);
    grpc::ServerBuilder builder;
    int bound = 0;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials(), &bound);
    builder.SetMaxReceiveMessageSize(128 << 20);
    builder.SetMaxSendMessageSize(-1);
    if (known->max_streams > 0) builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, known->max_streams);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    if (!server_ || bound == 0)
      throw std::runtime_error("cospark::testing::server: no port to listen at, or no usable certificate");
    port = static_cast<std::uint16_t>(bound);
  }

  void stop() {
    if (!server_) return;
    {
      const std::lock_guard lock(known->mutex);
      known->stopping = true;
      known->wake();
    }
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
    service_.reset();
    const std::lock_guard lock(known->mutex);
    known->stopping = false;
  }

  bool end_query(const std::string& run_id, std::optional<server_error> failure) {
    const std::lock_guard lock(known->mutex);
    auto* const running = known->find_query(run_id);
    if (running == nullptr || !running->record.is_active) return false;
    known->end_query(*running, std::move(failure));
    return true;
  }

  std::unique_ptr<state> known;
  server_options options;
  std::uint16_t port = 0;

 private:
  std::shared_ptr<grpc::ServerCredentials> credentials() const {
    if (options.certificate.empty()) return grpc::InsecureServerCredentials();
    const bool from_clients = !options.client_authorities.empty();
    grpc::SslServerCredentialsOptions tls(from_clients ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                       : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    tls.pem_key_cert_pairs.push_back({options.key, options.certificate});
    tls.pem_root_certs = options.client_authorities;
    return grpc::SslServerCredentials(tls);
  }

  std::unique_ptr<service> service_;
  std::unique_ptr<grpc::Server> server_;
};

stream_script& stream_script::add(step::kind what, std::size_t count) {
  auto& added = steps_.emplace_back();
  added.what = what;
  added.count = count;
  return *this;
}

stream_script& stream_script::fail(server_error error) {
  add(step::kind::fail, 0);
  steps_.back().error = std::move(error);
  return *this;
}

stream_script& stream_script::refuse(server_error error) {
  add(step::kind::refuse, 0);
  steps_.back().error = std::move(error);
  return *this;
}

stream_script& stream_script::send_bytes(std::string response) {
  add(step::kind::bytes, 0);
  steps_.back().bytes = std::move(response);
  return *this;
}

namespace {

server_options of_version(std::string version) {
  server_options options;
  options.version = std::move(version);
  return options;
}

}  // namespace

server::server(std::string version) : server(of_version(std::move(version))) {}
server::server(server_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
server::~server() = default;

std::uint16_t server::port() const {
  return impl_->port;
}
std::string server::remote() const {
  return "sc://localhost:" + std::to_string(impl_->port) + (impl_->options.certificate.empty() ? "" : "/;use_ssl=true");
}

void server::stop() {
  impl_->stop();
}

void server::start(bool keep_state) {
  impl_->stop();
  if (!keep_state) {
    auto& known = *impl_->known;
    const std::lock_guard lock(known.mutex);
    known.sessions.clear();
    known.closed_sessions.clear();
    known.queries.clear();
    known.query_at.clear();
    known.error_details.clear();
    for (auto& [id, each] : known.operations) each->live = false;  // its record stays, for counting
  }
  impl_->listen();
}

void server::set_certificate(std::string certificate, std::string key) {
  impl_->options.certificate = std::move(certificate);
  impl_->options.key = std::move(key);
}

void server::freeze() {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->frozen = true;
}

void server::thaw() {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->frozen = false;
  impl_->known->wake();
}

result<void> server::set_rows(const schema& schema, const std::vector<row>& rows, std::size_t rows_per_response) {
  std::vector<proto::ExecutePlanResponse> responses;
  for (std::size_t begin = 0; begin < rows.size() || responses.empty();) {
    const auto end = std::min(rows.size(), begin + std::max<std::size_t>(rows_per_response, 1));
    const std::vector<row> part(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                rows.begin() + static_cast<std::ptrdiff_t>(end));
    COSPARK_TRY_RETURN(auto stream, data::encode(schema, part));
    auto& batch = *responses.emplace_back().mutable_arrow_batch();
    batch.set_row_count(static_cast<std::int64_t>(part.size()));
    batch.set_start_offset(static_cast<std::int64_t>(begin));
    batch.set_data(std::move(stream));
    begin = end;
  }
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->row_schema.Clear();
  data::to_proto(types::struct_type(schema), impl_->known->row_schema);
  impl_->known->row_responses = std::move(responses);
  return success();
}

void server_access::set_responses(server& to, std::vector<proto::ExecutePlanResponse> responses) {
  const std::lock_guard lock(to.impl_->known->mutex);
  to.impl_->known->row_schema.Clear();
  to.impl_->known->row_responses = std::move(responses);
}

void server::script(operation_kind kind, stream_script script) {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->scripts[kind].push_back(std::move(script));
}

void server::script_always(operation_kind kind, stream_script script) {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->standing_scripts[kind] = std::move(script);
}

void server::fail(method which, server_error error, unsigned times) {
  const std::lock_guard lock(impl_->known->mutex);
  auto& failures = impl_->known->methods[static_cast<std::size_t>(which)].failures;
  failures.insert(failures.end(), times, error);
}

void server::delay(method which, std::chrono::milliseconds time) {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->methods[static_cast<std::size_t>(which)].delay = time;
}

void server::hold(method which) {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->methods[static_cast<std::size_t>(which)].held = true;
}

void server::release_held() {
  const std::lock_guard lock(impl_->known->mutex);
  for (auto& each : impl_->known->methods) each.held = false;
  ++impl_->known->releases_of_held;
  impl_->known->wake();
}

std::size_t server::held() const {
  const std::lock_guard lock(impl_->known->mutex);
  return impl_->known->held;
}

void server::expire_sessions() {
  const std::lock_guard lock(impl_->known->mutex);
  std::vector<std::string> ids;
  for (const auto& [id, each] : impl_->known->sessions) ids.push_back(id);
  for (const auto& id : ids) impl_->known->close_session(id);
}

void server::replace_sessions(bool notice) {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->notices_other_session = notice;
  for (auto& [id, each] : impl_->known->sessions) each.server_side_id = connect::make_uuid();
}

std::vector<query_record> server::queries() const {
  const std::lock_guard lock(impl_->known->mutex);
  std::vector<query_record> records;
  for (const auto& each : impl_->known->queries) records.push_back(each.record);
  return records;
}

bool server::end_query(const std::string& run_id) {
  return impl_->end_query(run_id, std::nullopt);
}

bool server::fail_query(const std::string& run_id, server_error error) {
  if (error.classes.empty()) error.classes.emplace_back("org.apache.spark.sql.streaming.StreamingQueryException");
  return impl_->end_query(run_id, std::move(error));
}

void server::set_sends_events(bool sends) {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->sends_events = sends;
}

void server::send_event(int type, const std::string& json) {
  const std::lock_guard lock(impl_->known->mutex);
  for (auto& [id, each] : impl_->known->sessions) impl_->known->send_event(each, type, json);
}

void server::set_bus_taken(bool taken) {
  const std::lock_guard lock(impl_->known->mutex);
  impl_->known->bus_taken = taken;
}

void server::remove_buses() {
  const std::lock_guard lock(impl_->known->mutex);
  for (auto& [id, each] : impl_->known->sessions) impl_->known->remove_bus(each);
}

std::size_t server::calls(method which) const {
  const std::lock_guard lock(impl_->known->mutex);
  return impl_->known->methods[static_cast<std::size_t>(which)].calls;
}

std::vector<operation_record> server::operations(operation_kind kind) const {
  const std::lock_guard lock(impl_->known->mutex);
  std::vector<operation_record> records;
  for (const auto& each : impl_->known->in_order) {
    if (kind == operation_kind::any || each->record.kind == kind) records.push_back(each->record);
  }
  return records;
}

std::size_t server::open_streams() const {
  const std::lock_guard lock(impl_->known->mutex);
  return impl_->known->open_streams;
}

std::size_t server::buses() const {
  const std::lock_guard lock(impl_->known->mutex);
  return static_cast<std::size_t>(std::count_if(impl_->known->sessions.begin(), impl_->known->sessions.end(),
                                                [](const auto& each) { return each.second.bus != nullptr; }));
}

std::string server::last_header(const std::string& name) const {
  const std::lock_guard lock(impl_->known->mutex);
  const auto found = impl_->known->last_headers.find(name);
  return found == impl_->known->last_headers.end() ? std::string() : found->second;
}

}  // namespace cospark::testing
