#include "actors/partition/end_book.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace present;
using namespace present::partition;
using storage::decision_record;
using storage::key_name;

namespace {

key_name partition_at(const std::string& key) {
  return {space_id{1}, key};
}

decision_record committed(operation_id id, hlc_stamp deadline,
                          std::vector<key_name> waiting = {}) {
  return {id.client, id.number, true, {7}, deadline, std::move(waiting), false};
}

operation_id id_of(const decision_record& what) {
  return {what.client, what.number};
}

/// Numbers of those that go before `latest`, in that order.
std::vector<std::uint64_t> take_all(end_book& ends, hlc_stamp latest) {
  std::vector<std::uint64_t> numbers;
  while (const auto gone = ends.take_before(latest))
    numbers.push_back(gone->id.number.value);
  return numbers;
}

std::vector<decision_record> take_changed(end_book& ends) {
  std::vector<decision_record> changed;
  ends.store_changed(
      [&](decision_record what) { changed.push_back(std::move(what)); });
  std::sort(changed.begin(), changed.end(),
            [](const auto& a, const auto& b) { return id_of(a) < id_of(b); });
  return changed;
}

/// Ends as one would write them down without a thought for anything else.
class end_oracle {
public:
  explicit end_oracle(std::uint32_t seed) : random_(seed) {}

  /// Many live at once, then few, and many again.
  void run() {
    for (const auto adds_of_10 : {8, 1, 8}) {
      for (int n = 0; n < 1'500; ++n) {
        step(pick(10) < static_cast<std::uint64_t>(adds_of_10));
        CHECK(ends_.has_undriven() == !undriven().empty());
      }
      CHECK(ends_.undriven() == undriven());
      for (std::uint64_t n = 0; n < clients * numbers; ++n)
        look(operation_id_at(n));
    }
    for (auto [id, what] : std::map{model_})
      for (const auto& who : what.waiting)
        acknowledge(id, who);
    for (auto left = model_.size(); left > 0; --left)
      take_before(far());
    CHECK(model_.empty());
    store();
    CHECK(table_.empty());
    CHECK(forgotten_ > 1'000);
    CHECK(said_again_ > 100);
  }

private:
  static constexpr std::uint64_t clients = 4;
  static constexpr std::uint64_t numbers = 600;

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  /// Of each number, all clients' ids have the same hash.
  static operation_id operation_id_at(std::uint64_t n) {
    const auto client = 1 + n % clients;
    return {{client}, {n / clients - client * 0x9e3779b97f4a7c15}};
  }
  operation_id any_id() { return operation_id_at(pick(clients * numbers)); }
  hlc_stamp far() const { return hlc_stamp::of(2 * now_ms_, 0); }
  static key_name who(std::uint64_t n) {
    return partition_at(std::to_string(n));
  }

  void step(bool adds) {
    look(any_id());
    if (pick(200) == 0)
      store();
    if (pick(200) == 0)
      restart();
    if (adds)
      add(any_id());
    else if (pick(3) != 0)
      take_before(pick(2) == 0 ? hlc_stamp::of(now_ms_, 0) : far());
    if (const auto left = undriven(); !left.empty() && pick(3) != 0)
      acknowledge(id_of(left[pick(left.size())]), who(pick(3)));
    acknowledge(any_id(), who(pick(3)));
  }

  /// Deadlines mostly rise; some are anywhere, some the same.
  void add(operation_id id) {
    ++now_ms_;
    const auto deadline
        = hlc_stamp::of(pick(3) == 0 ? pick(2 * now_ms_) : now_ms_ / 4 * 4, 0);
    decision_record what{id.client, id.number, pick(2) == 0, {++last_stamp_},
                         deadline,  {},        pick(2) == 0};
    for (std::uint64_t n = pick(2) == 0 ? 0 : pick(4); n > 0; --n)
      what.waiting.push_back(who(n - 1));
    const auto [there, is_new] = model_.insert({id, what});
    const auto& known = ends_.add(what);
    CHECK(known.stamp == there->second.stamp);
    said_again_ += is_new ? 0 : 1;
  }

  void acknowledge(operation_id id, const key_name& by) {
    ends_.acknowledge(id, by);
    if (const auto found = model_.find(id); found != model_.end())
      std::erase(found->second.waiting, by);
  }

  void look(operation_id id) {
    const auto* known = ends_.find(id);
    const auto found = model_.find(id);
    REQUIRE((known != nullptr) == (found != model_.end()));
    if (!known)
      return;
    const auto& what = found->second;
    CHECK(known->id == id);
    CHECK(known->stamp == what.stamp);
    CHECK(known->deadline == what.deadline);
    CHECK(known->committed == what.committed);
    CHECK(known->otherwise == what.otherwise);
  }

  std::vector<decision_record> undriven() const {
    std::vector<decision_record> all;
    for (const auto& [id, what] : model_)
      if (!what.waiting.empty())
        all.push_back(what);
    return all;
  }

  void take_before(hlc_stamp latest) {
    const decision_record* next = nullptr;
    for (const auto& [id, what] : model_)
      if (what.waiting.empty() && what.deadline < latest
          && (!next || what.deadline < next->deadline))
        next = &what;
    const auto gone = ends_.take_before(latest);
    REQUIRE(gone.has_value() == (next != nullptr));
    if (!gone)
      return;
    const auto id = id_of(*next);
    CHECK(gone->id == id);
    CHECK(gone->is_stored == table_.contains(id));
    table_.erase(id);
    model_.erase(id);
    ++forgotten_;
  }

  /// What the table has then is what is known, and nothing was handed out for
  /// nothing.
  void store() {
    for (const auto& what : take_changed(ends_)) {
      const auto before = table_.find(id_of(what));
      CHECK((before == table_.end() || before->second != what));
      table_.insert_or_assign(id_of(what), what);
    }
    CHECK(table_ == model_);
  }

  void restart() {
    store();
    ends_ = {};
    for (const auto& [id, what] : table_)
      ends_.add(what, true);
  }

  std::mt19937 random_;
  end_book ends_;
  std::map<operation_id, decision_record> model_;
  std::map<operation_id, decision_record> table_;
  std::uint64_t now_ms_ = 1'000;
  std::uint64_t last_stamp_ = 0;
  int forgotten_ = 0;
  int said_again_ = 0;
};

} // namespace

TEST_CASE("the first to say how a transaction ended wins (E1)") {
  end_book ends;
  const operation_id id{{1}, {1}};
  CHECK_FALSE(ends.find(id));
  CHECK(ends.add(committed(id, {100})).committed);
  auto other = committed(id, {200}, {partition_at("a")});
  other.committed = false;
  CHECK(ends.add(other).committed);
  CHECK(ends.find(id)->deadline == hlc_stamp{100});
  CHECK_FALSE(ends.has_undriven());
}

TEST_CASE(
    "ends go behind their deadline, the earliest first, then by id (E2)") {
  end_book ends;
  const auto ms = [](std::uint64_t count) { return hlc_stamp::of(count, 0); };
  for (const auto& [number, deadline] : std::map<std::uint64_t, std::uint64_t>{
           {1, 900}, {2, 30}, {3, 20}, {4, 30}, {5, 31}})
    ends.add(committed({{1}, {number}}, ms(deadline)));
  ends.add(committed({{0}, {6}}, ms(30)));
  CHECK(take_all(ends, ms(20)).empty());
  CHECK(take_all(ends, ms(31)) == std::vector<std::uint64_t>{3, 6, 2, 4});
  ends.add(committed({{1}, {7}}, ms(10))); // late, as some are
  CHECK(take_all(ends, ms(1'000)) == std::vector<std::uint64_t>{7, 5, 1});
  CHECK_FALSE(ends.find({{1}, {1}}));
}

TEST_CASE("for whom somebody waits stays, until all have said that they have "
          "it (E2)") {
  end_book ends;
  const operation_id id{{1}, {1}};
  const auto what = committed(id, {10}, {partition_at("a"), partition_at("b")});
  ends.add(committed({{2}, {1}}, {10}, {partition_at("a")}));
  ends.add(what);
  CHECK(ends.undriven().size() == 2);
  CHECK(ends.undriven().front() == what);
  CHECK(take_changed(ends).size() == 2);
  ends.acknowledge(id, partition_at("a"));
  ends.acknowledge(id, partition_at("a"));
  CHECK(take_changed(ends)
        == std::vector{committed(id, {10}, {partition_at("b")})});
  CHECK(take_all(ends, {20}).empty());
  ends.acknowledge(id, partition_at("b"));
  CHECK(ends.undriven().size() == 1);
  CHECK(take_all(ends, {20}) == std::vector<std::uint64_t>{1});
  CHECK(take_changed(ends).empty()); // it is gone
}

TEST_CASE(
    "whatever comes in whichever order, ends are what was said first, and go "
    "in one order (E1 to E3)") {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    end_oracle{seed}.run();
  }
}
