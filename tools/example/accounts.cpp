// A program of yours: it links the installed client, and nothing else of Present.
//
//   make && ./accounts HOST:PORT ca.pem client.pem client.key
//
// It opens three accounts in one round, moves money between two of them with
// compare-and-set, pays a third one in through a client actor, and checks the sum.

#include <actors/client/client.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <string>

using namespace present;

namespace {

constexpr auto space = "accounts";
const std::string names[] = {"alice", "bob", "carol"};

/// Says what happened, and what is known of it: `unknown` is not failure.
int fail(const std::string& what, const error& why) {
  std::cerr << what << ": " << why.message << " (" << traits_of(why.code).name
            << ", trace " << why.trace_id << ")\n";
  return 1;
}

/// In one round, though the accounts may be of several partitions.
status open_accounts(client_session& db) {
  batch opening;
  for (const auto& name : names)
    opening.put(space, name, "100", if_absent{});
  for (const auto& answer : db.run(std::move(opening)))
    if (!answer && answer.problem().code != error_code::version_conflict)
      return answer.problem();
  return success();
}

/// Again until nobody has changed it in between.
status add(client_session& db, const std::string& name, int amount) {
  for (;;) {
    const auto now = db.get(space, name);
    if (!now)
      return now.problem();
    const auto moved = db.compare_and_set(space, name, now->version,
                                          std::to_string(std::stoi(now->value) + amount));
    if (moved)
      return success();
    if (moved.problem().code != error_code::version_conflict)
      return moved.problem();
  }
}

/// The same store from an actor: a typed message, a promise, a deadline.
status pay_in(client_session& db, const std::string& name, const std::string& value) {
  status done = success();
  caf::scoped_actor self{db.system()};
  client::timed_call call{
    client::put_call{space, name, std::make_shared<const std::string>(value), always{}}, 5'000};
  self->request(db.spawn_client(), caf::infinite, std::move(call))
    .receive(
      [&](client::outcome_of_call& how) {
        if (how.problem.code != error_code::ok)
          done = how.problem;
      },
      [&](const caf::error& lost) {
        done = make_error(error_code::unknown_outcome, db.system().render(lost));
      });
  return done;
}

int run(client_session& db) {
  // The cluster's operator has made the space: `present space create accounts`.
  if (const auto opened = open_accounts(db); !opened)
    return fail("opening", opened.problem());
  for (const auto& [name, amount] : {std::pair{"alice", -30}, std::pair{"bob", 30}})
    if (const auto moved = add(db, name, amount); !moved)
      return fail("moving", moved.problem());
  if (const auto paid = pay_in(db, "carol", "250"); !paid)
    return fail("paying in", paid.problem());
  const auto all = db.scan(space, {});
  if (!all)
    return fail("reading", all.problem());
  int sum = 0;
  for (const auto& row : all->rows) {
    std::cout << row.key << ' ' << row.value << '\n';
    sum += std::stoi(row.value);
  }
  std::cout << "sum " << sum << '\n';
  return 0;
}

} // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::cerr << "usage: accounts HOST:PORT CA CERT KEY\n";
    return 2;
  }
  client::connect_options to;
  to.endpoints.push_back({arguments[1], {}});
  to.authority = arguments[2];
  to.certificate = arguments[3];
  to.key = arguments[4];
  const auto db = client_session::connect(to);
  if (!db)
    return fail("connecting", db.problem());
  return run(**db);
}
