#include "actors/reporter/report_source.hpp"

#include "actors/system_names.hpp"

#include <caf/send.hpp>

#include <kj/debug.h>

namespace present {

report_source::report_source(network::network_thread& thread,
                             std::shared_ptr<supervision::address_book> addresses)
    : thread_(thread), reporter_(addresses->address_of<reporter_actor>(paths::reporter)) {
}

kj::Promise<node_report_ptr> report_source::ask() {
  const auto& reporter = reporter_.get();
  KJ_REQUIRE(bool{reporter}, "the node is starting: it has no report yet");
  auto pair = kj::newPromiseAndFulfiller<node_report_ptr>();
  if (waiting_.empty())
    caf::anon_send(reporter, report_wanted{shared_from_this()});
  waiting_.push_back(kj::mv(pair.fulfiller));
  return kj::mv(pair.promise);
}

void report_source::reported(node_report_ptr report) {
  thread_.post([self = shared_from_this(), report = std::move(report)](auto&) {
    for (auto& waiting : std::exchange(self->waiting_, {}))
      waiting->fulfill(node_report_ptr{report});
  });
}

} // namespace present
