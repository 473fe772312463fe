#include "actors/partition/end_book.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace present::partition {

namespace {

/// Numbers follow each other, and runs of neighbours would run into each other:
/// so the bits are mixed (Steele, Lea, Flood, "Fast Splittable Pseudorandom
/// Number Generators", 2014). Clients can know it.
std::uint32_t hash_of(const operation_id& id) {
  auto bits = id.client.value * 0x9e3779b97f4a7c15 + id.number.value;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return static_cast<std::uint32_t>(bits ^ bits >> 31);
}

std::uint64_t piece_of(hlc_stamp deadline) {
  return deadline.wall_ms() / 64;
}

storage::decision_record record_of(const known_end& end,
                                   std::vector<storage::key_name> waiting) {
  return {end.id.client, end.id.number,      end.committed, end.stamp,
          end.deadline,  std::move(waiting), end.otherwise};
}

} // namespace

const known_end* end_book::find(const operation_id& id) const {
  const auto found = cells_[cell_of(hash_of(id), id)].at;
  return found == nowhere ? nullptr : &at(found);
}

const known_end& end_book::add(storage::decision_record what, bool is_stored) {
  const operation_id id{what.client, what.number};
  const auto hash = hash_of(id);
  auto cell = cell_of(hash, id);
  if (const auto before = cells_[cell].at; before != nowhere)
    return at(before);
  if (2 * (places_ - free_.size() + 1) > cells_.size()) {
    grow();
    cell = cell_of(hash, id);
  }
  const auto where = take_place();
  cells_[cell] = {hash, where};
  at(where)
      = {id,        what.stamp, what.deadline, what.committed, what.otherwise,
         is_stored, !is_stored};
  if (what.waiting.empty())
    put_by_deadline(where);
  else
    waiting_.insert({id, {where, std::move(what.waiting)}});
  return at(where);
}

void end_book::acknowledge(const operation_id& id,
                           const storage::key_name& who) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end() || std::erase(found->second.who, who) == 0)
    return;
  const auto where = found->second.at;
  at(where).is_changed = true;
  if (!found->second.who.empty())
    return;
  waiting_.erase(found);
  put_by_deadline(where);
}

std::vector<storage::decision_record> end_book::undriven() const {
  std::vector<storage::decision_record> all;
  for (const auto& [id, wait] : waiting_)
    all.push_back(record_of(at(wait.at), wait.who));
  return all;
}

void end_book::store_changed(
    const std::function<void(storage::decision_record)>& store) {
  for (place where = 0; where < places_; ++where) {
    auto& end = at(where);
    if (!std::exchange(end.is_changed, false))
      continue;
    end.is_stored = true;
    const auto waits = waiting_.find(end.id);
    store(record_of(end, waits == waiting_.end()
                             ? std::vector<storage::key_name>{}
                             : waits->second.who));
  }
}

// -- by deadline -------------------------------------------------------------

/// Of two, the one that goes later.
auto end_book::later() const {
  return [this](const due& a, const due& b) {
    return std::tie(a.deadline, at(a.at).id)
         > std::tie(b.deadline, at(b.at).id);
  };
}

/// Deadlines mostly rise: so the last piece is the one, or comes next.
void end_book::put_by_deadline(place where) {
  const auto deadline = at(where).deadline;
  const auto last = due_.empty() ? due_.end() : std::prev(due_.end());
  auto& heap = due_.try_emplace(last, piece_of(deadline))->second;
  heap.push_back({deadline, where});
  std::push_heap(heap.begin(), heap.end(), later());
}

std::optional<known_end> end_book::take_before(hlc_stamp latest) {
  if (due_.empty())
    return std::nullopt;
  const auto first = due_.begin();
  auto& heap = first->second;
  if (heap.front().deadline >= latest)
    return std::nullopt;
  std::pop_heap(heap.begin(), heap.end(), later());
  const auto where = heap.back().at;
  heap.pop_back();
  if (heap.empty())
    due_.erase(first);
  return remove(where);
}

// -- cells -------------------------------------------------------------------

/// The id's own, or the free one where it would be.
std::size_t end_book::cell_of(std::uint32_t hash,
                              const operation_id& id) const {
  const auto mask = cells_.size() - 1;
  auto cell = hash & mask;
  while (cells_[cell].at != nowhere
         && (cells_[cell].hash != hash || at(cells_[cell].at).id != id))
    cell = (cell + 1) & mask;
  return cell;
}

void end_book::grow() {
  std::vector<cell> before(2 * cells_.size());
  before.swap(cells_);
  const auto mask = cells_.size() - 1;
  for (const auto& one : before) {
    if (one.at == nowhere)
      continue;
    auto cell = one.hash & mask;
    while (cells_[cell].at != nowhere)
      cell = (cell + 1) & mask;
    cells_[cell] = one;
  }
}

/// Those behind it that belong at or before it move up, as if it had never been
/// taken.
void end_book::clear(std::size_t hole) {
  const auto mask = cells_.size() - 1;
  for (auto next = (hole + 1) & mask; cells_[next].at != nowhere;
       next = (next + 1) & mask) {
    const auto from_own = (next - cells_[next].hash) & mask;
    if (from_own < ((next - hole) & mask))
      continue;
    cells_[hole] = cells_[next];
    hole = next;
  }
  cells_[hole] = {};
}

// -- places ------------------------------------------------------------------

auto end_book::take_place() -> place {
  if (!free_.empty()) {
    const auto where = free_.back();
    free_.pop_back();
    return where;
  }
  if (places_ == chunks_.size() * chunk_ends)
    chunks_.push_back(std::make_unique<known_end[]>(chunk_ends));
  return places_++;
}

known_end end_book::remove(place where) {
  const auto gone = at(where);
  clear(cell_of(hash_of(gone.id), gone.id));
  at(where) = {};
  free_.push_back(where);
  if (free_.size() == places_ && chunks_.size() > 1)
    *this = {};
  return gone;
}

} // namespace present::partition
