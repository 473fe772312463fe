#include "storage/crdt/crdt_codec.hpp"

#include "runtime/base/bounds.hpp"
#include "schemas/crdt.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/typed_value.hpp"

namespace present::crdt {

using namespace storage::capnp_bytes;
using schema::honest;

namespace {

using counts_list = capnp::List<stored::CrdtCount>;
using writes_list = capnp::List<stored::CrdtWrite>;
using members_list = capnp::List<stored::CrdtMember>;

using counts = std::map<replica_id, std::uint64_t>;
using member_dots = std::map<std::string, dot_set>;

template <class Container>
unsigned size_of(const Container& all) {
  return static_cast<unsigned>(all.size());
}

// -- how many bytes a message takes, so that it is one segment -----------------------

constexpr std::size_t bytes_each = 48; ///< of a struct in a list, with its list

std::size_t bytes_of(const causal_context& what) {
  return bytes_each * (what.seen().size() + what.apart().size());
}

std::size_t bytes_of(const dot_values& what) {
  std::size_t bytes = 0;
  for (const auto& [one, value] : what)
    bytes += 2 * bytes_each + value.size();
  return bytes;
}

std::size_t bytes_of(const dot_set& what) {
  return bytes_each * what.size();
}

template <class Store>
std::size_t bytes_of(const std::map<std::string, Store>& what) {
  std::size_t bytes = 0;
  for (const auto& [name, store] : what)
    bytes += bytes_each + name.size() + bytes_of(store);
  return bytes;
}

std::size_t bytes_of(const g_counter& what) {
  return bytes_each * what.counts.size();
}
std::size_t bytes_of(const pn_counter& what) {
  return bytes_of(what.added) + bytes_of(what.taken);
}
std::size_t bytes_of(const lww_register& what) {
  return bytes_each + (what.value ? what.value->size() : 0);
}
std::size_t bytes_of(const mv_register& what) {
  return bytes_of(what.writes) + bytes_of(what.context);
}
std::size_t bytes_of(const or_set& what) {
  return bytes_of(what.members) + bytes_of(what.context);
}
std::size_t bytes_of(const or_map& what) {
  return bytes_of(what.registers) + bytes_of(what.sets) + bytes_of(what.context);
}

// -- writing -------------------------------------------------------------------------

void write_dot(dot what, stored::CrdtCount::Builder out) {
  out.setReplica(what.replica.value);
  out.setCount(what.count);
}

void write_counts(const counts& what, counts_list::Builder out) {
  unsigned place = 0;
  for (const auto& [replica, count] : what)
    write_dot({replica, count}, out[place++]);
}

void write_dots(const dot_set& what, counts_list::Builder out) {
  unsigned place = 0;
  for (const auto& one : what)
    write_dot(one, out[place++]);
}

void write_context(const causal_context& what, stored::CrdtContext::Builder out) {
  write_counts(what.seen(), out.initSeen(size_of(what.seen())));
  write_dots(what.apart(), out.initApart(size_of(what.apart())));
}

void write_writes(const dot_values& what, writes_list::Builder out) {
  unsigned place = 0;
  for (const auto& [one, value] : what) {
    write_dot(one, out[place].initDot());
    out[place++].setValue(data_of(value));
  }
}

void write_members(const member_dots& what, members_list::Builder out) {
  unsigned place = 0;
  for (const auto& [name, dots] : what) {
    out[place].setName(data_of(name));
    write_dots(dots, out[place++].initDots(size_of(dots)));
  }
}

struct writer {
  stored::CrdtValue::Builder out;

  void operator()(const g_counter& what) {
    write_counts(what.counts, out.initGCounter(size_of(what.counts)));
  }
  void operator()(const pn_counter& what) {
    auto both = out.initPnCounter();
    write_counts(what.added.counts, both.initAdded(size_of(what.added.counts)));
    write_counts(what.taken.counts, both.initTaken(size_of(what.taken.counts)));
  }
  void operator()(const lww_register& what) {
    auto latest = out.initLwwRegister();
    latest.setAt(what.at.value);
    latest.setBy(what.by.value);
    latest.setPresent(what.value.has_value());
    if (what.value)
      latest.setValue(data_of(*what.value));
  }
  void operator()(const mv_register& what) {
    auto many = out.initMvRegister();
    write_writes(what.writes, many.initWrites(size_of(what.writes)));
    write_context(what.context, many.initContext());
  }
  void operator()(const or_set& what) {
    auto set = out.initOrSet();
    write_members(what.members, set.initMembers(size_of(what.members)));
    write_context(what.context, set.initContext());
  }
  void operator()(const or_map& what) {
    auto map = out.initOrMap();
    auto registers = map.initRegisters(size_of(what.registers));
    unsigned place = 0;
    for (const auto& [name, writes] : what.registers) {
      registers[place].setName(data_of(name));
      write_writes(writes, registers[place++].initWrites(size_of(writes)));
    }
    auto sets = map.initSets(size_of(what.sets));
    place = 0;
    for (const auto& [name, members] : what.sets) {
      sets[place].setName(data_of(name));
      write_members(members, sets[place++].initMembers(size_of(members)));
    }
    write_context(what.context, map.initContext());
  }
};

// -- reading: what is out of order or there twice comes back as other bytes ----------

dot read_dot(stored::CrdtCount::Reader in) {
  return {{in.getReplica()}, in.getCount()};
}

counts read_counts(counts_list::Reader in) {
  counts what;
  for (const auto one : honest(in))
    what[{one.getReplica()}] = one.getCount();
  std::erase_if(what, [](const auto& one) { return one.second == 0; });
  return what;
}

dot_set read_dots(counts_list::Reader in) {
  dot_set what;
  for (const auto one : honest(in))
    what.insert(read_dot(one));
  return what;
}

dot_values read_writes(writes_list::Reader in) {
  dot_values what;
  for (const auto one : honest(in))
    what.insert_or_assign(read_dot(one.getDot()), string_of(one.getValue()));
  return what;
}

member_dots read_members(members_list::Reader in) {
  member_dots what;
  for (const auto one : honest(in))
    what.insert_or_assign(string_of(one.getName()), read_dots(one.getDots()));
  return what;
}

causal_context read_context(stored::CrdtContext::Reader in) {
  causal_context what{read_counts(in.getSeen())};
  for (const auto one : honest(in.getApart()))
    what.add(read_dot(one));
  return what;
}

lww_register read_latest(stored::CrdtLatest::Reader in) {
  lww_register what{{in.getAt()}, {in.getBy()}, {}};
  if (in.getPresent())
    what.value = string_of(in.getValue());
  return what;
}

or_map read_map(stored::CrdtMap::Reader in) {
  or_map what;
  for (const auto one : honest(in.getRegisters()))
    what.registers.insert_or_assign(string_of(one.getName()), read_writes(one.getWrites()));
  for (const auto one : honest(in.getSets()))
    what.sets.insert_or_assign(string_of(one.getName()), read_members(one.getMembers()));
  what.context = read_context(in.getContext());
  return what;
}

result<crdt_value> read_value(stored::CrdtValue::Reader in) {
  switch (in.which()) {
    case stored::CrdtValue::G_COUNTER:
      return crdt_value{g_counter{read_counts(in.getGCounter())}};
    case stored::CrdtValue::PN_COUNTER:
      return crdt_value{pn_counter{{read_counts(in.getPnCounter().getAdded())},
                                   {read_counts(in.getPnCounter().getTaken())}}};
    case stored::CrdtValue::LWW_REGISTER:
      return crdt_value{read_latest(in.getLwwRegister())};
    case stored::CrdtValue::MV_REGISTER:
      return crdt_value{mv_register{read_writes(in.getMvRegister().getWrites()),
                                    read_context(in.getMvRegister().getContext())}};
    case stored::CrdtValue::OR_SET:
      return crdt_value{or_set{read_members(in.getOrSet().getMembers()),
                               read_context(in.getOrSet().getContext())}};
    case stored::CrdtValue::OR_MAP:
      return crdt_value{read_map(in.getOrMap())};
  }
  return unknown_number("kind of value", static_cast<unsigned>(in.which()));
}

// -- what a value has to be beyond its bytes -----------------------------------------

bool is_whole(const causal_context& context, const dot_set& dots) {
  for (const auto& one : dots)
    if (!context.contains(one))
      return false;
  return !dots.empty();
}

bool is_whole(const causal_context& context, const dot_values& writes) {
  for (const auto& [one, value] : writes)
    if (!context.contains(one))
      return false;
  return !writes.empty();
}

template <class Store>
bool is_whole(const causal_context& context, const std::map<std::string, Store>& all) {
  for (const auto& [name, store] : all)
    if (!is_whole(context, store))
      return false;
  return !all.empty();
}

struct soundness {
  bool operator()(const g_counter&) const { return true; }
  bool operator()(const pn_counter&) const { return true; }
  bool operator()(const lww_register& what) const {
    return what.at.value > 0 || what == lww_register{};
  }
  bool operator()(const mv_register& what) const {
    return what.writes.empty() || is_whole(what.context, what.writes);
  }
  bool operator()(const or_set& what) const {
    return what.members.empty() || is_whole(what.context, what.members);
  }
  bool operator()(const or_map& what) const {
    return (what.registers.empty() || is_whole(what.context, what.registers))
           && (what.sets.empty() || is_whole(what.context, what.sets));
  }
};

} // namespace

std::string encode_crdt(const crdt_value& what) {
  const auto bytes = std::visit([](const auto& one) { return bytes_of(one); }, what);
  return write<stored::CrdtValue>(bytes, [&](auto out) { std::visit(writer{out}, what); });
}

result<crdt_value> decode_crdt(std::string_view bytes) {
  if (bytes.size() > bounds::max_value)
    return make_error(error_code::too_large,
                      "a value of " + std::to_string(bytes.size()) + " bytes; up to "
                        + std::to_string(bounds::max_value) + " are read");
  auto value = read<stored::CrdtValue, crdt_value>(
    bytes, [](auto in) { return read_value(in); });
  if (!value)
    return value;
  if (!std::visit(soundness{}, *value))
    return make_error(error_code::damaged,
                      "a value of kind " + std::string{to_string(kind_of(*value))}
                        + " with a change that it has not heard of, or a name without one");
  if (encode_crdt(*value) != bytes)
    return make_error(error_code::damaged,
                      "a value of kind " + std::string{to_string(kind_of(*value))}
                        + " that is not in its one form");
  return value;
}

result<std::string> join_encoded(std::string_view current, std::string_view written) {
  auto mine = decode_crdt(current);
  if (!mine)
    return mine.problem();
  const auto other = decode_crdt(written);
  if (!other)
    return other.problem();
  if (auto joined = join(*mine, *other); !joined)
    return joined.problem();
  auto bytes = encode_crdt(*mine);
  if (bytes.size() > bounds::max_value)
    return make_error(error_code::too_large,
                      "both become a value of " + std::to_string(bytes.size())
                        + " bytes; up to " + std::to_string(bounds::max_value) + " are kept");
  return bytes;
}

bool is_stored(std::string_view bytes) {
  return bytes.starts_with(storage::crdt_head);
}

std::string encode_stored(const crdt_value& what) {
  return std::string{storage::crdt_head} + encode_crdt(what);
}

namespace {

error not_stored() {
  return make_error(error_code::damaged, "not a CRDT's bytes");
}

} // namespace

result<crdt_value> decode_stored(std::string_view bytes) {
  if (!is_stored(bytes))
    return not_stored();
  return decode_crdt(bytes.substr(storage::crdt_head.size()));
}

result<std::string> checked(std::string_view bytes) {
  const auto value = decode_stored(bytes);
  if (!value)
    return value.problem();
  return std::string{bytes};
}

result<std::string> join_stored(std::string_view current, std::string_view written) {
  if (!is_stored(current))
    return make_error(error_code::invalid,
                      "the key has " + std::string{storage::type_name(current)}
                        + ", not a CRDT: remove it first");
  if (!is_stored(written))
    return not_stored();
  auto joined = join_encoded(current.substr(storage::crdt_head.size()),
                             written.substr(storage::crdt_head.size()));
  if (!joined)
    return joined;
  return std::string{storage::crdt_head} + *joined;
}

} // namespace present::crdt
