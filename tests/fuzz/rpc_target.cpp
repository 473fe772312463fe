#include "actors/link/peer_codec.hpp"
#include "actors/membership/map_codec.hpp"
#include "actors/reporter/report_codec.hpp"
#include "actors/session/rpc_codec.hpp"
#include "tests/actors/partition/operations.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/message.hpp"
#include "tests/fuzz/target.hpp"

/// What calls bring: of clients (requests), of nodes (responses, raft's messages,
/// maps), of operators' nodes (reports and status).

using namespace present;
using namespace present::fuzz;

namespace {

enum kind : unsigned { asked, answered, raft_message, map, report, status_of_all, kinds };

/// As `must_go_round`, by way of a message.
template <class Schema, class Decode, class Encode>
void must_go_round_as(std::string_view bytes, Decode decode, Encode encode) {
  read_message<Schema>(bytes, [&](auto from) {
    const auto read = decode(from);
    if constexpr (requires { read.problem(); })
      if (!read)
        return must_explain(read.problem());
    const auto value_of = [](const auto& what) -> const auto& {
      if constexpr (requires { what.problem(); })
        return *what;
      else
        return what;
    };
    const auto written
      = message_of<Schema>([&](auto to) { encode(value_of(read), to); });
    bool again = false;
    read_message<Schema>(written, [&](auto second) {
      const auto twice = decode(second);
      if constexpr (requires { twice.problem(); })
        must(static_cast<bool>(twice), "what was read is written so that it can be read");
      must(message_of<Schema>([&](auto to) { encode(value_of(twice), to); }) == written,
           "what is read twice is the same");
      again = true;
    });
    must(again, "what is written is within the limits of a message");
  });
}

template <class Schema, class Encode, class From>
std::string written(Encode encode, const From& from) {
  return message_of<Schema>([&](auto to) { encode(from, to); });
}

request one_request() {
  using namespace partition::test;
  auto what = *request_of({write(1, 1, put_of("key", "value", if_absent{})),
                           write(1, 2, remove_of("key", if_version{{4}})),
                           read(get{{1}, "key", true}), read(scan{{1}, "a", "z", 10})});
  what.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  return what;
}

response one_response() {
  response what;
  answer row;
  row.id = {{1}, {2}};
  row.value = partition::test::bytes("value");
  row.rows = {{"key", {7}, partition::test::bytes("value")}, {"other", {8}, nullptr}};
  row.message = "said";
  what.answers = {row, {}};
  what.failure = make_error(error_code::not_leader, "node 2 leads");
  what.stamp = {9};
  return what;
}

cluster_map one_map() {
  cluster_map what;
  what.epoch = {4};
  what.cluster = "0123456789ab";
  what.nodes = {{{1}, {7}, storage::node_state::active, "127.0.0.1:1", "127.0.0.1:2"}};
  what.spaces["orders"] = {1};
  what.ranges = {{{1}, "", {1}}, {{1}, "m", {2}}};
  what.partitions = {{{0}, {{{1}, {7}}}, {{1}}, {{1}}, {3}}};
  what.leaders[{1}] = {1};
  return what;
}

std::vector<std::string> raft_messages() {
  const raft::snapshot_mark mark{{9}, {5}, {{{1}, {2}}, {{1}}, {{3}}, {{{1}, {7}}}}};
  raft::append_request append{{8}, {4}, {8}, {}, 3, true};
  append.entries = {{{5}, {9}, raft::entry_kind::empty}, {{5}, {10}, raft::entry_kind::command},
                    {{5}, {11}, raft::entry_kind::configuration}};
  append.entries[1].payload = partition::test::bytes("an entry's bytes");
  append.entries[2].members = std::make_shared<const raft::configuration>(mark.members);
  std::vector<std::string> all;
  for (const raft::body& content : std::vector<raft::body>{
         raft::vote_request{{9}, {5}, true}, raft::vote_reply{true, true}, append,
         raft::append_reply{true, {9}}, raft::snapshot_chunk{mark, 7, partition::test::bytes("part"), true, 3},
         raft::snapshot_reply{mark, 4}, raft::timeout_now{}})
    all.push_back(chosen(raft_message, message_of<schema::RaftMessage>([&](auto to) {
                           encode_message({1}, {{1}, {2}, {7}, {5}, content, 6, {8}}, to);
                         })));
  return all;
}

node_report one_report() {
  node_report what;
  what.self = {{1}, {7}, "up", false, "127.0.0.1:1", "127.0.0.1:2", "0.1.0"};
  what.partitions = {{{1}, {1}, {1}, {5}, {9}, {8}, true, {{{2}, "follower", 1}}, 1}};
  what.tree.id = "node-1";
  what.tree.more = {{"mode", "voter"}};
  what.tree.children.resize(2);
  what.tree.children[0].children.resize(1);
  what.map = one_map();
  return what;
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  const auto whole = one_report();
  auto all = raft_messages();
  const auto add = [&](unsigned choice, const std::string& message) {
    all.push_back(chosen(choice, message));
  };
  const auto map_of = [](const cluster_map& from, schema::ClusterMap::Builder to) {
    encode_map(from, to);
  };
  add(asked, written<schema::Request>(encode_request, one_request()));
  add(answered, written<schema::Response>(encode_response, one_response()));
  add(map, written<schema::ClusterMap>(map_of, one_map()));
  add(report, written<schema::NodeReport>(encode_report, whole));
  add(status_of_all, written<schema::ClusterStatus>(
                       encode_cluster_status,
                       cluster_status{true, true, {4}, whole.partitions, {whole.self}}));
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const input given{data, size};
  const auto bytes = given.rest();
  switch (given.choice_of(kinds)) {
    case asked:
      must_go_round_as<schema::Request>(bytes, decode_request, encode_request);
      break;
    case answered:
      must_go_round_as<schema::Response>(bytes, decode_response, encode_response);
      break;
    case raft_message:
      must_go_round_as<schema::RaftMessage>(
        bytes, decode_message, [](const partition_message& from, auto to) {
          encode_message(from.partition, from.what, to);
        });
      break;
    case map:
      // Also what a node keeps of it on its disk.
      must_go_round(bytes, [](std::string_view from) { return decode_map(from); },
                    [](const cluster_map& from) { return encode_map(from); });
      break;
    case report:
      must_go_round_as<schema::NodeReport>(bytes, decode_report, encode_report);
      break;
    default:
      must_go_round_as<schema::ClusterStatus>(bytes, decode_cluster_status,
                                              encode_cluster_status);
  }
  return 0;
}
