#include "actors/partition/answers.hpp"

#include "actors/partition/operation_size.hpp"
#include "actors/raft/quorum.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/overloaded.hpp"

namespace present::partition {

namespace {

std::optional<error> key_problem(std::string_view key) {
  if (key.empty())
    return make_error(error_code::invalid, "key: empty; a key has 1 to 400 bytes");
  if (key.size() > bounds::max_key)
    return make_error(error_code::too_large,
                      "key: " + std::to_string(key.size()) + " bytes; the limit is "
                        + std::to_string(bounds::max_key));
  return std::nullopt;
}

std::optional<error> value_problem(const bytes_ptr& value) {
  if (value && value->size() > bounds::max_value)
    return make_error(error_code::too_large,
                      "value: " + std::to_string(value->size())
                        + " bytes; the limit is " + std::to_string(bounds::max_value));
  return std::nullopt;
}

std::optional<error> name_problem(std::string_view name) {
  if (name.empty() || name.size() > bounds::max_space_name)
    return make_error(error_code::invalid,
                      "space name: " + std::to_string(name.size())
                        + " bytes; a name has 1 to "
                        + std::to_string(bounds::max_space_name));
  constexpr std::string_view allowed
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (const auto at = name.find_first_not_of(allowed); at != std::string_view::npos)
    return make_error(error_code::invalid,
                      "space name: byte " + std::to_string(at + 1)
                        + " is not a letter, a digit, '-', '_' or '.'");
  return std::nullopt;
}

std::optional<error> problem_of(const get& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const scan& asked) {
  if (asked.limit > bounds::max_scan_page)
    return make_error(error_code::too_large,
                      "limit: " + std::to_string(asked.limit) + "; a page has up to "
                        + std::to_string(bounds::max_scan_page) + " keys");
  if (asked.first.size() > bounds::max_key + 1 || asked.last.size() > bounds::max_key + 1)
    return make_error(error_code::too_large, "first, last: over the limit of a key");
  return std::nullopt;
}

/// Of a schema or a policy: as long as a space's.
std::optional<error> registered_name_problem(const std::string& what, const std::string& name) {
  if (name.size() > bounds::max_space_name)
    return make_error(error_code::too_large,
                      what + ": " + std::to_string(name.size()) + " bytes; the limit is "
                        + std::to_string(bounds::max_space_name));
  return std::nullopt;
}

std::optional<error> schema_problem(const std::string& name) {
  return registered_name_problem("schema", name);
}

std::optional<error> problem_of(const put& asked) {
  if (auto problem = key_problem(asked.key))
    return problem;
  if (auto problem = schema_problem(asked.knows.schema))
    return problem;
  return value_problem(asked.value);
}

std::optional<error> problem_of(const remove_key& asked) {
  if (auto problem = schema_problem(asked.knows.schema))
    return problem;
  return key_problem(asked.key);
}

/// Names of rules, and paths: as long as a space's name.
std::optional<error> rules_problem(const storage::conflict_rules& rules) {
  for (const auto* name : {&rules.merging, &rules.escalation})
    if (name->size() > bounds::max_space_name)
      return make_error(error_code::too_large,
                        "conflict: a name of " + std::to_string(name->size())
                          + " bytes; the limit is " + std::to_string(bounds::max_space_name));
  const auto again = conflict::parse_rules(conflict::to_string(rules));
  if (!again || *again != rules)
    return make_error(error_code::invalid,
                      "conflict: '" + conflict::to_string(rules) + "' is no rule: "
                        + (again ? "it says more than it can" : again.problem().message));
  return std::nullopt;
}

std::optional<error> settings_problem(const storage::space_settings& settings) {
  if (auto problem = rules_problem(settings.conflicts))
    return problem;
  if (auto problem = schema_problem(settings.schema))
    return problem;
  return registered_name_problem("policy", settings.policy);
}

std::optional<error> versions_problem(std::uint32_t kept) {
  if (kept > bounds::max_versions_kept)
    return make_error(error_code::too_large,
                      "versions: " + std::to_string(kept) + "; a space keeps 1 to "
                        + std::to_string(bounds::max_versions_kept) + " of each key");
  return std::nullopt;
}

std::optional<error> cuts_problem(const create_space& asked) {
  if (asked.pieces > bounds::max_space_pieces
      || asked.split_at.size() >= bounds::max_space_pieces)
    return make_error(error_code::too_large,
                      "split: a space begins with up to "
                        + std::to_string(bounds::max_space_pieces) + " ranges");
  if (asked.pieces != 0 && !asked.split_at.empty())
    return make_error(error_code::invalid,
                      "split: either a number of ranges or the keys to cut at");
  const std::string* before = nullptr;
  for (const auto& cut : asked.split_at) {
    if (auto problem = key_problem(cut))
      return problem;
    if (before && cut <= *before)
      return make_error(error_code::invalid, "split_at: '" + cut + "' does not come after '"
                                               + *before + "'");
    before = &cut;
  }
  return std::nullopt;
}

std::optional<error> problem_of(const create_space& asked) {
  if (auto problem = name_problem(asked.name))
    return problem;
  if (auto problem = settings_problem(asked.settings))
    return problem;
  if (auto problem = versions_problem(asked.settings.versions_kept))
    return problem;
  return cuts_problem(asked);
}

std::optional<error> problem_of(const set_space& asked) {
  if (auto problem = name_problem(asked.name))
    return problem;
  if (auto problem = versions_problem(asked.versions_kept.value_or(1)))
    return problem;
  return settings_problem(asked.changing({}));
}

std::optional<error> problem_of(const settle_escalation& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const drop_space& asked) {
  return name_problem(asked.name);
}

std::optional<error> node_problem(node_id node) {
  if (node.value == 0)
    return make_error(error_code::invalid, "node: 0; nodes are numbered from 1");
  return std::nullopt;
}

std::optional<error> address_problem(const char* field, const std::string& address) {
  if (address.size() > bounds::max_address)
    return make_error(error_code::too_large,
                      std::string{field} + ": " + std::to_string(address.size())
                        + " bytes; the limit is " + std::to_string(bounds::max_address));
  return std::nullopt;
}

std::optional<error> problem_of(const add_node& asked) {
  if (auto problem = node_problem(asked.node))
    return problem;
  if (asked.store.value == 0)
    return make_error(error_code::invalid, "store: 0; ask the node for its own");
  if (asked.rpc_address.empty())
    return make_error(error_code::invalid, "rpc_address: empty");
  if (auto problem = address_problem("rpc_address", asked.rpc_address))
    return problem;
  return address_problem("http_address", asked.http_address);
}

std::optional<error> problem_of(const drain_node& asked) {
  return node_problem(asked.node);
}

std::optional<error> problem_of(const remove_node& asked) {
  return node_problem(asked.node);
}

std::optional<error> problem_of(const report_members& asked) {
  if (asked.voters.empty() || asked.voters.size() > raft::max_voters)
    return make_error(error_code::invalid,
                      "voters: " + std::to_string(asked.voters.size()) + "; a partition has 1 to "
                        + std::to_string(raft::max_voters));
  return std::nullopt;
}

/// "then[3].key: …"
std::optional<error> placed(std::string where, std::optional<error> problem) {
  if (problem)
    problem->message = std::move(where) + "." + problem->message;
  return problem;
}

std::optional<error> range_problem(const std::string& first, const std::string& last) {
  if (first.size() > bounds::max_key + 1 || last.size() > bounds::max_key + 1)
    return make_error(error_code::too_large, "first, last: over the limit of a key");
  if (!last.empty() && last < first)
    return make_error(error_code::invalid, "last: before the first");
  return std::nullopt;
}

std::optional<error> step_problem(const step& what) {
  return std::visit(
    overloaded{
      [](const scan_step& s) {
        if (s.limit > bounds::max_scan_page)
          return std::optional{make_error(
            error_code::too_large, "limit: " + std::to_string(s.limit) + "; a page has up to "
                                     + std::to_string(bounds::max_scan_page) + " keys")};
        return range_problem(s.first, s.last);
      },
      [](const put_step& s) {
        auto problem = key_problem(s.key);
        return problem ? problem : value_problem(s.value);
      },
      [](const auto& s) { return key_problem(s.key); },
    },
    what);
}

template <class Items, class Check>
std::optional<error> problem_in(const char* list, const Items& items, Check check) {
  for (std::size_t place = 0; place < items.size(); ++place)
    if (auto problem = check(items[place]))
      return placed(std::string{list} + "[" + std::to_string(place) + "]", std::move(problem));
  return std::nullopt;
}

std::optional<error> rows_problem(const seen_range& range) {
  for (std::size_t place = 0; place < range.rows.size(); ++place)
    if (place > 0 && range.rows[place].key <= range.rows[place - 1].key)
      return make_error(error_code::invalid, "rows: keys have to rise");
  return range_problem(range.first, range.last);
}

std::optional<error> size_problem(const transact& asked) {
  const auto size = size_of(asked);
  if (size.places > bounds::max_transaction_keys)
    return make_error(error_code::too_large,
                      "transaction: " + std::to_string(size.places)
                        + " keys and rows; the limit is "
                        + std::to_string(bounds::max_transaction_keys));
  if (size.bytes > bounds::max_transaction)
    return make_error(error_code::too_large,
                      "transaction: " + std::to_string(size.bytes)
                        + " bytes of keys and values; the limit is "
                        + std::to_string(bounds::max_transaction));
  return std::nullopt;
}

std::optional<error> problem_of(const transact& asked) {
  if (auto problem = size_problem(asked))
    return problem;
  const auto of_key = [](const auto& one) { return key_problem(one.key); };
  for (auto problem : {problem_in("seen", asked.seen, of_key),
                       problem_in("ranges", asked.ranges, rows_problem),
                       problem_in("compare", asked.compare, of_key),
                       problem_in("then", asked.then, step_problem),
                       problem_in("else", asked.otherwise, step_problem)})
    if (problem)
      return problem;
  return std::nullopt;
}

/// Also where a range begins, at the empty key perhaps.
std::optional<error> anchor_problem(const char* name, const anchor& where) {
  if (where.key.size() > bounds::max_key + 1)
    return make_error(error_code::too_large, std::string{name} + ": over the limit of a key");
  return std::nullopt;
}

std::optional<error> part_problem(const transaction_terms& terms, const transact& part) {
  if (auto problem = anchor_problem("home", terms.home))
    return problem;
  return problem_of(part);
}

std::optional<error> problem_of(const prepare& asked) {
  if (!asked.compares && (!asked.part.compare.empty() || !asked.part.otherwise.empty()))
    return make_error(error_code::invalid, "part: has comparisons, or two branches");
  return part_problem(asked.terms, asked.part);
}

std::optional<error> problem_of(const decide& asked) {
  if (asked.others.size() > bounds::max_transaction_keys)
    return make_error(error_code::too_large, "others: more than a transaction has keys");
  return part_problem(asked.terms, asked.part);
}

std::optional<error> problem_of(const resolve&) {
  return std::nullopt;
}

std::optional<error> problem_of(const push& asked) {
  return anchor_problem("home", asked.home);
}

std::optional<error> problem_of(const forget& asked) {
  return anchor_problem("where", asked.where);
}

std::optional<error> problem_of(const aftermath& asked) {
  if (asked.resolved.size() + asked.known.size() > bounds::max_aftermath)
    return make_error(error_code::too_large,
                      "aftermath: more than " + std::to_string(bounds::max_aftermath)
                        + " transactions");
  for (const auto& one : asked.known)
    if (auto problem = problem_of(one))
      return problem;
  return std::nullopt;
}

std::optional<error> problem_of(const watch& asked) {
  if (asked.wait_ms > bounds::max_watch_wait_ms)
    return make_error(error_code::too_large,
                      "wait_ms: " + std::to_string(asked.wait_ms) + "; the limit is "
                        + std::to_string(bounds::max_watch_wait_ms));
  if (asked.is_prefix && asked.key.empty())
    return std::nullopt; // all keys of the space
  return key_problem(asked.key);
}

std::optional<error> problem_of(const acquire_lock& asked) {
  if (auto problem = key_problem(asked.key))
    return problem;
  if (asked.claim.value == 0)
    return make_error(error_code::invalid, "claim: 0; draw a number for it");
  if (asked.lease_ms < min_lease_ms || asked.lease_ms > max_lease_ms)
    return make_error(error_code::invalid, "lease_ms: " + std::to_string(asked.lease_ms)
                                             + "; a lease has "
                                             + std::to_string(min_lease_ms) + " to "
                                             + std::to_string(max_lease_ms));
  if (asked.owner.size() > max_lock_owner)
    return make_error(error_code::too_large, "owner: " + std::to_string(asked.owner.size())
                                               + " bytes; the limit is "
                                               + std::to_string(max_lock_owner));
  if (asked.value && asked.value->size() > max_lock_value)
    return make_error(error_code::too_large, "value: " + std::to_string(asked.value->size())
                                               + " bytes; what a lock publishes has up to "
                                               + std::to_string(max_lock_value));
  return std::nullopt;
}

std::optional<error> problem_of(const keep_lock& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const release_lock& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const read_lock& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const raise_fence& asked) {
  return key_problem(asked.key);
}

std::optional<error> problem_of(const end_session& asked) {
  return key_problem(asked.key);
}

std::optional<error> fence_problem(const operation& asked) {
  if (std::holds_alternative<raise_fence>(asked.what) && !asked.fence)
    return make_error(error_code::invalid, "fence: none; there is nothing to raise");
  return asked.fence ? placed("fence", key_problem(asked.fence->key)) : std::nullopt;
}

std::string not_found_sentence(std::string_view key) {
  return "no key '" + std::string{key} + "'";
}

/// `there` 0: no such key.
std::string conflict_sentence(const condition& when, hlc_stamp there) {
  const auto* wanted = std::get_if<if_version>(&when);
  if (!wanted)
    return "the key exists, at version " + std::to_string(there.value);
  const auto expected = std::to_string(wanted->version.value) + " was expected";
  return there.value == 0
           ? "the key does not exist; version " + expected
           : "the key is at version " + std::to_string(there.value) + "; " + expected;
}

std::string again_of_key(std::string_view key, const condition& when,
                         error_code code, hlc_stamp there) {
  switch (code) {
    case error_code::version_conflict:
      return std::holds_alternative<always>(when) ? std::string{}
                                                  : conflict_sentence(when, there);
    case error_code::not_found:
      return not_found_sentence(key);
    default:
      return {};
  }
}

} // namespace

answer applied_answer(hlc_stamp version) {
  answer given;
  given.version = version;
  return given;
}

answer refused_answer(error_code code, std::string message) {
  answer given;
  given.code = code;
  given.known = traits_of(code).known_outcome;
  given.message = std::move(message);
  return given;
}

answer conflict_answer(std::string message, hlc_stamp there) {
  auto given = refused_answer(error_code::version_conflict, std::move(message));
  given.version = there;
  return given;
}

answer not_mine_answer() {
  return refused_answer(error_code::wrong_partition,
                        "another partition has this: ask for the map");
}

answer not_found_answer(std::string_view key) {
  return refused_answer(error_code::not_found, not_found_sentence(key));
}

std::optional<error> limit_broken_by(const operation& asked) {
  if (auto problem = fence_problem(asked))
    return problem;
  return std::visit([](const auto& what) { return problem_of(what); }, asked.what);
}

std::optional<answer>
refusal_by(const condition& when, const std::optional<storage::value_record>& found) {
  const auto there = found && !found->tombstone ? found->version : hlc_stamp{};
  const auto* wanted = std::get_if<if_version>(&when);
  const bool holds = wanted ? there.value != 0 && there == wanted->version
                            : std::holds_alternative<always>(when) || there.value == 0;
  if (holds)
    return std::nullopt;
  return conflict_answer(conflict_sentence(when, there), there);
}

std::string space_exists_sentence(std::string_view name) {
  return "there is a space '" + std::string{name} + "' already";
}

std::string no_space_sentence(std::string_view name) {
  return "there is no space '" + std::string{name} + "'";
}

std::string sentence_again(const operation& asked, error_code code, hlc_stamp there) {
  if (auto broken = limit_broken_by(asked); broken && broken->code == code)
    return std::move(broken->message);
  auto sentence = std::visit(
    overloaded{
      [&](const put& what) { return again_of_key(what.key, what.when, code, there); },
      [&](const remove_key& what) {
        return again_of_key(what.key, what.when, code, there);
      },
      [&](const transact&) {
        return code == error_code::transaction_conflict
                 ? "what it read has changed since, as its first try was told"
                 : std::string{};
      },
      [&](const create_space& what) {
        return code == error_code::version_conflict ? space_exists_sentence(what.name)
                                                    : std::string{};
      },
      [&](const drop_space& what) {
        return code == error_code::unknown_space ? no_space_sentence(what.name) : std::string{};
      },
      [](const auto&) { return std::string{}; },
    },
    asked.what);
  return sentence.empty()
           ? "the first try was answered: " + std::string{traits_of(code).name}
           : sentence;
}

} // namespace present::partition
