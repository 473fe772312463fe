#include "tools/present/workload_run.hpp"

#include "runtime/edge/clock.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/network_faults.hpp"
#include "tools/present/process_faults.hpp"
#include "tools/present/workload_client.hpp"

#include <algorithm>
#include <csignal>
#include <memory>
#include <thread>

#include <unistd.h>

namespace present::tools {

namespace {

constexpr std::chrono::seconds patience{30};
constexpr std::chrono::seconds look_patience{1};

bool wants_any(const std::vector<fault_kind>& faults, std::initializer_list<fault_kind> of) {
  return std::find_first_of(faults.begin(), faults.end(), of.begin(), of.end()) != faults.end();
}

class workload_run {
public:
  workload_run(const context& with, const workload_options& options, signal_wait& signals)
      : with_(with), options_(options), plan_(options.plan), signals_(signals) {
    plan_.space = "workload-" + std::to_string(::getpid());
  }

  /// The connections, the space, and what the faults need.
  status begin() {
    if (auto fit = check_faults(); !fit)
      return fit;
    auto target = resolve_target(with_.set, access::client);
    if (!target)
      return target.problem();
    if (wants_any(options_.faults, {fault_kind::delay, fault_kind::reply_loss}))
      if (auto opened = open_proxies(*target); !opened)
        return opened;
    auto client = open_session(*target);
    if (!client)
      return client.problem();
    client_ = std::move(*client);
    if (!options_.faults.empty()) {
      auto admin = open_session(with_.set, access::admin);
      if (!admin)
        return admin.problem();
      admin_ = std::move(*admin);
    }
    if (auto made = make_space(); !made || plan_.kind != workload_kind::bank)
      return made;
    return transaction_client::open_accounts(*client_, plan_);
  }

  void serve() {
    began_ns_ = now_ns();
    if (has_transactions(plan_.kind))
      return serve_transactions();
    for (std::uint32_t number = 0; number < plan_.clients; ++number)
      clients_.push_back(
        std::make_unique<workload_client>(*client_, plan_, number, board_));
    std::vector<std::jthread> threads;
    for (auto& client : clients_)
      threads.emplace_back([&client] { client->run(); });
    inject_faults();
    board_.stopping = true;
  }

  void serve_transactions() {
    for (std::uint32_t number = 0; number < plan_.clients; ++number)
      transactors_.push_back(
        std::make_unique<transaction_client>(*client_, plan_, number, board_));
    std::vector<std::jthread> threads;
    for (auto& client : transactors_)
      threads.emplace_back([&client] { client->run(); });
    inject_faults();
    board_.stopping = true;
  }

  void read_all() {
    ended_ns_ = now_ns();
    if (!transactors_.empty()) {
      all_unlocked_ = transactors_.front()->read_all_at_last();
      return;
    }
    const auto keys = keys_to_read();
    std::atomic<std::uint64_t> next = 0;
    std::vector<std::jthread> threads;
    for (auto& client : clients_)
      threads.emplace_back([&] {
        for (auto key = next++; key < keys; key = next++)
          client->read_at_last(key);
      });
  }

  workload_outcome finish() {
    workload_outcome made;
    for (const auto& client : clients_) {
      made.history.insert(made.history.end(), client->history().begin(),
                          client->history().end());
      for (const auto& [code, count] : client->failed())
        made.figures.failed[code] += count;
    }
    std::stable_sort(made.history.begin(), made.history.end(),
                     [](const auto& a, const auto& b) { return a.called < b.called; });
    for (const auto& client : transactors_)
      add(made, client->records());
    std::stable_sort(made.transactions.lists.begin(), made.transactions.lists.end(),
                     [](const auto& a, const auto& b) { return a.called < b.called; });
    for (std::uint64_t key = 0; key < plan_.keys; ++key)
      made.accounts.accounts.push_back(workload_key(key));
    made.accounts.total
      = transaction_client::opening_balance * static_cast<std::int64_t>(plan_.keys);
    made.all_unlocked = all_unlocked_;
    made.figures.kind = options_.kind_name;
    made.figures.clients = plan_.clients;
    made.figures.seed = plan_.seed;
    made.figures.elapsed_ns = ended_ns_ - began_ns_;
    made.figures.faults = counts_;
    made.ended_ns = ended_ns_;
    if (auto dropped = client_->drop_space(plan_.space, patience); !dropped)
      with_.out.say("the space " + plan_.space + " stays: " + dropped.problem().message);
    return made;
  }

private:
  static void add(workload_outcome& to, const transaction_records& some) {
    auto& all = to.transactions;
    all.lists.insert(all.lists.end(), some.lists.begin(), some.lists.end());
    all.readings.insert(all.readings.end(), some.readings.begin(), some.readings.end());
    all.transfers += some.transfers;
    all.unknown += some.unknown;
    for (const auto& [code, count] : some.failed)
      to.figures.failed[code] += count;
  }

  static std::uint64_t now_ns() { return edge::machine_clock().monotonic_ns(); }
  static time_ms now_ms() { return edge::machine_clock().monotonic_ms(); }

  status check_faults() const {
    if (options_.faults.empty())
      return success();
    if (with_.set.text("data").empty())
      return make_error(error_code::invalid,
                        "--faults are done to a local cluster: --data DIR");
    if (wants_any(options_.faults, {fault_kind::partition, fault_kind::one_way}))
      if (auto may = check_may_part_network(); !may)
        return may;
    if (wants_any(options_.faults, {fault_kind::skew}) && skew_fault::library().empty())
      return make_error(error_code::invalid, "skew needs the package libfaketime");
    return success();
  }

  /// Cut so that each of so many data partitions has as many of the keys.
  status make_space() {
    const auto map = client_->map(patience);
    if (!map)
      return map.problem();
    const std::uint64_t all = (*map)->partitions.size() - 1;
    const auto pieces = std::min({options_.pieces ? options_.pieces : all, all, plan_.keys});
    create_space wanted{plan_.space};
    for (std::uint64_t piece = 1; piece < pieces; ++piece)
      wanted.split_at.push_back(workload_key(piece * plan_.keys / pieces));
    if (auto made = client_->create_space(wanted, patience); !made)
      return made.problem();
    return success();
  }

  status open_proxies(connection_target& target) {
    for (auto& endpoint : target.endpoints) {
      auto proxy = tcp_proxy::open(endpoint.address);
      if (!proxy)
        return proxy.problem();
      endpoint.address = (*proxy)->address();
      endpoint.pinned = true;
      proxies_.push_back(std::move(*proxy));
    }
    return success();
  }

  fault_set make_faults() {
    const std::filesystem::path data{with_.set.text("data")};
    fault_set made;
    for (const auto kind : options_.faults) {
      switch (kind) {
        case fault_kind::kill:
          made[kind] = std::make_unique<kill_fault>();
          break;
        case fault_kind::pause:
          made[kind] = std::make_unique<pause_fault>();
          break;
        case fault_kind::partition:
        case fault_kind::one_way:
          made[kind] = std::make_unique<partition_fault>(data, kind == fault_kind::one_way);
          break;
        case fault_kind::delay:
          made[kind] = std::make_unique<delay_fault>(proxies_);
          break;
        case fault_kind::reply_loss:
          made[kind] = std::make_unique<reply_loss_fault>(proxies_);
          break;
        case fault_kind::skew:
          made[kind] = std::make_unique<skew_fault>(data);
          break;
      }
    }
    return made;
  }

  std::vector<node_id> leaders() {
    std::vector<node_id> found;
    if (const auto status = admin_->status(look_patience))
      for (const auto& partition : status->partitions)
        if (partition.leader.value != 0)
          found.push_back(partition.leader);
    return found;
  }

  void inject_faults() {
    const auto end = now_ms() + std::uint64_t{options_.seconds} * 1000;
    fault_injector injector{fault_schedule{options_.faults, plan_.seed}, make_faults(),
                            {with_.set.text("data"), [this] { return leaders(); }}, now_ms()};
    for (auto now = now_ms(); now < end; now = now_ms()) {
      if (const auto said = injector.tick(now); !said.empty())
        with_.out.say(said);
      const auto due = std::min(end, injector.next_due());
      if (due > now && signals_.wait({}, due - now)) {
        with_.out.say("stopped by a signal");
        break;
      }
    }
    injector.finish();
    counts_ = injector.counts();
  }

  std::uint64_t keys_to_read() const {
    if (plan_.kind != workload_kind::set)
      return plan_.keys;
    return workload_client::sets_begun(plan_, board_);
  }

  const context& with_;
  const workload_options& options_;
  workload_plan plan_;
  signal_wait& signals_;
  client_proxies proxies_;
  std::unique_ptr<client_session> client_;
  std::unique_ptr<client_session> admin_;
  workload_board board_;
  std::vector<std::unique_ptr<workload_client>> clients_;
  std::vector<std::unique_ptr<transaction_client>> transactors_;
  bool all_unlocked_ = true;
  std::map<std::string, fault_count> counts_;
  std::uint64_t began_ns_ = 0;
  std::uint64_t ended_ns_ = 0;
};

} // namespace

result<workload_outcome> run_workload(const context& with, const workload_options& options,
                                      signal_wait& signals) {
  workload_run run{with, options, signals};
  if (auto begun = run.begin(); !begun)
    return begun.problem();
  run.serve();
  run.read_all();
  return run.finish();
}

} // namespace present::tools
