#include "tests/simulation/describe_replica.hpp"

#include "runtime/base/overloaded.hpp"
#include "tests/simulation/describe.hpp"

namespace present::simulation {

namespace {

std::string num(std::uint64_t value) { return std::to_string(value); }

std::string how(const status& done) {
  return done ? " is done" : " failed: " + done.problem().message;
}

} // namespace

std::string describe(const partition::replica_event_kind& what) {
  return std::visit(
    overloaded{
      [](const partition::arrived& it) {
        std::string text = "request #" + num(it.tag) + ":";
        for (const auto& asked : it.what->operations)
          text += ' ' + num(asked.id.client.value) + '/' + num(asked.id.number.value);
        return text;
      },
      [](const checkpoint_done& it) {
        return "checkpoint at " + num(it.mark.index.value) + how(it.how);
      },
      [](const snapshot_part_read& it) {
        return "part read for n" + num(it.for_peer.value) + (it.part ? "" : ": failed");
      },
      [](const snapshot_part_taken& it) {
        return "part taken, held to " + num(it.next_offset) + (it.loaded ? ", loaded" : "")
               + (it.how ? "" : ", failed: " + it.how.problem().message);
      },
      [](const partition::state_replaced&) { return std::string{"state replaced"}; },
      [](const partition::damage_reported& it) {
        return std::string{"damage in the "} + (it.in_state ? "state" : "log");
      },
      [](const partition::map_known&) { return std::string{"map"}; },
      [](const partition::coordinator_gone&) { return std::string{"coordinator gone"}; },
      [](const partition::coordinated& it) { return "coordinated #" + num(it.tag); },
      [](const partition::time_passed&) { return std::string{"time"}; },
      [](const auto& it) { return describe(raft::event_kind{it}); }},
    what);
}

std::string describe(const partition::replica_effect& what) {
  return std::visit(
    overloaded{
      [](const partition::write_journal& it) {
        const auto& write = it.what;
        return describe(raft::effect{raft::persist{write.number, write.follows, write.hard,
                                                   write.entries, write.base,
                                                   write.drop_tail}});
      },
      [](const partition::write_checkpoint& it) {
        return "checkpoint at " + num(it.what->mark.index.value);
      },
      [](const partition::read_snapshot_part& it) {
        return "read part for n" + num(it.for_peer.value) + " from " + num(it.offset);
      },
      [](const partition::release_snapshot& it) {
        return "release snapshot" + (it.peer ? " of n" + num(it.peer->value) : "s");
      },
      [](const partition::take_snapshot_part& it) {
        return "take part of " + num(it.what.mark.index.value) + " from "
               + num(it.what.offset);
      },
      [](const partition::condemn_state& it) { return "condemn the state: " + *it.why; },
      [](const partition::replace_state&) { return std::string{"replace state"}; },
      [](const partition::respond& it) {
        std::string text = "respond #" + num(it.tag) + ":";
        if (it.what->failure.code != error_code::ok)
          return text + " " + std::string{traits_of(it.what->failure.code).name};
        for (const auto& given : it.what->answers)
          text += " " + std::string{traits_of(given.code).name};
        return text;
      },
      [](const partition::stage_reached& it) {
        return "#" + num(it.tag) + " has reached stage "
               + num(static_cast<std::uint64_t>(it.stage));
      },
      [](const partition::skew_seen& it) {
        return "n" + num(it.leader.value) + " is " + num(it.ahead_ms) + " ms ahead";
      },
      [](const partition::disputes_changed& it) {
        return "disputed from marker " + num(it.marker.value) + " on: " + num(it.buckets)
               + " buckets";
      },
      [](const partition::witnesses_heard& it) {
        return "heard witnesses" + std::string{it.what.sign == partition::lapse::none ? "" : ": it has gone back"}
               + ", " + num(it.what.silent.size()) + " are silent";
      },
      [](const partition::lapse_seen& it) {
        return "n" + num(it.peer.value) + " has gone back, by sign "
               + num(static_cast<std::uint64_t>(it.sign));
      },
      [](const partition::coordinate& it) { return "coordinate #" + num(it.tag); },
      [](const partition::drive_decision&) { return std::string{"drive a decision"}; },
      [](const partition::doubt_lock&) { return std::string{"doubt a lock"}; },
      [](const partition::tell_members& it) {
        return "tell members of " + num(it.what.index.value);
      },
      [](const auto& it) { return describe(raft::effect{it}); }},
    what);
}

} // namespace present::simulation
