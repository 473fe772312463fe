#pragma once

#include "tools/present/output.hpp"
#include "tools/present/settings.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

/// What `main` and the verbs share. Parsing only chooses an action; it runs when
/// settings and output stand, so each verb begins where its own work begins.
namespace present::tools {

struct context {
  const settings& set;
  output& out;
};

/// The exit status, as INTERFACE lists them.
using action = std::function<int(const context&)>;

struct program {
  CLI::App& app;
  std::map<std::string, std::string> flags; ///< given, by setting name
  std::string config_path;
  action chosen;
};

/// A flag --name that outweighs the other layers of the setting `name`.
void add_setting_flag(CLI::App& verb, program& present, std::string_view name);

/// How a cluster is found: --data, --context, or --endpoint --ca --cert --key; and
/// --timeout.
void add_connection_flags(CLI::App& verb, program& present);

/// `body` runs when the user has chosen `verb`.
void choose(CLI::App& verb, program& present, action body);

// One file per verb: NAME.cpp.
void add_bench(program& present);
void add_cert(program& present);
void add_cluster(program& present);
void add_completion(program& present);
void add_config(program& present);
void add_context(program& present);
void add_demo(program& present);
void add_down(program& present);
void add_elect(program& present);
void add_kv(program& present);
void add_lock(program& present);
void add_conflicts(program& present);
void add_node(program& present);
void add_space(program& present);
void add_status(program& present);
void add_tree(program& present);
void add_trace(program& present);
void add_txn(program& present);
void add_up(program& present);
void add_workload(program& present);

} // namespace present::tools
