#include "tools/present/node_run.hpp"

#include "actors/node/node.hpp"
#include "runtime/edge/log.hpp"
#include "tools/present/armed_failpoint.hpp"
#include "tools/present/files.hpp"
#include "tools/present/node_file.hpp"
#include "tools/present/service_notice.hpp"
#include "tools/present/signal_wait.hpp"

#include <csignal>
#include <cstdlib>
#include <mutex>

#ifdef PRESENT_MIMALLOC
#include <mimalloc.h>
#endif
#include <sys/eventfd.h>
#include <unistd.h>

namespace present::tools {

namespace {

constexpr std::uint64_t look_again_ms = 60'000;

/// Why the node ended by itself; readable once it has.
class end_of_node {
public:
  end_of_node() : file_(::eventfd(0, EFD_CLOEXEC)) {}
  ~end_of_node() { ::close(file_); }
  end_of_node(const end_of_node&) = delete;
  end_of_node& operator=(const end_of_node&) = delete;

  void tell(error why) {
    const std::lock_guard hold(mutex_);
    why_ = std::move(why);
    ::eventfd_write(file_, 1);
  }

  std::optional<error> why() {
    const std::lock_guard hold(mutex_);
    return why_;
  }

  int file() const { return file_; }

private:
  int file_;
  std::mutex mutex_;
  std::optional<error> why_; ///< guarded by mutex_
};

node_config config_of(const node_file& file) {
  node_config config;
  config.cluster = file.cluster;
  config.self = file.node;
  config.data = file.data;
  config.rpc_address = file.rpc;
  config.http_address = file.http;
  config.advertised_rpc = file.advertise_rpc;
  config.advertised_http = file.advertise_http;
  config.authority = file.ca;
  config.certificate = file.cert;
  config.key = file.key;
  config.storage_key = file.storage_key;
  config.http_plain = file.http_plain;
  config.health_address = file.health_listen;
  config.checkpoint_bytes = file.checkpoint_bytes;
  config.marker_interval_ms = file.marker_interval_ms;
  return config;
}

/// What a node handles is spread over hundreds of megabytes, and in pages of 4 KiB each
/// step into another one is a miss, which is dearer still in a virtual machine.
void prefer_large_pages() {
#ifdef PRESENT_MIMALLOC
  mi_option_enable(mi_option_large_os_pages);
#endif
}

} // namespace

int run_node_file(const context& with, const node_run_arguments& given) {
  // Before any other thread: they inherit what is blocked.
  signal_wait signals{{SIGINT, SIGTERM}};
  prefer_large_pages();
  const auto text = read_file(given.file);
  if (!text)
    return with.out.fail(text.problem());
  auto file = decode_node_file(*text, given.file);
  if (!file)
    return with.out.fail(file.problem());
  file->http_plain = file->http_plain || given.http_plain;
  if (!given.health_listen.empty())
    file->health_listen = given.health_listen;
  std::unique_ptr<armed_failpoint> point;
  if (const auto* wanted = std::getenv("PRESENT_FAILPOINT")) {
    auto armed = armed_failpoint::arm(wanted);
    if (!armed)
      return with.out.fail(armed.problem());
    point = std::move(*armed);
    edge::logger{file->node, "/"}.warning("a test's failpoint will end this process", {{"at", wanted}});
  }
  end_of_node end;
  auto running = node::start(config_of(*file), [&end](error why) {
    end.tell(std::move(why));
  });
  if (!running)
    return with.out.fail(running.problem());
  const auto* socket = std::getenv("NOTIFY_SOCKET");
  const service_notice manager{socket ? socket : ""};
  if (const auto told = manager.tell("READY=1"); !told)
    return with.out.fail(told.problem());
  while (!end.why())
    if (signals.wait({end.file()}, look_again_ms)) {
      // A manager that has gone meanwhile needn't know.
      static_cast<void>(manager.tell("STOPPING=1"));
      return 0;
    }
  return with.out.fail(*end.why());
}

} // namespace present::tools
