#include "actors/raft/quorum.hpp"

namespace present::raft::quorum {

std::vector<node_id> everyone(const configuration& members) {
  std::vector<node_id> all;
  for (const auto* list : {&members.voters, &members.outgoing, &members.learners})
    all.insert(all.end(), list->begin(), list->end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

store_id store_of(const configuration& members, node_id node) {
  for (const auto& member : members.stores)
    if (member.node == node)
      return member.store;
  return {};
}

bool is_named_store(const configuration& members, node_id node, store_id store) {
  const auto named = store_of(members, node);
  return named.value == 0 || store == named;
}

} // namespace present::raft::quorum
