#include "tools/present/bench_report.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/files.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

#include <sys/resource.h>
#include <unistd.h>

namespace present::tools {

namespace {

constexpr std::uint32_t fill_clients = 64;
constexpr std::chrono::seconds patience{30};

struct bench_arguments {
  std::uint32_t clients = 64;
  std::uint32_t seconds = 10;
  std::uint64_t keys = 1000;
  std::uint32_t value_bytes = 128;
  std::uint32_t operations = 2; ///< of a transaction
  std::uint32_t partitions = 2; ///< that it writes to
};

std::uint64_t own_cpu_us() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto us = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000
           + static_cast<std::uint64_t>(time.tv_usec);
  };
  return us(used.ru_utime) + us(used.ru_stime);
}

/// All node processes of a local cluster together: what their own
/// process_cpu_seconds_total count.
std::optional<std::uint64_t> server_cpu_us(const settings& set) {
  if (set.text("data").empty())
    return std::nullopt;
  const auto cluster = load_cluster_file(set.text("data"));
  if (!cluster)
    return std::nullopt;
  std::uint64_t ticks = 0;
  for (const auto& node : cluster->nodes) {
    const auto line = read_file("/proc/" + std::to_string(node.pid) + "/stat");
    const auto used = line ? cpu_ticks_in(*line) : std::nullopt;
    if (!used)
      return std::nullopt;
    ticks += *used;
  }
  return ticks * 1'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
}

/// The keys that are read, or one after the other overwritten.
status fill(client_session& client, const std::string& space,
            const bench_arguments& given) {
  client::load_plan plan;
  plan.space = space;
  plan.keys = given.keys;
  plan.value_bytes = given.value_bytes;
  plan.calls = given.keys;
  plan.in_order = true;
  const auto filled = client.run_load(std::move(plan), fill_clients);
  if (filled.errors.empty())
    return success();
  return make_error(error_code_named(filled.errors.begin()->first),
                    "the bench's keys can't be written");
}

/// Cut so that each data partition has as many of the keys.
result<written> make_space(client_session& client, const std::string& space,
                           const bench_arguments& given, std::uint64_t pieces) {
  create_space wanted{space};
  for (std::size_t piece = 1; piece < pieces; ++piece)
    wanted.split_at.push_back(client::load_key(piece * given.keys / pieces));
  wanted.split_at.erase(std::unique(wanted.split_at.begin(), wanted.split_at.end()),
                        wanted.split_at.end());
  return client.create_space(wanted, patience);
}

bench_figures measure(const context& with, client_session& client,
                      const std::string& space, client::load_kind kind,
                      const bench_arguments& given, std::uint64_t pieces) {
  client::load_plan plan;
  plan.kind = kind;
  plan.operations = given.operations;
  plan.partitions = given.partitions;
  plan.pieces = pieces;
  plan.space = space;
  plan.keys = given.keys;
  plan.value_bytes = given.value_bytes;
  plan.duration_ms = std::uint64_t{given.seconds} * 1000;
  const auto client_before = own_cpu_us();
  const auto server_before = server_cpu_us(with.set);
  auto done = client.run_load(std::move(plan), given.clients);
  const auto server_after = server_cpu_us(with.set);
  bench_figures figures;
  figures.calls = done.calls;
  figures.elapsed_ns = done.elapsed_ns;
  figures.latencies_us = std::move(done.latencies_us);
  figures.errors = std::move(done.errors);
  figures.client_cpu_us = own_cpu_us() - client_before;
  // A node that died in between has taken its count with it.
  if (server_before && server_after && *server_after >= *server_before)
    figures.server_cpu_us = *server_after - *server_before;
  return figures;
}

status check_partitions(client::load_kind kind, const bench_arguments& given,
                        std::uint64_t there) {
  if (kind != client::load_kind::transact)
    return success();
  if (given.partitions > there)
    return make_error(error_code::invalid,
                      "--partitions: " + std::to_string(given.partitions) + "; this cluster has "
                        + std::to_string(there) + " for data");
  if (given.partitions > given.operations)
    return make_error(error_code::invalid,
                      "--ops: a transaction over " + std::to_string(given.partitions)
                        + " partitions has as many writes at least");
  return success();
}

int run_bench(const context& with, client::load_kind kind, const bench_arguments& given) {
  auto opened = open_session(with.set, access::client);
  if (!opened)
    return with.out.fail(opened.problem());
  auto& client = **opened;
  const auto space = "bench-" + std::to_string(::getpid());
  const auto map = client.map(patience);
  if (!map)
    return with.out.fail(map.problem());
  const auto pieces = (*map)->partitions.size() - 1;
  if (auto fit = check_partitions(kind, given, pieces); !fit)
    return with.out.fail(fit.problem());
  if (auto made = make_space(client, space, given, pieces); !made)
    return with.out.fail(made.problem());
  const auto filled = fill(client, space, given);
  if (!filled)
    return with.out.fail(filled.problem());
  const auto figures = measure(with, client, space, kind, given, pieces);
  if (auto dropped = client.drop_space(space, patience); !dropped)
    with.out.say("the space " + space + " stays: " + dropped.problem().message);
  with.out.one(to_json(figures));
  return figures.errors.empty() ? 0 : 1;
}

} // namespace

void add_bench(program& present) {
  auto& bench = *present.app.add_subcommand("bench", "Measure the cluster, in a space of its own");
  bench.require_subcommand(1);
  auto given = std::make_shared<bench_arguments>();
  using client::load_kind;
  const std::vector<std::tuple<const char*, const char*, load_kind>> kinds{
    {"put", "quorum-durable writes", load_kind::put},
    {"get", "linearizable reads", load_kind::get},
    {"scan", "pages of keys", load_kind::scan},
    {"mixed", "reads and writes", load_kind::mixed},
    {"txn", "transactions that write", load_kind::transact},
    {"lock", "a lock taken and given back, each client its own", load_kind::lock}};
  for (const auto& [name, meaning, kind] : kinds) {
    auto& verb = *bench.add_subcommand(name, meaning);
    verb.add_option("--clients", given->clients, "client actors, one call each")
      ->check(CLI::Range(1, 10'000))->capture_default_str();
    verb.add_option("--seconds", given->seconds, "how long")
      ->check(CLI::Range(1, 86'400))->capture_default_str();
    verb.add_option("--keys", given->keys, "how many keys")
      ->check(CLI::Range(1, 10'000'000))->capture_default_str();
    verb.add_option("--value-bytes", given->value_bytes, "bytes a value")
      ->check(CLI::Range(0, 1 << 20))->capture_default_str();
    if (kind == load_kind::transact) {
      verb.add_option("--partitions", given->partitions, "that each transaction writes to")
        ->check(CLI::Range(1, 64))->capture_default_str();
      verb.add_option("--ops", given->operations, "writes of each transaction")
        ->check(CLI::Range(1, 64))->capture_default_str();
    }
    add_connection_flags(verb, present);
    choose(verb, present, [given, kind = kind](const context& with) {
      return run_bench(with, kind, *given);
    });
  }
}

} // namespace present::tools
