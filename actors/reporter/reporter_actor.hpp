#pragma once

#include "actors/partition/partition_contract.hpp"
#include "actors/reporter/reporter_contract.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"

namespace present {

class reporter_shell final : public supervision::measured_actor<reporter_actor> {
public:
  reporter_shell(caf::actor_config& config, member_status self,
                 std::shared_ptr<supervision::address_book> addresses);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  /// One report on its way: the router, the tree and each replica answer in their
  /// own time.
  struct collection {
    node_report report;
    std::shared_ptr<report_route> route;
    std::size_t open = 0;
  };

  void on_wanted(report_wanted& what);
  void ask_tree(const std::shared_ptr<collection>& parts);
  void ask_map_and_replicas(const std::shared_ptr<collection>& parts);
  void ask_replica(partition_id partition, const std::shared_ptr<collection>& parts);
  void finish_part(const std::shared_ptr<collection>& parts);

  const member_status self_;
  const std::shared_ptr<supervision::address_book> addresses_;
  supervision::address<router_actor> router_;
  supervision::address<caf::actor> root_;
};

} // namespace present
