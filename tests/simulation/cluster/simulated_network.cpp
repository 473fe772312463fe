#include "tests/simulation/cluster/simulated_network.hpp"

#include <algorithm>

namespace present::simulation::cluster {

// -- one connection ----------------------------------------------------------------

process& connection::receiver(way which) const {
  return which == way::forth ? *acceptor_ : *dialler_;
}

process& connection::sender(way which) const {
  return which == way::forth ? *dialler_ : *acceptor_;
}

void connection::send(way which, std::function<void()> arrives) {
  const auto wait = network_->latency(sender(which).host(), receiver(which).host());
  network_->time().after(wait, [self = shared_from_this(), which,
                                arrives = std::move(arrives)]() mutable {
    self->deliver(which, std::move(arrives));
  });
}

/// What a machine has taken before the connection broke may still be handled: a
/// request whose sender has given it up.
void connection::deliver(way which, std::function<void()> arrives) {
  auto& to = receiver(which);
  if (!to.is_alive())
    return;
  if (!open_ && (which == way::back || !network_->random().chance(300)))
    return;
  std::uint64_t wait = 0;
  if (network_->is_blocked(sender(which).host(), to.host())) {
    network_->note_blocked(sender(which).host(), to.host());
    wait = simulated_network::retransmission;
  } else if (to.is_paused()) {
    wait = to.paused_until() - network_->time().now();
  }
  if (wait == 0) {
    arrives();
    return;
  }
  network_->time().after(wait, [self = shared_from_this(), which,
                                arrives = std::move(arrives)]() mutable {
    self->deliver(which, std::move(arrives));
  });
}

void connection::close(way by) {
  (by == way::forth ? dialler_knows_ : acceptor_knows_) = true;
  const auto listener
    = std::exchange(by == way::forth ? dialler_down_ : acceptor_down_, nullptr);
  break_off();
}

/// Each end hears as soon as its process runs and the other's last word reaches it.
void connection::break_off() {
  open_ = false;
  for (const auto end : {way::forth, way::back}) {
    auto& knows = end == way::forth ? dialler_knows_ : acceptor_knows_;
    if (std::exchange(knows, true))
      continue;
    const auto& who = sender(end);
    auto wait = network_->latency(receiver(end).host(), who.host());
    if (who.is_paused())
      wait = std::max(wait, who.paused_until() - network_->time().now());
    network_->time().after(wait, [self = shared_from_this(), end] { self->tell(end); });
  }
}

void connection::tell(way end) {
  (end == way::forth ? dialler_was_told_ : acceptor_was_told_) = true;
  const auto listener = std::exchange(end == way::forth ? dialler_down_ : acceptor_down_, nullptr);
  if (listener && sender(end).is_alive())
    listener();
}

/// A request that is handled when its connection has ended already opens what would
/// never be closed, if nobody said so.
void connection::listen(way end, listener down) {
  (end == way::forth ? dialler_down_ : acceptor_down_) = std::move(down);
  if (end == way::forth ? dialler_was_told_ : acceptor_was_told_)
    network_->time().after(0, [self = shared_from_this(), end] { self->tell(end); });
}

/// The dialler asks for signs of life (rpc_link.hpp).
void connection::beat() {
  if (!open_ || !dialler_->is_alive())
    return;
  auto& net = *network_;
  const auto now = net.time().now();
  auto wait = simulated_network::heartbeat;
  if (dialler_->is_paused()) {
    wait = dialler_->paused_until() - now + net.random().below(50 * ms);
  } else if (net.is_reachable(*dialler_, *acceptor_)) {
    last_sign_ = now;
  } else {
    // A machine that is there, but not the process, says so.
    const bool refused = !acceptor_->is_alive()
                         && !net.is_blocked(dialler_->host(), acceptor_->host())
                         && !net.is_blocked(acceptor_->host(), dialler_->host())
                         && net.random().chance(500);
    if (refused || now - last_sign_ >= simulated_network::lapse) {
      net.note_blocked(dialler_->host(), acceptor_->host());
      net.note_blocked(acceptor_->host(), dialler_->host());
      break_off();
      return;
    }
  }
  net.time().after(wait, [self = shared_from_this()] { self->beat(); });
}

// -- all of them -------------------------------------------------------------------

simulated_network::~simulated_network() {
  for (const auto& known : connections_)
    if (const auto one = known.lock())
      one->dialler_down_ = one->acceptor_down_ = nullptr;
}

void simulated_network::dial(std::shared_ptr<process> from, host_id to,
                             std::function<std::shared_ptr<process>()> listening,
                             answer tell) {
  const auto here = from->host();
  const auto round_trips = latency(here, to) + latency(to, here) + latency(here, to);
  const bool cut = is_blocked(here, to) || is_blocked(to, here);
  if (cut) {
    note_blocked(here, to);
    note_blocked(to, here);
  }
  time_.after(cut ? dial_timeout : round_trips, [this, from, cut, listening = std::move(listening),
                                                 tell = std::move(tell)] {
    const auto there = cut ? nullptr : listening();
    if (!from->is_alive())
      return;
    if (!there || there->is_paused()) {
      tell(nullptr);
      return;
    }
    auto made = std::make_shared<connection>();
    made->network_ = this;
    made->dialler_ = from;
    made->acceptor_ = there;
    made->last_sign_ = time_.now();
    if (connections_.size() % 64 == 63)
      sweep();
    connections_.push_back(made);
    time_.after(random_.below(heartbeat), [made] { made->beat(); });
    tell(made);
  });
}

void simulated_network::sweep() {
  std::erase_if(connections_, [](const auto& one) { return one.expired(); });
}

void simulated_network::process_ended(const process& who, bool machine_tells) {
  for (const auto& known : connections_) {
    const auto one = known.lock();
    if (!one || !one->open_ || (one->dialler_.get() != &who && one->acceptor_.get() != &who))
      continue;
    const bool cut = is_blocked(one->dialler_->host(), one->acceptor_->host())
                     || is_blocked(one->acceptor_->host(), one->dialler_->host());
    if (machine_tells && !cut)
      one->break_off();
    else if (one->dialler_.get() == &who) // nobody asks for signs any more
      time_.after(10 * lapse, [one] {
        if (one->open_)
          one->break_off();
      });
  }
}

void simulated_network::reset_connections(host_id of) {
  for (const auto& known : connections_)
    if (const auto one = known.lock())
      if (one->open_ && (one->dialler_->host() == of || one->acceptor_->host() == of)) {
        effects_.count(fault_kind::reset);
        one->break_off();
      }
}

bool simulated_network::is_reachable(const process& from, const process& to) const {
  return to.is_alive() && !to.is_paused() && !is_blocked(from.host(), to.host())
         && !is_blocked(to.host(), from.host());
}

// -- faults ------------------------------------------------------------------------

void simulated_network::block(host_id from, host_id to, fault_kind because) {
  blocks_[{from, to}].push_back(because);
}

void simulated_network::unblock(host_id from, host_id to, fault_kind because) {
  const auto found = blocks_.find({from, to});
  if (found == blocks_.end())
    return;
  auto& reasons = found->second;
  if (const auto one = std::find(reasons.begin(), reasons.end(), because); one != reasons.end())
    reasons.erase(one);
  if (reasons.empty())
    blocks_.erase(found);
}

bool simulated_network::is_blocked(host_id from, host_id to) const {
  return blocks_.contains({from, to});
}

void simulated_network::note_blocked(host_id from, host_id to) {
  if (const auto found = blocks_.find({from, to}); found != blocks_.end())
    for (const auto kind : found->second)
      effects_.count(kind);
}

bool simulated_network::strikes(fault_kind kind, host_id from, host_id to) {
  const auto found = troubles_.find(kind);
  if (found == troubles_.end() || found->second.until <= time_.now())
    return false;
  const auto at = found->second.at;
  if ((at != 0 && at != from && at != to) || !random_.chance(found->second.per_mille))
    return false;
  effects_.count(kind);
  return true;
}

void simulated_network::heal() {
  blocks_.clear();
  troubles_.clear();
}

std::uint64_t simulated_network::latency(host_id from, host_id to) {
  auto takes = random_.between(60 * us, 400 * us);
  if (strikes(fault_kind::delay, from, to))
    takes += random_.below(250 * ms);
  return takes;
}

} // namespace present::simulation::cluster
