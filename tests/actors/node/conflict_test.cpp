#include "actors/conflict/schema_codec.hpp"
#include "actors/conflict/write_registry.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "storage/typed_value.hpp"
#include "tests/actors/node/three_nodes.hpp"

#include "schemas/crdt.capnp.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <sstream>

using namespace present;
using namespace present::test;
using conflict::conflict_kind;
using conflict::note;
using conflict::outcome_kind;

namespace {

/// What a node says at /metrics, over a plain connection.
std::string metrics_of(const std::string& host, std::uint16_t port) {
  const int to = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  REQUIRE(::inet_pton(AF_INET, host.c_str(), &where.sin_addr) == 1);
  REQUIRE(::connect(to, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) == 0);
  const std::string asked = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  REQUIRE(::send(to, asked.data(), asked.size(), 0)
          == static_cast<ssize_t>(asked.size()));
  std::string text;
  char part[4096];
  for (ssize_t got = 0; (got = ::recv(to, part, sizeof(part), 0)) > 0;)
    text.append(part, static_cast<std::size_t>(got));
  ::close(to);
  return text;
}

/// Of one node.
double counted_in(const std::string& text, std::string_view type, std::string_view outcome) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("present_conflicts_total{")
        && line.find("type=\"" + std::string{type} + "\"") != std::string::npos
        && line.find("outcome=\"" + std::string{outcome} + "\"") != std::string::npos)
      return std::stod(line.substr(line.find("} ") + 2));
  FAIL("no series for " << type << " and " << outcome);
  return 0;
}

/// Over all nodes: who led when a write was answered has counted it.
double counted(const three_nodes& nodes, std::string_view type, std::string_view outcome) {
  double sum = 0;
  for (std::uint32_t n = 1; n <= 3; ++n)
    sum += counted_in(metrics_of("127.0.1." + std::to_string(n), nodes.health_port()), type,
                      outcome);
  return sum;
}

using node_change = void (*)(capnp::schema::Node::Builder);

/// No program can read both.
void retype(capnp::schema::Node::Builder node, unsigned field) {
  auto slot = node.getStruct().getFields()[field].getSlot();
  slot.getType().setFloat64();
  slot.getDefaultValue().setFloat64(0);
}

std::string order_schema(node_change change = nullptr) {
  capnp::MallocMessageBuilder message;
  message.setRoot(capnp::Schema::from<stored::CrdtLatest>().getProto());
  auto node = message.getRoot<capnp::schema::Node>();
  if (change)
    change(node);
  return conflict::encode_schema(node.asReader());
}

std::string an_order() {
  capnp::MallocMessageBuilder message;
  message.initRoot<stored::CrdtLatest>().setAt(7);
  const auto flat = capnp::messageToFlatArray(message);
  return {flat.asChars().begin(), flat.asChars().size()};
}

std::shared_ptr<conflict::write_registry> some_rules() {
  auto rules = std::make_shared<conflict::write_registry>();
  rules->add_merge("longer", [](std::string_view a, std::string_view b) -> result<std::string> {
    return std::string{a.size() > b.size() || (a.size() == b.size() && a > b) ? a : b};
  });
  rules->add_policy("small",
                    [](const conflict::advised_write& what) -> conflict::write_registry::ruling {
                      if (!what.written || what.written->size() < 10)
                        return {};
                      return {conflict::policy_finding::somebody_decides, "over 9 bytes", "cfo"};
                    });
  REQUIRE(rules->add_schema("order", order_schema()));
  REQUIRE(rules->add_schema("order-of-old", order_schema([](auto node) {
    retype(node, 0);
  })));
  REQUIRE(rules->add_schema("order-of-others", order_schema([](auto node) {
    retype(node, 1);
  })));
  rules->add_migration("order-of-old", "order",
                       [](std::string_view) -> result<std::string> { return an_order(); });
  return rules;
}

/// Three nodes whose program has registered some rules.
struct ruled_cluster {
  three_nodes nodes;
  std::unique_ptr<client_session> admin;
  std::unique_ptr<client_session> db;

  ruled_cluster() {
    nodes.advisor = some_rules();
    nodes.tells_health = true;
    nodes.start_and_found();
    admin = nodes.connect("admin");
    wait_until_available(*admin, 3);
    db = nodes.connect("client");
  }

  void make(const std::string& name, const storage::space_settings& settings) {
    create_space wanted{name, 2};
    wanted.settings = settings;
    const auto made = db->create_space(wanted, 20s);
    REQUIRE_MESSAGE(made, (made ? "" : made.problem().message));
  }
  /// How many more of these there are now, when it is called.
  std::function<double()> since(std::string type, std::string outcome) {
    const auto before = counted(nodes, type, outcome);
    return [this, type, outcome, before] { return counted(nodes, type, outcome) - before; };
  }
  std::string value(const std::string& space, const std::string& key = "k") {
    const auto found = db->get(space, key, 20s);
    return found ? found->value : "-";
  }
};

storage::space_settings merging(std::string how) {
  storage::space_settings space;
  space.conflicts = {storage::conflict_strategy::merge, std::move(how), {}};
  return space;
}

write_context based_on(hlc_stamp version) {
  write_context knows;
  knows.base = version;
  return knows;
}

} // namespace

TEST_CASE("a custom function merges, at the leader (C1)") {
  ruled_cluster with;
  with.make("s", merging("custom:longer"));
  const auto merged = with.since("write-write", "merge-both");
  const auto read = with.db->put("s", "k", "aa", always{}, 20s);
  REQUIRE(read);
  REQUIRE(with.db->put("s", "k", "a much longer one", based_on(read->version)));
  const auto done = with.db->put("s", "k", "b", based_on(read->version));
  REQUIRE_MESSAGE(done, (done ? "" : done.problem().message));
  CHECK(done->conflict == note{conflict_kind::write_write, outcome_kind::merge_both});
  CHECK(with.value("s") == "a much longer one");
  CHECK(merged() == 1);
}

TEST_CASE("a transaction runs again with what is there, and that is counted (C2)") {
  ruled_cluster with;
  with.make("s", {});
  const auto refused = with.since("read-write", "refuse");
  REQUIRE(with.db->put("s", "k", "1"));
  int runs = 0;
  const auto done = with.db->transact([&](transaction& t) {
    const auto seen = t.get("s", "k");
    if (++runs == 1)
      CHECK(with.db->put("s", "k", "2"));
    t.put("s", "other", "after " + *seen);
  });
  REQUIRE_MESSAGE(done, (done ? "" : done.problem().message));
  CHECK(runs == 2);
  CHECK(with.value("s", "other") == "after 2");
  CHECK(refused() == 1);
}

TEST_CASE("a value fits the schema, is migrated, or is refused in plain words (C3)") {
  ruled_cluster with;
  storage::space_settings space;
  space.schema = "order";
  with.make("s", space);
  const auto migrated = with.since("schema", "migrate");
  const auto refused = with.since("schema", "refuse");
  REQUIRE(with.db->put("s", "k", an_order(), always{}, 20s));
  write_context old;
  old.schema = "order-of-old";
  const auto done = with.db->put("s", "k", an_order(), old);
  REQUIRE_MESSAGE(done, (done ? "" : done.problem().message));
  CHECK(done->conflict == note{conflict_kind::schema, outcome_kind::migrate});
  write_context foreign;
  foreign.schema = "order-of-others";
  const auto other = with.db->put("s", "k", an_order(), foreign);
  REQUIRE_FALSE(other);
  CHECK(other.problem().code == error_code::schema_incompatible);
  CHECK(other.problem().message.find("can't read 'order-of-others'") != std::string::npos);
  CHECK(migrated() == 1);
  CHECK(refused() == 1);
}

TEST_CASE("a rule escalates, and an admin decides (C4)") {
  ruled_cluster with;
  storage::space_settings space;
  space.policy = "small";
  with.make("s", space);
  const auto escalated = with.since("policy", "escalate");
  REQUIRE(with.db->put("s", "k", "small", always{}, 20s));
  const auto large = with.db->put("s", "k", "larger than ten");
  REQUIRE_FALSE(large);
  CHECK(large.problem().code == error_code::denied);
  CHECK(with.value("s") == "small");
  CHECK(escalated() == 1);
  const auto waiting = with.db->escalations("s");
  REQUIRE(waiting);
  REQUIRE(waiting->rows.size() == 1);
  const auto& write = waiting->rows[0].writes.at(0);
  CHECK(write.path == "cfo");
  const auto by_client = with.db->settle_escalation("s", "k", write.stamp, true);
  REQUIRE_FALSE(by_client);
  CHECK(by_client.problem().code == error_code::denied);
  CHECK(with.admin->settle_escalation("s", "k", write.stamp, true));
  CHECK(with.value("s") == "larger than ten");
}

TEST_CASE("a write waits for what it comes after, through the client (C5)") {
  ruled_cluster with;
  with.make("s", {});
  const auto waited = with.since("temporal", "wait-for");
  std::optional<note> met;
  // Where something else is logged just then, nothing is left to wait for.
  for (int tries = 0; tries < 20 && !met; ++tries) {
    const auto last = with.db->put("s", "k", "v", always{}, 20s);
    REQUIRE(last);
    write_context knows;
    knows.after = hlc_stamp::of(last->version.wall_ms() + 1, 0);
    const auto effect = with.db->put("s", "k", "effect", knows, 20s);
    REQUIRE_MESSAGE(effect, (effect ? "" : effect.problem().message));
    CHECK(effect->version > *knows.after);
    met = effect->conflict;
  }
  CHECK(met == note{conflict_kind::temporal, outcome_kind::wait_for});
  CHECK(with.value("s") == "effect");
  CHECK(waited() == 1);
}

TEST_CASE("history closes: what is written at a stamp from before is refused (C5, T1)") {
  ruled_cluster with;
  storage::space_settings space;
  space.conflicts.how = storage::conflict_strategy::last_writer_wins;
  space.closes_after_ms = 1;
  with.make("s", space);
  const auto refused = with.since("temporal", "refuse");
  const auto last = with.db->put("s", "k", "v", always{}, 20s);
  REQUIRE(last);
  write_context knows;
  knows.at = storage::authorship{hlc_stamp::of(last->version.wall_ms() - 1'000, 0), 7};
  const auto late = with.db->put("s", "k", "late", knows, 20s);
  REQUIRE_FALSE(late);
  CHECK(late.problem().code == error_code::retroactive_write);
  CHECK(with.value("s") == "v");
  CHECK(refused() == 1);
}

TEST_CASE("CRDTs by puts of deltas: every replica's change counts, over failover (S1)") {
  ruled_cluster with;
  with.make("counts", merging("crdt"));
  auto other = with.nodes.connect("client");
  const auto add = [](client_session& db, std::uint64_t who, std::int64_t amount) {
    crdt::pn_counter mine;
    if (const auto found = db.get("counts", "k", 20s))
      mine = std::get<crdt::pn_counter>(*crdt::decode_stored(found->value));
    const auto delta = *mine.add({who}, amount);
    return bool(db.put("counts", "k", crdt::encode_stored(delta), always{}, 20s));
  };
  std::thread second([&] {
    for (int n = 0; n < 20; ++n)
      CHECK(add(*other, 2, -1));
  });
  for (int n = 0; n < 20; ++n)
    CHECK(add(*with.db, 1, 3));
  second.join();
  const auto total = [&] {
    return std::get<crdt::pn_counter>(*crdt::decode_stored(with.value("counts"))).total();
  };
  CHECK(total() == 40);
  with.nodes.stop(1);
  CHECK(add(*with.db, 1, 2));
  CHECK(total() == 42);
}

// -- transactions into spaces with rules -------------------------------------------------

namespace {

/// A key in each of the two partitions.
const std::string low = "a";
const std::string high = "\xee";

void put_both(transaction& t, const std::string& value) {
  t.put("s", low, value);
  t.put("s", high, value);
}

std::string delta(std::uint64_t who, std::int64_t amount) {
  return crdt::encode_stored(*crdt::pn_counter{}.add({who}, amount));
}

} // namespace

TEST_CASE("what a transaction writes fits the schema, or all of it is refused in plain words (C3)") {
  ruled_cluster with;
  storage::space_settings space;
  space.schema = "order";
  with.make("s", space);
  const auto done = with.db->transact([](transaction& t) { put_both(t, an_order()); });
  REQUIRE_MESSAGE(done, (done ? "" : done.problem().message));
  CHECK(with.value("s", high) == an_order());
  for (const bool wide : {true, false}) {
    const auto refused = with.db->transact([&](transaction& t) {
      t.put("s", "fits", an_order());
      t.put("s", wide ? high : low, "no order");
    });
    REQUIRE_FALSE(refused);
    CHECK(refused.problem().code == error_code::schema_incompatible);
    CHECK(refused.problem().message.find("doesn't fit the space's schema: not a") != std::string::npos);
    CHECK(with.value("s", "fits") == "-");
  }
}

TEST_CASE("a policy judges each write of a transaction; one that it doesn't allow ends all of it (C4)") {
  ruled_cluster with;
  storage::space_settings space;
  space.policy = "small";
  with.make("s", space);
  const auto done = with.db->transact([](transaction& t) { put_both(t, "small"); });
  REQUIRE_MESSAGE(done, (done ? "" : done.problem().message));
  for (const auto& large : {low, high}) {
    const auto refused = with.db->transact([&](transaction& t) {
      put_both(t, "tiny");
      t.put("s", large, "larger than ten");
    });
    REQUIRE_FALSE(refused);
    CHECK(refused.problem().code == error_code::denied);
    CHECK(refused.problem().message.find("somebody has to decide (over 9 bytes)") != std::string::npos);
    CHECK(with.value("s", low) == "small");
    CHECK(with.value("s", high) == "small");
  }
  CHECK(with.db->escalations("s")->rows.empty());
}

TEST_CASE("a transaction's deltas are joined with what is there, in all its partitions (S1)") {
  ruled_cluster with;
  with.make("s", merging("crdt"));
  const auto add = [&](std::uint64_t who) {
    return with.db->transact([&](transaction& t) { put_both(t, delta(who, 2)); });
  };
  for (std::uint64_t who = 1; who <= 3; ++who)
    REQUIRE(add(who));
  for (const auto& key : {low, high})
    CHECK(std::get<crdt::pn_counter>(*crdt::decode_stored(with.value("s", key))).total() == 6);
  const auto refused = with.db->transact([&](transaction& t) {
    t.put("s", low, delta(9, 2));
    t.add("s", high, 1);
  });
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().code == error_code::invalid);
  CHECK(std::get<crdt::pn_counter>(*crdt::decode_stored(with.value("s", low))).total() == 6);
}

TEST_CASE("a transaction compares in several partitions, for the client as well (X1)") {
  ruled_cluster with;
  with.make("s", {});
  const auto claim = [&](std::string value) {
    client::transact_call call{{"s"}, {}, {}};
    for (const auto& key : {low, high}) {
      call.what.compare.push_back({{0}, key, relation::equal, hlc_stamp{}});
      call.what.then.push_back(put_step{{0}, key, std::make_shared<const std::string>(value)});
      call.what.otherwise.push_back(get_step{{0}, key});
    }
    return with.db->call(std::move(call), 20s);
  };
  const auto first = claim("mine");
  REQUIRE_MESSAGE(first.problem.code == error_code::ok, first.problem.message);
  CHECK_FALSE(first.given.otherwise);
  const auto second = claim("yours");
  REQUIRE_MESSAGE(second.problem.code == error_code::ok, second.problem.message);
  CHECK(second.given.otherwise);
  REQUIRE(second.given.steps);
  CHECK(*second.given.steps->at(1).value == "mine");
  CHECK(second.given.steps->at(1).version == first.given.version);
}
