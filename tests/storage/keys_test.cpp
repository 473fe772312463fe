#include "runtime/base/check.hpp"
#include "storage/keys.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

using namespace present;
using namespace present::storage;

TEST_CASE("the order of stored keys is the order of kind, space and key") {
  const bool ordered = rc::check([](std::uint32_t space, std::uint32_t other,
                                    const std::string& key,
                                    const std::string& next) {
    RC_PRE(key.size() <= bounds::max_key && next.size() <= bounds::max_key);
    const auto a = record_key::value({space}, key);
    const auto b = record_key::value({other}, next);
    RC_ASSERT((a < b) == (std::pair{space, key} < std::pair{other, next}));
    RC_ASSERT(record_key::session({space}) < a);
  });
  CHECK(ordered);
}

TEST_CASE("a stored key is read back as it was written") {
  const bool same = rc::check([](std::uint32_t space, std::uint64_t client,
                                 const std::string& key) {
    RC_PRE(key.size() <= bounds::max_key);
    const auto value = record_key::value({space}, key);
    const auto read = record_key::parse(value.bytes());
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == value);
    RC_ASSERT(read->space() == space_id{space});
    RC_ASSERT(read->user_key() == key);
    RC_ASSERT(record_key::session({client}).client() == client_id{client});
  });
  CHECK(same);
}

TEST_CASE("a past value and a tombstone's mark are read back as they were written") {
  const bool same = rc::check([](std::uint32_t space, std::uint64_t version,
                                 const std::string& more) {
    RC_PRE(more.size() < bounds::max_key);
    const auto key = "k" + more;
    const auto past = record_key::parse(record_key::past_value({space}, key, {version}).bytes());
    RC_ASSERT(past.has_value());
    RC_ASSERT(past->version() == hlc_stamp{version});
    RC_ASSERT(past->space() == space_id{space});
    const auto mark = record_key::parse(record_key::tombstone({version}, {space}, key).bytes());
    RC_ASSERT(mark.has_value());
    RC_ASSERT(mark->version() == hlc_stamp{version});
    RC_ASSERT(mark->space() == space_id{space});
    RC_ASSERT(mark->user_key() == key);
  });
  CHECK(same);
}

TEST_CASE("the pasts of a key are together, the newest first, and no other's between them") {
  const auto past = [](const std::string& key, std::uint64_t version) {
    return record_key::past_value({7}, key, {version});
  };
  for (const auto* key : {"k", "ka", "\xff"}) {
    CHECK(past(key, 2) < past(key, 1));
    CHECK(past(key, 1) < record_key::end_of_past({7}, key));
    CHECK(past(key, 0) < record_key::end_of_past({7}, key));
    CHECK(record_key::end_of_past({7}, key) <= record_key::end_of_past(space_id{7}));
    CHECK(record_key::start_of_past({7}) < past(key, ~std::uint64_t{0}));
    for (const auto* other : {"k", "ka", "\xff", "k\xff\xff\xff\xff\xff\xff\xff\xff"})
      if (std::string{other} != key)
        CHECK((past(other, 5) < past(key, 9)) == (past(other, 5) < past(key, 1)));
  }
  CHECK(record_key::tombstone({1}, {9}, "z") < record_key::tombstone({2}, {1}, "a"));
}

TEST_CASE("a past value whose length isn't its key's is none of ours") {
  auto bytes = record_key::past_value({7}, "key", {1}).bytes();
  CHECK(record_key::parse(bytes));
  CHECK_FALSE(record_key::parse(bytes + "x"));
  bytes.pop_back();
  CHECK_FALSE(record_key::parse(bytes));
  CHECK_FALSE(record_key::parse(record_key::start_of_past({7}).bytes()));
  CHECK_FALSE(record_key::parse(record_key::tombstone({1}, {7}, "").bytes()));
}

TEST_CASE("the ends of ranges are above all of the range and nothing else") {
  const auto ff = std::string(3, '\xff');
  CHECK(record_key::value({7}, ff) < record_key::end_of(space_id{7}));
  CHECK(record_key::end_of(space_id{7}) <= record_key::value({8}, ""));
  CHECK(record_key::value({0xffffffff}, ff)
        < record_key::end_of(space_id{0xffffffff}));
  CHECK(record_key::end_of({7}, "ab") == record_key::value({7}, "ac"));
  CHECK(record_key::end_of({7}, ff) == record_key::value({8}, ""));
  CHECK(record_key::end_of(record_kind::session)
        <= record_key::value({0}, ""));
}

TEST_CASE("the longest key and its successor fit, a longer one is a defect") {
  const std::string longest(bounds::max_key, 'k');
  const auto key = record_key::value({1}, longest);
  CHECK(key.successor().bytes().size() <= max_stored_key);
  CHECK(key < key.successor());
  CHECK_THROWS_AS((void)record_key::value({1}, longest + "kk"),
                  invariant_violation);
}

TEST_CASE("bytes that this program doesn't write are no key") {
  CHECK_FALSE(record_key::parse(""));
  CHECK_FALSE(record_key::parse(state_keys::applied()));
  CHECK_FALSE(record_key::parse("\x02" "abc"));
  CHECK_FALSE(record_key::parse("\x06" "abc"));
  CHECK_FALSE(record_key::parse("\x07" "abcdefgh"));
  CHECK_FALSE(record_key::parse("\x06" + std::string(max_stored_key, 'k')));
}

TEST_CASE("entries of a partition lie together and in order of index") {
  const auto low = journal_keys::entry({1}, {255});
  const auto high = journal_keys::entry({1}, {256});
  CHECK(low < high);
  CHECK(high < journal_keys::entry({2}, {1}));
  CHECK(journal_keys::index_of(high, {1}) == log_index{256});
  CHECK_FALSE(journal_keys::index_of(high, {2}));
  CHECK(journal_keys::partition_of(journal_keys::hard_state({9}))
        == partition_id{9});
  CHECK_FALSE(journal_keys::partition_of(journal_keys::snapshot({9})));
  CHECK(journal_keys::partition_of_entry(journal_keys::entry({9}, {3})) == partition_id{9});
  CHECK_FALSE(journal_keys::partition_of_entry(journal_keys::hard_state({9})));
}
