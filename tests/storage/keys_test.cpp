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
