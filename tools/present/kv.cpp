#include "actors/client/crdt_change.hpp"
#include "actors/client/plain_value.hpp"
#include "actors/client/lock_names.hpp"
#include "actors/client/record_lines.hpp"
#include "runtime/edge/clock.hpp"
#include "runtime/edge/entropy.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/files.hpp"
#include "tools/present/program.hpp"
#include "tools/present/record_import.hpp"
#include "tools/present/row_pages.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include <poll.h>

namespace present::tools {

namespace {

/// What any of the verbs may be given.
struct kv_arguments {
  std::string space;
  std::string key;
  std::string value;
  std::uint64_t version = 0;
  bool if_absent = false;
  std::string fence;
  key_range range;
  std::uint32_t limit = 0;
  bool keys_only = false;
  std::string file;
  std::uint64_t at = 0; ///< of a read
  std::string from;
  std::optional<std::uint64_t> base;
  std::optional<std::uint64_t> written_at;
  std::uint64_t origin = 0;
  std::optional<std::uint64_t> after;
  std::string schema;
  client::crdt_change change;
};

write_context context_of(const kv_arguments& given) {
  write_context knows;
  if (given.base)
    knows.base = hlc_stamp{*given.base};
  if (given.written_at)
    knows.at = storage::authorship{{*given.written_at}, given.origin};
  if (given.after)
    knows.after = hlc_stamp{*given.after};
  knows.schema = given.schema;
  return knows;
}

using arguments_ptr = std::shared_ptr<kv_arguments>;
using body = int (*)(const context&, client_session&, kv_arguments&);

condition condition_of(const kv_arguments& given) {
  if (given.if_absent)
    return if_absent{};
  if (given.version != 0)
    return if_version{hlc_stamp{given.version}};
  return always{};
}

/// Of --fence, if it was given.
result<std::optional<client::fence_name>> fence_of(const kv_arguments& given) {
  if (given.fence.empty())
    return std::optional<client::fence_name>{};
  auto fence = client::parse_fence(given.fence);
  if (!fence)
    return std::move(fence.problem());
  return std::optional{std::move(*fence)};
}

/// A write as the client takes it, under the lock that was named.
template <class Call>
result<written> write(client_session& client, const context& with, const kv_arguments& given,
                      Call call) {
  auto fence = fence_of(given);
  if (!fence)
    return std::move(fence.problem());
  call.fence = std::move(*fence);
  return as_written(client.call(std::move(call), patience_of(with.set)));
}

int tell(const context& with, const kv_arguments& given, const result<written>& done) {
  if (!done)
    return with.out.fail(done.problem());
  json record;
  client::put_bytes(record, "key", given.key);
  record["version"] = done->version.value;
  record["repeated"] = done->repeated;
  if (done->conflict) {
    record["conflict"] = to_string(done->conflict->because);
    record["outcome"] = to_string(done->conflict->then);
  }
  with.out.one(record);
  return 0;
}

/// A row as people read it: what partitions and regions change is shown in plain form.
json shown(const std::string& key, const std::string& value, hlc_stamp version) {
  auto record = client::record_line({key, value, version.value});
  const auto plain = client::plain_form(value);
  if (!plain)
    return record;
  record = json::object();
  client::put_bytes(record, "key", key);
  record["value"] = plain->value;
  record["type"] = plain->type;
  record["version"] = version.value;
  return record;
}

int get(const context& with, client_session& client, kv_arguments& given) {
  const auto found
    = client.get_at(given.space, given.key, {given.at}, patience_of(with.set));
  if (!found)
    return with.out.fail(found.problem());
  if (with.out.shape() == format::table) { // the value itself, for pipes
    const auto plain = client::plain_form(found->value);
    with.out.data() << (plain ? plain->value.dump() : found->value) << '\n' << std::flush;
    return 0;
  }
  with.out.one(shown(given.key, found->value, found->version));
  return 0;
}

int put(const context& with, client_session& client, kv_arguments& given) {
  if (given.value == "-")
    given.value.assign(std::istreambuf_iterator<char>(std::cin), {});
  return tell(with, given,
              write(client, with, given,
                    client::put_call{given.space, given.key,
                                     std::make_shared<const std::string>(given.value),
                                     condition_of(given), {}, context_of(given)}));
}

int remove(const context& with, client_session& client, kv_arguments& given) {
  return tell(with, given,
              write(client, with, given,
                    client::remove_call{given.space, given.key, condition_of(given), {},
                                        context_of(given)}));
}

int cas(const context& with, client_session& client, kv_arguments& given) {
  const condition when = given.version == 0 ? condition{if_absent{}}
                                            : condition{if_version{hlc_stamp{given.version}}};
  return tell(with, given,
              write(client, with, given,
                    client::put_call{given.space, given.key,
                                     std::make_shared<const std::string>(given.value), when}));
}

/// Read, and put the delta on the condition that this is still there: so one replica's
/// number serves whoever uses the command.
int merge(const context& with, client_session& client, kv_arguments& given) {
  constexpr int most_tries = 32;
  given.change.now = hlc_stamp::of(edge::machine_clock().wall_ms(), 0);
  for (int tries = 1;; ++tries) {
    const auto found = client.get(given.space, given.key, patience_of(with.set));
    if (!found && found.problem().code != error_code::not_found)
      return with.out.fail(found.problem());
    const auto delta = client::delta_of(
      found ? std::optional<std::string_view>{found->value} : std::nullopt, given.change);
    if (!delta)
      return with.out.fail(delta.problem());
    const auto done = client.put(given.space, given.key, *delta,
                                 found ? condition{if_version{found->version}}
                                       : condition{if_absent{}},
                                 patience_of(with.set));
    if (done || done.problem().code != error_code::version_conflict || tries == most_tries)
      return tell(with, given, done);
  }
}

int scan(const context& with, client_session& client, kv_arguments& given) {
  std::vector<json> rows;
  const auto done = for_each_row(
    client, given.space, {given.range, given.limit, given.keys_only, patience_of(with.set), {given.at}},
    [&](const found_row& row) {
      auto record = shown(row.key, row.value, row.version);
      if (given.keys_only)
        record.erase("value");
      rows.push_back(std::move(record));
    });
  if (!done)
    return with.out.fail(done.problem());
  with.out.list(given.keys_only ? std::vector<std::string>{"key", "version"}
                                : std::vector<std::string>{"key", "version", "value"},
                rows);
  return 0;
}

/// Lines as they come: an export may be larger than memory.
int export_lines(const context& with, client_session& client, kv_arguments& given) {
  const auto done = for_each_row(
    client, given.space, {given.range, 0, false, patience_of(with.set), {given.at}},
    [&](const found_row& row) {
      with.out.data() << client::record_line({row.key, row.value, row.version.value}).dump() << '\n';
    });
  with.out.data() << std::flush;
  return done ? 0 : with.out.fail(done.problem());
}

json line_of(const client::watch_event& what) {
  json line;
  line["event"] = std::string{client::to_string(what.is)};
  if (what.is == client::watch_event::kind::changed)
    line.update(client::record_line({what.key, what.value ? *what.value : std::string{},
                                     what.version.value}));
  if (what.is == client::watch_event::kind::removed) {
    client::put_bytes(line, "key", what.key);
    line["version"] = what.version.value;
  }
  line["token"] = to_text(what.token);
  return line;
}

/// A line for each change as it comes; where it begins goes to those who read along.
void tell_event(const context& with, const client::watch_event& what) {
  const bool is_change = what.is == client::watch_event::kind::changed
                         || what.is == client::watch_event::kind::removed;
  if (with.out.shape() != format::table) {
    if (is_change || what.is == client::watch_event::kind::started)
      with.out.data() << line_of(what).dump() << '\n' << std::flush;
  } else if (is_change) {
    with.out.data() << client::to_string(what.is) << ' ' << what.key << ' '
                    << (what.value ? *what.value : std::string{}) << '\n' << std::flush;
  } else if (what.is == client::watch_event::kind::started) {
    with.out.say("watching from " + to_text(what.token));
  }
}

int watch_keys(const context& with, client_session& client, kv_arguments& given) {
  client::watch_options what{given.space, given.key, given.key.empty(), {}};
  if (what.is_prefix)
    what.key = given.range.prefix;
  if (!given.from.empty()) {
    auto token = parse_watch_token(given.from);
    if (!token)
      return with.out.fail(token.problem());
    what.from = std::move(*token);
  }
  constexpr auto look_every = std::chrono::seconds(10);
  const auto changes = client.watch(what);
  for (std::uint64_t told = 0; given.limit == 0 || told < given.limit;) {
    const auto event = changes->next(look_every);
    if (!event && event.problem().code != error_code::deadline)
      return with.out.fail(event.problem());
    if (!event)
      continue;
    if (event->is == client::watch_event::kind::ended)
      return with.out.fail(event->why);
    tell_event(with, *event);
    told += event->is == client::watch_event::kind::changed
            || event->is == client::watch_event::kind::removed;
  }
  return 0;
}

int import_lines(const context& with, client_session& client, kv_arguments& given) {
  std::ifstream file(given.file);
  if (!file)
    return with.out.fail(make_error(error_code::invalid, "can't read " + given.file));
  record_import import{
    given.space, given.file,
    {[&](batch all) { return client.run(std::move(all), patience_of(with.set)); },
     [](std::uint32_t wait_ms) { ::poll(nullptr, 0, static_cast<int>(wait_ms)); },
     [&](std::size_t records) { with.out.say_over(std::to_string(records) + " records"); }},
    edge::machine_entropy().next()};
  const auto count = import.run(file);
  if (!count)
    return with.out.fail(count.problem());
  with.out.one({{"space", given.space}, {"imported", *count}});
  return 0;
}

CLI::App& add_verb(CLI::App& kv, program& present, const arguments_ptr& given,
                   const std::string& name, const std::string& meaning, body act) {
  auto& verb = *kv.add_subcommand(name, meaning);
  verb.add_option("space", given->space, "the space's name")->required();
  add_connection_flags(verb, present);
  choose(verb, present, [given, act](const context& with) {
    auto client = open_session(with.set, access::client);
    return client ? act(with, **client, *given) : with.out.fail(client.problem());
  });
  return verb;
}

void add_key(CLI::App& verb, const arguments_ptr& given) {
  verb.add_option("key", given->key, "1 to 400 bytes")->required();
}

void add_at(CLI::App& verb, const arguments_ptr& given) {
  verb.add_option("--at", given->at, "as it was at this stamp, such as a version");
}

void add_fence(CLI::App& verb, const arguments_ptr& given) {
  verb.add_option("--fence", given->fence,
                  "LOCK:TOKEN; refused if a later holder of that lock is known");
}

void add_change(CLI::App& verb, const arguments_ptr& given) {
  auto& change = given->change;
  change.by = {1};
  verb.add_option("type", change.type,
                  "g-counter, pn-counter, lww-register, mv-register, or-set or or-map")
    ->required();
  verb.add_option("--add", change.add, "to a counter");
  verb.add_option("--write", change.write, "into a register");
  verb.add_option("--insert", change.insert, "members of a set")->delimiter(',');
  verb.add_option("--erase", change.erase, "members of a set")->delimiter(',');
  verb.add_flag("--clear", change.clear, "all that is there");
  verb.add_option("--field", change.field, "of a map");
  verb.add_option("--replica", change.by.value, "who changes it: a region's number")
    ->capture_default_str();
}

/// What the author of a write knew.
void add_knowledge(CLI::App& verb, const arguments_ptr& given) {
  verb.add_option("--base", given->base,
                  "the version that you read, 0 for nothing: another one there is a conflict");
  verb.add_option("--at", given->written_at, "when it was written: the stamp of an import or a region");
  verb.add_option("--origin", given->origin, "with --at: by which import or region");
  verb.add_option("--after", given->after, "a stamp that the write comes after: waits for it");
}

void add_range(CLI::App& verb, const arguments_ptr& given) {
  verb.add_option("--prefix", given->range.prefix, "keys that begin so");
  verb.add_option("--start", given->range.start, "from this key on");
  verb.add_option("--end", given->range.end, "up to this key, not with it");
}

} // namespace

void add_kv(program& present) {
  auto& kv = *present.app.add_subcommand("kv", "Keys and values");
  kv.require_subcommand(1);
  auto given = std::make_shared<kv_arguments>();
  auto& get_verb = add_verb(kv, present, given, "get", "Read a key, linearizably", get);
  add_key(get_verb, given);
  add_at(get_verb, given);
  auto& put_verb = add_verb(kv, present, given, "put", "Write a key", put);
  add_key(put_verb, given);
  put_verb.add_option("value", given->value, "up to 1 MiB; - reads it from stdin")->required();
  put_verb.add_flag("--if-absent", given->if_absent, "only if the key isn't there");
  put_verb.add_option("--if-version", given->version, "only if it is at this version");
  add_fence(put_verb, given);
  add_knowledge(put_verb, given);
  put_verb.add_option("--schema", given->schema, "of the value, if it isn't the space's");
  auto& remove_verb = add_verb(kv, present, given, "delete", "Remove a key", remove);
  add_key(remove_verb, given);
  remove_verb.add_option("--if-version", given->version, "only if it is at this version");
  add_fence(remove_verb, given);
  add_knowledge(remove_verb, given);
  auto& merge_verb
    = add_verb(kv, present, given, "merge", "Change a CRDT, in a space of merge:crdt", merge);
  add_key(merge_verb, given);
  add_change(merge_verb, given);
  auto& cas_verb = add_verb(kv, present, given, "cas", "Write a key if its version is", cas);
  add_key(cas_verb, given);
  cas_verb.add_option("version", given->version, "0: it isn't there")->required();
  cas_verb.add_option("value", given->value, "up to 1 MiB")->required();
  add_fence(cas_verb, given);
  auto& scan_verb = add_verb(kv, present, given, "scan", "List keys in order", scan);
  add_range(scan_verb, given);
  scan_verb.add_option("--limit", given->limit, "at most so many; 0: all");
  add_at(scan_verb, given);
  scan_verb.add_flag("--keys-only", given->keys_only, "without values");
  auto& watch_verb
    = add_verb(kv, present, given, "watch", "Print changes as they are committed", watch_keys);
  auto* watched_key = watch_verb.add_option("key", given->key, "this key only");
  watch_verb.add_option("--prefix", given->range.prefix, "keys that begin so")
    ->excludes(watched_key);
  watch_verb.add_option("--from", given->from,
                        "a token that a watch gave, or @ and a version: all later than that");
  watch_verb.add_option("--limit", given->limit, "end after so many changes; 0: never");
  auto& import_verb
    = add_verb(kv, present, given, "import", "Write the records of a JSON-lines file",
               import_lines);
  import_verb.add_option("file", given->file, R"({"key":…,"value":…} a line)")->required();
  auto& export_verb
    = add_verb(kv, present, given, "export", "Print all records as JSON lines", export_lines);
  add_range(export_verb, given);
  add_at(export_verb, given);
}

} // namespace present::tools
