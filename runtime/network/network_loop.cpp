#include "runtime/network/network_loop.hpp"

#include <algorithm>

namespace present::network {

network_loop::network_loop(kj::AsyncIoContext& io, const log_sink& log)
    : io_(io), log_(log), background_(no_tasks()) {}

network_loop::~network_loop() noexcept(false) {
  // Another set, as what goes may still detach something.
  background_ = no_tasks();
  while (!residents_.empty()) {
    auto leaving = kj::mv(residents_.back());
    residents_.pop_back();
  }
}

kj::Own<kj::TaskSet> network_loop::no_tasks() {
  kj::TaskSet::ErrorHandler& handler = *this;
  return kj::heap<kj::TaskSet>(handler);
}

void network_loop::evict(resident& who) {
  const auto at
    = std::find_if(residents_.begin(), residents_.end(),
                   [&who](const auto& own) { return own.get() == &who; });
  if (at == residents_.end())
    return;
  // Out of the list first: its destructor may evict others.
  auto leaving = kj::mv(*at);
  residents_.erase(at);
}

void network_loop::taskFailed(kj::Exception&& problem) {
  log_(log_severity::warning, text_of(problem));
}

std::string text_of(const kj::Exception& problem) {
  std::string text = problem.getDescription().cStr();
  if (const char* file = problem.getFile(); file && *file) {
    text += " (";
    text += file;
    text += ":" + std::to_string(problem.getLine()) + ")";
  }
  return text;
}

} // namespace present::network
