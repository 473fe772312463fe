#include "tools/present/local_cluster.hpp"

#include "tools/present/cluster_certificates.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/files.hpp"
#include "tools/present/founding.hpp"
#include "tools/present/local_port.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace present::tools {

namespace {

constexpr std::uint16_t first_fixed_port = 7400;
constexpr auto steady_after = std::chrono::seconds(5);
constexpr auto longest_pause = std::chrono::seconds(10);

std::string host_of(node_id id) {
  return "127.0.1." + std::to_string(id.value);
}

std::string name_of(node_id id) {
  return "node-" + std::to_string(id.value);
}

/// A partition's leader uses one core, the others' share of its work another. More of
/// them than that make each one's batches smaller, and thereby every write dearer: on two
/// cores a put costs 26 to 29 us of CPU with one partition, 46 to 50 with four.
std::uint32_t partitions_for_this_machine() {
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}

} // namespace

std::filesystem::path held_marker(const std::filesystem::path& data, node_id id) {
  return data / (name_of(id) + ".held");
}

std::vector<std::string> node_command(const std::filesystem::path& data, node_id id) {
  return {own_program().string(), "node", "run", "--config",
          (data / (name_of(id) + ".toml")).string()};
}

result<local_cluster> local_cluster::prepare(const local_cluster_options& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.data, failed);
  if (failed)
    return make_error(error_code::invalid, "can't make " + options.data.string()
                                             + ": " + failed.message());
  local_cluster cluster{options};
  cluster.options_.data = std::filesystem::canonical(options.data);
  const auto& data = cluster.options_.data;
  if (options.partitions == 0)
    cluster.options_.partitions = partitions_for_this_machine();
  if (std::filesystem::exists(cluster_file_path(data))) {
    auto earlier = load_cluster_file(data);
    if (!earlier)
      return earlier.problem();
    if (options.http_plain)
      return make_error(error_code::invalid,
                        "--http-plain is for a new cluster; the nodes in " + data.string()
                          + " are as their files say (http_plain)");
    cluster.file_ = *earlier;
  } else if (auto made = cluster.make_certificates(); !made) {
    return made.problem();
  } else if (made = cluster.make_nodes(); !made) {
    return made.problem();
  }
  for (const auto& node : cluster.file_.nodes)
    if (is_alive(static_cast<pid_t>(node.pid)))
      return make_error(error_code::invalid,
                        "node " + std::to_string(node.id.value) + " in " + data.string()
                          + " runs as process " + std::to_string(node.pid)
                          + ": end it with `present down --data " + data.string() + '`');
  if (auto free = cluster.check_ports(); !free)
    return free.problem();
  cluster.file_.supervisor_pid = ::getpid();
  return cluster;
}

status local_cluster::make_certificates() {
  const auto folder = options_.data / "certificates";
  auto made = create_authority(folder);
  if (!made)
    return made.problem();
  file_.cluster = *made;
  file_.ca = (folder / "ca.pem").string();
  file_.client_cert = (folder / "client.pem").string();
  file_.client_key = (folder / "client.key").string();
  file_.admin_cert = (folder / "admin.pem").string();
  file_.admin_key = (folder / "admin.key").string();
  if (auto done = issue_client(folder, "local", file_.client_cert, file_.client_key); !done)
    return done;
  return issue_admin(folder, "local", file_.admin_cert, file_.admin_key);
}

status local_cluster::make_nodes() {
  node_file shared;
  shared.cluster = file_.cluster;
  shared.ca = file_.ca;
  shared.http_plain = options_.http_plain;
  for (std::uint32_t number = 1; number <= options_.nodes; ++number) {
    const node_id id{number};
    cluster_node node;
    node.id = id;
    const auto rpc = options_.random_ports ? free_port(host_of(id)) : first_fixed_port;
    const auto http = options_.random_ports ? free_port(host_of(id)) : first_fixed_port + 1;
    node.rpc = host_of(id) + ':' + std::to_string(rpc);
    node.http = host_of(id) + ':' + std::to_string(http);
    node.data = (options_.data / name_of(id)).string();
    node.log = node.data + ".log";
    file_.nodes.push_back(std::move(node));
  }
  for (const auto& node : file_.nodes)
    if (auto done = write_node(node, shared); !done)
      return done;
  return save();
}

/// The node's certificate and its file.
status local_cluster::write_node(const cluster_node& node,
                                 const node_file& shared) const {
  auto own = shared;
  own.node = node.id;
  own.data = node.data;
  own.rpc = node.rpc;
  own.http = node.http;
  own.cert = node.data + ".pem";
  own.key = node.data + ".key";
  own.storage_key = node.data + ".storage-key";
  if (auto done = issue_node(options_.data / "certificates", node.id, own.cert, own.key);
      !done)
    return done;
  return replace_file(node.data + ".toml", encode_node_file(own));
}

std::string local_cluster::http_url(const cluster_node& node) const {
  const auto path = node.data + ".toml";
  const auto text = read_file(path);
  const auto file = text ? decode_node_file(*text, path) : result<node_file>{text.problem()};
  return (file && file->http_plain ? "http://" : "https://") + node.http;
}

status local_cluster::check_ports() const {
  for (const auto& node : file_.nodes)
    for (const auto& address : {node.rpc, node.http})
      if (auto free = check_port_is_free(address); !free)
        return free;
  return success();
}

status local_cluster::start_all() {
  for (const auto& node : file_.nodes)
    if (auto done = start(node.id); !done)
      return done;
  return success();
}

status local_cluster::found(std::uint64_t timeout_ms) {
  auto admin = open_session(target_of(file_, access::admin));
  if (!admin)
    return admin.problem();
  std::vector<std::string> endpoints;
  for (const auto& node : file_.nodes)
    endpoints.push_back(node.rpc);
  return found_cluster(**admin, endpoints, options_.partitions,
                       std::chrono::milliseconds(timeout_ms));
}

status local_cluster::start(node_id id) {
  auto* node = file_.node(id);
  if (!node)
    return make_error(error_code::not_found, "no node " + std::to_string(id.value));
  if (processes_.contains(id))
    return success();
  std::filesystem::remove(held_marker(options_.data, id));
  auto child = child_process::start({.arguments = node_command(options_.data, id),
                                     .log = node->log,
                                     .dies_with_us = options_.dies_with_us});
  if (!child)
    return child.problem();
  node->pid = child->pid();
  pauses_[id].started = clock::now();
  processes_.emplace(id, std::move(*child));
  return save();
}

status local_cluster::kill(node_id id) {
  const auto running = processes_.find(id);
  if (running == processes_.end())
    return make_error(error_code::not_found,
                      "node " + std::to_string(id.value) + " doesn't run");
  if (auto held = replace_file(held_marker(options_.data, id), ""); !held)
    return held;
  running->second.signal(SIGKILL);
  return success();
}

std::vector<std::string> local_cluster::tend() {
  std::vector<std::string> told;
  for (const auto& node : std::vector<cluster_node>{file_.nodes}) {
    const auto name = "node " + std::to_string(node.id.value);
    const auto running = processes_.find(node.id);
    const auto held = std::filesystem::exists(held_marker(options_.data, node.id));
    if (running != processes_.end()) {
      const auto status = running->second.wait_status();
      if (!status)
        continue;
      told.push_back(name + " ended with " + describe_wait_status(*status)
                     + (held ? "" : "; it starts again (its output: " + node.log + ')'));
      note_end(node.id, WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL);
    }
    if (held || clock::now() < pauses_[node.id].not_before)
      continue;
    if (auto done = start(node.id); !done)
      told.push_back(name + " doesn't start: " + done.problem().message);
  }
  return told;
}

void local_cluster::note_end(node_id id, bool killed) {
  processes_.erase(id);
  file_.node(id)->pid = 0;
  auto& pause = pauses_[id];
  const auto now = clock::now();
  // A node that ends itself again and again would only burn the machine. One
  // that somebody kills has nothing wrong with it.
  const auto quick = !killed && now - pause.started < steady_after;
  pause.quick_ends = quick ? pause.quick_ends + 1 : 1;
  // The first restart is at once; then 200 ms, doubling.
  const auto wait = pause.quick_ends < 2
                      ? clock::duration::zero()
                      : std::min<clock::duration>(
                          std::chrono::milliseconds(100)
                            * (1U << std::min(pause.quick_ends - 1, 10U)),
                          longest_pause);
  pause.not_before = now + wait;
  save();
}

std::vector<int> local_cluster::ended_fds() const {
  std::vector<int> files;
  for (const auto& [id, process] : processes_)
    files.push_back(process.ended_fd());
  return files;
}

void local_cluster::stop_all(std::uint64_t timeout_ms) {
  for (auto& [id, process] : processes_)
    process.signal(SIGTERM);
  const auto deadline = clock::now() + std::chrono::milliseconds(timeout_ms);
  for (auto& [id, process] : processes_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - clock::now());
    process.ends_within(static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 0)));
  }
  processes_.clear(); // SIGKILL to the rest
  for (auto& node : file_.nodes)
    node.pid = 0;
  file_.supervisor_pid = 0;
  save();
}

status local_cluster::save() const {
  return save_cluster_file(options_.data, file_);
}

} // namespace present::tools
