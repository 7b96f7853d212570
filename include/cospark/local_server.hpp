// A Spark Connect server of this machine, as a child process: for examples, tests and development.
#pragma once

#include <cospark/task.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cospark {

/// What to start and how. Every default gives a small server that is quick to start and listens on loopback only.
struct local_server_options {
  local_server_options() = default;

  /// Folder with Spark's `jars/`, such as the folder of an installed Python package `pyspark` (4.0 or newer).
  /// Empty: the environment variable SPARK_HOME.
  std::filesystem::path spark_home;
  /// The `java` program, version 17 or 21. Empty: `$JAVA_HOME/bin/java`, else `java` on the PATH.
  std::filesystem::path java;
  /// Port on 127.0.0.1. 0: a free one.
  std::uint16_t port = 0;
  /// Spark's master; the number is how many tasks run at the same time.
  std::string master = "local[2]";
  /// Spark's settings; they win over those that `local_server` sets itself.
  std::map<std::string, std::string> conf;
  /// Further options of the JVM, such as `-Xmx2g` (the default is 1 GB).
  std::vector<std::string> jvm_options;
  /// Jars that go on the class path behind Spark's own, such as the Kafka connector and its dependencies.
  std::vector<std::filesystem::path> extra_class_path;
  /// An archive of loaded classes, with which a server starts in a third of the time. It fits one JVM and one
  /// class path only, but jars of `extra_class_path` may be added to it. Empty: `spark_home/classes.jsa`. A file that
  /// does not exist, or does not fit, is not used.
  std::filesystem::path class_data_archive;
  /// Write `class_data_archive` when the server stops, instead of using it. Use the server in between for what is to
  /// be quick later, and give `stop_timeout` a minute or more: writing takes the JVM some ten seconds.
  bool create_class_data_archive = false;
  /// Folder for Spark's warehouse and scratch files. Empty: a fresh temporary one, removed when the server stops.
  std::filesystem::path work_dir;
  /// What the server prints goes to this file, which is overwritten. Empty: a new file `cospark-server-….log` in the
  /// temporary folder of the system; `stop()` removes it, and every failure leaves it to be read.
  std::filesystem::path log_file;
  /// How long the server may take until it answers.
  std::chrono::milliseconds start_timeout{std::chrono::seconds(60)};
  /// How long `stop()` waits for the server to end by itself before it is killed.
  std::chrono::milliseconds stop_timeout{std::chrono::seconds(10)};
  /// Token that clients must send. Empty: none is asked for.
  std::string token;
};

namespace detail {
struct local_server_state;
}

/// A running Spark Connect server that this program started. Movable; the server ends with its handle.
///
/// The server is a child process in a process group of its own: Ctrl-C at the terminal goes to the program, which
/// decides when to stop it. If the program dies, the kernel kills the server (by `setpriv` of util-linux; without
/// that program it would go on). The kernel ties this to the thread that started the server: let that thread live.
///
/// Thread safety: one handle must not be used by several threads at once.
///
///     COSPARK_TRY(auto server, co_await cospark::local_server::start());
///     COSPARK_TRY(auto session, co_await cospark::session::connect(server.remote()));
///     …
///     COSPARK_TRY(co_await server.stop());
class local_server {
 public:
  /// Starts a server and returns once it answers gRPC.
  ///
  /// Errors: `invalid_argument` when Java or Spark is not where the options say (the message names what to set);
  /// `local_server_failed` when the server ended or did not answer in time (the message has its exit status, its log
  /// file and the last lines of it). In all of these cases nothing is left running.
  /// Cancellation: the server is killed.
  /// Minimum Spark version: 4.0.
  static task<local_server> start(local_server_options options = local_server_options());

  local_server(local_server&&) noexcept = default;
  local_server& operator=(local_server&&) noexcept = default;
  /// Kills a server that was not stopped, without waiting for its end.
  ~local_server() = default;

  /// Connection string of the server: `sc://localhost:PORT`, with the token where there is one.
  std::string remote() const;
  std::uint16_t port() const noexcept;
  /// Process id of the server.
  int process_id() const noexcept;
  /// The file with what the server printed.
  const std::filesystem::path& log_file() const noexcept;

  /// Ends the server (SIGTERM, and SIGKILL after `stop_timeout`) and waits until it is gone. Stopping a server that
  /// was stopped or killed through this handle does nothing.
  ///
  /// Errors: `local_server_failed` when the server had ended by itself before.
  /// Cancellation: the server is killed.
  task<> stop();

  /// Ends the server at once (SIGKILL) and waits until it is gone: for tests of what a client does then.
  task<> kill();

 private:
  explicit local_server(std::shared_ptr<detail::local_server_state> state) : state_(std::move(state)) {}

  std::shared_ptr<detail::local_server_state> state_;
};

}  // namespace cospark
