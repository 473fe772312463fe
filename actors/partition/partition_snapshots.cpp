#include "actors/partition/partition_actor.hpp"
#include "runtime/base/check.hpp"

/// How a replica's whole state goes to a peer, and how another's takes the place
/// of its own (rule 10, P18). The bytes are read and written on the checkpointer's
/// thread.
namespace present {

namespace {

/// Before raft hears of what went wrong with a snapshot, and tries again.
constexpr auto snapshot_pause = std::chrono::seconds(1);

} // namespace

/// The tree starts the checkpointer first and restarts all that depend on it with
/// it, so a replica without one is about to be stopped.
template <class Message>
void partition_shell::send_to_checkpointer(Message what) {
  if (const auto& to = checkpointer_.get())
    send(to, std::move(what));
}

// -- sending -----------------------------------------------------------------------

void partition_shell::perform(raft::read_snapshot& what) {
  send_to_checkpointer(snapshot_read_part{snapshots_, backend_, what.for_peer, what.offset,
                                          what.digest,
                                          caf::actor_cast<checkpoint_listener>(this)});
}

void partition_shell::on_part_read(snapshot_part_read& what) {
  if (!what.part) {
    log().error("a snapshot for a peer can't be read; it is tried again",
                {{"peer", what.for_peer}, {"why", what.part.problem().message}});
    delayed_send(this, snapshot_pause, snapshot_reread{what.for_peer});
    return;
  }
  raft::snapshot_chunk chunk;
  if (auto& part = *what.part)
    chunk = {std::move(part->mark), part->offset, std::move(part->bytes), part->last,
             part->digest};
  tell_raft(raft::snapshot_read{what.for_peer, std::move(chunk)});
  settle();
}

void partition_shell::on_reread(const snapshot_reread& what) {
  tell_raft(raft::snapshot_read{what.for_peer, {}});
  settle();
}

void partition_shell::perform(raft::release_snapshot& what) {
  send_to_checkpointer(snapshot_release{snapshots_, what.for_peer});
}

/// What is lost with the leadership has no peers to release one by one.
void partition_shell::release_all_snapshots() {
  send_to_checkpointer(snapshot_release{snapshots_, std::nullopt});
}

// -- receiving ---------------------------------------------------------------------

void partition_shell::perform(raft::install_snapshot& what) {
  auto& chunk = what.chunk;
  send_to_checkpointer(
    snapshot_take_part{snapshots_,
                       {std::move(chunk.mark), chunk.offset, std::move(chunk.bytes),
                        chunk.last, chunk.digest},
                       caf::actor_cast<checkpoint_listener>(this)});
}

void partition_shell::on_part_taken(const snapshot_part_taken& what) {
  if (!what.how) {
    log().error("an arriving snapshot failed; it starts over",
                {{"index", what.mark.index}, {"why", what.how.problem().message}});
    delayed_send(this, snapshot_pause, snapshot_retake{what.mark});
  } else if (what.loaded) {
    begin_replacement();
  } else {
    tell_raft(raft::snapshot_stored{what.mark, what.next_offset});
    settle();
  }
}

void partition_shell::on_retake(const snapshot_retake& what) {
  tell_raft(raft::snapshot_failed{what.mark});
  settle();
}

/// Lets go of the old state everywhere, for two openings of one environment are
/// LMDB's undoing. A checkpoint that is still on its way was sent before and so is
/// written before. `await`: other mail waits until there is a state again, which
/// takes a rename and whatever the checkpointer has under way.
void partition_shell::begin_replacement() {
  table_->close();
  checkpoint_.reset();
  backend_.reset();
  const auto& checkpointer = checkpointer_.get();
  if (!checkpointer)
    throw std::runtime_error("the checkpointer is not running");
  request(checkpointer, caf::infinite, snapshot_replace{snapshots_})
    .await(
      [this](snapshot_replaced& done) {
        if (!done.state)
          throw std::runtime_error("a snapshot could not be installed: "
                                   + done.state.problem().message);
        become_restored(std::move(*done.state));
      },
      [](const caf::error&) {
        throw std::runtime_error("the checkpointer went while a snapshot was installed");
      });
}

/// From disk, as at a start: both machines go on from the mark that stands there.
void partition_shell::become_restored(state_backend_ptr state) {
  backend_ = std::move(state);
  const auto mark = backend_->applied();
  if (!mark)
    throw std::runtime_error("the state can't be read: " + mark.problem().message);
  table_->reopen(*backend_);
  ++snapshots_installed_;
  log().info("a snapshot is installed", {{"applied", mark->index}});
  tell_partition(partition::restored{*mark});
  tell_raft(raft::snapshot_installed{*mark});
  settle();
}

} // namespace present
