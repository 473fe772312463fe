#include "storage/lmdb_format.hpp"
#include "tests/actors/node/cluster_content.hpp"
#include "tests/storage/edited_env.hpp"

#include <fstream>
#include <iterator>
#include <set>
#include <utility>

using namespace present;
using namespace present::test;
namespace format = present::storage::lmdb_format;

namespace {

constexpr std::size_t page_bytes = 4096;

/// Three nodes with a full space, node 3 stopped behind its last checkpoint.
struct filled_cluster {
  three_nodes nodes;
  std::unique_ptr<client_session> admin;
  std::unique_ptr<client_session> db;

  explicit filled_cluster(std::uint32_t marker_interval_ms = node_config{}.marker_interval_ms) {
    nodes.marker_interval_ms = marker_interval_ms;
    // Checkpoints every few writes, and no log kept behind them.
    nodes.checkpoint_bytes = 200'000;
    nodes.raft.max_retained_bytes = 0;
    nodes.start_and_found();
    admin = nodes.connect("admin");
    db = nodes.connect("client");
    REQUIRE(db->create_space("things"));
    put_all(*db, 0);
  }

  fs::path state(std::uint32_t n) const { return nodes.data(n) / "state" / "1"; }
  fs::path state_file(std::uint32_t n) const { return state(n) / "data.mdb"; }
};

std::string content(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

constexpr std::size_t offset_in_value = 30;

/// A copy of a row in a file, and be it in a page that isn't in use any more.
struct row_copy {
  std::size_t key = 0;   ///< offsets in the file
  std::size_t value = 0;
  std::string start;     ///< of the value, past the byte that is flipped

  friend bool operator<(const row_copy& a, const row_copy& b) { return a.value < b.value; }
};

/// Those of one key. Several may name the same pages for their value. Only nodes of leaves
/// count: a branch has keys too, and a page may have the rest of another one in its room.
std::set<row_copy> copies_of(const std::string& bytes, const std::string& key) {
  std::set<row_copy> copies;
  const auto is_page = [&](std::size_t at, std::uint16_t kind) {
    if (at + page_bytes > bytes.size())
      return false;
    const auto head = format::page_head::of(std::string_view{bytes}.substr(at, page_bytes));
    return head.flags == kind && head.number == at / page_bytes;
  };
  for (std::size_t page = 0; page < bytes.size(); page += page_bytes) {
    if (!is_page(page, format::leaf_page))
      continue;
    const auto head = format::page_head::of(std::string_view{bytes}.substr(page, page_bytes));
    for (std::size_t at = format::page_header; at + 2 <= head.lower; at += 2) {
      const auto place = page + format::read_at<std::uint16_t>(bytes, page + at);
      const auto node = format::node::of(bytes, place);
      const auto begin = place + format::node_header;
      if (node.key_bytes != key.size() || bytes.compare(begin, key.size(), key) != 0)
        continue;
      const auto data = begin + key.size();
      REQUIRE(node.data_bytes() > offset_in_value);
      auto value = data;
      if (node.is_elsewhere()) {
        const auto run = format::read_at<std::uint64_t>(bytes, data) * page_bytes;
        if (!is_page(run, format::overflow_page))
          continue; // it was freed with this leaf, and is another's now
        value = run + format::page_header;
      }
      copies.insert({begin, value, bytes.substr(value, offset_in_value + 1)});
    }
  }
  return copies;
}

/// Flips a bit of the value, if the row is still there: a page that isn't in use any more may
/// have become another one since the file was read, and what else is in it stays sound.
bool flip(std::fstream& file, const row_copy& copy, const std::string& key) {
  const auto at = [&](std::size_t offset, std::size_t bytes) {
    std::string there(bytes, '\0');
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(there.data(), static_cast<std::streamsize>(bytes));
    return there;
  };
  const bool same = at(copy.key, key.size()) == key
                    && at(copy.value, copy.start.size()) == copy.start && file;
  file.clear();
  if (same) {
    file.seekp(static_cast<std::streamoff>(copy.value + offset_in_value));
    file.put(static_cast<char>(copy.start.back() ^ 4)).flush();
  }
  return same;
}

/// Flips a bit of a value on the disk: also in a file that a node has mapped, and that may
/// copy the page meanwhile. Done when no copy is as it was.
void flip_value(const fs::path& path, const std::string& key) {
  std::set<std::string> flipped;
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  for (bool sound = true; std::exchange(sound, false);)
    for (const auto& copy : copies_of(content(path), key))
      if (!flipped.count(copy.start)) {
        sound = true;
        if (flip(file, copy, key)) {
          auto now = copy.start;
          now.back() ^= 4;
          flipped.insert(std::move(now));
        }
      }
  REQUIRE_FALSE(flipped.empty());
}

/// The key of the last entry that the file of a journal has. The file is searched, for its
/// node has it open; what only looks like a key is far from what is committed.
std::string last_entry(client_session& admin, const fs::path& path) {
  const auto seen = admin.status(5s);
  REQUIRE_MESSAGE(seen, (seen ? "" : seen.problem().message));
  const auto most = seen->partitions.at(whose.value).commit.value + 10;
  const auto bytes = content(path);
  const auto prefix = storage::journal_keys::entry(whose, {0}).substr(0, 5);
  std::string last;
  for (auto at = bytes.find(prefix); at != std::string::npos;
       at = bytes.find(prefix, at + 1)) {
    const auto key = bytes.substr(at, storage::journal_keys::entry(whose, {0}).size());
    const auto index = storage::journal_keys::index_of(key, whose);
    if (index && index->value <= most && !copies_of(bytes, key).empty())
      last = std::max(last, key);
  }
  REQUIRE_FALSE(last.empty());
  return last;
}

std::uint64_t restarts_of(client_session& admin, std::uint32_t n) {
  const auto tree = admin.tree({n});
  if (tree)
    for (const auto& child : tree->children)
      if (child.id == "node/partitions")
        return child.children[whose.value].restarts;
  return 0;
}

storage::record_key key_of(int number) {
  return storage::record_key::value({1}, key(number));
}

node_id leader_of(client_session& admin) {
  const auto seen = wait_until_available(admin, 3);
  return seen.partitions.at(whose.value).leader;
}

} // namespace

TEST_CASE("a state that is gone, or that can't be opened, comes back from the peers "
          "(FAULTS 11)") {
  filled_cluster cluster;
  cluster.nodes.stop(3);
  SUBCASE("gone") { fs::remove_all(cluster.state(3)); }
  SUBCASE("cut short") {
    fs::resize_file(cluster.state_file(3), fs::file_size(cluster.state_file(3)) / 2);
  }
  SUBCASE("a page zeroed") {
    const auto bytes = content(cluster.state_file(3));
    const auto even = format::read_at<format::meta>(bytes, format::page_header);
    const auto odd = format::read_at<format::meta>(bytes, page_bytes + format::page_header);
    const auto root = (even.commit > odd.commit ? even : odd).main.root;
    std::fstream file{cluster.state_file(3),
                      std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(static_cast<std::streamoff>(root * page_bytes));
    file.write(std::string(page_bytes, '\0').data(), page_bytes);
  }
  put_all(*cluster.db, 1);
  cluster.nodes.start(3);
  wait_until_caught_up(*cluster.admin, 3);
  CHECK(snapshots_installed(*cluster.admin, 3) == "1");
  CHECK_FALSE(fs::exists(cluster.state(3) / "damaged.mdb"));
  // It counts, and leads as well as any.
  cluster.nodes.stop(2);
  check_all(*cluster.db, 1);
  cluster.nodes.start(2);
  wait_until_caught_up(*cluster.admin, 2);
  check_disks(cluster.nodes);
}

TEST_CASE("a value that was flipped while its node was down is found when it starts, and "
          "repaired (P24)") {
  filled_cluster cluster;
  cluster.nodes.stop(3);
  flip_value(cluster.state_file(3), key_of(40).bytes());
  cluster.nodes.start(3);
  // Nobody reads it: the first pass finds it, before node 3 may lead.
  wait_for_status(*cluster.admin, "repair", [&](const auto&) {
    return snapshots_installed(*cluster.admin, 3) == "1";
  });
  wait_until_caught_up(*cluster.admin, 3);
  check_all(*cluster.db, 0);
  check_disks(cluster.nodes);
}

TEST_CASE("a value that is another one, with all checks and sums right, is found at the next "
          "marker, and repaired from a majority (P24, P25)") {
  filled_cluster cluster{200};
  cluster.nodes.stop(3);
  {
    auto keys = storage::key_file::open(cluster.nodes.storage_key(3));
    REQUIRE(keys);
    auto state = storage::lmdb_state_backend::open(
      cluster.state(3), {cluster.nodes.cluster(), whose, cluster.nodes.store(3)}, {},
      keys->get());
    REQUIRE(state);
    auto row = (*state)->get(key_of(40));
    REQUIRE(row);
    REQUIRE(*row);
    auto forged = std::get<storage::value_record>(**row);
    forged.bytes = std::make_shared<const std::string>("another");
    const auto mark = (*state)->applied();
    REQUIRE(mark);
    REQUIRE((*state)->write({{{key_of(40), forged}}, *mark}));
    REQUIRE(storage::verify(**state));
  }
  cluster.nodes.start(3);
  // What is new asks for a marker.
  REQUIRE(cluster.db->put("things", "one more", "value", always{}, 30s));
  wait_for_status(*cluster.admin, "repair", [&](const auto&) {
    return snapshots_installed(*cluster.admin, 3) == "1";
  });
  wait_until_caught_up(*cluster.admin, 3);
  check_all(*cluster.db, 0);
  check_disks(cluster.nodes);
}

TEST_CASE("a leader never serves a damaged value: it hands over, and is repaired") {
  filled_cluster cluster;
  const auto leader = leader_of(*cluster.admin);
  flip_value(cluster.state_file(leader.value), key_of(0).bytes());
  const auto found = cluster.db->get("things", key(0), 30s);
  REQUIRE_MESSAGE(found, (found ? "" : found.problem().message));
  CHECK(found->value == value(0, 0));
  wait_until_caught_up(*cluster.admin, leader.value);
  CHECK(snapshots_installed(*cluster.admin, leader.value) == "1");
  check_all(*cluster.db, 0);
  check_disks(cluster.nodes);
}

TEST_CASE("what rots on the disk of a running node is found without being asked for") {
  filled_cluster cluster;
  for (std::uint32_t n = 1; n <= 3; ++n)
    cluster.nodes.stop(n);
  cluster.nodes.scrub.pass_pause_ms = 20;
  cluster.nodes.scrub.step_pause_ms = 1;
  // A log that keeps what is behind its checkpoints: else the entry may be gone before a
  // pass gets to it.
  cluster.nodes.raft = raft::raft_settings{};
  for (std::uint32_t n = 1; n <= 3; ++n)
    cluster.nodes.start(n);
  wait_until_caught_up(*cluster.admin, leader_of(*cluster.admin).value == 3 ? 2 : 3);
  SUBCASE("in the state") {
    flip_value(cluster.state_file(3), key_of(17).bytes());
    wait_for_status(*cluster.admin, "repair", [&](const auto&) {
      return snapshots_installed(*cluster.admin, 3) == "1";
    });
  }
  SUBCASE("in the log") {
    const auto journal = cluster.nodes.data(3) / "journal" / "data.mdb";
    flip_value(journal, last_entry(*cluster.admin, journal));
    wait_for_status(*cluster.admin, "repair", [&](const auto&) {
      return restarts_of(*cluster.admin, 3) == 1;
    });
  }
  wait_until_caught_up(*cluster.admin, leader_of(*cluster.admin).value == 3 ? 2 : 3);
  check_all(*cluster.db, 0);
  check_disks(cluster.nodes);
}

TEST_CASE("a damaged log entry is fetched from the peers, and its node has no vote until "
          "then (rule 15)") {
  filled_cluster cluster;
  cluster.nodes.stop(3);
  const auto journal = cluster.nodes.data(3) / "journal";
  std::optional<log_index> last;
  {
    const auto env = storage::open_to_edit(journal);
    auto txn = env->read();
    auto cursor = txn->cursor();
    for (auto row = cursor->seek(storage::journal_keys::entry(whose, {0})); row && *row;
         row = cursor->step())
      if (const auto index = storage::journal_keys::index_of((*row)->key, whose))
        last = index;
  }
  REQUIRE(last);
  storage::corrupt(journal, storage::journal_keys::entry(whose, *last));
  cluster.nodes.start(3);
  wait_until_caught_up(*cluster.admin, 3);
  put_all(*cluster.db, 1);
  wait_until_caught_up(*cluster.admin, 3);
  cluster.nodes.stop(2);
  check_all(*cluster.db, 1);
  cluster.nodes.start(2);
  wait_until_caught_up(*cluster.admin, 2);
  check_disks(cluster.nodes);
}
