#include "runtime/network/certificate_authority.hpp"

#include "runtime/network/openssl_objects.hpp"
#include "runtime/network/pem_file.hpp"
#include "tests/runtime/network/loopback.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

using namespace present;
using namespace present::network;
using namespace present::network::test;

namespace {

certificate_ptr parsed(const pem_pair& pem) {
  const auto in = reading(pem.certificate);
  return certificate_ptr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

bool proves_host(const pem_pair& pem, const std::string& host) {
  return X509_check_host(parsed(pem).get(), host.data(), host.size(), 0, nullptr)
         == 1;
}

bool may(const pem_pair& pem, int purpose) {
  return X509_check_purpose(parsed(pem).get(), purpose, 0) == 1;
}

std::string common_name(const pem_pair& pem) {
  char text[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(parsed(pem).get()),
                            NID_commonName, text, sizeof text);
  return text;
}

/// A folder of its own for one test.
class scratch {
public:
  scratch() {
    std::string name
      = (std::filesystem::temp_directory_path() / "present-pem-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error("no scratch folder");
    path = name;
  }
  ~scratch() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

} // namespace

TEST_CASE("an identity is written and read in one spelling only") {
  for (const auto& who :
       {node_identity(domain, node_id{1}), node_identity(domain, node_id{~0u}),
        client_identity(domain, "billing-7.eu_west"),
        admin_identity(domain, "ops")}) {
    const auto read = parse_peer_identity(to_string(who));
    REQUIRE(read);
    CHECK(*read == who);
  }
  CHECK(to_string(node_identity(domain, node_id{3}))
        == "spiffe://0a1b2c3d4e5f/node/3");
}

TEST_CASE("what is not quite an identity is refused") {
  for (const auto* bad :
       {"", "spiffe://", "spiffe://0a1b2c3d4e5f", "spiffe://0a1b2c3d4e5f/",
        "spiffe://0a1b2c3d4e5f/node/", "spiffe://0a1b2c3d4e5f/node/0",
        "spiffe://0a1b2c3d4e5f/node/01", "spiffe://0a1b2c3d4e5f/node/1x",
        "spiffe://0a1b2c3d4e5f/node/4294967296", "spiffe://0a1b2c3d4e5f/node/-1",
        "spiffe://0A1B2C3D4E5F/node/1", "spiffe://0a1b2c3d4e5/node/1",
        "spiffe://0a1b2c3d4e5f/client/a/b", "spiffe://0a1b2c3d4e5f/client/a b",
        "spiffe://0a1b2c3d4e5f/client/a,DNS:x", "spiffe://0a1b2c3d4e5f/owner/a",
        "SPIFFE://0a1b2c3d4e5f/node/1", "node/1",
        "spiffe://0a1b2c3d4e5f/client/"
        "a-name-so-long-that-the-common-name-overflows"})
    CHECK_MESSAGE(!parse_peer_identity(bad), bad);
}

TEST_CASE("a node's certificate serves and calls under its names") {
  const auto authority = authority_of(domain);
  const auto pem
    = need(authority.issue(node_identity(domain, node_id{7}), for_long));
  CHECK(proves_host(pem, "node-7." + domain));
  CHECK(proves_host(pem, domain));
  CHECK(proves_host(pem, "localhost"));
  CHECK_FALSE(proves_host(pem, "node-8." + domain));
  CHECK(may(pem, X509_PURPOSE_SSL_SERVER));
  CHECK(may(pem, X509_PURPOSE_SSL_CLIENT));
  CHECK(common_name(pem) == "spiffe://" + domain + "/node/7");
}

TEST_CASE("a client's or admin's certificate cannot pose as a node") {
  const auto authority = authority_of(domain);
  for (const auto& who :
       {client_identity(domain, "ann"), admin_identity(domain, "ops")}) {
    const auto pem = need(authority.issue(who, for_long));
    CHECK_FALSE(proves_host(pem, "localhost"));
    CHECK_FALSE(proves_host(pem, domain));
    CHECK_FALSE(may(pem, X509_PURPOSE_SSL_SERVER));
    CHECK(may(pem, X509_PURPOSE_SSL_CLIENT));
    CHECK(common_name(pem) == to_string(who));
  }
}

TEST_CASE("an authority issues for its own trust domain and valid names only") {
  const auto authority = authority_of(domain);
  CHECK_FALSE(
    authority.issue(node_identity("ffffffffffff", node_id{1}), for_long));
  CHECK_FALSE(authority.issue(node_identity(domain, node_id{0}), for_long));
  CHECK_FALSE(authority.issue(client_identity(domain, "a,DNS:evil"), for_long));
  CHECK_FALSE(
    authority.issue(client_identity(domain, std::string(36, 'a')), for_long));
  CHECK(
    authority.issue(client_identity(domain, std::string(35, 'a')), for_long));
  CHECK_FALSE(authority.issue(client_identity(domain, "ann"), {10, 10}));
  CHECK_FALSE(certificate_authority::create("not hex", for_long));
}

TEST_CASE("an authority loaded from its PEM issues what the first one trusts") {
  const auto first = authority_of(domain);
  const auto second = need(certificate_authority::load(first.pem()));
  CHECK(second.trust_domain() == domain);
  const auto leaf
    = parsed(need(second.issue(client_identity(domain, "ann"), for_long)));
  const auto root = parsed(first.pem());
  CHECK(X509_verify(leaf.get(), X509_get0_pubkey(root.get())) == 1);
}

TEST_CASE("a leaf, or a foreign key, is no authority") {
  const auto authority = authority_of(domain);
  const auto leaf
    = need(authority.issue(node_identity(domain, node_id{1}), for_long));
  CHECK_FALSE(certificate_authority::load(leaf));
  CHECK_FALSE(certificate_authority::load(
    {authority.pem().certificate, authority_of(domain).pem().key}));
  CHECK_FALSE(certificate_authority::load({"", ""}));
}

TEST_CASE("renewal keeps the name, changes key and serial, moves the end") {
  const auto authority = authority_of(domain);
  const auto who = node_identity(domain, node_id{2});
  const auto old = need(authority.issue(who, long_ago));
  const auto fresh = need(authority.renew(old.certificate, for_long));
  const auto facts = need(read_certificate(fresh.certificate));
  CHECK(facts.who == who);
  CHECK(facts.when.from_s == for_long.from_s);
  CHECK(facts.when.until_s == for_long.until_s);
  CHECK(fresh.key != old.key);
  CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(parsed(old).get()),
                         X509_get0_serialNumber(parsed(fresh).get()))
        != 0);
}

TEST_CASE("nothing of another authority is renewed, though it has our name") {
  const auto foreign = need(
    authority_of(domain).issue(node_identity(domain, node_id{2}), for_long));
  CHECK_FALSE(authority_of(domain).renew(foreign.certificate, for_long));
}

TEST_CASE("trust domains are random and well formed") {
  const auto one = need(new_trust_domain());
  const auto other = need(new_trust_domain());
  CHECK(one != other);
  CHECK(certificate_authority::create(one, for_long));
}

TEST_CASE("a key's file is the owner's alone, and refused otherwise") {
  const scratch folder;
  const auto path = folder.path / "node.key";
  REQUIRE(write_pem(path, "secret", pem_kind::key));
  struct ::stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(need(read_pem(path, pem_kind::key)) == "secret");

  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const auto open_to_all = read_pem(path, pem_kind::key);
  REQUIRE_FALSE(open_to_all);
  CHECK(open_to_all.problem().code == error_code::denied);
}

TEST_CASE("rewriting replaces the file whole, and a missing one is not found") {
  const scratch folder;
  const auto path = folder.path / "node.pem";
  REQUIRE(write_pem(path, "a long first text", pem_kind::certificate));
  REQUIRE(write_pem(path, "second", pem_kind::certificate));
  CHECK(need(read_pem(path, pem_kind::certificate)) == "second");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
  const auto missing = read_pem(folder.path / "no", pem_kind::certificate);
  REQUIRE_FALSE(missing);
  CHECK(missing.problem().code == error_code::not_found);
}
