#include "storage/lmdb_state_backend.hpp"
#include "storage/memory_state_backend.hpp"
#include "storage/state.hpp"
#include "tests/storage/edited_env.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <rapidcheck.h>

using namespace present;
using namespace present::storage;

namespace {

record_key key(int number) {
  return record_key::value({1}, "key" + std::to_string(number));
}

value_record value(const std::string& bytes) {
  return {{1}, false, std::make_shared<const std::string>(bytes)};
}

struct on_disk {
  scratch_folder folder;
  std::unique_ptr<lmdb_state_backend> store;

  on_disk() { reopen(); }
  void reopen() {
    store.reset();
    auto opened = lmdb_state_backend::open(folder.path() / "1",
                                           {"alpha", {1}, {7}});
    REQUIRE(opened);
    store = std::move(*opened);
  }
  state_backend& operator*() { return *store; }
  state_backend* operator->() { return store.get(); }

  /// Edits the file behind the program's back.
  void edit(const std::function<status(lmdb_write&)>& change) {
    store.reset();
    storage::edit(folder.path() / "1", change);
    reopen();
  }
  void damage(const record_key& which) {
    edit([&](lmdb_write& txn) -> status {
      std::string bytes{**txn.get(which.bytes())};
      bytes.back() ^= 1;
      return txn.put(which.bytes(), bytes);
    });
  }
  void lose(const record_key& which) {
    edit([&](lmdb_write& txn) -> status {
      REQUIRE(txn.erase(which.bytes()));
      return success();
    });
  }
};

struct in_memory {
  memory_state_backend disk;

  state_backend& operator*() { return disk; }
  state_backend* operator->() { return &disk; }
  void damage(const record_key& which) { REQUIRE(disk.damage(which)); }
  void lose(const record_key& which) { REQUIRE(disk.lose(which)); }
};

void store(state_backend& disk, std::uint64_t index, record_table changes) {
  REQUIRE(disk.write({std::move(changes), {{index}, {1}, {}}}));
}

template <class Store>
void fill(Store& disk, int rows) {
  record_table changes;
  for (int i = 0; i < rows; ++i)
    changes[key(i)] = value("value" + std::to_string(i));
  store(*disk, 1, std::move(changes));
}

} // namespace

TEST_CASE_TEMPLATE("a state that is as it was written passes", Store, on_disk,
                   in_memory) {
  Store disk;
  CHECK(verify(*disk));
  fill(disk, 100);
  CHECK(verify(*disk));
  store(*disk, 2, {{key(1), value("other")}, {key(2), std::nullopt},
                   {key(1000), std::nullopt}});
  CHECK(verify(*disk));
  CHECK(disk->digest().total().count == 99);
}

TEST_CASE_TEMPLATE("a row that fails its check is named", Store, on_disk,
                   in_memory) {
  Store disk;
  fill(disk, 100);
  disk.damage(key(50));
  const auto pass = disk->scrub(1000);
  REQUIRE(pass);
  CHECK(pass->rows == 100);
  CHECK(pass->damaged == std::vector{key(50)});
  CHECK(pass->wrong_buckets
        == std::vector{state_digest::bucket_of(key(50))});
  CHECK(verify(*disk).problem().code == error_code::damaged);
}

TEST_CASE_TEMPLATE("a row that is gone leaves its bucket wrong (P24)", Store,
                   on_disk, in_memory) {
  Store disk;
  fill(disk, 100);
  disk.lose(key(50));
  const auto pass = disk->scrub(1000);
  REQUIRE(pass);
  CHECK(pass->damaged.empty());
  CHECK(pass->wrong_buckets
        == std::vector{state_digest::bucket_of(key(50))});
}

TEST_CASE("a row that came back in an older version leaves its bucket wrong") {
  on_disk disk;
  fill(disk, 100);
  std::string old;
  disk.edit([&](lmdb_write& txn) -> status {
    old = **txn.get(key(50).bytes());
    return success();
  });
  store(*disk, 2, {{key(50), value("newer")}});
  CHECK(verify(*disk));
  disk.edit([&](lmdb_write& txn) { return txn.put(key(50).bytes(), old); });
  const auto pass = disk->scrub(1000);
  CHECK(pass->damaged.empty());
  CHECK(pass->wrong_buckets.size() == 1);
}

TEST_CASE_TEMPLATE("a pass in small steps stays right while rows change", Store,
                   on_disk, in_memory) {
  Store disk;
  fill(disk, 60);
  for (int step = 0; step < 12; ++step) {
    const auto report = disk->scrub(7);
    REQUIRE(report);
    CHECK(report->is_clean());
    // Changed, erased and new rows, on both sides of where the pass stands.
    store(*disk, 2, {{key(step), value("changed" + std::to_string(step))},
                     {key(59 - step), std::nullopt},
                     {key(100 + step), value("new")}});
  }
  CHECK(verify(*disk));
}

TEST_CASE("disk and twin have the same digest, whatever the order of writes") {
  on_disk disk;
  in_memory twin;
  fill(disk, 40);
  for (int i = 39; i >= 0; --i)
    store(*twin, 1, {{key(i), value("value" + std::to_string(i))}});
  CHECK(disk->digest() == twin->digest());
  state tables{*twin};
  CHECK(*tables.digest() == twin->digest());
  tables.put(key(3), value("other"));
  CHECK(tables.digest()->differing(disk->digest())
        == std::vector{state_digest::bucket_of(key(3))});
}

TEST_CASE("each field of a record counts") {
  const auto one = record_key::session({1});
  const session_record session{{1}, "me", {2}, {3}, {{{4}, {5}}}};
  auto other = session;
  other.answers[0].flags = 1;
  CHECK(digest_of(one, session) != digest_of(one, other));
  CHECK(digest_of(one, session)
        != digest_of(record_key::session({2}), session));
  CHECK(digest_of(key(1), value_record{{1}, true, nullptr})
        != digest_of(key(1), value_record{{1}, false, nullptr}));
}

TEST_CASE("hashes are the same in every version, for they are stored") {
  CHECK(hash_bytes("") == 0xc50ec70530178500);
  CHECK(hash_bytes("a") == 0xd4431154ad0e9f9f);
  CHECK(hash_bytes("0123456789abcdef0") == 0x8cc4855f31399ee6);
  CHECK(digest_of(key(1), value("x")) == 0xeedfb59b27fb0ab3);
}

TEST_CASE("a space's rules change its hash once they aren't the defaults, and not before") {
  space_record orders{{1}, "orders", {}, {7}};
  const auto digest = [&] { return digest_of(record_key::space({1}), orders); };
  CHECK(digest() == 0x86fc2bf121c53069); // as before there were rules to choose from
  orders.settings.versions_kept = 3;
  orders.settings.schema = "order";
  const auto plain = digest();
  CHECK(plain == 0x0d6a61a68c4dac12);
  orders.settings.policy = "spending";
  const auto judged = digest();
  CHECK(judged != plain);
  orders.settings.closes_after_ms = 1000;
  CHECK(digest() != judged);
}

TEST_CASE("a changed, added or dropped byte changes a hash") {
  CHECK(rc::check([](std::string bytes) {
    const auto before = hash_bytes(bytes);
    RC_ASSERT(hash_bytes(bytes + '\0') != before);
    RC_PRE(!bytes.empty());
    const auto place = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[place] ^= static_cast<char>(1 << *rc::gen::inRange(0, 7));
    RC_ASSERT(hash_bytes(bytes) != before);
    bytes.pop_back();
    RC_ASSERT(hash_bytes(bytes) != before);
  }));
}
