#include "actors/node/node.hpp"

#include "actors/client/gateway_links.hpp"
#include "actors/gate/gate_service.hpp"
#include "actors/http/http_service.hpp"
#include "actors/node/node_route.hpp"
#include "actors/node/node_storage.hpp"
#include "actors/system_tree.hpp"
#include "runtime/edge/entropy.hpp"
#include "runtime/edge/thread_policy.hpp"
#include "runtime/network/certificate_watch.hpp"
#include "runtime/network/http_listener.hpp"
#include "runtime/network/rpc_listener.hpp"
#include "runtime/network/tls_configuration.hpp"
#include "runtime/observe/process_figures.hpp"
#include "runtime/observe/tracer.hpp"
#include "runtime/supervision/actor_metrics.hpp"
#include "runtime/supervision/caf_settings.hpp"
#include "runtime/supervision/supervision_tree.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <thread>

namespace present {

namespace {

constexpr std::uint32_t handshake_timeout_ms = 5'000;
constexpr auto start_patience = std::chrono::seconds(30);
constexpr auto stop_patience = std::chrono::seconds(10);

constexpr std::string_view program_version = "0.1.0";

struct host_and_port {
  std::string host;
  std::uint16_t port = 0;
};

result<host_and_port> split_address(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos)
    return make_error(error_code::invalid, "address '" + address + "': no port");
  host_and_port parts{address.substr(0, colon), 0};
  std::uint32_t port = 0;
  for (const char digit : address.substr(colon + 1)) {
    if (digit < '0' || digit > '9' || port > 65'535)
      return make_error(error_code::invalid, "address '" + address + "': the port is no number");
    port = port * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (port > 65'535)
    return make_error(error_code::invalid, "address '" + address + "': the port is over 65535");
  parts.port = static_cast<std::uint16_t>(port);
  return parts;
}

std::string host_of(const std::string& address) {
  return address.substr(0, address.rfind(':'));
}

member_status own_status(const node_config& config, store_id store) {
  member_status self;
  self.id = config.self;
  self.store = store;
  self.rpc_address
    = config.advertised_rpc.empty() ? config.rpc_address : config.advertised_rpc;
  self.http_address
    = config.advertised_http.empty() ? config.http_address : config.advertised_http;
  self.version = program_version;
  return self;
}

/// Up to this many cores a node runs its actors on its network's thread: the journal needs
/// another core, and so do other nodes and programs there. A worker more than there are
/// cores free for costs switches between threads.
constexpr std::size_t few_cores = 3;

supervision::caf_settings actor_settings(const node_config& config,
                                         network::network_thread& network) {
  if (config.worker_threads > 0)
    return supervision::caf_settings{config.worker_threads};
  const std::size_t cores = std::thread::hardware_concurrency();
  if (cores > few_cores)
    return supervision::caf_settings{cores / 2};
  network.post_work(edge::run_in_batches);
  return supervision::caf_settings{network.worker()};
}

/// Read at each scrape, on the network thread, where the listener lives.
void add_listener_metrics(observe::metrics& to, const network::connection_listener& from,
                          const std::string& name) {
  to.add_source([&from, by = observe::labels{{"listener", name}}](observe::samples& scrape) {
    const auto counts = from.counts();
    scrape.add_gauge("present_connections", "Connections that are open.",
                     static_cast<double>(counts.open), by);
    scrape.add_counter("present_connections_accepted_total",
                       "Connections that were accepted.",
                       static_cast<double>(counts.accepted), by);
    scrape.add_counter("present_connections_refused_total",
                       "Connections that were refused because too many were open.",
                       static_cast<double>(counts.refused_full), by);
    scrape.add_counter("present_handshakes_failed_total",
                       "Connections that did not prove who they were.",
                       static_cast<double>(counts.failed_handshakes), by);
  });
}

/// So that an alert can come before the day.
void add_certificate_metric(observe::metrics& to,
                            std::shared_ptr<const network::tls_configuration> of) {
  to.add_source([of = std::move(of)](observe::samples& scrape) {
    scrape.add_gauge("present_certificate_expiry_seconds",
                     "When the certificate in use ends, since 1970.",
                     static_cast<double>(of->valid().until_s), {});
  });
}

void log_network(const edge::logger& log, network::log_severity severity,
                 const std::string& line) {
  switch (severity) {
    case network::log_severity::info:
      log.info(line);
      break;
    case network::log_severity::warning:
      log.warning(line);
      break;
    case network::log_severity::error:
      log.error(line);
      break;
  }
}

} // namespace

/// Members in the order of their making; they end the other way round: the
/// actors before the network that they talk through.
struct node::body {
  explicit body(const node_config& from)
      : config(from), disk(from), log(from.self, "node"),
        network([log = log](network::log_severity severity, const std::string& line) {
          log_network(log, severity, line);
        }) {
    observe::add_process_figures(*metrics, edge::machine_clock());
    observe::add_trace_metrics(*metrics, tracer);
    supervision::add_actor_metrics(*metrics, census);
  }

  status open_network();
  status start_actors(end_function on_end);
  error end_because_of(const std::string& why) const;
  status listen();
  result<std::uint16_t> listen_http();
  result<std::uint16_t> listen_for_health();
  using open_listener = kj::Function<result<network::connection_listener*>(
    network::network_loop&, const network::listener_options&)>;
  result<std::uint16_t> listen_at(const std::string& address, const std::string& name,
                                  open_listener open);
  system_parts parts();
  own_client_parts own_client();
  partition_setup setup_of(partition_id partition);

  const node_config config;
  node_storage disk;
  edge::logger log;
  /// Before all that has spans open. Nothing exports them.
  observe::tracer tracer{{.node = config.self, .spans_exported = 0},
                         edge::machine_clock(),
                         edge::machine_entropy()};
  network::network_thread network;
  std::shared_ptr<supervision::address_book> addresses
    = std::make_shared<supervision::address_book>();
  std::shared_ptr<supervision::census> census = std::make_shared<supervision::census>();
  std::shared_ptr<observe::metrics> metrics = std::make_shared<observe::metrics>();
  std::shared_ptr<const conflict_counters> conflicts
    = std::make_shared<const conflict_counters>(metrics);
  std::shared_ptr<peer_links> links = std::make_shared<peer_links>();
  std::shared_ptr<network::tls_configuration> tls; ///< the network thread's
  std::shared_ptr<const link_maker> link_parts;
  std::shared_ptr<node_services> services;         ///< the network thread's
  client::gateway_links* client_links = nullptr;   ///< the network thread's
  std::uint16_t rpc_port = 0;
  std::uint16_t http_port = 0;
  std::uint16_t health_port = 0;
  supervision::caf_settings settings = actor_settings(config, network);
  std::optional<caf::actor_system> system;
  std::optional<supervision::supervision_tree> tree;
  bool stopped = false;
};

/// TLS, and what services and links are made of.
status node::body::open_network() {
  auto material = network::read_tls_material(config.authority, config.certificate, config.key);
  if (!material)
    return material.problem();
  const auto identity = disk.identity();
  return network.run([&](network::network_loop& loop) -> status {
    auto loaded = network::tls_configuration::load(*material, loop.timer(), handshake_timeout_ms);
    if (!loaded)
      return make_error(loaded.problem().code,
                        loaded.problem().message + " (" + config.certificate.string() + ", "
                          + config.key.string() + ", " + config.authority.string() + ')');
    tls = *loaded;
    const auto wanted = network::node_identity(config.cluster, config.self);
    if (!(tls->self() == wanted))
      return make_error(error_code::invalid, config.certificate.string() + ": the certificate of "
                                               + to_string(tls->self()) + ", not of "
                                               + to_string(wanted));
    loop.host<network::certificate_watch>(
      loop, network::tls_files{config.authority, config.certificate, config.key}, tls);
    add_certificate_metric(*metrics, tls);
    const node_greeting greeting{config.cluster, config.self, identity.store, identity.boot};
    const auto own_host = host_of(config.rpc_address);
    link_parts
      = std::make_shared<const link_maker>(link_maker{tls, greeting, links, own_host});
    client_links = &loop.host<client::gateway_links>(loop, tls, config.self, own_host);
    services = std::make_shared<node_services>(
      node_services{network, greeting, addresses, links,
                    std::make_shared<report_source>(network, addresses), metrics,
                    tracer});
    return success();
  });
}

system_parts node::body::parts() {
  system_parts made;
  made.addresses = addresses;
  made.scrub = config.scrub;
  made.open_journal = [this] { return disk.open_journal(); };
  made.self = own_status(config, disk.identity().store);
  made.cluster = config.cluster;
  made.wire_to = [this](node_id peer, const std::string& address) -> wire_factory {
    return [this, peer, address](link_actor actor) {
      return std::make_shared<network_wire>(network, link_parts, peer, address,
                                            std::move(actor));
    };
  };
  made.setup_of = [this](partition_id partition) { return setup_of(partition); };
  made.partitions_on_disk = [this] { return disk.partitions_on_disk(); };
  made.remove_state = [this](partition_id partition) { return disk.remove_state(partition); };
  made.own_client = own_client();
  return made;
}

partition_setup node::body::setup_of(partition_id partition) {
  partition_setup setup;
  setup.machine.id = partition;
  setup.machine.self = config.self;
  setup.machine.checkpoint_bytes = config.checkpoint_bytes;
  setup.machine.marker_interval_ms = config.marker_interval_ms;
  setup.machine.advisor = config.advisor;
  setup.raft = config.raft;
  setup.raft.seed = edge::machine_entropy().next();
  setup.store = disk.identity().store;
  setup.life = disk.life();
  setup.addresses = addresses;
  setup.home = disk.home_of(partition);
  setup.conflicts = conflicts;
  return setup;
}

own_client_parts node::body::own_client() {
  auto door = std::make_shared<local_gateway>(*addresses);
  return {to_string(network::node_identity(config.cluster, config.self)),
          std::make_shared<node_route>(config.self, door, network, *client_links), door,
          [self = config.self] {
            client::settings made;
            made.near = self;
            made.id = {edge::machine_entropy().next_id()};
            made.seed = edge::machine_entropy().next();
            return made;
          }};
}

status node::body::start_actors(end_function on_end) {
  system.emplace(settings);
  supervision::spawn_settings spawning;
  spawning.node = config.self;
  spawning.addresses = addresses;
  spawning.all = census;
  spawning.tracer = &tracer;
  tree.emplace(*system, spawning, system_tree(parts()),
               [this, on_end = std::move(on_end)](std::optional<std::string> why) {
                 if (why)
                   on_end(end_because_of(*why));
               });
  if (!tree->wait_until_ready(start_patience))
    return end_because_of("the actors did not start: see the log above for the one that failed");
  return success();
}

/// Actors crash with a text and no code. What an operator has to tell apart is whether
/// there is room.
error node::body::end_because_of(const std::string& why) const {
  if (disk.is_out_of_room())
    return make_error(error_code::disk_full,
                      config.data.string() + ": there is no room on this disk: " + why);
  return make_error(error_code::unknown_outcome, why);
}

/// Opens a listener on the network thread; what it counts is in the metrics.
result<std::uint16_t> node::body::listen_at(const std::string& address,
                                            const std::string& name, open_listener open) {
  const auto parts = split_address(address);
  if (!parts)
    return parts.problem();
  return network.run([&](network::network_loop& loop) -> result<std::uint16_t> {
    network::listener_options options;
    options.address = parts->host;
    options.port = parts->port;
    auto opened = open(loop, options);
    if (!opened)
      return opened.problem();
    add_listener_metrics(*metrics, **opened, name);
    return (*opened)->port();
  });
}

status node::body::listen() {
  const auto rpc = listen_at(
    config.rpc_address, "rpc",
    [this](network::network_loop& loop, const network::listener_options& where) {
      return network::open_rpc_listener(
        loop, where, tls,
        [services = services](const network::connection_facts& facts,
                              std::shared_ptr<network::letter_box> letters)
          -> capnp::Capability::Client {
          return kj::heap<gate_service>(services, facts, std::move(letters));
        });
    });
  if (!rpc)
    return rpc.problem();
  rpc_port = *rpc;
  if (!config.http_address.empty()) {
    const auto http = listen_http();
    if (!http)
      return http.problem();
    http_port = *http;
  }
  if (!config.health_address.empty()) {
    const auto health = listen_for_health();
    if (!health)
      return health.problem();
    health_port = *health;
  }
  return success();
}

result<std::uint16_t> node::body::listen_http() {
  return listen_at(
    config.http_address, "http",
    [this](network::network_loop& loop, const network::listener_options& where) {
      return network::open_http_listener(loop, where, {}, config.http_plain ? nullptr : tls,
                                         http::node_routes(services, loop.timer()));
    });
}

/// For whoever looks after the node on its machine, without a certificate.
result<std::uint16_t> node::body::listen_for_health() {
  return listen_at(
    config.health_address, "health",
    [this](network::network_loop& loop, const network::listener_options& where) {
      return network::open_http_listener(loop, where, {}, nullptr,
                                         http::health_routes(services));
    });
}

node::node(std::unique_ptr<body> made) : body_(std::move(made)) {
}

node::~node() {
  stop();
}

result<std::unique_ptr<node>> node::start(const node_config& config, end_function on_end) {
  auto made = std::unique_ptr<node>{new node(std::make_unique<body>(config))};
  auto& body = *made->body_;
  if (auto opened = body.disk.open(); !opened)
    return opened.problem();
  if (const auto& why = body.disk.set_aside())
    body.log.error("the journal is set aside, and another store begun: the peers have what "
                   "it held",
                   {{"why", why->message}});
  if (auto opened = body.open_network(); !opened)
    return opened.problem();
  if (auto started = body.start_actors(std::move(on_end)); !started)
    return started.problem();
  if (auto listening = body.listen(); !listening)
    return listening.problem();
  body.log.info("serving", {{"rpc", config.rpc_address},
                            {"http", config.http_address},
                            {"health", config.health_address},
                            {"store", body.disk.identity().store},
                            {"boot", body.disk.identity().boot}});
  return made;
}

std::uint16_t node::rpc_port() const {
  return body_->rpc_port;
}

std::uint16_t node::http_port() const {
  return body_->http_port;
}

std::uint16_t node::health_port() const {
  return body_->health_port;
}

void node::stop() {
  if (!body_ || body_->stopped)
    return;
  body_->stopped = true;
  if (body_->tree) {
    body_->tree->ask_to_stop();
    if (!body_->tree->wait_until_over(stop_patience))
      body_->log.warning("the actors did not stop in time");
  }
  body_->network.stop();
  body_->tree.reset();
}

} // namespace present
