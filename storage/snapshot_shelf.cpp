#include "storage/snapshot_shelf.hpp"

#include "storage/mutant.hpp"

#include <algorithm>
#include <utility>

namespace present::storage {

// -- sending ---------------------------------------------------------------------

result<std::optional<snapshot_part>>
snapshot_shelf::read(const state_backend& from, node_id peer,
                     std::uint64_t offset, std::uint64_t digest) {
  if (digest == 0) {
    release(peer);
    auto begun = begin(from);
    if (!begun)
      return begun.problem();
    outgoing_[peer] = std::move(*begun);
  }
  const auto found = outgoing_.find(peer);
  if (found == outgoing_.end())
    return std::optional<snapshot_part>{};
  const auto& [facts, bytes] = *found->second;
  const bool other = digest != 0 && digest != facts.digest;
  if ((other && !mutated(mutant::resume_any_snapshot)) || offset > facts.bytes)
    return std::optional<snapshot_part>{};
  const auto count = std::min<std::uint64_t>(part_bytes_, facts.bytes - offset);
  auto part = bytes->read(offset, static_cast<std::size_t>(count));
  if (!part)
    return part.problem();
  return std::optional{snapshot_part{
    facts.mark, offset, std::make_shared<const std::string>(std::move(*part)),
    offset + count == facts.bytes, facts.digest}};
}

result<std::shared_ptr<snapshot_shelf::outgoing>>
snapshot_shelf::begin(const state_backend& from) {
  const auto mark = from.applied();
  if (!mark)
    return mark.problem();
  for (const auto& [peer, there] : outgoing_)
    if (there->facts.mark == *mark)
      return there;
  auto bytes = home_->make_spool();
  if (!bytes)
    return bytes.problem();
  auto facts = write_snapshot(from, whose_, **bytes);
  if (!facts)
    return facts.problem();
  return std::make_shared<outgoing>(
    outgoing{std::move(*facts), std::move(*bytes)});
}

// -- receiving -------------------------------------------------------------------

result<snapshot_shelf::held> snapshot_shelf::take(const snapshot_part& part) {
  // A late part of another snapshot begins nothing.
  if ((!incoming_ || !incoming_->is_of(part)) && part.offset != 0)
    return held{};
  auto taken = append(part);
  if (!taken)
    incoming_.reset();
  return taken;
}

result<snapshot_shelf::held>
snapshot_shelf::append(const snapshot_part& part) {
  if (!incoming_ || !incoming_->is_of(part))
    if (status ok = begin_incoming(part); !ok)
      return ok.problem();
  auto& there = *incoming_;
  if (!there.complete && part.offset == there.bytes->size()) {
    if (status ok = there.bytes->append(*part.bytes); !ok)
      return ok.problem();
    there.complete = part.last;
  }
  return held{there.bytes->size(), there.complete};
}

status snapshot_shelf::begin_incoming(const snapshot_part& part) {
  incoming_.reset(); // the room first
  loaded_ = false;
  auto bytes = home_->make_spool();
  if (!bytes)
    return bytes.problem();
  incoming_.emplace(
    incoming{{part.mark, part.digest, 0}, std::move(*bytes), false});
  return success();
}

status snapshot_shelf::load() {
  if (!incoming_ || !incoming_->complete)
    return make_error(error_code::invalid, "no snapshot is complete");
  const auto arrived = *std::exchange(incoming_, std::nullopt);
  auto next = home_->open_next();
  if (!next)
    return next.problem();
  status done = load_snapshot(*arrived.bytes, arrived.facts, whose_, **next);
  loaded_ = bool{done};
  return done;
}

result<std::shared_ptr<state_backend>> snapshot_shelf::replace() {
  if (!loaded_)
    return make_error(error_code::invalid, "no snapshot is loaded");
  if (status done = home_->replace(); !done)
    return done.problem();
  loaded_ = false;
  return home_->open();
}

} // namespace present::storage
