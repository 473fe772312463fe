#include "actors/client/client.hpp"

#include <iostream>
#include <optional>
#include <string>
#include <thread>

/// A program that holds a lock, and waits for another, until its session ends:
///
///   lock_program HOST:PORT ca.pem client.pem client.key SPACE LEASE_MS
///
/// It says "held TOKEN" when it has SPACE/held; it waits in the queue of SPACE/wanted. Then
/// it does what it reads: `end` ends the session, and it goes on; `leave` ends the program
/// as one does that lets its session go. Neither gives a lock back by itself.

using namespace present;

namespace {

int fail(const error& why) {
  std::cerr << traits_of(why.code).name << ": " << why.message << '\n';
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 7)
    return 2;
  const std::string space = argv[5];
  auto db = client_session::connect({{{argv[1], {}}}, argv[2], argv[3], argv[4]});
  if (!db)
    return fail(db.problem());
  lock_options how;
  how.lease = std::chrono::milliseconds{std::stoul(argv[6])};
  how.patience = std::chrono::minutes(10);
  auto held = (*db)->lock(space, "held", how);
  if (!held)
    return fail(held.problem());
  // Never destroyed: only the session's end is to give them up.
  const auto* const lock = new held_lock(std::move(*held));
  auto* const wanted = new awaited_lock((*db)->begin_lock(space, "wanted", how));
  (void)wanted->wait(std::chrono::milliseconds{1});
  std::cout << "held " << lock->token().value << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "leave";)
    if (line == "end") {
      (*db)->end();
      std::cout << "ended" << std::endl;
    }
}
