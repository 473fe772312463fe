#include "tools/present/network_faults.hpp"

#include "tools/present/child_process.hpp"
#include "tools/present/files.hpp"

#include <algorithm>
#include <numeric>

namespace present::tools {

namespace {

constexpr std::uint64_t nft_ms = 10'000;
constexpr auto nft = "/usr/sbin/nft";
constexpr auto table = "present_workload";

std::string host_of(const cluster_node& node) {
  return node.rpc.substr(0, node.rpc.rfind(':'));
}

/// What it says on standard output; empty if it fails.
std::optional<std::string> run_nft(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), nft);
  auto child = child_process::start({.arguments = arguments, .captures_output = true});
  if (!child)
    return std::nullopt;
  auto said = child->read_output();
  if (!child->ends_within(nft_ms) || child->wait_status() != 0)
    return std::nullopt;
  return said;
}

std::filesystem::path namespace_of(const char* process) {
  std::error_code failed;
  return std::filesystem::read_symlink(std::string{"/proc/"} + process + "/ns/net", failed);
}

/// One that was just made has no interface but loopback; the rules hit nobody else's.
bool has_only_loopback() {
  const auto listing = read_file("/proc/self/net/dev");
  if (!listing)
    return false;
  std::size_t interfaces = 0;
  for (const char letter : *listing)
    interfaces += letter == ':' ? 1 : 0;
  return interfaces == 1 && listing->find("lo:") != listing->npos;
}

/// "counter packets 12 bytes 720 drop": of all rules together.
std::uint64_t packets_in(const std::string& listing) {
  constexpr std::string_view word = "packets ";
  std::uint64_t packets = 0;
  for (auto at = listing.find(word); at != listing.npos; at = listing.find(word, at + 1))
    packets += std::strtoull(listing.c_str() + at + word.size(), nullptr, 10);
  return packets;
}

using cut = std::pair<std::string, std::string>; ///< from, to

std::string rules_for(const std::vector<cut>& cuts) {
  std::string text = std::string{"table ip "} + table
                     + " {\n  chain arriving {\n"
                       "    type filter hook input priority 0; policy accept;\n";
  for (const auto& [from, to] : cuts)
    text += "    ip saddr " + from + " ip daddr " + to + " counter drop\n";
  return text + "  }\n}\n";
}

std::uint64_t mistreated_by(const client_proxies& proxies) {
  return std::accumulate(proxies.begin(), proxies.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& one) {
                           return sum + one->mistreated();
                         });
}

} // namespace

status check_may_part_network() {
  const auto own = namespace_of("self");
  const auto first = namespace_of("1");
  // Containers may hide their first process from us.
  const auto is_own = first.empty() ? has_only_loopback() : own != first;
  if (own.empty() || !is_own)
    return make_error(error_code::invalid,
                      "partitions need root in a network namespace of their own, for cluster "
                      "and workload together: `ip netns add test`, `ip netns exec test ip link "
                      "set lo up`, then run both by `ip netns exec test`");
  if (!run_nft({"list", "tables"}))
    return make_error(error_code::invalid, std::string{nft}
                                             + " can't be used: the package nftables, and root");
  return success();
}

result<std::string> partition_fault::inject(const fault_order& order,
                                            const fault_scene& scene) {
  const auto& nodes = scene.cluster.nodes;
  const auto victim = host_of(*scene.cluster.node(scene.victim));
  std::vector<std::string> others;
  for (const auto& node : nodes)
    if (node.id != scene.victim)
      others.push_back(host_of(node));
  // One time in three only one link: the victim and the other see the rest.
  auto chance = order.chance / nodes.size();
  std::string what = "all others";
  if (chance % 3 == 0 && others.size() > 1) {
    others = {others[chance / 3 % others.size()]};
    what = others.front();
  }
  const auto outwards = chance / 7 % 2 == 0;
  std::vector<cut> cuts;
  for (const auto& other : others) {
    if (!one_way_ || outwards)
      cuts.emplace_back(victim, other);
    if (!one_way_ || !outwards)
      cuts.emplace_back(other, victim);
  }
  if (auto written = replace_file(rules_, rules_for(cuts)); !written)
    return written.problem();
  if (!run_nft({"-f", rules_.string()}))
    return make_error(error_code::invalid, "nft refuses " + rules_.string());
  const auto* way = !one_way_ ? " is cut off from " : outwards ? " isn't heard by " : " is deaf to ";
  return "node " + std::to_string(scene.victim.value) + way + what;
}

bool partition_fault::heal() {
  const auto listing = run_nft({"list", "table", "ip", table});
  run_nft({"delete", "table", "ip", table});
  return listing && packets_in(*listing) > 0;
}

result<std::string> proxy_fault::inject(const fault_order& order, const fault_scene&) {
  before_ = mistreated_by(proxies_);
  return mistreat(order, proxies_);
}

bool proxy_fault::heal() {
  for (auto& one : proxies_)
    one->pass();
  return mistreated_by(proxies_) > before_;
}

std::string delay_fault::mistreat(const fault_order& order, client_proxies& proxies) {
  const auto ms = static_cast<std::uint32_t>(20 + order.chance % 200);
  for (auto& one : proxies)
    one->delay(ms, ms);
  return "bytes to and from us take " + std::to_string(ms) + " to " + std::to_string(2 * ms)
         + " ms";
}

std::string reply_loss_fault::mistreat(const fault_order&, client_proxies& proxies) {
  for (auto& one : proxies)
    one->drop_replies();
  return "our requests arrive, replies don't";
}

} // namespace present::tools
