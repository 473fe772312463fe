#include "tools/present/cluster_session.hpp"
#include "tools/present/cluster_views.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace present::tools {

namespace {

int show_trace(const context& with, const std::string& id) {
  const auto which = observe::parse_trace_id(id);
  if (!which)
    return with.out.fail(
      make_error(error_code::invalid, "'" + id
                                        + "' is no trace id: 32 hexadecimal digits, as errors "
                                          "and the traceparent of a reply have them"));
  auto admin = open_session(with.set, access::admin);
  if (!admin)
    return with.out.fail(admin.problem());
  const auto found = (*admin)->trace(*which, patience_of(with.set));
  if (!found)
    return with.out.fail(found.problem());
  if (found->empty())
    return with.out.fail(make_error(error_code::not_found,
                                    "no node remembers trace " + id
                                      + ": it was not sampled, or is too long ago"));
  with.out.document(to_json(*which, *found), to_text(*found));
  return 0;
}

} // namespace

void add_trace(program& present) {
  auto& verb = *present.app.add_subcommand(
    "trace", "What a request waited for, of those that are sampled");
  auto id = std::make_shared<std::string>();
  verb.add_option("id", *id, "the trace's id, as errors and replies have it")->required();
  add_connection_flags(verb, present);
  choose(verb, present, [id](const context& with) { return show_trace(with, *id); });
}

} // namespace present::tools
