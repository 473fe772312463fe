#include "tools/present/cluster_file.hpp"

#include "tools/present/files.hpp"

#include <nlohmann/json.hpp>

namespace present::tools {

namespace {

using json = nlohmann::ordered_json;

json encode_node(const cluster_node& node) {
  return {{"id", node.id.value}, {"pid", node.pid},   {"rpc", node.rpc},
          {"http", node.http},   {"data", node.data}, {"log", node.log}};
}

cluster_node decode_node(const json& object) {
  cluster_node node;
  node.id = node_id{object.at("id").get<std::uint32_t>()};
  node.pid = object.at("pid").get<std::int64_t>();
  node.rpc = object.at("rpc").get<std::string>();
  node.http = object.at("http").get<std::string>();
  node.data = object.at("data").get<std::string>();
  node.log = object.at("log").get<std::string>();
  return node;
}

} // namespace

const cluster_node* cluster_file::node(node_id id) const {
  for (const auto& candidate : nodes)
    if (candidate.id == id)
      return &candidate;
  return nullptr;
}

cluster_node* cluster_file::node(node_id id) {
  return const_cast<cluster_node*>(std::as_const(*this).node(id));
}

std::filesystem::path cluster_file_path(const std::filesystem::path& data) {
  return data / "cluster.json";
}

std::string encode_cluster_file(const cluster_file& cluster) {
  json object;
  object["cluster"] = cluster.cluster;
  object["supervisor"] = cluster.supervisor_pid;
  object["nodes"] = json::array();
  for (const auto& node : cluster.nodes)
    object["nodes"].push_back(encode_node(node));
  object["ca"] = cluster.ca;
  object["client_cert"] = cluster.client_cert;
  object["client_key"] = cluster.client_key;
  object["admin_cert"] = cluster.admin_cert;
  object["admin_key"] = cluster.admin_key;
  return object.dump(2) + '\n';
}

result<cluster_file> decode_cluster_file(const std::string& text,
                                         const std::string& origin) {
  try {
    const auto object = json::parse(text);
    cluster_file cluster;
    cluster.cluster = object.at("cluster").get<std::string>();
    cluster.supervisor_pid = object.value("supervisor", std::int64_t{0});
    for (const auto& node : object.at("nodes"))
      cluster.nodes.push_back(decode_node(node));
    cluster.ca = object.at("ca").get<std::string>();
    cluster.client_cert = object.at("client_cert").get<std::string>();
    cluster.client_key = object.at("client_key").get<std::string>();
    cluster.admin_cert = object.at("admin_cert").get<std::string>();
    cluster.admin_key = object.at("admin_key").get<std::string>();
    return cluster;
  } catch (const json::exception& problem) {
    return make_error(error_code::invalid, origin + ": not a cluster file: "
                                             + problem.what());
  }
}

result<cluster_file> load_cluster_file(const std::filesystem::path& data) {
  const auto path = cluster_file_path(data);
  if (!std::filesystem::exists(path))
    return make_error(error_code::not_found,
                      "no cluster in " + data.string()
                        + ": start one with `present up --data "
                        + data.string() + '`');
  auto text = read_file(path);
  if (!text)
    return text.problem();
  return decode_cluster_file(*text, path.string());
}

status save_cluster_file(const std::filesystem::path& data,
                         const cluster_file& cluster) {
  return replace_file(cluster_file_path(data), encode_cluster_file(cluster));
}

} // namespace present::tools
