#pragma once

#include "actors/gate/gate_contract.hpp"
#include "runtime/network/network_thread.hpp"

#include "schemas/rpc.capnp.h"

#include <kj/async.h>

#include <memory>
#include <unordered_map>

namespace present {

/// Between one connection on the network thread and its session actor: calls go
/// in by number, answers come back by number.
///
/// The actor's side may be called from any thread and posts; everything else, and
/// all members, belong to the network thread.
class network_door final : public session_door,
                           public std::enable_shared_from_this<network_door> {
public:
  explicit network_door(network::network_thread& thread) : thread_(thread) {}
  ~network_door() noexcept override = default;

  // -- from any thread -----------------------------------------------------------
  void opened(result<session_actor> session) override;
  void reply(std::uint64_t number, std::shared_ptr<const response> what) override;
  void reply_map(std::uint64_t number, result<cluster_map_ptr> map) override;
  void ended() override;

  // -- on the network thread -----------------------------------------------------
  kj::Promise<result<session_actor>> wait_until_open();
  kj::Promise<std::shared_ptr<const response>> call(std::shared_ptr<const request> what);
  kj::Promise<result<cluster_map_ptr>> ask_for_map();
  /// The connection is gone: nobody waits any more, and the session ends.
  void close();

private:
  template <class T>
  using waiting = std::unordered_map<std::uint64_t, kj::Own<kj::PromiseFulfiller<T>>>;

  template <class T>
  static void fulfil(waiting<T>& calls, std::uint64_t number, T value);

  network::network_thread& thread_;
  session_actor session_;
  bool over_ = false;
  std::uint64_t last_number_ = 0;
  kj::Own<kj::PromiseFulfiller<result<session_actor>>> opening_;
  waiting<std::shared_ptr<const response>> calls_;
  waiting<result<cluster_map_ptr>> map_calls_;
};

/// The `Session` capability of one connection.
class session_service final : public schema::Session::Server {
public:
  explicit session_service(std::shared_ptr<network_door> door) : door_(std::move(door)) {}
  ~session_service() noexcept(false) { door_->close(); }

protected:
  kj::Promise<void> submit(SubmitContext context) override;
  kj::Promise<void> map(MapContext context) override;

private:
  std::shared_ptr<network_door> door_;
};

} // namespace present
