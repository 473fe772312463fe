#include "runtime/edge/clock.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/cluster_views.hpp"
#include "tools/present/cluster_watch.hpp"
#include "tools/present/demo_import.hpp"
#include "tools/present/demo_verify.hpp"
#include "tools/present/program.hpp"
#include "tools/present/scratch_folder.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <memory>

namespace present::tools {

namespace {

constexpr std::size_t clients = 64;
constexpr std::uint64_t start_ms = 60'000;
constexpr std::uint64_t catch_up_limit_ms = 60'000;
constexpr std::uint64_t progress_ms = 100;
constexpr std::uint64_t stop_ms = 10'000;
constexpr std::size_t bar_width = 40;
constexpr std::chrono::seconds patience{30};

time_ms now_ms() {
  return edge::machine_clock().monotonic_ms();
}

/// The demo from its first process to its report.
class demo {
public:
  demo(const context& with, local_cluster& cluster, signal_wait& signals)
      : out_(with.out), cluster_(cluster), signals_(signals) {}

  /// Nodes up, sessions open, an empty space. The first thing that fails ends it.
  status begin() {
    if (auto started = cluster_.start_all(); !started)
      return started;
    if (auto founded = cluster_.found(start_ms); !founded)
      return founded;
    auto admin = open_session(target_of(cluster_.file(), access::admin));
    if (!admin)
      return admin.problem();
    admin_ = std::move(*admin);
    if (auto whole = wait_for_status(cluster_, *admin_, signals_, start_ms, is_whole); !whole)
      return whole;
    auto client = open_session(target_of(cluster_.file(), access::client));
    if (!client)
      return client.problem();
    client_ = std::move(*client);
    return make_space();
  }

  status import(const std::vector<iso_record>& records) {
    out_.say("importing " + with_thousands(records.size()) + " records through "
             + std::to_string(clients) + " clients");
    const auto began = now_ms();
    demo_import import{{*client_, demo_space, records, clients}};
    while (!import.is_over())
      if (auto done = watch(import); !done)
        return done;
    show(import.ledger());
    if (const auto failure = import.failure(); failure.code != error_code::ok)
      return failure;
    out_.say("all records are acknowledged");
    const auto ledger = import.ledger();
    report_.records = records.size();
    report_.import_ms = now_ms() - began;
    report_.before_kill = ledger.before_kill();
    report_.after_kill = ledger.after_kill();
    report_.repeated = ledger.repeated();
    report_.standstill_ms = ledger.standstill_ms();
    acknowledged_ = import.acknowledged();
    return success();
  }

  status start_again() {
    const node_id victim{report_.killed_node};
    out_.say("starting node " + std::to_string(victim.value) + " again");
    // It must have been reaped before a new process takes its place.
    cluster_.tend();
    const auto began = now_ms();
    if (auto started = cluster_.start(victim); !started)
      return started;
    auto caught_up = wait_for_status(
      cluster_, *admin_, signals_, catch_up_limit_ms,
      [&](const cluster_status& status) { return is_whole(status) && has_caught_up(status, victim); });
    report_.catch_up_ms = now_ms() - began;
    return caught_up;
  }

  status verify() {
    out_.say("reading all back in a fresh process");
    auto found = verify_in_fresh_process(cluster_.data(), acknowledged_);
    if (!found)
      return found.problem();
    report_.found = *found;
    return success();
  }

  void tell() {
    out_.document(to_json(report_), '\n' + to_text(report_));
    if (out_.shape() != format::table)
      return;
    if (const auto tree = cluster_tree(*admin_, patience))
      out_.data() << '\n' << to_text(*tree) << std::flush;
  }

  const demo_report& report() const { return report_; }

private:
  /// An earlier run's records would make every write a conflict.
  status make_space() {
    auto made = client_->create_space(demo_space, patience);
    if (!made && made.problem().code == error_code::version_conflict) {
      out_.say(std::string{"dropping the space '"} + demo_space + "' of an earlier run");
      if (auto dropped = client_->drop_space(demo_space, patience); !dropped)
        return dropped.problem();
      made = client_->create_space(demo_space, patience);
    }
    if (!made)
      return made.problem();
    return success();
  }

  status watch(demo_import& import) {
    auto files = cluster_.ended_fds();
    files.push_back(import.news_file());
    const auto signal = signals_.wait(files, progress_ms);
    import.take_news();
    if (signal == SIGINT || signal == SIGTERM)
      return make_error(error_code::unknown_outcome, "stopped by a signal");
    if (import.ledger().is_kill_due())
      if (auto killed = kill_leader(import); !killed)
        return killed;
    for (const auto& line : cluster_.tend())
      out_.say(line);
    show(import.ledger());
    return success();
  }

  status kill_leader(demo_import& import) {
    const auto status = admin_->status(patience);
    if (!status)
      return status.problem();
    const auto keeps_records = partition_of_records();
    if (!keeps_records)
      return keeps_records.problem();
    const auto found = std::find_if(status->partitions.begin(), status->partitions.end(),
                                    [&](const auto& one) { return one.id == *keeps_records; });
    if (found == status->partitions.end() || found->leader.value == 0)
      return make_error(error_code::no_quorum, "nobody leads the partition");
    const auto& partition = *found;
    if (auto killed = cluster_.kill(partition.leader); !killed)
      return killed;
    import.on_killed();
    report_.killed_node = partition.leader.value;
    report_.partition = partition.id.value;
    out_.say("killed node " + std::to_string(partition.leader.value)
             + ", leader of partition " + std::to_string(partition.id.value));
    return success();
  }

  result<partition_id> partition_of_records() {
    const auto map = client_->map(patience);
    if (!map)
      return map.problem();
    const auto space = (*map)->spaces.find(demo_space);
    const auto* range
      = space == (*map)->spaces.end() ? nullptr : (*map)->range_of(space->second, "");
    if (!range)
      return make_error(error_code::unknown_space, std::string{"no space '"} + demo_space + "'");
    return range->partition;
  }

  static bool has_caught_up(const cluster_status& status, node_id node) {
    return std::all_of(
      status.partitions.begin(), status.partitions.end(), [&](const partition_status& one) {
        return std::any_of(one.replicas.begin(), one.replicas.end(),
                           [&](const replica_progress& replica) {
                             return replica.node == node && replica.lag == 0
                                    && replica.state != "unreachable";
                           });
      });
  }

  void show(const import_ledger& ledger) {
    out_.say_over(progress_bar(ledger.acknowledged(), ledger.total(), bar_width));
  }

  output& out_;
  local_cluster& cluster_;
  signal_wait& signals_;
  std::unique_ptr<client_session> admin_;
  std::unique_ptr<client_session> client_;
  std::map<std::string, std::uint64_t> acknowledged_;
  demo_report report_;
};

void tell_next(output& out, const std::string& data) {
  const auto program = own_program().string();
  out.say("\nThe cluster runs on until Ctrl-C. Try next:");
  out.say("  " + program + " kv get " + demo_space + " 3166-1/CH --data " + data);
  out.say("  " + program + " status --data " + data);
  out.say("  " + program + " node kill 1 --data " + data);
}

int run_demo(const context& with, bool once) {
  // Before any other thread: they inherit what is blocked.
  signal_wait signals{{SIGINT, SIGTERM, SIGUSR1}};
  const auto records = load_iso_records(iso_folder());
  if (!records)
    return with.out.fail(records.problem());
  const scratch_folder folder{with.set.text("data"), false};
  auto cluster = local_cluster::prepare(
    {.data = folder.path(),
     .nodes = static_cast<std::uint32_t>(with.set.count("nodes")),
     .partitions = static_cast<std::uint32_t>(with.set.count("partitions")),
     .random_ports = with.set.text("ports") == "random"});
  if (!cluster)
    return with.out.fail(cluster.problem());
  with.out.say("starting " + with.set.text("nodes") + " nodes in "
               + cluster->data().string());
  demo run{with, *cluster, signals};
  auto done = run.begin();
  if (done)
    done = run.import(*records);
  if (done)
    done = run.start_again();
  if (done)
    done = run.verify();
  if (!done)
    return with.out.fail(done.problem());
  run.tell();
  if (!once) {
    tell_next(with.out, cluster->data().string());
    serve_until_signal(*cluster, signals, with.out);
  }
  cluster->stop_all(stop_ms);
  return run.report().found.is_clean() ? 0 : 1;
}

} // namespace

void add_demo(program& present) {
  auto& verb = *present.app.add_subcommand(
    "demo", "A cluster, real records in, the leader killed, nothing lost");
  auto once = std::make_shared<bool>(false);
  for (const auto* name : {"data", "ports", "nodes", "partitions"})
    add_setting_flag(verb, present, name);
  verb.add_flag("--once", *once, "end after the report");
  choose(verb, present, [once](const context& with) { return run_demo(with, *once); });
  add_demo_verify(present);
}

} // namespace present::tools
