#include "tools/present/cluster_certificates.hpp"

#include "runtime/network/certificate_authority.hpp"
#include "tools/present/files.hpp"
#include "tools/present/scratch_folder.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;

namespace {

std::string name_in(const std::filesystem::path& certificate) {
  const auto text = read_file(certificate);
  REQUIRE(text);
  const auto facts = network::read_certificate(*text);
  REQUIRE(facts);
  return network::to_string(facts->who);
}

} // namespace

TEST_CASE("an authority's folder issues each role, under the cluster's name") {
  const scratch_folder folder{"", false};
  const auto& at = folder.path();
  const auto cluster = create_authority(at);
  REQUIRE(cluster);
  const auto prefix = "spiffe://" + *cluster;
  REQUIRE(issue_node(at, node_id{2}, at / "n.pem", at / "n.key"));
  REQUIRE(issue_client(at, "me", at / "c.pem", at / "c.key"));
  REQUIRE(issue_admin(at, "boss", at / "a.pem", at / "a.key"));
  CHECK(name_in(at / "n.pem") == prefix + "/node/2");
  CHECK(name_in(at / "c.pem") == prefix + "/client/me");
  CHECK(name_in(at / "a.pem") == prefix + "/admin/boss");
  CHECK(std::filesystem::status(at / "n.key").permissions()
        == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("a renewed certificate is another one for the same name") {
  const scratch_folder folder{"", false};
  const auto& at = folder.path();
  REQUIRE(create_authority(at));
  REQUIRE(issue_client(at, "me", at / "c.pem", at / "c.key"));
  const auto name = name_in(at / "c.pem");
  const auto before = *read_file(at / "c.pem");
  REQUIRE(renew_certificate(at, at / "c.pem", at / "c.key"));
  CHECK(name_in(at / "c.pem") == name);
  CHECK(*read_file(at / "c.pem") != before);
}

TEST_CASE("an authority is never made over another, nor missed quietly") {
  const scratch_folder folder{"", false};
  const auto& at = folder.path();
  CHECK_FALSE(issue_client(at, "me", at / "c.pem", at / "c.key"));
  REQUIRE(create_authority(at));
  const auto again = create_authority(at);
  REQUIRE_FALSE(again);
  CHECK(again.problem().message.find("already has an authority") != std::string::npos);
  CHECK_FALSE(issue_client(at, "not a name", at / "c.pem", at / "c.key"));
}
