#include "tools/present/cluster_certificates.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace present::tools {

namespace {

struct cert_arguments {
  std::string ca_folder;
  std::string name;
  std::uint32_t node = 0;
  std::string folder = ".";
  std::string certificate;
  std::string key;
  bool admin = false;
};

int tell(const context& with, const status& done, const std::string& certificate,
         const std::string& key) {
  if (!done)
    return with.out.fail(done.problem());
  with.out.one({{"certificate", certificate}, {"key", key}});
  return 0;
}

void add_ca(CLI::App& cert, program& present) {
  auto& verb = *cert.add_subcommand("ca", "Make a new cluster's authority");
  auto given = std::make_shared<cert_arguments>();
  verb.add_option("folder", given->folder, "where ca.pem and ca.key go")->required();
  choose(verb, present, [given](const context& with) {
    const auto made = create_authority(given->folder);
    if (!made)
      return with.out.fail(made.problem());
    with.out.one({{"cluster", *made},
                  {"certificate", given->folder + "/ca.pem"},
                  {"key", given->folder + "/ca.key"}});
    return 0;
  });
}

void add_places(CLI::App& verb, cert_arguments& given) {
  verb.add_option("--ca-folder", given.ca_folder, "where ca.pem and ca.key are")
    ->required();
  verb.add_option("--to", given.folder, "where the files go")->capture_default_str();
}

void add_leaf_for_node(CLI::App& cert, program& present) {
  auto& verb = *cert.add_subcommand("node", "Issue a node's certificate");
  auto given = std::make_shared<cert_arguments>();
  verb.add_option("node", given->node, "the node's number")
    ->required()
    ->check(CLI::PositiveNumber);
  add_places(verb, *given);
  choose(verb, present, [given](const context& with) {
    const auto base = given->folder + "/node-" + std::to_string(given->node);
    return tell(with,
                issue_node(given->ca_folder, node_id{given->node}, base + ".pem",
                           base + ".key"),
                base + ".pem", base + ".key");
  });
}

void add_leaf_for_client(CLI::App& cert, program& present) {
  auto& verb = *cert.add_subcommand("client", "Issue a client's or admin's certificate");
  auto given = std::make_shared<cert_arguments>();
  verb.add_option("name", given->name, "whom it names")->required();
  verb.add_flag("--admin", given->admin, "may also administer the cluster");
  add_places(verb, *given);
  choose(verb, present, [given](const context& with) {
    const auto base = given->folder + '/' + given->name;
    const auto done = given->admin ? issue_admin(given->ca_folder, given->name,
                                                 base + ".pem", base + ".key")
                                   : issue_client(given->ca_folder, given->name,
                                                  base + ".pem", base + ".key");
    return tell(with, done, base + ".pem", base + ".key");
  });
}

void add_renewal(CLI::App& cert, program& present) {
  auto& verb = *cert.add_subcommand(
    "renew", "Replace a certificate and its key by new ones for the same name");
  auto given = std::make_shared<cert_arguments>();
  verb.add_option("certificate", given->certificate, "the file to replace")->required();
  verb.add_option("private-key", given->key, "the key's file to replace")->required();
  verb.add_option("--ca-folder", given->ca_folder, "where ca.pem and ca.key are")
    ->required();
  choose(verb, present, [given](const context& with) {
    return tell(with,
                renew_certificate(given->ca_folder, given->certificate, given->key),
                given->certificate, given->key);
  });
}

} // namespace

void add_cert(program& present) {
  auto& cert = *present.app.add_subcommand("cert", "Certificates of a cluster");
  cert.require_subcommand(1);
  add_ca(cert, present);
  add_leaf_for_node(cert, present);
  add_leaf_for_client(cert, present);
  add_renewal(cert, present);
}

} // namespace present::tools
