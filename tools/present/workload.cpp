#include "tools/present/workload_run.hpp"

#include "tools/histories/transaction_lines.hpp"
#include "tools/present/files.hpp"
#include "tools/present/history_lines.hpp"
#include "tools/present/program.hpp"
#include "tools/present/signal_wait.hpp"
#include "tools/present/transaction_report.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <memory>

namespace present::tools {

namespace {

struct workload_arguments {
  std::string kind = "register";
  std::string faults;
  std::string history;
  std::string format = "porcupine";
  std::string judged_file;
  workload_options options;
};

int tell(const context& with, const json& report) {
  with.out.document(report, to_text(report));
  return report["verdict"]["is"] == to_string(histories::ruling::linearizable) ? 0 : 1;
}

/// The verdict on a history that somebody else, or an earlier run, has written.
int judge_file(const context& with, const std::string& path) {
  const auto text = read_file(path);
  if (!text)
    return with.out.fail(text.problem());
  const auto history = decode_history(*text, path);
  if (!history)
    return with.out.fail(history.problem());
  const auto judged = histories::judge(*history);
  if (!judged) {
    auto problem = judged.problem();
    problem.message = path + ": " + problem.message;
    return with.out.fail(problem);
  }
  json report;
  report["verdict"] = to_json(*judged);
  return tell(with, report);
}

/// The same for transactions, in Elle's format.
int judge_transactions_file(const context& with, const std::string& path) {
  const auto text = read_file(path);
  if (!text)
    return with.out.fail(text.problem());
  const auto history = histories::decode_transactions(*text, path);
  if (!history)
    return with.out.fail(history.problem());
  const auto judged = histories::judge_transactions(*history);
  if (!judged) {
    auto problem = judged.problem();
    problem.message = path + ": " + problem.message;
    return with.out.fail(problem);
  }
  json report;
  report["verdict"] = to_json(*judged, *history);
  with.out.document(report, transactions_in_text(report["verdict"]));
  return judged->is_strictly_serializable() ? 0 : 1;
}

status read_arguments(workload_arguments& given) {
  const auto kind = workload_kind_named(given.kind);
  if (!kind)
    return make_error(error_code::invalid, "--kind: there is no '" + given.kind
                                             + "'; register, counter, set, append or bank");
  if (*kind == workload_kind::append && given.format == "porcupine")
    given.format = "elle";
  if (given.format != "porcupine" && !(*kind == workload_kind::append && given.format == "elle"))
    return make_error(error_code::invalid,
                      given.format == "elle"
                        ? "--format elle is of list appends in transactions; " + given.kind
                            + " is written as porcupine"
                        : "--format: there is no '" + given.format + "'; porcupine");
  const auto faults = parse_faults(given.faults);
  if (!faults)
    return faults.problem();
  given.options.plan.kind = *kind;
  given.options.kind_name = given.kind;
  given.options.faults = *faults;
  return success();
}

status write_history(const std::string& path, const workload_outcome& done,
                     workload_kind kind) {
  if (path.empty())
    return success();
  return replace_file(path, kind == workload_kind::append
                              ? histories::encode_transactions(done.transactions.lists)
                              : encode_history(done.history));
}

/// Nothing may be locked for good either.
int tell_transactions(const context& with, const workload_outcome& done, workload_kind kind) {
  transaction_counts counts{0, done.transactions.unknown, done.all_unlocked};
  json verdict;
  bool holds = false;
  if (kind == workload_kind::bank) {
    const auto judged = histories::judge_bank(done.accounts, done.transactions.readings);
    counts.committed = done.transactions.transfers + judged.readings;
    holds = judged.is_sum_kept();
    verdict = to_json(judged);
  } else {
    const auto judged = histories::judge_transactions(done.transactions.lists);
    if (!judged)
      return with.out.fail(judged.problem());
    counts.committed = judged->committed;
    holds = judged->is_strictly_serializable();
    verdict = to_json(*judged, done.transactions.lists);
  }
  const auto report = to_json(done.figures, counts, std::move(verdict));
  with.out.document(report, to_text(report));
  return holds && done.all_unlocked ? 0 : 1;
}

int run(const context& with, workload_arguments& given) {
  if (!given.judged_file.empty())
    return given.format == "elle" ? judge_transactions_file(with, given.judged_file)
                                  : judge_file(with, given.judged_file);
  if (auto read = read_arguments(given); !read)
    return with.out.fail(read.problem());
  // Before any other thread: they inherit what is blocked.
  signal_wait signals{{SIGINT, SIGTERM}};
  auto done = run_workload(with, given.options, signals);
  if (!done)
    return with.out.fail(done.problem());
  const auto kind = given.options.plan.kind;
  if (auto written = write_history(given.history, *done, kind); !written)
    return with.out.fail(written.problem());
  done->figures.history_file = given.history;
  if (has_transactions(kind))
    return tell_transactions(with, *done, kind);
  const auto judged = histories::judge(done->history);
  if (!judged)
    return with.out.fail(judged.problem());
  return tell(with, to_json(done->figures, done->history, done->ended_ns, *judged));
}

} // namespace

void add_workload(program& present) {
  auto& verb = *present.app.add_subcommand(
    "workload", "Clients and faults, and a verdict on what the clients saw");
  auto given = std::make_shared<workload_arguments>();
  auto& plan = given->options.plan;
  verb.add_option("--kind", given->kind, "register, counter, set, append or bank")->capture_default_str();
  verb.add_option("--clients", plan.clients, "client actors, one call each")
    ->check(CLI::Range(1, 1000))->capture_default_str();
  verb.add_option("--seconds", given->options.seconds, "how long")
    ->check(CLI::Range(1, 86'400))->capture_default_str();
  verb.add_option("--keys", plan.keys, "how many keys")
    ->check(CLI::Range(1, 1'000'000))->capture_default_str();
  verb.add_option("--split", given->options.pieces,
                  "data partitions to spread the keys over; 0: all")->capture_default_str();
  verb.add_option("--faults", given->faults,
                  "kill,pause,partition,one-way,delay,reply-loss,skew: one at a time");
  verb.add_option("--seed", plan.seed, "of the clients' choices and the faults'")
    ->capture_default_str();
  verb.add_option("--history", given->history, "the file for what the clients saw");
  verb.add_option("--format", given->format, "of that file: porcupine; of appends, and with --judge, elle")
    ->capture_default_str();
  verb.add_option("--judge", given->judged_file, "no clients: the verdict on such a file");
  add_connection_flags(verb, present);
  choose(verb, present, [given](const context& with) { return run(with, *given); });
}

} // namespace present::tools
