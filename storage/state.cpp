#include "storage/state.hpp"

#include "runtime/base/check.hpp"
#include "storage/mutant.hpp"

#include <utility>

namespace present::storage {

namespace {

/// What a table says of a key.
struct finding {
  bool known = false;
  const std::optional<record>* what = nullptr;
};

finding find_in(const record_table& table, const record_key& key) {
  const auto place = table.find(key);
  if (place == table.end())
    return {};
  return {true, &place->second};
}

/// Roughly what a table entry costs beyond the user's bytes: a tree node, the
/// record, an allocation for the key and one for the value, a place in the hash table.
constexpr std::size_t entry_overhead = 256;

/// Of a record that is changed in place this must not change meanwhile, so only
/// values, which are put whole, count with their size.
std::size_t weight_of(const record_key& key,
                      const std::optional<record>& what) {
  std::size_t bytes = entry_overhead + key.bytes().size();
  if (what)
    if (const auto* value = std::get_if<value_record>(&*what))
      bytes += value->view().size();
  return bytes;
}

/// A range of a table that is read from front to back. An empty table is one
/// whose range is empty.
class table_range {
public:
  table_range(const record_table& table, const record_key& first,
              const record_key& last)
      : place_(table.lower_bound(first)), end_(table.lower_bound(last)) {}

  bool is_done() const { return place_ == end_; }
  const record_key& key() const { return place_->first; }
  const std::optional<record>& what() const { return place_->second; }
  void step() { ++place_; }

private:
  record_table::const_iterator place_;
  record_table::const_iterator end_;
};

/// Two tables as one, the upper one hiding the lower (S1).
class layered_range {
public:
  layered_range(table_range upper, table_range lower)
      : upper_(upper), lower_(lower) {}

  bool is_done() const { return upper_.is_done() && lower_.is_done(); }
  const table_range& front() const {
    return lower_leads() ? lower_ : upper_;
  }
  void step() {
    if (lower_leads()) {
      lower_.step();
      return;
    }
    if (!lower_.is_done() && lower_.key() == upper_.key())
      lower_.step();
    upper_.step();
  }

private:
  bool lower_leads() const {
    return upper_.is_done()
           || (!lower_.is_done() && lower_.key() < upper_.key());
  }

  table_range upper_;
  table_range lower_;
};

/// Emits rows of memory between rows of the backend.
class merge {
public:
  merge(layered_range memory, const row_visitor& visit)
      : memory_(memory), visit_(visit) {}

  /// A row of the backend, in order. False stops the scan.
  bool on_stored(row&& stored) {
    if (!emit_below(&stored.key))
      return false;
    if (!memory_.is_done() && memory_.front().key() == stored.key)
      return emit_front();
    return emit(std::move(stored));
  }

  /// The backend has no more.
  void on_end() {
    if (!stopped_)
      emit_below(nullptr);
  }

private:
  bool emit_below(const record_key* limit) {
    while (!memory_.is_done() && (!limit || memory_.front().key() < *limit))
      if (!emit_front())
        return false;
    return true;
  }

  bool emit_front() {
    const auto& front = memory_.front();
    const bool go_on
      = !front.what() || emit(row{front.key(), *front.what()});
    memory_.step();
    return go_on;
  }

  bool emit(row&& what) {
    stopped_ = !visit_(std::move(what));
    return !stopped_;
  }

  layered_range memory_;
  const row_visitor& visit_;
  bool stopped_ = false;
};

const record_table& empty_table() {
  static const record_table none;
  return none;
}

} // namespace

result<std::optional<record>> state::get(const record_key& key) const {
  if (const auto* place = places_.find(key.bytes()))
    return place->second;
  if (frozen_ && !mutated(mutant::skip_frozen_table))
    if (const auto found = find_in(frozen_->changes, key); found.known)
      return *found.what;
  return open_backend().get(key);
}

result<record*> state::edit(const record_key& key) {
  auto* place = places_.find(key.bytes());
  if (!place) {
    auto below = get(key);
    if (!below)
      return below.problem();
    if (!*below)
      return nullptr;
    active_bytes_ += weight_of(key, *below);
    place = &make_place(key);
    place->second = std::move(*below);
  }
  return place->second ? &*place->second : nullptr;
}

/// Of a key that has none yet.
place_index::place& state::make_place(record_key key) {
  auto& made = *active_.try_emplace(std::move(key)).first;
  places_.add(made);
  return made;
}

void state::drop_active() {
  places_.clear();
  active_.clear();
  active_bytes_ = 0;
}

void state::put(record_key key, record what) {
  if (auto* value = std::get_if<value_record>(&what)) {
    if (keeper_)
      keeper_->before_put(key, *value);
    if (changes_)
      changes_->push_back({key, *value});
  }
  set(std::move(key), std::move(what));
}

void state::erase(record_key key) {
  set(std::move(key), std::nullopt);
}

void state::set(record_key key, std::optional<record> what) {
  active_bytes_ += weight_of(key, what);
  auto* place = places_.find(key.bytes());
  if (place)
    active_bytes_ -= weight_of(key, place->second);
  else
    place = &make_place(std::move(key));
  place->second = std::move(what);
}

status state::visit(const record_key& first, const record_key& last,
                    const row_visitor& visit) const {
  if (last <= first)
    return success();
  const auto& below = frozen_ ? frozen_->changes : empty_table();
  merge merged{{{active_, first, last}, {below, first, last}}, visit};
  const status read = open_backend().scan(
    first, last, [&](row&& stored) { return merged.on_stored(std::move(stored)); });
  if (read)
    merged.on_end();
  return read;
}

result<std::vector<row>> state::scan(const record_key& first,
                                     const record_key& last,
                                     std::size_t limit) const {
  std::vector<row> rows;
  if (limit == 0)
    return rows;
  const status read = visit(first, last, [&](row&& next) {
    rows.push_back(std::move(next));
    return rows.size() < limit;
  });
  if (!read)
    return read.problem();
  return rows;
}

result<state_digest> state::digest() const {
  state_digest sum;
  const status read
    = visit(record_key::start_of(record_kind::partition),
            record_key::end_of(last_record_kind), [&](row&& next) {
              sum.change(next.key, std::nullopt, digest_of(next.key, next.what));
              return true;
            });
  if (!read)
    return read.problem();
  return sum;
}

result<checkpoint_ptr> state::freeze(raft::snapshot_mark mark) {
  if (frozen_)
    return make_error(error_code::overloaded,
                      "the checkpoint up to index "
                        + std::to_string(frozen_->mark.index.value)
                        + " is still being written");
  frozen_ = std::make_shared<const checkpoint>(
    checkpoint{std::move(active_), std::move(mark)});
  drop_active();
  return frozen_;
}

void state::close() {
  backend_ = nullptr;
  drop_active();
  frozen_.reset();
}

void state::reopen(state_backend& backend) {
  backend_ = &backend;
}

/// Only what goes on below the tables needs it, and that costs far more.
state_backend& state::open_backend() const {
  check(backend_ != nullptr, "S5: a state that is closed is used");
  return *backend_;
}

} // namespace present::storage
