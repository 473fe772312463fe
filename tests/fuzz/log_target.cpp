#include "actors/partition/entry_codec.hpp"
#include "storage/log_codec.hpp"
#include "tests/actors/partition/operations.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

/// What a journal holds: identity, hard state, mark, entries, and the batches of
/// operations in them.

using namespace present;
using namespace present::fuzz;

namespace {

enum kind : unsigned { identity, hard_state, mark, entry, batch, kinds };

raft::configuration members() {
  return {{{1}, {2}, {3}}, {{1}}, {{4}}, {{{1}, {7}}, {{4}, {9}}}};
}

std::string whole_entry(const raft::entry& from) {
  return storage::encode_entry_head(from) + std::string{storage::body_of(from)};
}

/// Words can't be read in place there.
void read_at_odd_address(std::string_view bytes) {
  std::vector<char> shifted(bytes.size() + 1);
  std::copy(bytes.begin(), bytes.end(), shifted.begin() + 1);
  const auto read = present::decode_entry({shifted.data() + 1, bytes.size()});
  if (!read)
    must_explain(read.problem());
}

std::string one_batch() {
  using namespace partition::test;
  auto map = std::make_shared<cluster_map>();
  map->epoch = {3};
  map->cluster = "0123456789ab";
  map->nodes.push_back({{1}, {7}, storage::node_state::active, "127.0.0.1:1", ""});
  put contested = put_of("key", "value");
  contested.knows = {hlc_stamp{5}, storage::authorship{{6}, 2}, hlc_stamp{4}, "order", {}};
  write_findings found;
  found.merged = bytes("both");
  contested.knows.found = std::make_shared<const write_findings>(found);
  return *encode_entry(batch_at(
    {99},
    {write(4, 1, contested), write(4, 2, settle_escalation{{1}, "key", {5}, true}),
     write(4, 3, set_space{"orders", storage::conflict_rules{}, 5, "order", "none"}),
     write(1, 1, put_of("key", "value", if_version{{5}})), write(1, 2, remove_of("key")),
     write(2, 1, create_space{"orders", 2, {"m"}}), write(2, 2, drop_space{"orders"}),
     write(3, 1, add_node{{1}, {2}, "127.0.0.1:7", "127.0.0.1:8"}),
     write(3, 2, drain_node{{1}, true}), write(3, 3, remove_node{{1}}),
     write(3, 4, report_members{{1}, {2}, {{1}, {2}}})},
    found_catalog{map}));
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  raft::entry command{{4}, {7}, raft::entry_kind::command};
  command.payload = std::make_shared<const std::string>(one_batch());
  raft::entry change{{4}, {7}, raft::entry_kind::configuration};
  change.members = std::make_shared<const raft::configuration>(members());
  entry_batch adopting;
  adopting.command = adopt_share{{4}, {{{1}, "a", "m"}, {{2}, "", ""}}, {{{2}, {}}}};
  return {
    chosen(identity, storage::encode_identity({1, {"0123456789ab", {2}, {77}, 3}})),
    chosen(hard_state, storage::encode_hard_state({{{5}, {2}}, {{9}, {5}}, {{10}, {5}}})),
    chosen(mark, storage::encode_mark({{9}, {5}, members()})),
    chosen(entry, whole_entry({{4}, {7}, raft::entry_kind::empty})),
    chosen(entry, whole_entry(command)),
    chosen(entry, whole_entry(change)),
    chosen(batch, one_batch()),
    chosen(batch, *encode_entry(adopting)),
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const input given{data, size};
  const auto bytes = given.rest();
  switch (given.choice_of(kinds)) {
    case identity:
      must_go_round(bytes, storage::decode_identity, storage::encode_identity);
      break;
    case hard_state:
      must_go_round(bytes, storage::decode_hard_state, storage::encode_hard_state);
      break;
    case mark:
      must_go_round(bytes, storage::decode_mark, storage::encode_mark);
      break;
    case entry:
      must_go_round(
        bytes, [](std::string_view from) { return storage::decode_entry({7}, from); },
        whole_entry);
      break;
    default:
      read_at_odd_address(bytes);
      must_go_round(bytes, [](std::string_view from) { return present::decode_entry(from); },
                    [](const entry_batch& from) { return *encode_entry(from); });
  }
  return 0;
}
