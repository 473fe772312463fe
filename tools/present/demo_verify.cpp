#include "tools/present/demo_verify.hpp"

#include "tools/present/child_process.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/files.hpp"
#include "tools/present/row_pages.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace present::tools {

namespace {

constexpr auto verb_name = "demo-verify";

std::filesystem::path acknowledged_path(const std::filesystem::path& data) {
  return data / "acknowledged.json";
}

result<std::map<std::string, std::uint64_t>>
read_acknowledged(const std::filesystem::path& data) {
  const auto path = acknowledged_path(data);
  const auto text = read_file(path);
  if (!text)
    return text.problem();
  try {
    return json::parse(*text).get<std::map<std::string, std::uint64_t>>();
  } catch (const json::exception& problem) {
    return make_error(error_code::invalid, path.string() + ": " + problem.what());
  }
}

result<verification> verify(const settings& set) {
  const auto input = load_iso_records(iso_folder());
  if (!input)
    return input.problem();
  const auto acknowledged = read_acknowledged(set.text("data"));
  if (!acknowledged)
    return acknowledged.problem();
  auto client = open_session(set, access::client);
  if (!client)
    return client.problem();
  std::vector<stored_record> read;
  const auto done = for_each_row(**client, demo_space, {.patience = patience_of(set)},
                                 [&](const found_row& row) {
                                   read.push_back({{row.key, row.value}, row.version.value});
                                 });
  if (!done)
    return done.problem();
  return compare_records(*input, *acknowledged, read);
}

} // namespace

result<verification>
verify_in_fresh_process(const std::filesystem::path& data,
                        const std::map<std::string, std::uint64_t>& acknowledged) {
  if (auto left = replace_file(acknowledged_path(data), json(acknowledged).dump()); !left)
    return left.problem();
  auto process = child_process::start(
    {.arguments = {own_program().string(), verb_name, "--data", data.string(), "--timeout",
                   "30s"},
     .captures_output = true});
  if (!process)
    return process.problem();
  const auto text = process->read_output();
  if (text.empty())
    return make_error(error_code::unknown_outcome,
                      "the process that reads back gave no answer: see above");
  return verification_from_json(text);
}

void add_demo_verify(program& present) {
  auto& verb = *present.app.add_subcommand(verb_name, "");
  verb.group(""); // hidden: the demo calls it
  add_connection_flags(verb, present);
  choose(verb, present, [](const context& with) {
    const auto found = verify(with.set);
    if (!found)
      return with.out.fail(found.problem());
    with.out.data() << to_json(*found).dump() << '\n' << std::flush;
    return found->is_clean() ? 0 : 1;
  });
}

} // namespace present::tools
