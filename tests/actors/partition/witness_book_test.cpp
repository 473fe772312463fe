#include "actors/partition/witness_book.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::partition;

namespace {

constexpr store_id store{7};

standing_asked question(std::uint64_t boot, std::uint64_t opening, std::uint64_t at_term,
                        raft::log_position reached) {
  return {{boot, opening}, {at_term}, reached};
}

raft::log_position position(std::uint64_t index, std::uint64_t at_term) {
  return {{index}, {at_term}};
}

raft::configuration voters(std::initializer_list<std::uint32_t> numbers) {
  raft::configuration members;
  for (const auto number : numbers)
    members.voters.push_back({number});
  return members;
}

witness_inquiry inquiry_of(std::uint64_t boot) {
  return witness_inquiry{{.self = {1}, .life = {boot, 99}}, 1000};
}

standing_told told(std::uint64_t at_term, raft::log_position last, lapse sign = lapse::none) {
  return {99, {at_term}, last, sign, {}};
}

} // namespace

TEST_CASE("a store that comes back with all that it said contradicts nothing (P19)") {
  witness_book book{{}};
  CHECK(book.on_asked({2}, store, question(1, 11, 0, {})) == lapse::none);
  book.on_heard({2}, store, {4});
  book.on_matched({2}, position(9, 3));
  CHECK(book.on_asked({2}, store, question(2, 12, 4, position(9, 3))) == lapse::none);
  // The same opening again: only the replica has started anew.
  CHECK(book.on_asked({2}, store, question(2, 12, 5, position(4, 5))) == lapse::none);
}

TEST_CASE("opening, term and log each show that a store has gone back (P19)") {
  witness_book book{{}};
  book.on_asked({2}, store, question(5, 11, 0, {}));
  book.on_heard({2}, store, {4});
  book.on_matched({2}, position(9, 3));
  auto sign = lapse::none;
  SUBCASE("its count of openings is lower") {
    sign = book.on_asked({2}, store, question(4, 12, 4, position(9, 3)));
    CHECK(sign == lapse::opening);
  }
  SUBCASE("another opening has the same count") {
    sign = book.on_asked({2}, store, question(5, 12, 4, position(9, 3)));
    CHECK(sign == lapse::opening);
  }
  SUBCASE("it has spoken in a later term") {
    sign = book.on_asked({2}, store, question(6, 12, 3, position(9, 3)));
    CHECK(sign == lapse::term);
  }
  SUBCASE("it has acknowledged more") {
    sign = book.on_asked({2}, store, question(6, 12, 4, position(8, 3)));
    CHECK(sign == lapse::log);
  }
  // What it has lost it is asked for again, until it has it.
  const bool by_opening = sign == lapse::opening;
  CHECK(book.on_asked({2}, store, question(7, 13, 3, position(8, 3)))
        == (by_opening ? lapse::term : sign == lapse::log ? lapse::term : sign));
}

TEST_CASE("who asks again in the same life is told the same: the answer may have been lost (B5)") {
  witness_book book{{}};
  book.on_asked({2}, store, question(5, 11, 0, {}));
  book.on_heard({2}, store, {4});
  const auto old_files = question(5, 12, 4, {});
  CHECK_FALSE(book.has_asked({2}, store, old_files.life));
  CHECK(book.on_asked({2}, store, old_files) == lapse::opening);
  CHECK(book.has_asked({2}, store, old_files.life));
  CHECK(book.on_asked({2}, store, old_files) == lapse::opening);
  // What else it has lost meanwhile is seen as well; and its next life is another one.
  CHECK(book.on_asked({2}, store, question(5, 12, 3, {})) == lapse::term);
  CHECK(book.on_asked({2}, store, question(6, 13, 4, {})) == lapse::none);
}

TEST_CASE("what is remembered never falls, and another store is another one (P19)") {
  witness_book book{{{{2}, store, 5, 11, {4}, position(9, 3)}}};
  book.on_heard({2}, store, {3});
  book.on_matched({2}, position(5, 3));
  CHECK(book.known().front() == raft::witnessed{{2}, store, 5, 11, {4}, position(9, 3)});
  CHECK_FALSE(book.take_due(0));
  CHECK(book.on_asked({2}, {8}, question(1, 12, 0, {})) == lapse::none);
  CHECK(book.known().front() == raft::witnessed{{2}, {8}, 1, 12, {}, {}});
  book.keep({{3}});
  CHECK(book.known().empty());
}

TEST_CASE("the book rides on a write at most once in a while, and again if that was lost (P19)") {
  witness_book book{{}};
  CHECK_FALSE(book.take_due(0));
  book.on_heard({2}, store, {4});
  REQUIRE(book.take_due(10));
  CHECK_FALSE(book.take_due(5000));
  book.on_matched({2}, position(1, 4));
  CHECK(book.take_due(5000)->front().matched == position(1, 4));
  book.on_matched({2}, position(2, 4));
  CHECK_FALSE(book.take_due(5999));
  CHECK(book.take_due(6000));
  book.on_lost_write();
  CHECK(book.take_due(7000));
}

TEST_CASE("the first opening of a store asks nobody (P19)") {
  auto inquiry = inquiry_of(1);
  inquiry.on_members(voters({1, 2, 3}), position(1, 1), 1000);
  CHECK_FALSE(inquiry.is_asking());
  CHECK_FALSE(inquiry.is_uninvited());
}

TEST_CASE("all other voters are asked until they have told; the strictest counts (P19)") {
  auto inquiry = inquiry_of(2);
  CHECK(inquiry.is_uninvited());
  CHECK_FALSE(inquiry.look(1000).result);
  auto members = voters({1, 2, 3});
  members.learners = {{4}};
  inquiry.on_members(members, position(1, 1), 2000);
  REQUIRE(inquiry.is_asking());
  CHECK(inquiry.look(2000).ask == std::vector<node_id>{{2}, {3}});
  CHECK(inquiry.look(2050).ask.empty());
  inquiry.on_told({3}, store, told(5, position(4, 2)), 0);
  inquiry.on_told({4}, store, told(9, position(9, 9)), 0); // it has no voice
  inquiry.on_told({2}, store, {98, {9}, position(9, 9)}, 0); // to another life
  CHECK(inquiry.look(2100).ask == std::vector<node_id>{{2}});
  inquiry.hurry(2110);
  CHECK(inquiry.look(2110).ask == std::vector<node_id>{{2}});
  inquiry.on_told({2}, store, told(3, position(2, 3), lapse::log), 0);
  const auto done = inquiry.look(2111);
  REQUIRE(done.result);
  CHECK(done.result->at_term == term{5});
  CHECK(done.result->reached == position(2, 3));
  CHECK(done.result->sign == lapse::log);
  CHECK(done.result->by == node_id{2});
  CHECK(done.result->silent.empty());
  CHECK_FALSE(inquiry.is_asking());
  CHECK_FALSE(inquiry.look(9000).result);
}

TEST_CASE("a majority has to do after a while, and nothing less (P19)") {
  auto inquiry = inquiry_of(2);
  inquiry.on_members(voters({1, 2, 3}), position(1, 1), 1000);
  CHECK_FALSE(inquiry.look(4000).result); // it alone is none
  inquiry.on_told({3}, store, told(5, position(4, 2)), 0);
  const auto done = inquiry.look(4001);
  REQUIRE(done.result);
  CHECK(done.result->silent == std::vector<node_id>{{2}});
  auto patient = inquiry_of(2);
  patient.on_members(voters({1, 2, 3}), position(1, 1), 1000);
  patient.on_told({3}, store, told(5, position(4, 2)), 0);
  CHECK_FALSE(patient.look(3999).result);
}

TEST_CASE("while members change, both sides have to tell (P19)") {
  auto inquiry = inquiry_of(2);
  auto members = voters({1, 2, 3});
  members.outgoing = {{4}, {5}, {6}};
  inquiry.on_members(members, position(1, 1), 1000);
  CHECK(inquiry.look(1000).ask.size() == 5);
  for (const std::uint32_t peer : {2, 3, 4})
    inquiry.on_told({peer}, store, told(1, {}), 0);
  CHECK_FALSE(inquiry.look(9000).result);
  inquiry.on_told({5}, store, told(1, {}), 0);
  CHECK(inquiry.look(9000).result);
}

TEST_CASE("whom a replica asks is told by the newest log that it hears of (P19)") {
  auto inquiry = inquiry_of(2);
  inquiry.on_members(voters({1, 2, 3}), position(9, 2), 1000);
  CHECK(inquiry.look(1000).ask.size() == 2);
  inquiry.on_spoken({2}, 1010); // is asked anyway
  CHECK(inquiry.look(1010).ask.empty());
  // All that it knew are gone; one that it doesn't know leads.
  inquiry.on_spoken({5}, 1020);
  CHECK(inquiry.look(1020).ask == std::vector<node_id>{{2}, {3}, {5}});
  CHECK(inquiry.look(1120).ask == std::vector<node_id>{{2}, {3}});
  auto answer = told(7, position(8, 7));
  answer.members = voters({1, 4, 5});
  answer.members.stores = {{{5}, store}};
  inquiry.on_told({5}, store, answer, 1130);
  CHECK(inquiry.look(1130).ask == std::vector<node_id>{{4}});
  inquiry.on_told({2}, store, told(9, position(1, 1)), 1135); // it has no voice any more
  // A longer log of an older term, and a store that is none of the members'.
  auto older = told(6, position(70, 6));
  older.members = voters({1, 2});
  inquiry.on_told({4}, store, older, 1140);
  const auto done = inquiry.look(1140);
  REQUIRE(done.result);
  CHECK(done.result->at_term == term{7});
  CHECK(done.result->reached == position(8, 7));
}

TEST_CASE("a witness that has told and speaks is asked again: another may have left since (P19)") {
  auto inquiry = inquiry_of(2);
  inquiry.on_members(voters({1, 2, 3}), position(9, 2), 1000);
  CHECK(inquiry.look(1000).ask.size() == 2);
  inquiry.on_told({3}, store, told(3, position(9, 3)), 1010);
  inquiry.on_spoken({3}, 1020);
  CHECK(inquiry.look(1020).ask.empty()); // in good time
  CHECK(inquiry.look(1100).ask == std::vector<node_id>{{2}, {3}});
  auto answer = told(3, position(11, 3));
  answer.members = voters({1, 3, 4}); // without the second, which tells nothing any more
  answer.members.stores = {{{3}, store}, {{4}, store}};
  inquiry.on_told({3}, store, answer, 1110);
  inquiry.on_told({3}, store, answer, 1120);
  CHECK_FALSE(inquiry.look(1120).result);
  inquiry.on_told({4}, store, told(3, position(11, 3)), 1130);
  CHECK(inquiry.look(1130).result);
}

TEST_CASE("when voters change, each has to tell again, from the store that it votes with (P19)") {
  auto inquiry = inquiry_of(2);
  inquiry.on_members(voters({1, 2, 3}), position(1, 1), 1000);
  inquiry.on_told({2}, store, told(1, position(1, 1)), 1000);
  auto answer = told(1, position(5, 1));
  answer.members = voters({1, 2, 3});
  answer.members.stores = {{{2}, {8}}};
  inquiry.on_told({3}, store, answer, 3500);
  CHECK(inquiry.look(3500).ask == std::vector<node_id>{{2}});
  inquiry.on_told({2}, store, told(1, position(1, 1)), 3500);
  CHECK_FALSE(inquiry.look(6499).result);
  inquiry.on_told({2}, {8}, told(2, position(1, 1)), 6499);
  REQUIRE(inquiry.look(6499).result);
}
