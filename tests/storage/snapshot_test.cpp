#include "runtime/base/bounds.hpp"
#include "storage/lmdb_state_backend.hpp"
#include "storage/lmdb_state_home.hpp"
#include "storage/memory_state_home.hpp"
#include "storage/snapshot_codec.hpp"
#include "storage/snapshot_shelf.hpp"
#include "tests/storage/scratch_folder.hpp"

using namespace present;
using namespace present::storage;

namespace {

constexpr partition_id whose{3};
constexpr node_id peer{2};

struct on_disk {
  scratch_folder scratch;
  lmdb_state_home home{
    scratch.path() / "3",
    [](const std::filesystem::path& folder) -> result<std::unique_ptr<state_backend>> {
      auto opened = lmdb_state_backend::open(folder, {"alpha", whose, {7}});
      if (!opened)
        return opened.problem();
      return std::unique_ptr<state_backend>{std::move(*opened)};
    }};
};

struct in_memory {
  memory_state_home home;
};

/// A replica's state and what it sends and receives. The shelf shares the home.
template <class Home>
struct replica {
  std::shared_ptr<Home> place = std::make_shared<Home>();
  std::optional<snapshot_shelf> shelf;

  replica() { restart(); }
  void restart() {
    shelf.emplace(std::shared_ptr<state_home>{place, &place->home}, whose);
  }
  std::shared_ptr<state_backend> state() { return *place->home.open(); }
};

record_key key(int number) {
  return record_key::value({1}, "key" + std::to_string(number));
}

value_record value(std::string bytes) {
  return {{5}, false, std::make_shared<const std::string>(std::move(bytes))};
}

raft::snapshot_mark mark(std::uint64_t index) {
  return {{index}, {4}, {{{1}, {2}, {3}}, {}, {}, {{{1}, {7}}}}};
}

void store(state_backend& disk, std::uint64_t index, record_table changes) {
  REQUIRE(disk.write({std::move(changes), mark(index)}));
}

/// One record of each kind, and values enough for several parts.
void fill(state_backend& disk, std::uint64_t index = 10) {
  record_table changes;
  changes[record_key::partition()] = partition_record{{9}, {8}, {2}, 1, 1};
  space_record space;
  space.id = {1};
  space.name = "orders";
  changes[record_key::space({1})] = space;
  changes[record_key::session({77})]
    = session_record{{77}, "me", {2}, {3}, {{{4}, {5}}}};
  prepared_record prepared;
  prepared.client = {7};
  prepared.number = {1};
  prepared.reads = {{{1}, "key1"}};
  prepared.fence = relied_fence{{{2}, "lock"}, {5}};
  changes[record_key::prepared({7}, {1})] = prepared;
  changes[record_key::decision({7}, {2})] = decision_record{{7}, {2}, true, {5}, {9}};
  changes[record_key::past_value({1}, "key1", {4})] = past_value_record{{{4}, false, nullptr}};
  changes[record_key::tombstone({6}, {1}, "key3")] = tombstone_record{};
  changes[record_key::lock({1}, "lock")] = lock_record{{5}, {5}, {{{1}, 1000, "me", nullptr}}};
  changes[record_key::fence({2}, "lock")] = fence_record{{5}};
  for (int i = 0; i < 1500; ++i)
    changes[key(i)] = value(std::string(500, static_cast<char>('a' + i % 26)));
  changes[key(3)] = value_record{{6}, true, nullptr};
  store(disk, index, std::move(changes));
}

template <class Home>
result<std::optional<snapshot_part>> next_part(replica<Home>& from,
                                               std::uint64_t offset,
                                               std::uint64_t digest) {
  return from.shelf->read(*from.state(), peer, offset, digest);
}

/// Sends from `offset` on; the offset at which the snapshot is complete.
template <class From, class To>
std::uint64_t transfer(replica<From>& from, replica<To>& to,
                       std::uint64_t offset = 0, std::uint64_t digest = 0) {
  while (true) {
    auto part = next_part(from, offset, digest);
    REQUIRE(part);
    REQUIRE(*part);
    digest = (*part)->digest;
    const auto held = to.shelf->take(**part);
    REQUIRE(held);
    if (held->complete)
      return held->next_offset;
    offset = held->next_offset;
  }
}

} // namespace

TEST_CASE_TEMPLATE("a state arrives as it was sent, mark and digests included",
                   Home, on_disk, in_memory) {
  replica<Home> from;
  replica<Home> to;
  fill(*from.state());
  auto held = to.state();
  store(*held, 2, {{key(9999), value("of the past")}});
  const auto bytes = transfer(from, to);
  CHECK(bytes > 2 * bounds::snapshot_part);
  REQUIRE(to.shelf->load());
  CHECK(held->applied()->index == log_index{2});
  held.reset();
  REQUIRE(to.shelf->replace());
  CHECK(*to.state()->applied() == mark(10));
  CHECK(to.state()->digest() == from.state()->digest());
  CHECK(verify(*to.state()));
  CHECK_FALSE(to.state()->get(key(9999))->has_value());
  for (const auto& each :
       {record_key::session({77}), record_key::prepared({7}, {1}), record_key::decision({7}, {2}),
        record_key::past_value({1}, "key1", {4}), record_key::tombstone({6}, {1}, "key3"),
        record_key::lock({1}, "lock"), record_key::fence({2}, "lock")}) {
    REQUIRE(to.state()->get(each)->has_value());
    CHECK(*to.state()->get(each) == *from.state()->get(each));
  }
}

TEST_CASE("disk and twin give the same bytes, and take each other's") {
  replica<on_disk> from;
  replica<in_memory> twin;
  fill(*from.state());
  fill(*twin.state());
  const auto one = next_part(from, 0, 0);
  const auto other = next_part(twin, 0, 0);
  CHECK((*one)->digest == (*other)->digest);
  CHECK(*(*one)->bytes == *(*other)->bytes);
  replica<in_memory> to;
  transfer(from, to);
  REQUIRE(to.shelf->load());
  REQUIRE(to.shelf->replace());
  CHECK(to.state()->digest() == from.state()->digest());
}

TEST_CASE("a snapshot stays what it was while the state moves on (P18)") {
  replica<on_disk> from;
  replica<on_disk> to;
  fill(*from.state());
  const auto before = from.state()->digest();
  const auto first = next_part(from, 0, 0);
  REQUIRE(to.shelf->take(**first));
  store(*from.state(), 11, {{key(1), value("changed")}, {key(2), std::nullopt}});
  transfer(from, to, (*first)->bytes->size(), (*first)->digest);
  REQUIRE(to.shelf->load());
  REQUIRE(to.shelf->replace());
  CHECK(*to.state()->applied() == mark(10));
  CHECK(to.state()->digest() == before);
}

TEST_CASE_TEMPLATE("a transfer goes on where it had got to (rule 10)", Home,
                   on_disk, in_memory) {
  replica<Home> from;
  replica<Home> to;
  fill(*from.state());
  const auto first = **next_part(from, 0, 0);
  const auto second = **next_part(from, first.bytes->size(), first.digest);
  CHECK(to.shelf->take(first)->next_offset == first.bytes->size());
  // The second part is lost, the first comes once more, and then one too far on.
  CHECK(to.shelf->take(first)->next_offset == first.bytes->size());
  auto ahead = second;
  ahead.offset += 7;
  CHECK(to.shelf->take(ahead)->next_offset == first.bytes->size());
  CHECK(to.shelf->take(second)->next_offset
        == first.bytes->size() + second.bytes->size());
  transfer(from, to, second.offset, first.digest);
  CHECK(to.shelf->load());
}

TEST_CASE("a resume that names another digest, or a released snapshot, is told so") {
  replica<on_disk> from;
  fill(*from.state());
  const auto first = **next_part(from, 0, 0);
  CHECK_FALSE(next_part(from, 5, first.digest + 1)->has_value());
  CHECK_FALSE(next_part(from, UINT64_MAX, first.digest)->has_value());
  CHECK(next_part(from, 5, first.digest)->has_value());
  from.shelf->release(peer);
  CHECK_FALSE(next_part(from, 5, first.digest)->has_value());
}

TEST_CASE("peers share a snapshot of the same state, not of another") {
  replica<on_disk> from;
  fill(*from.state());
  const auto one = **from.shelf->read(*from.state(), {2}, 0, 0);
  from.shelf->release({2});
  const auto same = **from.shelf->read(*from.state(), {2}, 0, 0);
  CHECK(same.digest == one.digest);
  store(*from.state(), 11, {{key(1), value("changed")}});
  const auto other = **from.shelf->read(*from.state(), {3}, 0, 0);
  CHECK(other.mark.index == log_index{11});
  CHECK(other.digest != one.digest);
  CHECK(from.shelf->read(*from.state(), {2}, 5, one.digest)->has_value());
}

TEST_CASE("without a checkpoint there is nothing to send") {
  replica<on_disk> from;
  CHECK(next_part(from, 0, 0).problem().code == error_code::invalid);
}

TEST_CASE("a part of another snapshot begins it at its start only") {
  replica<in_memory> from;
  replica<in_memory> later;
  replica<in_memory> to;
  fill(*from.state(), 10);
  fill(*later.state(), 11);
  const auto old = **next_part(from, 0, 0);
  const auto fresh = **next_part(later, 0, 0);
  const auto fresh_second = **next_part(later, fresh.bytes->size(), fresh.digest);
  REQUIRE(to.shelf->take(old));
  CHECK(to.shelf->take(fresh_second)->next_offset == 0);
  CHECK(to.shelf->take(fresh)->next_offset == fresh.bytes->size());
  transfer(later, to, fresh.bytes->size(), fresh.digest);
  REQUIRE(to.shelf->load());
  REQUIRE(to.shelf->replace());
  CHECK(*to.state()->applied() == mark(11));
}

TEST_CASE_TEMPLATE("bytes that changed on the way are refused, and it starts over",
                   Home, on_disk, in_memory) {
  replica<Home> from;
  replica<Home> to;
  fill(*from.state());
  store(*to.state(), 2, {{key(1), value("kept")}});
  for (const std::size_t place : {std::size_t{0}, std::size_t{200}, std::size_t{70'000}}) {
    CAPTURE(place);
    auto first = **next_part(from, 0, 0);
    auto bytes = *first.bytes;
    bytes[place] ^= 1;
    first.bytes = std::make_shared<const std::string>(std::move(bytes));
    const auto held = to.shelf->take(first);
    REQUIRE(held);
    transfer(from, to, held->next_offset, first.digest);
    CHECK(to.shelf->load().problem().code == error_code::damaged);
    CHECK_FALSE(to.shelf->replace());
    CHECK(to.state()->applied()->index == log_index{2});
  }
  transfer(from, to);
  CHECK(to.shelf->load());
  CHECK(to.shelf->replace());
}

TEST_CASE("a snapshot of another partition, mark or format is refused") {
  replica<in_memory> from;
  fill(*from.state());
  memory_spool bytes;
  auto facts = *write_snapshot(*from.state(), whose, bytes);
  memory_state_backend into;
  CHECK(load_snapshot(bytes, facts, {4}, into).problem().code == error_code::damaged);
  auto other = facts;
  other.mark.at_term = {5};
  CHECK(load_snapshot(bytes, other, whose, into).problem().code
        == error_code::damaged);
  CHECK(into.applied()->index == log_index{0});

  snapshot_head newer{snapshot_format + 1, whose, mark(10), {}};
  const auto message = encode_snapshot_head(newer);
  memory_spool unknown;
  std::string length(4, '\0');
  length[2] = static_cast<char>(message.size() >> 8);
  length[3] = static_cast<char>(message.size());
  REQUIRE(unknown.append(length + message));
  CHECK(load_snapshot(unknown, facts, whose, into).problem().code
        == error_code::invalid);
}

TEST_CASE("a snapshot that ends too early is refused") {
  replica<in_memory> from;
  fill(*from.state());
  memory_spool bytes;
  const auto facts = *write_snapshot(*from.state(), whose, bytes);
  for (const auto count : {std::uint64_t{0}, std::uint64_t{3}, bytes.size() / 2,
                           bytes.size() - 1}) {
    CAPTURE(count);
    memory_spool cut;
    REQUIRE(cut.append(*bytes.read(0, static_cast<std::size_t>(count))));
    memory_state_backend into;
    CHECK(load_snapshot(cut, facts, whose, into).problem().code
          == error_code::damaged);
    CHECK(into.applied()->index == log_index{0});
  }
}

TEST_CASE("a state that lost a row or a bit is not sent (P24)") {
  memory_state_backend disk;
  fill(disk);
  memory_spool bytes;
  REQUIRE(disk.lose(key(700)));
  CHECK(write_snapshot(disk, whose, bytes).problem().code == error_code::damaged);
  fill(disk);
  REQUIRE(disk.damage(key(701)));
  CHECK(write_snapshot(disk, whose, bytes).problem().code == error_code::damaged);
}

TEST_CASE("a disk that fails while a snapshot is loaded leaves no mark") {
  replica<in_memory> from;
  fill(*from.state());
  memory_spool bytes;
  const auto facts = *write_snapshot(*from.state(), whose, bytes);
  memory_state_backend full;
  full.fail_next(make_error(error_code::disk_full, "no room"));
  CHECK(load_snapshot(bytes, facts, whose, full).problem().code
        == error_code::disk_full);
  CHECK(full.applied()->index == log_index{0});
}

TEST_CASE("a crash while a snapshot arrives or is loaded leaves the old state") {
  replica<on_disk> from;
  fill(*from.state());
  replica<on_disk> to;
  store(*to.state(), 2, {{key(1), value("kept")}});
  const auto restart = [&] {
    to.restart();
    CHECK(to.state()->applied()->index == log_index{2});
    CHECK(verify(*to.state()));
    CHECK_FALSE(std::filesystem::exists(to.place->scratch.path() / "3" / "next"));
  };
  REQUIRE(to.shelf->take(**next_part(from, 0, 0)));
  restart();
  transfer(from, to);
  restart();
  transfer(from, to);
  REQUIRE(to.shelf->load());
  restart();
  transfer(from, to);
  REQUIRE(to.shelf->load());
  REQUIRE(to.shelf->replace());
  CHECK(to.state()->digest() == from.state()->digest());
}
