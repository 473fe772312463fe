#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/session/session_actor.hpp"
#include "runtime/supervision/address_book.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace present {

/// Between this node's own client and the node's own partitions: a session without
/// a network. The session (`paths::own_session`) is a child of the tree, and this
/// is the door that it answers through.
///
/// Thread-safe. Each attempt and each question for the map is answered once; a
/// session that ends answers for all that it had.
class local_gateway final : public session_route {
public:
  explicit local_gateway(supervision::address_book& addresses);

  void send(const client::send_attempt& what, const client::client_actor& from);
  /// Writes to one partition go in one request, as far as one has room.
  void send_all(std::vector<client::send_attempt> what, const client::client_actor& from);
  /// `take` is called once, in the thread of the session or of the caller, with
  /// null if the map can't be had.
  using map_taker = std::function<void(cluster_map_ptr)>;
  void ask_for_map(map_taker take);

  // From the session.
  void reply(std::uint64_t number, std::shared_ptr<const response> what) override;
  void reply_map(std::uint64_t number, result<cluster_map_ptr> map) override;
  void ended() override;

private:
  /// The attempts of one request, in the order of its operations.
  struct sent {
    std::vector<std::uint64_t> attempts;
    client::client_actor from;
  };

  /// A request that is being put together.
  struct gathering {
    std::shared_ptr<request> asked; ///< null: nothing yet
    sent by;
    std::size_t bytes = 0;

    bool has_room_for(std::size_t more) const;
  };

  session_actor open_session();
  void submit(const session_actor& to, gathering what);
  static void fail(const sent& lost, bool never_sent);

  std::mutex mutex_;
  // Guarded by mutex_.
  supervision::address<session_actor> session_;
  caf::actor_addr ended_; ///< the session that ended last: may have a name still
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, sent> requests_;
  std::unordered_map<std::uint64_t, map_taker> map_calls_;
};

} // namespace present
