#include "actors/partition/partition_actor.hpp"
namespace present {
void partition_shell::perform(raft::read_snapshot&) {}
void partition_shell::perform(raft::release_snapshot&) {}
void partition_shell::perform(raft::install_snapshot&) {}
}
