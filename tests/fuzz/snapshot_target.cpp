#include "storage/memory_state_backend.hpp"
#include "storage/record_codec.hpp"
#include "storage/snapshot_codec.hpp"
#include "storage/snapshot_stream.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

/// A snapshot as a peer sends it: its messages, and the whole stream.

using namespace present;
using namespace present::storage;
using namespace present::fuzz;

namespace {

enum kind : unsigned { head, block, stream, kinds };

constexpr partition_id whose{3};

std::string block_of(const std::vector<row>& rows) {
  std::vector<encoded_row> encoded;
  for (const auto& each : rows)
    encoded.push_back({each.key.bytes(), encode_record(each.what)});
  return encode_snapshot_block(encoded);
}

void store_some(memory_state_backend& disk) {
  record_table rows;
  rows[record_key::partition()] = partition_record{{9}, {8}, {2}, 1, 1};
  rows[record_key::session({77})] = session_record{{77}, "me", {2}, {3}, {{{4}, {5}}}};
  rows[record_key::value({1}, "key")]
    = value_record{{5}, false, std::make_shared<const std::string>("value")};
  const auto written = disk.write({std::move(rows), {{10}, {4}, {{{1}}, {}, {}, {{{1}, {7}}}}}});
  must(static_cast<bool>(written), "a state in memory takes rows");
}

struct sent {
  std::string bytes;
  snapshot_facts facts;
};

sent honest_snapshot() {
  memory_state_backend sender;
  store_some(sender);
  memory_spool bytes;
  auto facts = write_snapshot(sender, whose, bytes);
  must(static_cast<bool>(facts), "a whole state can be sent");
  return {*bytes.read(0, bytes.size()), std::move(*facts)};
}

/// Nothing is taken for what was announced but the very bytes.
void load(std::string_view bytes) {
  static const auto honest = honest_snapshot();
  memory_spool from;
  must(static_cast<bool>(from.append(bytes)), "a spool in memory takes bytes");
  memory_state_backend into;
  const auto loaded = load_snapshot(from, honest.facts, whose, into);
  if (!loaded)
    return must_explain(loaded.problem());
  must(bytes == honest.bytes, "no other bytes are loaded than were announced");
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  return {
    chosen(head, encode_snapshot_head({snapshot_format, whose, {{10}, {4}, {{{1}}}}, {}})),
    chosen(block, block_of({{record_key::value({1}, "key"), value_record{{5}, true}},
                            {record_key::partition(), partition_record{{9}}}})),
    chosen(stream, honest_snapshot().bytes),
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const input given{data, size};
  switch (given.choice_of(kinds)) {
    case head:
      must_go_round(given.rest(), decode_snapshot_head, encode_snapshot_head);
      break;
    case block:
      must_go_round(given.rest(), decode_snapshot_block, block_of);
      break;
    default:
      load(given.rest());
  }
  return 0;
}
