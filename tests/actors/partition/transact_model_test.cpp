#include "tests/actors/partition/transactions.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <optional>
#include <set>
#include <variant>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// What transactions mean, by the book: a map, copied before each of them and put back
/// where it fails. Knows nothing of bytes, tables and drafts.
class serial_model {
public:
  using list = std::vector<std::string>;
  using set = std::set<std::string>;
  using value = std::variant<std::string, std::int64_t, list, set>;
  struct entry {
    hlc_stamp version;
    value what;
  };

  /// Which branch it took; nothing: it failed, and changed nothing.
  std::optional<bool> run(const transact& what, hlc_stamp stamp) {
    for (const auto& seen : what.seen)
      if (version_of(seen.key) != seen.version)
        return std::nullopt;
    for (const auto& range : what.ranges)
      if (rows_in(range.first, range.last) != range.rows)
        return std::nullopt;
    bool otherwise = false;
    for (const auto& one : what.compare)
      otherwise = otherwise || !holds(one);
    const auto before = all_;
    for (const auto& each : otherwise ? what.otherwise : what.then)
      if (!std::visit([&](const auto& s) { return apply(s, stamp); }, each)) {
        all_ = before;
        return std::nullopt;
      }
    return otherwise;
  }

  hlc_stamp version_of(const std::string& key) const {
    const auto found = all_.find(key);
    return found == all_.end() ? hlc_stamp{} : found->second.version;
  }
  std::vector<seen_row> rows_in(const std::string& first, const std::string& last) const {
    std::vector<seen_row> rows;
    for (const auto& [key, there] : all_)
      if (key >= first && (last.empty() || key < last))
        rows.push_back({key, there.version});
    return rows;
  }
  const std::map<std::string, entry>& all() const { return all_; }

  static std::string bytes_of(const value& what) {
    if (const auto* text = std::get_if<std::string>(&what))
      return *text;
    if (const auto* number = std::get_if<std::int64_t>(&what))
      return storage::encode_typed(storage::integer_value{*number});
    if (const auto* elements = std::get_if<list>(&what))
      return storage::encode_typed(storage::list_value{*elements});
    const auto& elements = std::get<set>(what);
    return storage::encode_typed(storage::set_value{{elements.begin(), elements.end()}});
  }

private:
  bool holds(const comparison& one) const {
    if (const auto* wanted = std::get_if<hlc_stamp>(&one.to))
      return stands(version_of(one.key), one.is, *wanted);
    const auto found = all_.find(one.key);
    return found != all_.end()
           && stands(bytes_of(found->second.what), one.is, std::get<std::string>(one.to));
  }
  template <class T>
  static bool stands(const T& a, relation is, const T& b) {
    const std::array outcomes{a == b, a != b, a < b, a > b};
    return outcomes[static_cast<std::size_t>(is)];
  }

  /// The value of type T that is there, or a new one; null: another type is there.
  template <class T>
  T* of_type(const std::string& key, hlc_stamp stamp, T otherwise) {
    const auto [found, is_new] = all_.try_emplace(key, entry{stamp, otherwise});
    auto* there = std::get_if<T>(&found->second.what);
    if (there)
      found->second.version = stamp;
    return there;
  }

  bool apply(const get_step&, hlc_stamp) { return true; }
  bool apply(const scan_step&, hlc_stamp) { return true; }
  bool apply(const put_step& s, hlc_stamp stamp) {
    all_[s.key] = {stamp, *s.value};
    return true;
  }
  bool apply(const remove_step& s, hlc_stamp) {
    all_.erase(s.key);
    return true;
  }
  bool apply(const number_step& s, hlc_stamp stamp) {
    const bool adds = s.how == number_change::add;
    auto* there = of_type<std::int64_t>(s.key, stamp, adds ? 0 : s.operand);
    if (!there)
      return false;
    *there = adds ? *there + s.operand
                  : s.how == number_change::min ? std::min(*there, s.operand)
                                                : std::max(*there, s.operand);
    return true;
  }
  bool apply(const element_step& s, hlc_stamp stamp) {
    if (s.how == element_change::append) {
      auto* there = of_type<list>(s.key, stamp, {});
      if (there)
        there->push_back(s.element);
      return there;
    }
    if (s.how == element_change::take_out && !all_.contains(s.key))
      return true;
    auto* there = of_type<set>(s.key, stamp, {});
    if (!there)
      return false;
    if (s.how == element_change::insert)
      there->insert(s.element);
    else
      there->erase(s.element);
    return true;
  }

  std::map<std::string, entry> all_;
};

std::string any_key() {
  return std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 5)));
}

step any_step() {
  const auto small = [] { return *rc::gen::inRange<std::int64_t>(-5, 6); };
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return get_in(any_key());
    case 1:
      return scan_step{things, any_key(), "", 0, false};
    case 2:
      return put_in(any_key(), any_key());
    case 3:
      return remove_in(any_key());
    case 4:
    case 5:
      return number_step{things, any_key(), static_cast<number_change>(*rc::gen::inRange(0, 3)),
                         small()};
    default:
      return element_step{things, any_key(),
                          static_cast<element_change>(*rc::gen::inRange(0, 3)), any_key()};
  }
}

std::vector<step> any_steps() {
  std::vector<step> steps;
  const auto count = *rc::gen::inRange(0, 4);
  for (int n = 0; n < count; ++n)
    steps.push_back(any_step());
  return steps;
}

/// Mostly true of `now`, so that both outcomes come up.
transact any_transaction(const serial_model& now) {
  transact what;
  const bool is_honest = *rc::gen::inRange(0, 4) != 0;
  if (*rc::gen::arbitrary<bool>()) {
    const auto key = any_key();
    what.seen.push_back({things, key, is_honest ? now.version_of(key) : hlc_stamp{7}});
  }
  if (*rc::gen::arbitrary<bool>()) {
    const std::string first = any_key();
    auto rows = now.rows_in(first, "");
    if (!is_honest && !rows.empty())
      rows.pop_back();
    what.ranges.push_back({things, first, "", std::move(rows)});
  }
  if (*rc::gen::arbitrary<bool>()) {
    const auto is = static_cast<relation>(*rc::gen::inRange(0, 4));
    const auto key = any_key();
    if (*rc::gen::arbitrary<bool>())
      what.compare.push_back({things, key, is, now.version_of(any_key())});
    else
      what.compare.push_back({things, key, is, any_key()});
  }
  what.then = any_steps();
  what.otherwise = any_steps();
  return what;
}

} // namespace

TEST_CASE("transactions one after the other leave what a map would have (D1-D3)") {
  CHECK(rc::check([] {
    applied_partition p;
    serial_model model;
    const auto count = *rc::gen::inRange(1, 25);
    for (int n = 0; n < count; ++n) {
      const auto what = any_transaction(model);
      const auto said = p.apply(what);
      const auto expected = model.run(what, p.last_stamp());
      RC_ASSERT((said.code == error_code::ok) == expected.has_value());
      if (expected)
        RC_ASSERT(said.otherwise == *expected);
      if (*rc::gen::inRange(0, 5) == 0)
        p.restart();
      const auto page = p.machine().read(scan{things, "", "", 0, false, false});
      RC_ASSERT(page.rows.size() == model.all().size());
      auto row = page.rows.begin();
      for (const auto& [key, there] : model.all()) {
        RC_ASSERT(row->key == key);
        RC_ASSERT(row->version == there.version);
        RC_ASSERT(*row->value == serial_model::bytes_of(there.what));
        ++row;
      }
    }
  }));
}
