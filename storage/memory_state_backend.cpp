#include "storage/memory_state_backend.hpp"

#include <utility>

namespace present::storage {

namespace {

error damaged_row(const record_key& key) {
  return make_error(error_code::damaged,
                    "a record of kind "
                      + std::to_string(static_cast<int>(key.kind()))
                      + " fails its check");
}

} // namespace

result<std::optional<record>>
memory_state_backend::get(const record_key& key) const {
  const auto place = seen_.rows.find(key);
  if (place == seen_.rows.end())
    return std::optional<record>{};
  if (place->second.damaged)
    return damaged_row(key);
  return std::optional{place->second.what};
}

status memory_state_backend::scan(const record_key& first,
                                  const record_key& last,
                                  const row_visitor& visit) const {
  for (auto place = seen_.rows.lower_bound(first);
       place != seen_.rows.end() && place->first < last; ++place) {
    if (place->second.damaged)
      return damaged_row(place->first);
    if (!visit(row{place->first, place->second.what}))
      break;
  }
  return success();
}

status memory_state_backend::write(const checkpoint& what) {
  if (auto failure = std::exchange(failure_, std::nullopt))
    return std::move(*failure);
  apply(seen_, pass_, what);
  pending_.push_back(what);
  return success();
}

result<raft::snapshot_mark> memory_state_backend::applied() const {
  return seen_.mark;
}

void memory_state_backend::sync(std::size_t writes) {
  for (; writes > 0 && !pending_.empty(); --writes) {
    scrub_pass none;
    apply(durable_, none, pending_.front());
    pending_.pop_front();
  }
}

void memory_state_backend::crash(std::size_t survivors) {
  sync(survivors);
  pending_.clear();
  seen_ = durable_;
  pass_ = {};
  failure_.reset();
}

bool memory_state_backend::damage(const record_key& key) {
  bool found = false;
  for (auto* disk : {&seen_, &durable_}) {
    const auto place = disk->rows.find(key);
    if (place == disk->rows.end())
      continue;
    place->second.damaged = true;
    found = true;
  }
  return found;
}

bool memory_state_backend::lose(const record_key& key) {
  const auto lost = seen_.rows.erase(key) + durable_.rows.erase(key);
  return lost > 0;
}

result<scrub_report> memory_state_backend::scrub(std::size_t max_rows) {
  scrub_report report;
  auto place = seen_.rows.lower_bound(pass_.position());
  for (; place != seen_.rows.end() && report.rows < max_rows; ++place) {
    ++report.rows;
    if (place->second.damaged) {
      report.damaged.push_back(place->first);
      pass_.on_damaged(place->first);
    } else {
      pass_.on_row(place->first, digest_of(place->first, place->second.what));
    }
  }
  report.pass_complete = place == seen_.rows.end();
  if (report.pass_complete)
    report.wrong_buckets = pass_.on_end(seen_.digest);
  return report;
}

void memory_state_backend::apply(image& disk, scrub_pass& pass,
                                 const checkpoint& what) {
  for (const auto& [key, change] : what.changes) {
    std::optional<std::uint64_t> before;
    std::optional<std::uint64_t> after;
    const auto place = disk.rows.find(key);
    if (place != disk.rows.end())
      before = digest_of(key, place->second.what);
    if (change)
      after = digest_of(key, *change);
    pass.on_change(key, before, after);
    disk.digest.change(key, before, after);
    if (change)
      disk.rows.insert_or_assign(key, cell{*change});
    else if (place != disk.rows.end())
      disk.rows.erase(place);
  }
  disk.mark = what.mark;
}

} // namespace present::storage
