#include "tests/simulation/cluster/marked_deaths.hpp"

#include <algorithm>
#include <utility>

namespace present::simulation::cluster {

marked_deaths::marked_deaths(const stage& actors, warning tell)
    : actors_(actors), tell_(std::move(tell)) {
  failpoints::listening = this;
}

marked_deaths::~marked_deaths() {
  failpoints::listening = nullptr;
}

void marked_deaths::on_reached(std::string_view name) {
  const auto* running = actors_.running();
  const auto found = std::find_if(armed_.begin(), armed_.end(), [&](const auto& one) {
    return transaction::mark_names[one.first] == name;
  });
  if (!running || found == armed_.end() || !running->owner->is_alive())
    return;
  const auto [mark, whole_process] = *found;
  armed_.erase(found);
  ++struck_[mark];
  if (whole_process)
    return running->owner->fall_at_mark();
  tell_(*running->owner);
  throw injected_exception("an exception out of nowhere, at a mark");
}

} // namespace present::simulation::cluster
