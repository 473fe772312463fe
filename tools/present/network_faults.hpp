#pragma once

#include "tools/present/fault_injector.hpp"
#include "tools/present/tcp_proxy.hpp"

#include <memory>
#include <vector>

/// Faults of the network: between nodes by rules of the kernel, between us and the
/// nodes by proxies of our own.
namespace present::tools {

/// `invalid` unless this process is in a network namespace that somebody made for the
/// purpose, with nft there to use: in the machine's own the rules would be everybody's.
status check_may_part_network();

/// Packets between nodes are dropped: a node from all others, or two from each other.
/// One way only, or both. Nodes are told apart by their addresses, since each dials
/// from its own.
class partition_fault final : public fault {
public:
  partition_fault(std::filesystem::path data, bool one_way)
      : rules_(std::move(data) / "workload.nft"), one_way_(one_way) {}

  result<std::string> inject(const fault_order& order, const fault_scene& scene) override;
  bool heal() override;

private:
  const std::filesystem::path rules_; ///< the file that nft reads
  const bool one_way_;
};

/// One before each node, for us alone.
using client_proxies = std::vector<std::unique_ptr<tcp_proxy>>;

/// One that proxies do. It had an effect if they mistreated something.
class proxy_fault : public fault {
public:
  explicit proxy_fault(client_proxies& proxies) : proxies_(proxies) {}

  result<std::string> inject(const fault_order& order, const fault_scene& scene) final;
  bool heal() final;

protected:
  virtual std::string mistreat(const fault_order& order, client_proxies& proxies) = 0;

private:
  client_proxies& proxies_;
  std::uint64_t before_ = 0;
};

/// All that we send and get arrives later, by different times for each connection.
class delay_fault final : public proxy_fault {
public:
  using proxy_fault::proxy_fault;

protected:
  std::string mistreat(const fault_order& order, client_proxies& proxies) override;
};

/// Our requests arrive, the replies don't; then the connections break.
class reply_loss_fault final : public proxy_fault {
public:
  using proxy_fault::proxy_fault;

protected:
  std::string mistreat(const fault_order& order, client_proxies& proxies) override;
};

} // namespace present::tools
