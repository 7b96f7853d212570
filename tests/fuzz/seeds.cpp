// fuzz_seeds DATA OUT: makes the first inputs of every fuzz target, in OUT/TARGET/, out of what real servers sent.
#include "frames.hpp"

#include "data/decode.hpp"

#include <spark/connect/base.pb.h>

#include <google/protobuf/util/delimited_message_util.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using response = spark::connect::ExecutePlanResponse;
using fuzz::append_frame;
using fuzz::happening;

constexpr std::size_t most_bytes = 8192;  // as scripts/fuzz has it

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::vector<fs::path> files(const fs::path& folder, const std::string& end) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename().string().ends_with(end)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

class seeds {
 public:
  seeds(const fs::path& out, const std::string& target) : folder_(out / target) { fs::create_directories(folder_); }
  ~seeds() { std::cout << folder_.filename().string() << ": " << count_ << " seeds\n"; }
  seeds(const seeds&) = delete;
  seeds& operator=(const seeds&) = delete;

  void add(const std::string& content) {
    if (content.size() > most_bytes) return;
    std::ofstream(folder_ / std::to_string(count_++), std::ios::binary) << content;
  }

 private:
  fs::path folder_;
  std::size_t count_ = 0;
};

void connection_strings(const fs::path& out) {
  seeds seeds(out, "connection_string");
  for (const char* text :
       {"sc://localhost", "sc://10.0.0.7:15002/", "sc://[2001:db8::7]:443/;use_ssl=true;token=abc%20def",
        "sc://h:1/;user_id=anna;user_agent=my%20app;session_id=123e4567-e89b-42d3-a456-426614174000",
        "sc://h/;grpc_max_message_size=1000000;grpc_keepalive_enabled=true;grpc_keepalive_time_ms=10000",
        "sc://h/;grpc_keepalive_timeout_ms=5000;grpc_keepalive_without_calls=false;X-Team=Data;key-bin=%E2%82%AC",
        "sc://spark-connect_0.ns.svc:15002/;;user_id=a%3Bb%3dc;", "sc://anna@host", "sc://host/path?x"}) {
    seeds.add(text);
  }
}

void progress(const fs::path& data, const fs::path& out) {
  seeds seeds(out, "progress_json");
  for (const char* kind : {"progress", "events"}) {
    for (const auto& path : files(data / kind, "")) {
      std::ifstream file(path);
      for (std::string line; std::getline(file, line);) seeds.add(line);
    }
  }
}

void arrow_streams(const fs::path& data, const fs::path& out) {
  seeds seeds(out, "arrow_stream");
  for (const auto& path : files(data / "arrow", ".arrows")) seeds.add(read_file(path));
}

std::string with_batch(const std::string& id, const std::string& stream, std::int64_t rows, int chunk = 0,
                       int chunks = 0, std::int64_t offset = 0) {
  response message;
  message.set_response_id(id);
  auto& batch = *message.mutable_arrow_batch();
  batch.set_data(stream);
  batch.set_row_count(rows);
  batch.set_start_offset(offset);
  if (chunks != 0) {
    batch.set_chunk_index(chunk);
    batch.set_num_chunks_in_batch(chunks);
  }
  return message.SerializeAsString();
}

std::string completion(const std::string& id) {
  response message;
  message.set_response_id(id);
  message.mutable_result_complete();
  return message.SerializeAsString();
}

void responses(const fs::path& data, const fs::path& out) {
  seeds seeds(out, "responses");
  std::ifstream file(data / "responses/4.3.0/collect_range.bin", std::ios::binary);
  google::protobuf::io::IstreamInputStream input(&file);
  std::string recorded;
  std::string interrupted;
  bool clean_end = false;
  for (response message;
       google::protobuf::util::ParseDelimitedFromZeroCopyStream(&message, &input, &clean_end) && !clean_end;
       message.Clear()) {
    const auto content = message.SerializeAsString();
    append_frame(happening::response, content, recorded);
    append_frame(happening::response, content, interrupted);
    append_frame(happening::clean_end, "", interrupted);
    append_frame(happening::response, content, interrupted);  // again
    append_frame(happening::segment_deadline, "", interrupted);
    append_frame(happening::time, "\x05", interrupted);
    append_frame(happening::refused_token, "", interrupted);
  }
  seeds.add(recorded);
  seeds.add(interrupted);

  std::string chunked;
  for (int i = 0; i < 4; ++i) {
    const auto part = read_file(data / ("arrow/4.3.0/chunked." + std::to_string(i) + ".arrows"));
    append_frame(happening::response, with_batch(std::to_string(i), part, 100, i, 4), chunked);
  }
  append_frame(happening::response, completion("end"), chunked);
  seeds.add(chunked);

  std::string batches;
  for (int i = 0; i < 3; ++i) {
    const auto part = read_file(data / ("arrow/4.3.0/three_batches." + std::to_string(i) + ".arrows"));
    const auto content = with_batch(std::to_string(i), part, i == 2 ? 2 : 3, 0, 0, std::int64_t{3} * i);
    append_frame(happening::response, content, batches);
  }
  append_frame(happening::response, completion("end"), batches);
  seeds.add(batches);

  for (const auto& path : files(data / "arrow/4.3.0", ".arrows")) {
    const auto stream = read_file(path);
    const auto batch = cospark::data::decode(std::make_shared<const std::string>(stream));
    if (!batch) continue;  // a part of one
    std::string one;
    const auto rows = static_cast<std::int64_t>(batch.assume_value().row_count());
    append_frame(happening::response, with_batch("1", stream, rows), one);
    append_frame(happening::response, completion("2"), one);
    seeds.add(one);
  }
  for (const auto& path : files(data / "errors", ".status.bin")) {
    std::string failed;
    append_frame(happening::failure, read_file(path), failed);
    append_frame(happening::response, completion("1"), failed);
    seeds.add(failed);
  }
}

void error_details(const fs::path& data, const fs::path& out) {
  seeds seeds(out, "error_details");
  spark::connect::FetchErrorDetailsResponse details;
  details.set_root_error_idx(0);
  for (int i = 0; i < 2; ++i) {
    auto& one = *details.add_errors();
    one.add_error_type_hierarchy("org.apache.spark.SparkArithmeticException");
    one.set_message("[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012");
    one.set_cause_idx(1 - i);
    auto& frame = *one.add_stack_trace();
    frame.set_declaring_class("org.apache.spark.sql.Dataset");
    frame.set_method_name("collect");
    frame.set_file_name("Dataset.scala");
    frame.set_line_number(17);
    auto& thrown = *one.mutable_spark_throwable();
    thrown.set_error_class("DIVIDE_BY_ZERO");
    thrown.set_sql_state("22012");
    (*thrown.mutable_message_parameters())["config"] = "spark.sql.ansi.enabled";
  }
  for (const auto& path : files(data / "errors", ".status.bin")) {
    std::string input;
    append_frame(happening::failure, read_file(path), input);
    seeds.add(input);
    seeds.add(input + details.SerializeAsString());
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: fuzz_seeds DATA OUT\n";
    return 2;
  }
  const fs::path data(arguments[1]);
  const fs::path out(arguments[2]);
  connection_strings(out);
  progress(data, out);
  arrow_streams(data, out);
  responses(data, out);
  error_details(data, out);
}
