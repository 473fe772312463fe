#include "actors/client/lock_names.hpp"
#include "actors/client/record_lines.hpp"
#include "actors/http/conflict_reply.hpp"
#include "actors/http/json_reply.hpp"
#include "actors/http/plan.hpp"
#include "actors/http/transaction_reply.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/network/error_body.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace present::http {

namespace {

using json = nlohmann::ordered_json;
using client::outcome_of_call;
using network::http_reply;

constexpr unsigned created = 201;
constexpr unsigned accepted = 202;
constexpr unsigned not_modified = 304;
constexpr unsigned conflict = 409;
constexpr unsigned precondition_failed = 412;

/// The refusal of a write whose name was used for another one.
bool is_name_taken(const plan& made, const outcome_of_call& how) {
  return made.ask.name && how.problem.code == error_code::invalid && how.given.repeated;
}

/// Where there was none: nothing.
void put_conflict(json& answer, const std::optional<conflict::note>& met) {
  if (met)
    answer["conflict"] = {{"type", to_string(met->because)}, {"outcome", to_string(met->then)}};
}

/// As every interface has it, and what the write met.
json problem_json(const outcome_of_call& how) {
  auto body = error_body(how.problem);
  put_conflict(body, how.given.conflict);
  return body;
}

http_reply refusal(const plan& made, const outcome_of_call& how, bool has_condition) {
  auto reply = network::error_reply(how.problem);
  if (how.given.conflict)
    reply.body = json_reply(problem_json(how)).body;
  if (has_condition && how.problem.code == error_code::version_conflict)
    reply.status = precondition_failed;
  if (is_name_taken(made, how))
    reply.status = conflict;
  return reply;
}

/// A retry has the first try's answer, and says so.
void mark_if_repeated(const plan& made, const outcome_of_call& how, http_reply& reply) {
  if (made.ask.name && how.given.repeated && !is_name_taken(made, how))
    reply.headers.emplace_back("Idempotent-Replayed", "true");
}

/// Every byte but those that mean themselves anywhere in a URL.
std::string percent_encoded(std::string_view bytes) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')
                       || (byte >= '0' && byte <= '9')
                       || std::string_view{"-._~"}.find(byte) != std::string_view::npos;
    if (plain)
      text += byte;
    else
      text.append({'%', digits[value >> 4], digits[value & 0xf]});
  }
  return text;
}

http_reply precondition_failure(std::uint64_t wanted, hlc_stamp there) {
  auto why = make_error(error_code::version_conflict,
                        "the key is at version " + std::to_string(there.value) + "; "
                          + std::to_string(wanted) + " was expected");
  why.current_version = there.value;
  auto reply = network::error_reply(why);
  reply.status = precondition_failed;
  return reply;
}

http_reply say(const plan&, const say_value& wanted, const outcome_of_call& how) {
  const auto version = how.given.version;
  if (wanted.if_match != 0 && wanted.if_match != version.value)
    return precondition_failure(wanted.if_match, version);
  http_reply reply;
  reply.headers.emplace_back("ETag", network::etag_of(version.value));
  // May be kept, but is not the answer until the node has said so again.
  reply.headers.emplace_back("Cache-Control", "no-cache");
  if (wanted.if_none_match == version.value) {
    reply.status = not_modified;
    reply.content_type.clear();
  } else if (how.given.value) {
    reply.body = *how.given.value;
  }
  return reply;
}

http_reply say(const plan& made, const say_written&, const outcome_of_call& how) {
  json answer{{"version", how.given.version.value}};
  put_conflict(answer, how.given.conflict);
  auto reply = json_reply(answer);
  if (std::holds_alternative<client::put_call>(made.ask.calls.front()))
    reply.headers.emplace_back("ETag", network::etag_of(how.given.version.value));
  return reply;
}

json row_json(const scan_row& row, bool keys_only) {
  auto record = client::record_line(
    {row.key, row.value && !keys_only ? *row.value : std::string{}, row.version.value});
  if (keys_only)
    record.erase("value");
  return record;
}

std::string next_page(const char* route, const std::string& space, const std::string& last_key,
                      std::uint64_t limit) {
  return route + percent_encoded(space) + "?after=" + percent_encoded(last_key)
         + "&limit=" + std::to_string(limit);
}

std::string next_page(const say_page& page, const std::string& last_key) {
  auto link = next_page("/v1/kv/", page.space, last_key, page.limit);
  if (!page.range.prefix.empty())
    link += "&prefix=" + percent_encoded(page.range.prefix);
  if (!page.range.end.empty())
    link += "&end=" + percent_encoded(page.range.end);
  if (page.keys_only)
    link += "&keys_only=true";
  if (page.stale)
    link += "&consistency=stale";
  if (page.at.value != 0)
    link += "&at=" + std::to_string(page.at.value);
  return link;
}

http_reply say(const plan&, const say_page& page, const outcome_of_call& how) {
  json rows = json::array();
  for (const auto& row : how.given.rows)
    rows.push_back(row_json(row, page.keys_only));
  json body{{"rows", std::move(rows)}, {"more", how.given.more}};
  if (how.given.more && !how.given.rows.empty())
    body["next"] = next_page(page, how.given.rows.back().key);
  return json_reply(body);
}

http_reply say(const plan& made, const say_transaction&, const outcome_of_call& how) {
  return json_reply(
    transaction_json(std::get<client::transact_call>(made.ask.calls.front()), how.given));
}

http_reply say(const plan& made, const say_made_space& wanted, const outcome_of_call& how) {
  const bool was_there = how.problem.code == error_code::version_conflict;
  if (was_there && wanted.must_be_new)
    return refusal(made, how, true);
  const auto version = was_there ? how.problem.current_version : how.given.version.value;
  return json_reply({{"name", wanted.name}, {"version", version}}, was_there ? 200 : created);
}

/// Which partitions hold the space, by the first key of each range.
json space_json(const cluster_map& map, const std::string& name, space_id id) {
  json ranges = json::array();
  for (const auto& range : map.ranges) {
    if (range.space != id)
      continue;
    json one;
    client::put_bytes(one, "first", range.first);
    one["partition"] = range.partition.value;
    ranges.push_back(std::move(one));
  }
  const auto settings = map.settings_of(id);
  return {{"name", name},
          {"id", id.value},
          {"conflict", conflict::to_string(settings.conflicts)},
          {"closes_after_ms", settings.closes_after_ms},
          {"schema", settings.schema},
          {"policy", settings.policy},
          {"versions", settings.versions_kept},
          {"ranges", std::move(ranges)}};
}

http_reply say(const plan&, const say_spaces&, const outcome_of_call& how) {
  json spaces = json::array();
  for (const auto& [name, id] : how.map->spaces)
    spaces.push_back(space_json(*how.map, name, id));
  return json_reply({{"spaces", std::move(spaces)}});
}

http_reply say(const plan& made, const say_space& wanted, const outcome_of_call& how) {
  const auto found = how.map->spaces.find(wanted.name);
  if (found == how.map->spaces.end()) {
    auto why = make_error(error_code::unknown_space, "there is no space '" + wanted.name + "'");
    why.trace_id = observe::trace_id_text(made.ask.trace);
    return network::error_reply(why);
  }
  return json_reply(space_json(*how.map, found->first, found->second));
}

http_reply say(const plan&, const say_lock& wanted, const outcome_of_call& how) {
  const auto who = how.given.lock ? *how.given.lock : lock_standing{};
  json body{{"name", wanted.name}, {"held", who.token.value != 0}};
  body["token"] = who.token.value;
  body["version"] = who.version.value;
  const auto texts = client::record_line({who.owner, who.value ? *who.value : std::string{}, 0});
  body["owner"] = texts["key"];
  body["value"] = texts["value"];
  if (texts.contains("encoding")) // of both
    body["encoding"] = texts["encoding"];
  body["lease_ms"] = who.lease_ms;
  body["waiting"] = who.waiting;
  return json_reply(body);
}

http_reply say(const plan&, const say_claim& wanted, const outcome_of_call& how) {
  json body{{"name", wanted.name}, {"claim", wanted.claim}, {"held", !how.given.otherwise}};
  if (!how.given.otherwise)
    body["token"] = how.given.version.value;
  return json_reply(body, how.given.otherwise ? accepted : 200);
}

http_reply say(const plan&, const say_waiting& page, const outcome_of_call& how) {
  json rows = json::array();
  for (const auto& row : how.given.escalated)
    for (const auto& one : row.writes)
      rows.push_back(waiting_json(row.key, one));
  json body{{"rows", std::move(rows)}, {"more", how.given.more}};
  if (how.given.more && !how.given.escalated.empty())
    body["next"]
      = next_page("/v1/conflicts/", page.space, how.given.escalated.back().key, page.limit);
  return json_reply(body);
}

http_reply say(const plan& made, const say_settled&, const outcome_of_call& how) {
  const auto& asked = std::get<client::settle_call>(made.ask.calls.front());
  return json_reply(settled_json(asked.key, asked.write, asked.accept, how.given.version));
}

json answer_json(const client::call_kind& asked, const outcome_of_call& how) {
  if (how.problem.code != error_code::ok)
    return {{"error", problem_json(how)}};
  json answer{{"version", how.given.version.value}};
  put_conflict(answer, how.given.conflict);
  if (!std::holds_alternative<client::get_call>(asked))
    return answer;
  client::put_bytes(answer, "value",
                    how.given.value ? std::string_view{*how.given.value} : "");
  return answer;
}

http_reply batch_reply(const plan& made, const std::vector<outcome_of_call>& outcomes) {
  // Where one partition remembers the name and another doesn't, each write has its
  // own answer.
  std::size_t writes = 0;
  const outcome_of_call* refused = nullptr;
  for (std::size_t place = 0; place < outcomes.size(); ++place) {
    if (!client::is_write(made.ask.calls[place]))
      continue;
    if (!is_name_taken(made, outcomes[place]))
      refused = nullptr;
    else if (writes == 0 || refused)
      refused = &outcomes[place];
    ++writes;
    if (!refused)
      break;
  }
  if (refused)
    return refusal(made, *refused, false);
  json answers = json::array();
  for (std::size_t place = 0; place < outcomes.size(); ++place)
    answers.push_back(answer_json(made.ask.calls[place], outcomes[place]));
  auto reply = json_reply({{"answers", std::move(answers)}});
  const bool repeated = std::any_of(outcomes.begin(), outcomes.end(),
                                    [](const auto& one) { return one.given.repeated; });
  if (made.ask.name && repeated)
    reply.headers.emplace_back("Idempotent-Replayed", "true");
  return reply;
}

/// The space for locks without one of their own is made with the first of them.
bool is_lock_that_nobody_wanted(const plan& made, const outcome_of_call& how) {
  return how.problem.code == error_code::unknown_space
         && std::holds_alternative<say_lock>(made.say)
         && std::get<client::read_lock_call>(made.ask.calls.front()).space
              == client::default_lock_space;
}

bool has_condition(const plan& made) {
  const auto* written = std::get_if<say_written>(&made.say);
  return written && written->has_condition;
}

} // namespace

network::http_reply reply_to(const plan& made, client::batch_outcome how) {
  if (std::holds_alternative<say_batch>(made.say))
    return batch_reply(made, how.outcomes);
  auto outcome = how.outcomes.empty() ? outcome_of_call{} : std::move(how.outcomes.front());
  if (is_lock_that_nobody_wanted(made, outcome))
    outcome.problem = {};
  const bool is_space_there = std::holds_alternative<say_made_space>(made.say)
                              && outcome.problem.code == error_code::version_conflict;
  auto reply = outcome.problem.code != error_code::ok && !is_space_there
                 ? refusal(made, outcome, has_condition(made))
                 : std::visit(overloaded{
                                [](const say_batch&) { return http_reply{}; },
                                [&](const auto& manner) { return say(made, manner, outcome); },
                              },
                              made.say);
  mark_if_repeated(made, outcome, reply);
  return reply;
}

} // namespace present::http
