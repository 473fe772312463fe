#include "actors/partition/transact_codec.hpp"

#include "actors/partition/write_context_codec.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/overloaded.hpp"
#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"
#include "storage/step_results_codec.hpp"

#include <algorithm>
#include <optional>

namespace present {

namespace {

using schema::bytes_of;
using schema::data_of;
using schema::string_of;
using schema::text_of;

void encode_place(space_id space, const std::string& key, schema::Place::Builder to) {
  to.setSpace(space.value);
  to.setKey(data_of(key));
}

void encode_place(space_id space, const std::string& first, const std::string& last,
                  schema::Place::Builder to) {
  encode_place(space, first, to);
  to.setLast(data_of(last));
}

anchor decode_anchor(schema::Place::Reader from) {
  return {{from.getSpace()}, string_of(from.getKey())};
}

/// `add` for each, and for one beyond what a transaction may have.
template <class List, class Add>
void each_of(List all, Add add) {
  const auto list = schema::honest(all);
  const auto count
    = std::min<unsigned>(list.size(), static_cast<unsigned>(bounds::max_transaction_keys) + 1);
  for (unsigned place = 0; place < count; ++place)
    add(list[place]);
}

void encode_seen(const transact& from, schema::Transact::Builder to) {
  auto seen = to.initSeen(static_cast<unsigned>(from.seen.size()));
  for (unsigned place = 0; place < from.seen.size(); ++place) {
    encode_place(from.seen[place].space, from.seen[place].key, seen[place].initWhere());
    seen[place].setVersion(from.seen[place].version.value);
  }
  auto ranges = to.initRanges(static_cast<unsigned>(from.ranges.size()));
  for (unsigned place = 0; place < from.ranges.size(); ++place) {
    const auto& range = from.ranges[place];
    encode_place(range.space, range.first, range.last, ranges[place].initWhere());
    auto rows = ranges[place].initRows(static_cast<unsigned>(range.rows.size()));
    for (unsigned row = 0; row < range.rows.size(); ++row) {
      rows[row].setKey(data_of(range.rows[row].key));
      rows[row].setVersion(range.rows[row].version.value);
    }
  }
}

void encode_comparison(const comparison& from, schema::Comparison::Builder to) {
  encode_place(from.space, from.key, to.initWhere());
  to.setRelation(static_cast<std::uint8_t>(from.is));
  if (const auto* version = std::get_if<hlc_stamp>(&from.to))
    to.setVersion(version->value);
  else
    to.setValue(data_of(std::get<std::string>(from.to)));
}

struct step_encoder {
  schema::Step::Builder to;

  void operator()(const get_step& from) {
    encode_place(from.space, from.key, to.initWhere());
    to.setGet();
  }
  void operator()(const scan_step& from) {
    encode_place(from.space, from.first, from.last, to.initWhere());
    auto what = to.initScan();
    what.setLimit(from.limit);
    what.setKeysOnly(from.keys_only);
  }
  void operator()(const put_step& from) {
    encode_place(from.space, from.key, to.initWhere());
    to.setPut(data_of(from.value));
  }
  void operator()(const remove_step& from) {
    encode_place(from.space, from.key, to.initWhere());
    to.setRemove();
  }
  void operator()(const number_step& from) {
    encode_place(from.space, from.key, to.initWhere());
    auto what = to.initNumber();
    what.setHow(static_cast<std::uint8_t>(from.how));
    what.setOperand(from.operand);
  }
  void operator()(const element_step& from) {
    encode_place(from.space, from.key, to.initWhere());
    auto what = to.initElement();
    what.setHow(static_cast<std::uint8_t>(from.how));
    what.setElement(data_of(from.element));
  }
};

void encode_steps(const std::vector<step>& from, capnp::List<schema::Step>::Builder to) {
  for (unsigned place = 0; place < from.size(); ++place)
    std::visit(step_encoder{to[place]}, from[place]);
}

error unknown_kind(const char* of_what) {
  return make_error(error_code::invalid,
                    std::string{of_what} + ": one of a kind that this node doesn't know");
}

result<comparison> decode_comparison(schema::Comparison::Reader from) {
  if (from.getRelation() > static_cast<std::uint8_t>(relation::greater))
    return unknown_kind("compare: relation");
  const auto where = from.getWhere();
  comparison what{{where.getSpace()}, string_of(where.getKey()),
                  static_cast<relation>(from.getRelation()), {}};
  switch (from.which()) {
    case schema::Comparison::VERSION:
      what.to = hlc_stamp{from.getVersion()};
      return what;
    case schema::Comparison::VALUE:
      what.to = string_of(from.getValue());
      return what;
  }
  return unknown_kind("compare");
}

result<step> decode_step(schema::Step::Reader from) {
  const auto where = from.getWhere();
  const space_id space{where.getSpace()};
  auto key = string_of(where.getKey());
  switch (from.which()) {
    case schema::Step::GET:
      return step{get_step{space, std::move(key)}};
    case schema::Step::SCAN:
      return step{scan_step{space, std::move(key), string_of(where.getLast()),
                            from.getScan().getLimit(), from.getScan().getKeysOnly()}};
    case schema::Step::PUT:
      return step{put_step{space, std::move(key), bytes_of(from.getPut())}};
    case schema::Step::REMOVE:
      return step{remove_step{space, std::move(key)}};
    case schema::Step::NUMBER:
      if (from.getNumber().getHow() > static_cast<std::uint8_t>(number_change::max))
        break;
      return step{number_step{space, std::move(key),
                              static_cast<number_change>(from.getNumber().getHow()),
                              from.getNumber().getOperand()}};
    case schema::Step::ELEMENT:
      if (from.getElement().getHow() > static_cast<std::uint8_t>(element_change::take_out))
        break;
      return step{element_step{space, std::move(key),
                               static_cast<element_change>(from.getElement().getHow()),
                               string_of(from.getElement().getElement())}};
  }
  return unknown_kind("steps");
}

/// All of them, or the problem with one.
template <class Item, class List, class Decode>
result<std::vector<Item>> decode_all(List from, Decode decode) {
  std::vector<Item> all;
  std::optional<error> problem;
  each_of(from, [&](auto each) {
    auto one = decode(each);
    if (one)
      all.push_back(std::move(*one));
    else
      problem = std::move(one.problem());
  });
  if (problem)
    return std::move(*problem);
  return all;
}

seen_range decode_range(schema::SeenRange::Reader from) {
  const auto where = from.getWhere();
  seen_range range{{where.getSpace()}, string_of(where.getKey()), string_of(where.getLast()), {}};
  each_of(from.getRows(), [&](schema::SeenRow::Reader row) {
    range.rows.push_back({string_of(row.getKey()), {row.getVersion()}});
  });
  return range;
}

void encode_branch_findings(const branch_findings& from, schema::BranchFindings::Builder to) {
  auto writes = to.initWrites(static_cast<unsigned>(from.writes.size()));
  for (unsigned place = 0; place < from.writes.size(); ++place) {
    writes[place].setStep(from.writes[place].step);
    writes[place].setOf(from.writes[place].of.value);
  }
  encode_findings(from.found, to.initFound());
}

result<branch_findings> decode_branch_findings(schema::BranchFindings::Reader from) {
  auto found = decode_findings(from.getFound());
  if (!found)
    return found.problem();
  branch_findings what{{}, std::move(*found)};
  each_of(from.getWrites(), [&](schema::JudgedWrite::Reader each) {
    what.writes.push_back({each.getStep(), {each.getOf()}});
  });
  return what;
}

result<std::shared_ptr<const transaction_findings>>
decode_transaction_findings(schema::TransactFindings::Reader from) {
  auto then = decode_branch_findings(from.getThen());
  if (!then)
    return then.problem();
  auto otherwise = decode_branch_findings(from.getOtherwise());
  if (!otherwise)
    return otherwise.problem();
  return std::make_shared<const transaction_findings>(
    transaction_findings{std::move(*then), std::move(*otherwise)});
}

template <class Builder>
void encode_problem(const storage::branch_problem& from, Builder to) {
  if (from.code == error_code::ok)
    return;
  to.setCode(static_cast<std::uint16_t>(from.code));
  to.setMessage(text_of(from.message));
}

template <class Reader>
storage::branch_problem decode_problem(Reader from) {
  return {static_cast<error_code>(from.getCode()), string_of(from.getMessage())};
}

/// Of a `Decide`, or of its `Elsewhere`.
template <class Builder>
void encode_elsewhere(const results_elsewhere& from, Builder to) {
  to.setCount(from.steps);
  auto places = to.initPlaces(static_cast<unsigned>(from.places.size()));
  for (unsigned place = 0; place < from.places.size(); ++place)
    places.set(place, from.places[place]);
  storage::encode_results(from.steps_there, to);
  encode_problem(from.problem, to);
}

template <class Reader>
results_elsewhere decode_elsewhere(Reader from) {
  results_elsewhere what;
  what.steps = from.getCount();
  for (const auto place : from.getPlaces())
    if (what.places.size() <= bounds::max_transaction_keys)
      what.places.push_back(place);
  what.steps_there = storage::decode_results(from);
  what.problem = decode_problem(from);
  return what;
}

} // namespace

void encode_transact(const transact& from, schema::Transact::Builder to) {
  to.setStart(from.start.value);
  encode_seen(from, to);
  auto compare = to.initCompare(static_cast<unsigned>(from.compare.size()));
  for (unsigned place = 0; place < from.compare.size(); ++place)
    encode_comparison(from.compare[place], compare[place]);
  encode_steps(from.then, to.initThen(static_cast<unsigned>(from.then.size())));
  encode_steps(from.otherwise, to.initOtherwise(static_cast<unsigned>(from.otherwise.size())));
  if (!from.found)
    return;
  auto found = to.initFound();
  encode_branch_findings(from.found->then, found.initThen());
  encode_branch_findings(from.found->otherwise, found.initOtherwise());
}

result<transact> decode_transact(schema::Transact::Reader from) {
  transact what;
  what.start = {from.getStart()};
  each_of(from.getSeen(), [&](schema::SeenKey::Reader each) {
    const auto where = each.getWhere();
    what.seen.push_back(
      {{where.getSpace()}, string_of(where.getKey()), {each.getVersion()}});
  });
  each_of(from.getRanges(), [&](schema::SeenRange::Reader each) {
    what.ranges.push_back(decode_range(each));
  });
  auto compare = decode_all<comparison>(from.getCompare(), decode_comparison);
  if (!compare)
    return compare.problem();
  auto then = decode_all<step>(from.getThen(), decode_step);
  if (!then)
    return then.problem();
  auto otherwise = decode_all<step>(from.getOtherwise(), decode_step);
  if (!otherwise)
    return otherwise.problem();
  what.compare = std::move(*compare);
  what.then = std::move(*then);
  what.otherwise = std::move(*otherwise);
  if (!from.hasFound())
    return what;
  auto found = decode_transaction_findings(from.getFound());
  if (!found)
    return found.problem();
  what.found = std::move(*found);
  return what;
}

// -- between partitions ------------------------------------------------------------

void encode_terms(const transaction_terms& from, schema::Terms::Builder to) {
  to.setClient(from.id.client.value);
  to.setNumber(from.id.number.value);
  encode_place(from.home.space, from.home.key, to.initHome());
  to.setStart(from.start.value);
  to.setDeadline(from.deadline.value);
}

transaction_terms decode_terms(schema::Terms::Reader from) {
  return {{{from.getClient()}, {from.getNumber()}},
          decode_anchor(from.getHome()),
          {from.getStart()},
          {from.getDeadline()}};
}

void encode_branch(const storage::other_branch& from, schema::OtherBranch::Builder to) {
  to.setIsCertain(from.is_certain);
  to.setFirstCode(static_cast<std::uint16_t>(from.of_first.code));
  to.setFirstMessage(text_of(from.of_first.message));
  encode_problem(from.of_this, to);
  storage::encode_results(from.steps, to);
}

std::shared_ptr<const storage::other_branch> decode_branch(schema::OtherBranch::Reader from) {
  storage::other_branch what;
  what.is_certain = from.getIsCertain();
  what.of_first = {static_cast<error_code>(from.getFirstCode()),
                   string_of(from.getFirstMessage())};
  what.of_this = decode_problem(from);
  what.steps = storage::decode_results(from);
  return std::make_shared<const storage::other_branch>(std::move(what));
}

void encode_prepare(const prepare& from, schema::Prepare::Builder to) {
  encode_terms(from.terms, to.initTerms());
  encode_transact(from.part, to.initPart());
  to.setCompares(from.compares);
}

result<prepare> decode_prepare(schema::Prepare::Reader from) {
  auto part = decode_transact(from.getPart());
  if (!part)
    return part.problem();
  return prepare{decode_terms(from.getTerms()), std::move(*part), from.getCompares()};
}

void encode_decide(const decide& from, schema::Decide::Builder to) {
  encode_terms(from.terms, to.initTerms());
  encode_transact(from.part, to.initPart());
  auto others = to.initOthers(static_cast<unsigned>(from.others.size()));
  for (unsigned place = 0; place < from.others.size(); ++place) {
    const auto& each = from.others[place];
    encode_place(each.where.space, each.where.key, others[place].initWhere());
    others[place].setStamp(each.stamp.value);
  }
  encode_elsewhere(from.elsewhere, to);
  to.setFails(from.fails);
  if (from.otherwise != results_elsewhere{})
    encode_elsewhere(from.otherwise, to.initOtherwise());
}

result<decide> decode_decide(schema::Decide::Reader from) {
  auto part = decode_transact(from.getPart());
  if (!part)
    return part.problem();
  decide what{decode_terms(from.getTerms()), std::move(*part), {}, {}, false, {}};
  each_of(from.getOthers(), [&](schema::PreparedPart::Reader each) {
    what.others.push_back({decode_anchor(each.getWhere()), {each.getStamp()}});
  });
  what.elsewhere = decode_elsewhere(from);
  what.fails = from.getFails();
  what.otherwise = decode_elsewhere(from.getOtherwise());
  return what;
}

void encode_resolve(const resolve& from, schema::Resolve::Builder to) {
  to.setClient(from.transaction.client.value);
  to.setNumber(from.transaction.number.value);
  to.setCommitted(from.committed);
  to.setStamp(from.stamp.value);
  to.setDeadline(from.deadline.value);
  to.setOtherwise(from.otherwise);
}

resolve decode_resolve(schema::Resolve::Reader from) {
  return {{{from.getClient()}, {from.getNumber()}},
          from.getCommitted(),
          {from.getStamp()},
          {from.getDeadline()},
          from.getOtherwise()};
}

void encode_push(const push& from, schema::Push::Builder to) {
  to.setClient(from.transaction.client.value);
  to.setNumber(from.transaction.number.value);
  encode_place(from.home.space, from.home.key, to.initHome());
  to.setDeadline(from.deadline.value);
}

push decode_push(schema::Push::Reader from) {
  return {{{from.getClient()}, {from.getNumber()}},
          decode_anchor(from.getHome()),
          {from.getDeadline()}};
}

void encode_forget(const forget& from, schema::Forget::Builder to) {
  to.setClient(from.transaction.client.value);
  to.setNumber(from.transaction.number.value);
  encode_place(from.where.space, from.where.key, to.initWhere());
}

forget decode_forget(schema::Forget::Reader from) {
  return {{{from.getClient()}, {from.getNumber()}}, decode_anchor(from.getWhere())};
}

void encode_aftermath(const aftermath& from, schema::Aftermath::Builder to) {
  auto resolved = to.initResolved(static_cast<unsigned>(from.resolved.size()));
  for (unsigned place = 0; place < from.resolved.size(); ++place)
    encode_resolve(from.resolved[place], resolved[place]);
  auto known = to.initKnown(static_cast<unsigned>(from.known.size()));
  for (unsigned place = 0; place < from.known.size(); ++place)
    encode_forget(from.known[place], known[place]);
}

aftermath decode_aftermath(schema::Aftermath::Reader from) {
  aftermath what;
  each_of(from.getResolved(), [&](schema::Resolve::Reader each) {
    what.resolved.push_back(decode_resolve(each));
  });
  each_of(from.getKnown(),
          [&](schema::Forget::Reader each) { what.known.push_back(decode_forget(each)); });
  return what;
}

} // namespace present
