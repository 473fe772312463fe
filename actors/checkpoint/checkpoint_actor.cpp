#include "actors/checkpoint/checkpoint_actor.hpp"

namespace present {

auto checkpoint_shell::make_behavior() -> behavior_type {
  return {
    [](state_open& what) { return state_opened{storage::open_usable_state(*what.home)}; },
    [this](state_scrub& what) { on_scrub(what); },
    [this](checkpoint_write& what) {
      checkpoint_done done{what.what->mark, what.into->write(*what.what)};
      if (done.how)
        done.digest = std::make_shared<const storage::state_digest>(what.into->digest());
      send(what.reply_to, std::move(done));
    },
    [this](snapshot_read_part& what) {
      auto part = what.shelf->read(*what.from, what.for_peer, what.offset, what.digest);
      if (part && *part && (*part)->mark.index < what.at_least)
        part = make_error(error_code::overloaded,
                          "the checkpoint that the peer needs is still to come");
      send(what.reply_to, snapshot_part_read{what.for_peer, std::move(part)});
    },
    [](snapshot_release& what) {
      if (what.peer)
        what.shelf->release(*what.peer);
      else
        what.shelf->release_all();
    },
    [this](snapshot_take_part& what) { on_take_part(what); },
    [](snapshot_replace& what) { return snapshot_replaced{what.shelf->replace()}; },
  };
}

void checkpoint_shell::on_scrub(state_scrub& what) {
  state_scrubbed done{what.partition, what.life};
  if (const auto state = what.state.lock())
    done.report = state->scrub(what.max_rows);
  else
    done.gone = true;
  send(what.reply_to, std::move(done));
}

/// The last part brings the whole to the disk at once: what is asked for while it
/// is loaded waits in the mailbox.
void checkpoint_shell::on_take_part(snapshot_take_part& what) {
  snapshot_part_taken taken;
  taken.mark = what.part.mark;
  const auto held = what.shelf->take(what.part);
  if (!held) {
    taken.how = held.problem();
  } else if (held->complete) {
    taken.how = what.shelf->load();
    taken.loaded = bool{taken.how};
  } else {
    taken.next_offset = held->next_offset;
  }
  send(what.reply_to, std::move(taken));
}

} // namespace present
