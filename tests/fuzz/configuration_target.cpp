#include "actors/client/record_lines.hpp"
#include "runtime/network/peer_identity.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"
#include "tools/histories/transaction_judge.hpp"
#include "tools/histories/transaction_lines.hpp"
#include "tools/present/cluster_file.hpp"
#include "tools/present/history_lines.hpp"
#include "tools/present/node_file.hpp"
#include "tools/present/saved_contexts.hpp"
#include "tools/present/settings.hpp"

#include <nlohmann/json.hpp>


/// Files that people and programs write for the program: TOML, and JSON.

using namespace present;
using namespace present::tools;
using namespace present::fuzz;

namespace {

enum kind : unsigned {
  node,
  contexts,
  own_settings,
  cluster,
  history,
  record_line,
  identity,
  transactions,
  kinds
};

constexpr const char* origin = "file";

void read_settings(const std::string& text) {
  setting_sources sources;
  sources.environment = [](const std::string&) { return std::optional<std::string>{}; };
  sources.files = {{origin, text}};
  const auto all = settings::resolve(sources);
  if (!all)
    return must_explain(all.problem());
  must(all->all().size() == setting_specs().size(), "each setting has a value");
}

/// What decodes is written as text that decodes to the same.
template <class Decode, class Encode>
void must_stay(const std::string& text, Decode decode, Encode encode) {
  const auto read = decode(text);
  if (!read)
    return must_explain(read.problem());
  const auto again = decode(encode(*read));
  must(again && *again == *read, "what was read is written so that it reads the same");
}

/// Written once, a history has its events in their order; from then on it stays. It is
/// judged, or refused, whatever it says.
void read_transactions(const std::string& text) {
  const auto read = histories::decode_transactions(text, origin);
  if (!read)
    return must_explain(read.problem());
  const auto again
    = histories::decode_transactions(histories::encode_transactions(*read), origin);
  must(again && again->size() == read->size(), "what was read is written so that it can be read");
  const auto third
    = histories::decode_transactions(histories::encode_transactions(*again), origin);
  must(third && *third == *again, "what is read twice is the same");
  const auto judged = histories::judge_transactions(*read);
  if (!judged)
    must_explain(judged.problem());
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  node_file file;
  file.cluster = "0123456789ab";
  file.node = {1};
  file.data = "/var/lib/present";
  file.rpc = "127.0.0.1:7400";
  file.http = "127.0.0.1:7401";
  file.ca = file.cert = file.key = file.storage_key = "/etc/present/file.pem";
  file.http_plain = true;
  saved_contexts saved;
  saved.current = "prod";
  saved.by_name["prod"] = {"", "10.0.0.1:7400", "/etc/ca.pem", "/etc/me.pem", "/etc/me.key"};
  saved.by_name["here"] = {"/var/tmp/first", "", "", "", ""};
  cluster_file local;
  local.cluster = "0123456789ab";
  local.nodes = {{{1}, 4, "127.0.1.1:7400", "127.0.1.1:7401", "/data", "/log"}};
  return {
    chosen(node, encode_node_file(file)),
    chosen(contexts, encode_contexts(saved)),
    chosen(own_settings, "output = \"json\"\ntimeout = \"10s\"\n"),
    chosen(cluster, encode_cluster_file(local)),
    chosen(history,
           R"({"client":0,"op":"get","key":"k","out":"y","found":true,"ok":true,"call":1,"return":10})"
           "\n"
           R"({"client":0,"op":"cas","key":"k","value":"v","expect":"x","ok":false,"call":1,"return":10})"
           "\n"
           R"({"client":0,"op":"members","key":"k","members":["m"],"ok":true,"call":1,"return":10})"
           "\n"),
    chosen(record_line, R"({"key":"k","value":"v","version":7})"),
    chosen(record_line, R"({"key":"aw==","value":"dg==","encoding":"base64"})"),
    chosen(identity, "spiffe://0123456789ab/node/3"),
    chosen(transactions,
           "{:process 0, :type :invoke, :f :txn, :value [[:append :x 1] [:r :y nil]], :index 0}\n"
           "{:process 1, :type :invoke, :f :txn, :value [[:append \"y\" 7]], :index 1}\n"
           "{:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:r :y [7]]], :index 2}\n"
           "{:process 1, :type :info, :f :txn, :value [[:append \"y\" 7]], :index 3}\n"),
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const input given{data, size};
  const std::string text{given.rest()};
  switch (given.choice_of(kinds)) {
    case node:
      must_stay(text, [](const std::string& from) { return decode_node_file(from, origin); },
                encode_node_file);
      break;
    case contexts:
      must_stay(text, [](const std::string& from) { return decode_contexts(from, origin); },
                encode_contexts);
      break;
    case own_settings:
      read_settings(text);
      break;
    case cluster:
      must_stay(text, [](const std::string& from) { return decode_cluster_file(from, origin); },
                encode_cluster_file);
      break;
    case history:
      must_go_round(
        text, [](std::string_view from) { return decode_history(std::string{from}, origin); },
        encode_history);
      break;
    case record_line:
      must_go_round(
        text,
        [](std::string_view from) {
          return client::parse_record_line(std::string{from}, origin);
        },
        [](const client::record& from) { return client::record_line(from).dump(); });
      break;
    case transactions:
      read_transactions(text);
      break;
    default:
      if (const auto who = network::parse_peer_identity(text))
        must(to_string(*who) == text, "an identity has one spelling");
  }
  return 0;
}
