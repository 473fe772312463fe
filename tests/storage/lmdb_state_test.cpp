#include "storage/lmdb_state_backend.hpp"
#include "storage/state.hpp"
#include "tests/storage/edited_env.hpp"
#include "tests/storage/scratch_folder.hpp"

using namespace present;
using namespace present::storage;

namespace {

const state_identity ours{"alpha", {4}, {77}};

record_key key(const std::string& name) {
  return record_key::value({1}, name);
}

value_record value(std::uint64_t version, const std::string& bytes) {
  return {{version}, false, std::make_shared<const std::string>(bytes)};
}

std::unique_ptr<lmdb_state_backend> open(const scratch_folder& folder,
                                         const lmdb_options& options = {}) {
  auto opened
    = lmdb_state_backend::open(folder.path() / "4", ours, options);
  REQUIRE(opened);
  return std::move(*opened);
}

status store(state& tables, state_backend& disk, std::uint64_t index) {
  const auto frozen = tables.freeze({{index}, {1}, {{{1}, {2}, {3}}}});
  REQUIRE(frozen);
  status done = disk.write(**frozen);
  if (done)
    tables.release_frozen();
  return done;
}

} // namespace

TEST_CASE("a checkpoint is there after reopening, with its mark (rule 11)") {
  scratch_folder folder;
  {
    const auto disk = open(folder);
    CHECK(disk->applied()->index == log_index{0});
    state tables{*disk};
    tables.put(key("a"), value(1, "one"));
    tables.put(key("b"), value(2, "two"));
    tables.put(record_key::session({8}), session_record{{8}, "me"});
    REQUIRE(store(tables, *disk, 5));
    tables.erase(key("a"));
    tables.put(key("c"), value_record{{3}, true, nullptr});
    REQUIRE(store(tables, *disk, 6));
  }
  const auto disk = open(folder);
  CHECK(*disk->applied()
        == raft::snapshot_mark{{6}, {1}, {{{1}, {2}, {3}}}});
  const state tables{*disk};
  const auto rows = tables.scan(record_key{}, record_key::end_of(record_kind::value), 10);
  REQUIRE(rows);
  REQUIRE(rows->size() == 3);
  CHECK((*rows)[0].key == record_key::session({8}));
  CHECK((*rows)[1] == row{key("b"), value(2, "two")});
  CHECK((*rows)[2] == row{key("c"), value_record{{3}, true, nullptr}});
  CHECK_FALSE(*tables.get(key("a")));
}

TEST_CASE("a checkpoint that doesn't fit leaves neither records nor mark (B1)") {
  scratch_folder folder;
  const lmdb_options small{.initial_map_bytes = 1 << 20,
                           .max_map_bytes = 1 << 20};
  const auto disk = open(folder, small);
  state tables{*disk};
  tables.put(key("a"), value(1, "one"));
  REQUIRE(store(tables, *disk, 5));
  tables.put(key("a"), value(2, "two"));
  for (int i = 0; i < 20; ++i)
    tables.put(key("large" + std::to_string(i)),
               value(3, std::string(100'000, 'x')));
  const auto refused = store(tables, *disk, 9);
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().code == error_code::disk_full);
  CHECK(disk->applied()->index == log_index{5});
  CHECK(std::get<value_record>(**disk->get(key("a"))).view() == "one");
  CHECK(std::get<value_record>(**tables.get(key("a"))).view() == "two");
}

TEST_CASE("a flipped bit is found by get and scan, and named without the key") {
  scratch_folder folder;
  {
    const auto disk = open(folder);
    state tables{*disk};
    tables.put(key("secret"), value(1, "one"));
    REQUIRE(store(tables, *disk, 5));
  }
  corrupt(folder.path() / "4", key("secret").bytes());
  const auto disk = open(folder);
  const auto found = disk->get(key("secret"));
  REQUIRE_FALSE(found);
  CHECK(found.problem().code == error_code::damaged);
  CHECK(found.problem().message.find("space 1") != std::string::npos);
  CHECK(found.problem().message.find("secret") == std::string::npos);
  const state tables{*disk};
  CHECK_FALSE(tables.scan(key(""), key("z"), 10));
}

TEST_CASE("a state folder of another cluster, partition or store is refused") {
  scratch_folder folder;
  open(folder);
  const auto refusal = [&](const state_identity& wanted, error_code code) {
    const auto opened = lmdb_state_backend::open(folder.path() / "4", wanted);
    REQUIRE_FALSE(opened);
    CHECK(opened.problem().code == code);
    return opened.problem().message;
  };
  CHECK(refusal({"beta", {4}, {77}}, error_code::invalid).find("cluster 'alpha'")
        != std::string::npos);
  CHECK(refusal({"alpha", {5}, {77}}, error_code::invalid).find("partition 4")
        != std::string::npos);
  CHECK(refusal({"alpha", {4}, {78}}, error_code::too_old).find("store 77")
        != std::string::npos);
}
