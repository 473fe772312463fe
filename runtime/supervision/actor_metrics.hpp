#pragma once

#include "runtime/observe/metrics.hpp"
#include "runtime/supervision/child_record.hpp"

#include <memory>

namespace present::supervision {

/// Adds the sums of all actors of a node to each scrape, by kind (O2, A1):
/// `present_actors`, `present_actor_messages_total`,
/// `present_actor_handling_seconds_total`, `present_actor_mailbox_messages`,
/// `present_actor_mailbox_deepest_messages`, `present_actor_restarts_total`; and
/// `present_actors_abandoned_total`.
void add_actor_metrics(observe::metrics& to, std::shared_ptr<const census> all);

} // namespace present::supervision
