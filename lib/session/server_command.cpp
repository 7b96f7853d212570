// The command line that starts a Spark Connect server.
#include "session/server_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace cospark::local {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view main_class = "org.apache.spark.sql.connect.service.SparkConnectServer";

// Spark and Arrow reach into these since Java 17; spark-submit opens them too.
constexpr std::array opened_packages{
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.security.jgss/sun.security.krb5",
};

std::string environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_program(const fs::path& path) {
  std::error_code problem;
  return fs::is_regular_file(path, problem) && ::access(path.c_str(), X_OK) == 0;
}

fs::path find_on_path(const std::string& name) {
  const std::string path = environment_variable("PATH");
  for (std::size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find(':', begin), path.size());
    auto candidate = fs::path(path.substr(begin, end - begin)) / name;
    if (is_program(candidate)) return candidate;
    begin = end + 1;
  }
  return fs::path();
}

result<fs::path> find_java(const fs::path& wanted) {
  if (!wanted.empty()) {
    if (is_program(wanted)) return wanted;
    return failure(errc::invalid_argument, "local_server_options::java is not a program: " + wanted.string());
  }
  if (const auto home = environment_variable("JAVA_HOME"); !home.empty()) {
    auto java = fs::path(home) / "bin" / "java";
    if (is_program(java)) return java;
    return failure(errc::invalid_argument, "there is no bin/java in JAVA_HOME, which is " + home);
  }
  if (auto java = find_on_path("java"); !java.empty()) return java;
  return failure(errc::invalid_argument,
                 "no java found: install a Java 17 or 21 runtime, or set JAVA_HOME or local_server_options::java");
}

result<fs::path> find_spark(const fs::path& wanted) {
  fs::path home = wanted.empty() ? fs::path(environment_variable("SPARK_HOME")) : wanted;
  if (!home.empty()) return fs::absolute(home);
  return failure(errc::invalid_argument,
                 "where is Spark? Set SPARK_HOME or local_server_options::spark_home to a folder with Spark's jars/");
}

// The order must not depend on the folder's: the class data archive is only good for the class path it was made with.
result<std::string> class_path(const local_server_options& options, const fs::path& home) {
  std::error_code problem;
  std::vector<std::string> jars;
  bool has_connect = false;
  for (fs::directory_iterator entry(home / "jars", problem), end; !problem && entry != end; entry.increment(problem)) {
    if (entry->path().extension() != ".jar") continue;
    has_connect = has_connect || entry->path().filename().string().starts_with("spark-connect_");
    jars.push_back(fs::absolute(entry->path()).string());
  }
  if (problem) {
    return failure(errc::invalid_argument, "cannot read Spark's jars in " + (home / "jars").string() + ": " +
                                               problem.message() + ". SPARK_HOME must be a folder with jars/");
  }
  if (!has_connect) {
    return failure(errc::invalid_argument,
                   "no spark-connect jar in " + (home / "jars").string() + ": Spark 4.0 or newer is needed");
  }
  std::sort(jars.begin(), jars.end());
  for (const auto& jar : options.extra_class_path) {
    if (!fs::exists(jar, problem)) {
      return failure(errc::invalid_argument, "not found on local_server_options::extra_class_path: " + jar.string());
    }
    jars.push_back(fs::absolute(jar).string());
  }
  std::string joined;
  for (const auto& jar : jars) joined += (joined.empty() ? "" : ":") + jar;
  return joined;
}

std::map<std::string, std::string> settings(const local_server_options& options, std::uint16_t port,
                                            const fs::path& work_dir) {
  std::map<std::string, std::string> conf{
      {"spark.master", options.master},
      {"spark.app.name", "cospark local server"},
      {"spark.connect.grpc.binding.address", "127.0.0.1"},
      {"spark.connect.grpc.binding.port", std::to_string(port)},
      {"spark.driver.host", "127.0.0.1"},
      {"spark.driver.bindAddress", "127.0.0.1"},
      {"spark.ui.enabled", "false"},
      {"spark.default.parallelism", "2"},
      {"spark.sql.shuffle.partitions", "2"},
      {"spark.sql.catalogImplementation", "in-memory"},
      {"spark.sql.warehouse.dir", (work_dir / "warehouse").string()},
      {"spark.local.dir", (work_dir / "scratch").string()},
  };
  for (const auto& [name, value] : options.conf) conf[name] = value;
  return conf;
}

std::vector<std::string> environment_for(const local_server_options& options) {
  std::vector<std::string> list;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    // SPARK_REMOTE would make the server a client of another one; the token is for this server alone.
    if (text.starts_with("SPARK_REMOTE=") || text.starts_with("SPARK_LOCAL_HOSTNAME=") ||
        text.starts_with("SPARK_CONNECT_AUTHENTICATE_TOKEN=")) {
      continue;
    }
    list.emplace_back(text);
  }
  list.emplace_back("SPARK_LOCAL_HOSTNAME=localhost");  // a JVM refuses to start where the host's name is unknown
  if (!options.token.empty()) list.push_back("SPARK_CONNECT_AUTHENTICATE_TOKEN=" + options.token);
  return list;
}

}  // namespace

result<server_command> make_server_command(const local_server_options& options, std::uint16_t port,
                                           const fs::path& work_dir) {
  COSPARK_TRY_RETURN(const auto java, find_java(options.java));
  COSPARK_TRY_RETURN(const auto home, find_spark(options.spark_home));
  COSPARK_TRY_RETURN(const auto classes, class_path(options, home));

  server_command command;
  auto& arguments = command.arguments;
  if (const auto setpriv = find_on_path("setpriv"); !setpriv.empty()) {
    arguments = {setpriv.string(), "--pdeathsig", "KILL", "--"};
  }
  arguments.push_back(fs::absolute(java).string());
  std::error_code problem;
  const fs::path archive = options.class_data_archive.empty() ? home / "classes.jsa" : options.class_data_archive;
  if (options.create_class_data_archive) {
    arguments.push_back("-XX:ArchiveClassesAtExit=" + archive.string());
  } else if (fs::exists(archive, problem)) {
    arguments.push_back("-XX:SharedArchiveFile=" + archive.string());
    arguments.emplace_back("-Xshare:auto");
  }
  // The flags of a short life: compile quickly, collect with one thread.
  for (const char* flag :
       {"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss1m", "-Xmx1g", "-XX:+IgnoreUnrecognizedVMOptions",
        "--add-modules=jdk.incubator.vector", "-Dio.netty.tryReflectionSetAccessible=true"}) {
    arguments.emplace_back(flag);
  }
  for (const char* package : opened_packages) {
    arguments.emplace_back("--add-opens=").append(package).append("=ALL-UNNAMED");
  }
  arguments.push_back("-Djava.io.tmpdir=" + (work_dir / "scratch").string());
  for (const auto& [name, value] : settings(options, port, work_dir)) {
    arguments.emplace_back("-D").append(name).append("=").append(value);
  }
  arguments.insert(arguments.end(), options.jvm_options.begin(), options.jvm_options.end());
  arguments.insert(arguments.end(), {"-cp", classes, std::string(main_class)});
  command.environment = environment_for(options);
  return command;
}

}  // namespace cospark::local
