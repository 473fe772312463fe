#include "tests/simulation/describe.hpp"

namespace present::simulation {

namespace {

using namespace present::raft;

template <class... Kinds>
struct overloaded : Kinds... {
  using Kinds::operator()...;
};
template <class... Kinds>
overloaded(Kinds...) -> overloaded<Kinds...>;

std::string num(std::uint64_t value) { return std::to_string(value); }
std::string num(log_index index) { return num(index.value); }
std::string num(term number) { return "t" + num(number.value); }
std::string num(node_id node) { return "n" + num(node.value); }

std::string position(log_index index, term at_term) {
  return num(index) + "@" + num(at_term);
}

std::string list(const std::vector<node_id>& nodes) {
  std::string text;
  for (const auto node : nodes)
    text += (text.empty() ? "" : " ") + num(node.value);
  return text;
}

std::string span(const std::vector<entry>& entries) {
  if (entries.empty())
    return "nothing";
  std::string text;
  for (const auto& item : entries)
    text += (text.empty() ? "" : " ") + position(item.index, item.at_term)
            + (item.kind == entry_kind::configuration ? "=config"
               : item.kind == entry_kind::empty       ? "=empty"
                                                      : "");
  return text;
}

std::string content_of(const body& content) {
  return std::visit(
    overloaded{
      [](const vote_request& it) {
        return std::string{it.pre ? "pre-vote?" : "vote?"}
               + (it.transfer ? " (transfer)" : "") + " last "
               + position(it.last_index, it.last_term);
      },
      [](const vote_reply& it) {
        return std::string{it.pre ? "pre-vote: " : "vote: "}
               + (it.granted ? "yes" : "no");
      },
      [](const append_request& it) {
        return "append after " + position(it.previous_index, it.previous_term)
               + ": " + span(it.entries) + ", commit " + num(it.commit)
               + (it.round ? ", round " + num(it.round) : "")
               + (it.quiet ? ", quiet" : "");
      },
      [](const append_reply& it) {
        return (it.accepted ? "matched " + num(it.matched)
                            : "refused " + num(it.refused_index) + ", hint "
                                + position(it.hint_index, it.hint_term))
               + (it.round ? ", round " + num(it.round) : "")
               + (it.state_wanted > log_index{}
                    ? ", wants a state from " + num(it.state_wanted)
                    : "");
      },
      [](const snapshot_chunk& it) {
        return "snapshot " + position(it.mark.index, it.mark.at_term) + " from "
               + num(it.offset) + (it.last ? ", last" : "");
      },
      [](const snapshot_reply& it) {
        return "snapshot " + position(it.mark.index, it.mark.at_term)
               + (it.installed ? " installed" : " held to " + num(it.next_offset));
      },
      [](const timeout_now&) { return std::string{"timeout now"}; },
      [](const carried&) { return std::string{"a word of its replica"}; }},
    content);
}

std::string why(refusal reason) {
  switch (reason) {
    case refusal::not_leader: return "not leader";
    case refusal::overloaded: return "overloaded";
    case refusal::in_progress: return "in progress";
    case refusal::disk_full: return "disk full";
    case refusal::not_caught_up: return "not caught up";
    case refusal::invalid: return "invalid";
  }
  return "?";
}

std::string name(role_kind role) {
  switch (role) {
    case role_kind::follower: return "follower";
    case role_kind::pre_candidate: return "pre-candidate";
    case role_kind::candidate: return "candidate";
    case role_kind::leader: return "leader";
  }
  return "?";
}

} // namespace

std::string describe(const configuration& members) {
  return "voters " + list(members.voters)
         + (members.is_joint() ? ", outgoing " + list(members.outgoing) : "")
         + (members.learners.empty() ? "" : ", learners " + list(members.learners));
}

std::string describe(const message& what) {
  return num(what.from) + " -> " + num(what.to) + " " + num(what.at_term) + " "
         + content_of(what.content);
}

std::string describe(const event_kind& what) {
  return std::visit(
    overloaded{
      [](const time_passed&) { return std::string{"time"}; },
      [](const received& it) { return describe(it.what); },
      [](const persisted& it) { return "persisted " + num(it.number); },
      [](const persist_failed& it) {
        return "write " + num(it.number) + " failed" + (it.disk_full ? ": full" : "");
      },
      [](const propose& it) { return "propose #" + num(it.id); },
      [](const propose_configuration& it) {
        return "propose " + describe(it.wanted);
      },
      [](const read_request& it) { return "read #" + num(it.id); },
      [](const applied& it) { return "applied " + num(it.index); },
      [](const link_changed& it) {
        return "link to " + num(it.peer) + (it.up ? " up" : " down");
      },
      [](const compacted& it) { return "state saved at " + num(it.mark.index); },
      [](const entries_loaded& it) {
        return "loaded for " + num(it.for_peer) + ": " + span(it.entries);
      },
      [](const snapshot_read& it) {
        return "snapshot read for " + num(it.for_peer) + " from "
               + num(it.chunk.offset);
      },
      [](const snapshot_stored& it) {
        return "snapshot stored to " + num(it.next_offset);
      },
      [](const snapshot_installed& it) {
        return "snapshot installed at " + num(it.mark.index);
      },
      [](const snapshot_failed&) { return std::string{"snapshot failed"}; },
      [](const state_checked&) { return std::string{"state is sound"}; },
      [](const damage_found&) { return std::string{"damage found"}; },
      [](const transfer_leadership& it) { return "transfer to " + num(it.to); },
      [](const witnesses_told& it) {
        return "witnesses are in " + num(it.at_term) + ", have up to "
               + num(it.reached.index) + "@" + num(it.reached.at_term)
               + (it.went_back ? ", and remember more" : "");
      },
      [](const peer_began& it) {
        return num(it.peer) + " begins with up to " + num(it.reached.index);
      }},
    what);
}

std::string describe(const effect& what) {
  return std::visit(
    overloaded{
      [](const send& it) { return "send " + describe(it.what); },
      [](const persist& it) {
        return "persist " + num(it.number) + ": " + num(it.hard.current_term)
               + " vote " + num(it.hard.voted_for)
               + (it.base ? ", base " + position(it.base->index, it.base->at_term)
                          : "")
               + (it.drop_tail ? " alone" : "")
               + (it.entries.empty() ? "" : ", " + span(it.entries));
      },
      [](const apply& it) { return "apply " + span(it.entries); },
      [](const proposal_accepted& it) {
        return "accepted #" + num(it.id) + " at " + position(it.index, it.at_term);
      },
      [](const proposal_refused& it) {
        return "refused #" + num(it.id) + ": " + why(it.why);
      },
      [](const proposal_replaced& it) { return "replaced #" + num(it.id); },
      [](const proposal_unknown& it) { return "unknown #" + num(it.id); },
      [](const read_ready& it) {
        return "read #" + num(it.id) + " at " + num(it.index);
      },
      [](const read_refused& it) { return "read #" + num(it.id) + " refused"; },
      [](const role_changed& it) {
        return name(it.role) + " " + num(it.at_term)
               + (it.leader == node_id{} ? "" : ", leader " + num(it.leader));
      },
      [](const quorum_changed& it) {
        return std::string{it.has_quorum ? "has quorum" : "has no quorum"};
      },
      [](const configuration_changed& it) {
        return describe(it.members) + (it.committed ? ", committed" : "");
      },
      [](const load_entries& it) {
        return "load for " + num(it.for_peer) + " from " + num(it.first);
      },
      [](const read_snapshot& it) {
        return "read snapshot for " + num(it.for_peer) + " from " + num(it.offset)
               + (it.at_least > log_index{} ? ", at least " + num(it.at_least) : "");
      },
      [](const release_snapshot& it) {
        return "release snapshot of " + num(it.for_peer);
      },
      [](const install_snapshot& it) {
        return "install snapshot " + num(it.chunk.mark.index) + " from "
               + num(it.chunk.offset);
      },
      [](const rebuild_needed&) { return std::string{"rebuild needed"}; }},
    what);
}

std::string describe(const raft_machine& machine) {
  const auto& log = machine.log();
  return num(machine.self()) + " " + name(machine.role()) + " "
         + num(machine.current_term()) + " log " + num(next(log.base())) + ".."
         + position(log.last(), log.last_term()) + " durable "
         + num(log.durable()) + " commit " + num(machine.commit());
}

} // namespace present::simulation
