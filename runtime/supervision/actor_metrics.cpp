#include "runtime/supervision/actor_metrics.hpp"

namespace present::supervision {

void add_actor_metrics(observe::metrics& to,
                       std::shared_ptr<const census> all) {
  to.add_source([all = std::move(all)](observe::samples& scrape) {
    scrape.add_counter("present_actors_abandoned_total",
                       "Actors given up while stuck in their own code.",
                       static_cast<double>(all->abandoned()));
    for (const auto& [kind, sums] : all->totals()) {
      const observe::labels by{{"kind", kind}};
      scrape.add_gauge("present_actors", "Actors that are supervised.",
                       static_cast<double>(sums.actors), by);
      scrape.add_counter("present_actor_messages_total",
                         "Messages that actors have handled.",
                         static_cast<double>(sums.handled), by);
      scrape.add_counter("present_actor_handling_seconds_total",
                         "Time that actors have spent on messages.",
                         static_cast<double>(sums.handling_us) / 1e6, by);
      scrape.add_gauge("present_actor_mailbox_messages",
                       "Messages waiting in mailboxes.",
                       static_cast<double>(sums.mailbox), by);
      scrape.add_gauge("present_actor_mailbox_deepest_messages",
                       "Messages waiting in the fullest mailbox.",
                       static_cast<double>(sums.deepest_mailbox), by);
      scrape.add_counter("present_actor_restarts_total",
                         "Restarts of actors by their supervisors.",
                         static_cast<double>(sums.restarts), by);
    }
  });
}

} // namespace present::supervision
