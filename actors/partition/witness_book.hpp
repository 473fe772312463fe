#pragma once

#include "actors/partition/replica_message.hpp"
#include "storage/witnessed.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

/// What a store has said and done is remembered by its peers, and a replica that starts
/// asks them before it speaks: its files may be older than its word (P19). Pure.
///
///                 the first opening of a new store
///          ┌───────────────────────────────────────────────────────┐
///   begin ─┤      a member is known    all other voters have told, ▼
///          │    ┌──────────┐     ┌──────────┐  or a majority       ┌──────┐
///          └───▶│ uninvited │───▶│  asking  │  after patience_ms   │ done │
///               └──────────┘     └──────────┘ ───────────────────▶ └──────┘
///               gives no vote     hears and says     what was told binds its raft
///                                 nothing of raft    (raft::witnesses_told)
///
/// Two things are asked of a witness, and they rest on different memories.
///
/// *Where its own word ends*: its term, and the end of its log. They need no record of
/// the asker, and no write. Whatever the asker once voted in, its candidate had as its
/// term, durably, before it asked (raft, I4); whatever it acknowledged and was counted
/// stands in the logs of those it was counted with, and of its leader before it was
/// sent. So a replica that votes in no term that a voter was in, and for no candidate
/// whose log is behind that of any voter, takes back nothing that it may have said:
/// neither a vote nor an entry, though it has forgotten both. It is as good as any voter
/// again when its log has come as far.
///
/// *What it remembers of the asker* (the book): so that going back is noticed and said,
/// and what binds the replica then holds until it has caught up; else it ends after
/// patience_ms without a leader, for the witness whose log was longest may be gone, and
/// most likely nothing was lost. In memory the book is exact; on the disk it rides on
/// writes that the replica makes anyway, at most one in `write_pause_ms`, and lags. So a
/// witness that has started anew itself may miss that somebody went back by less than
/// that; the first half binds all the same, for as long as the witness is there.
///
/// The gap: a voter that doesn't answer within patience_ms is not waited for. If it was
/// the only one with what the asker has lost, nobody knows; README.md says so.
///
/// *Who is asked.* A replica that was away for long knows members that may all have gone
/// since. So an answer brings the members by the witness's log, those of the newest log
/// are the ones to ask, and whoever speaks to the asker meanwhile is asked as well; once
/// more if it has told, for the members may have changed since, and whoever is waited for
/// may be gone for good. Each change of members was committed by a majority of those
/// before it: a majority of any set either knows the next one or there is none.
///
/// Invariants
/// B1  While it asks, a replica neither votes nor campaigns nor acknowledges.
/// B2  An answer counts once for a voter, from the store that it has as one, and only if
///     it answers a question of this life.
/// B3  What is remembered of a store never falls, but for its opening, which is the last
///     that it spoke of.
/// B4  A new store is another one: what was known of the node's last store is dropped.
/// B5  Who asks again, for the answer was lost, is told the same: its first question has
///     made its life the last one known.
/// B6  The voters that count are those by the newest log that was told of. When they
///     change, each of them has to tell again.
namespace present::partition {

/// Remembered of the peers of one replica; the journal keeps it.
class witness_book {
public:
  static constexpr time_ms write_pause_ms = 1000;

  explicit witness_book(std::vector<raft::witnessed> found) : known_(std::move(found)) {}

  /// Whether `on_heard` would change nothing: asked of each message.
  bool has_heard(node_id peer, store_id store, term at_term) const;
  /// It spoke in this term, not of a pre-vote.
  void on_heard(node_id peer, store_id store, term at_term);
  /// A peer that was heard has acknowledged the log up to there.
  void on_matched(node_id peer, const raft::log_position& matched);
  /// It begins anew, with this. What contradicts it, if anything does.
  lapse on_asked(node_id peer, store_id store, const standing_asked& asked);
  /// In this life, before.
  bool has_asked(node_id peer, store_id store, const store_life& life) const;

  /// Those that are no members are forgotten.
  void keep(const std::vector<node_id>& members);

  /// Whether a write may carry it; then have it know how far the peers are.
  bool is_due(time_ms now) const { return !written_at_ || now >= *written_at_ + write_pause_ms; }
  /// For the journal write that is about to be made; null: nothing new, or too soon.
  std::shared_ptr<const std::vector<raft::witnessed>> take_due(time_ms now);
  /// The write failed.
  void on_lost_write() { is_new_ = true; }

  const std::vector<raft::witnessed>& known() const { return known_; }

private:
  struct verdict {
    store_id store;
    store_life life;
    lapse sign = lapse::none;
  };

  raft::witnessed& entry_of(node_id peer, store_id store);

  std::vector<raft::witnessed> known_;   ///< a handful
  std::map<node_id, verdict> verdicts_;  ///< what each was told last (B5)
  bool is_new_ = false;
  std::optional<time_ms> written_at_;
};

/// What its witnesses know of a replica, taken together.
struct inquiry_result {
  term at_term;               ///< the highest that any of them is in
  raft::log_position reached; ///< the longest of their logs
  lapse sign = lapse::none;   ///< of having gone back
  node_id by;                 ///< who says so
  std::vector<node_id> silent; ///< voters that did not answer
};

/// A replica's questions at its start.
class witness_inquiry {
public:
  static constexpr time_ms ask_again_ms = 100;

  struct settings {
    node_id self;
    store_life life;
    time_ms patience_ms = 3000; ///< raft_settings::witness_patience_ms
  };

  witness_inquiry(const settings& options, time_ms now);

  /// The members by the replica's own log, and where that ends. Nobody is asked before
  /// there are any.
  void on_members(const raft::configuration& members, const raft::log_position& by,
                  time_ms now);
  /// Asks again soon: a link came up.
  void hurry(time_ms now);
  /// It spoke of raft and was not heard.
  void on_spoken(node_id peer, time_ms now);
  void on_told(node_id peer, store_id store, const standing_told& what, time_ms now);

  const store_life& life() const { return options_.life; }
  bool is_asking() const { return phase_ == phase::asking; }
  /// It may have been a voter and doesn't know.
  bool is_uninvited() const { return phase_ == phase::uninvited; }
  std::optional<time_ms> next_look() const;

  struct step {
    std::vector<node_id> ask;
    std::optional<inquiry_result> result; ///< once: now it is done
  };
  step look(time_ms now);

private:
  enum class phase : std::uint8_t { uninvited, asking, done };

  void ask_of(const raft::configuration& members, const raft::log_position& by, time_ms now);
  std::vector<node_id> silent_voters() const;

  const settings options_;
  phase phase_ = phase::uninvited;
  raft::configuration members_;
  raft::log_position members_by_; ///< the end of the newest log, whose members they are
  std::set<node_id> told_;        ///< of the voters
  std::set<node_id> spoke_;       ///< since it last asked
  inquiry_result found_;
  time_ms ask_at_ = 0;
  time_ms patient_until_ = 0;
};

} // namespace present::partition
