#include "actors/conflict/schema_codec.hpp"
#include "actors/conflict/write_registry.hpp"

#include "schemas/crdt.capnp.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <doctest/doctest.h>

#include <stdexcept>

using namespace present;
using namespace present::conflict;

namespace {

using node_change = void (*)(capnp::schema::Node::Builder);

/// No program can read both.
void retype(capnp::schema::Node::Builder node, unsigned field) {
  auto slot = node.getStruct().getFields()[field].getSlot();
  slot.getType().setFloat64();
  slot.getDefaultValue().setFloat64(0);
}

/// CrdtLatest's schema, changed: as the next version of a type is written.
std::string version_of_schema(node_change change = nullptr) {
  capnp::MallocMessageBuilder message;
  message.setRoot(capnp::Schema::from<stored::CrdtLatest>().getProto());
  auto node = message.getRoot<capnp::schema::Node>();
  if (change)
    change(node);
  return encode_schema(node.asReader());
}

std::string a_value() {
  capnp::MallocMessageBuilder message;
  message.initRoot<stored::CrdtLatest>().setAt(7);
  const auto flat = capnp::messageToFlatArray(message);
  return {flat.asChars().begin(), flat.asChars().size()};
}

/// `at` is a text from here on: no program can read both.
const auto retyped = version_of_schema([](auto node) {
  retype(node, 0);
});
/// The last field is gone: an older version.
const auto older = version_of_schema([](auto node) {
  auto fields = node.getStruct().getFields();
  auto fewer = node.getStruct().disownFields();
  auto kept = node.getStruct().initFields(fields.size() - 1);
  for (unsigned place = 0; place < kept.size(); ++place)
    kept.setWithCaveats(place, fewer.getReader()[place]);
});

storage::space_settings with_schema(std::string name) {
  storage::space_settings space;
  space.schema = std::move(name);
  return space;
}

} // namespace

TEST_CASE("Cap'n Proto itself says which schemas can read each other (C3)") {
  CHECK(check_schema(older));
  CHECK_FALSE(check_schema("nothing like it"));
  CHECK(check_compatible(version_of_schema(), version_of_schema()));
  CHECK(check_compatible(version_of_schema(), older));
  CHECK(check_compatible(older, version_of_schema()));
  const auto refused = check_compatible(version_of_schema(), retyped);
  REQUIRE_FALSE(refused);
  CHECK(refused.problem().code == error_code::schema_incompatible);
  CHECK(refused.problem().message.find("type") != std::string::npos);
}

TEST_CASE("a value of another schema fits, is migrated, or is refused in plain words (C3)") {
  write_registry rules;
  REQUIRE(rules.add_schema("order-1", older));
  REQUIRE(rules.add_schema("order-2", version_of_schema()));
  REQUIRE(rules.add_schema("order-3", retyped));
  CHECK_FALSE(rules.add_schema("none", "bytes"));
  const auto space = with_schema("order-2");
  const auto value = a_value();
  const auto advised = [&](std::string_view schema, std::string_view bytes) {
    return rules.advise({space, "k", {}, bytes, schema});
  };
  CHECK(advised("", value).found.schema == schema_finding::fits);
  CHECK(advised("order-1", value).found.schema == schema_finding::fits);
  CHECK(advised("order-9", value).found.schema_problem.starts_with("the schema 'order-9'"));
  CHECK(advised("", "not a message").found.schema == schema_finding::incompatible);
  const auto refused = advised("order-3", value);
  CHECK(refused.found.schema == schema_finding::incompatible);
  CHECK(refused.found.schema_problem.starts_with(
    "readers of 'order-2' can't read 'order-3' ("));
  rules.add_migration("order-3", "order-2",
                      [](std::string_view) -> result<std::string> { return a_value(); });
  const auto migrated = advised("order-3", value);
  CHECK(migrated.found.schema == schema_finding::fits);
  CHECK(migrated.migrated == value);
  // A removal has no value that could be misread.
  CHECK(rules.advise({space, "k", {}, {}, ""}).found.schema == schema_finding::fits);
}

TEST_CASE("a policy is asked by name, and one that fails allows nothing (C4)") {
  write_registry rules;
  rules.add_policy("small", [](const advised_write& what) -> write_registry::ruling {
    if (!what.written)
      throw std::runtime_error("nothing to weigh");
    if (*what.written == "?")
      throw 7;
    if (what.written->size() < 4)
      return {};
    return {policy_finding::somebody_decides, "too large", "cfo"};
  });
  storage::space_settings space;
  space.policy = "small";
  CHECK(rules.advise({space, "k", {}, "abc", ""}).found.policy == policy_finding::allowed);
  const auto large = rules.advise({space, "k", {}, "abcd", ""});
  CHECK(large.found.policy == policy_finding::somebody_decides);
  CHECK(large.found.escalation == "cfo");
  const auto failed = rules.advise({space, "k", {}, {}, ""});
  CHECK(failed.found.policy == policy_finding::denied);
  CHECK(failed.found.policy_problem == "the policy 'small' failed: nothing to weigh");
  const auto thrown = rules.advise({space, "k", {}, "?", ""});
  CHECK(thrown.found.policy == policy_finding::denied);
  CHECK(thrown.found.policy_problem == "the policy 'small' failed");
  space.policy = "unheard-of";
  CHECK(rules.advise({space, "k", {}, "abc", ""}).found.policy == policy_finding::denied);
}

TEST_CASE("a custom function merges; where it fails, the write is refused with its words") {
  write_registry rules;
  rules.add_merge("longer", [](std::string_view a, std::string_view b) -> result<std::string> {
    if (b.empty())
      throw std::runtime_error("nothing written");
    return std::string{a.size() > b.size() ? a : b};
  });
  storage::space_settings space;
  space.conflicts = {strategy::merge, "custom:longer", {}};
  const auto made = rules.advise({space, "k", "abc", "z", ""});
  CHECK(made.merged == "abc");
  CHECK(made.merge_problem.empty());
  CHECK(rules.advise({space, "k", "abc", "", ""}).merge_problem
        == "the merge function 'longer' failed: nothing written");
  CHECK_FALSE(rules.advise({space, "k", {}, "z", ""}).merged);
  space.conflicts.merging = "custom:other";
  CHECK(rules.advise({space, "k", "abc", "z", ""}).merge_problem
        == "the merge function 'custom:other' isn't registered with the program of the leading "
           "node");
}
