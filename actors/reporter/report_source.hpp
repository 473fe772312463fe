#pragma once

#include "actors/reporter/reporter_contract.hpp"
#include "runtime/network/network_thread.hpp"
#include "runtime/supervision/address_book.hpp"

#include <kj/async.h>

#include <memory>
#include <vector>

namespace present {

/// This node's own report, for services on the network thread. `ask` belongs to
/// that thread; answers come from the reporter's.
class report_source final : public report_route,
                            public std::enable_shared_from_this<report_source> {
public:
  report_source(network::network_thread& thread,
                std::shared_ptr<supervision::address_book> addresses);

  ~report_source() noexcept override = default;

  /// Those who ask while a report is being made share it.
  kj::Promise<node_report_ptr> ask();

  void reported(node_report_ptr report) override;

private:
  network::network_thread& thread_;
  supervision::address<reporter_actor> reporter_;
  std::vector<kj::Own<kj::PromiseFulfiller<node_report_ptr>>> waiting_;
};

} // namespace present
