#include "runtime/network/certificate_watch.hpp"

#include "runtime/network/pem_file.hpp"
#include "tests/runtime/network/loopback.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace present;
using namespace present::network;
using namespace present::network::test;

namespace {

/// Node 1's files, of a certificate that has expired, and what watches them.
class watched {
public:
  watched() {
    put_authority(authority.pem().certificate);
    put(node_material(authority, 1, long_ago).own);
    thread.run([&](network_loop& loop) {
      tls_ = load_tls(loop, need(read_tls_material(files.authority, files.certificate,
                                                   files.key)));
      loop.host<certificate_watch>(loop, files, tls_, 5 * kj::MILLISECONDS);
    });
  }

  void put(const pem_pair& own) {
    put_key(own.key);
    put_certificate(own.certificate);
  }
  void put_authority(const std::string& text) {
    REQUIRE(write_pem(files.authority, text, pem_kind::certificate));
  }
  void put_certificate(const std::string& text) {
    REQUIRE(write_pem(files.certificate, text, pem_kind::certificate));
  }
  void put_key(const std::string& text) { REQUIRE(write_pem(files.key, text, pem_kind::key)); }

  std::int64_t valid_until() {
    return thread.run([&](network_loop&) { return tls_->valid().until_s; });
  }

  const scratch_folder folder;
  const tls_files files{folder.path() / "ca.pem", folder.path() / "node-1.pem",
                        folder.path() / "node-1.key"};
  certificate_authority authority = authority_of(domain);
  log_lines lines;

private:
  std::shared_ptr<tls_configuration> tls_; ///< the network thread's

public:
  network_thread thread{lines.sink()};
};

} // namespace

TEST_CASE("files that are replaced are taken while the thread runs") {
  watched node;
  REQUIRE(node.valid_until() == long_ago.until_s);
  node.put(node_material(node.authority, 1).own);
  CHECK(node.lines.wait_for("node-1.pem is in use"));
  CHECK(node.valid_until() == for_long.until_s);
}

TEST_CASE("a key without its certificate changes nothing, until that comes") {
  watched node;
  const auto own = node_material(node.authority, 1).own;
  node.put_key(own.key);
  CHECK(node.lines.wait_for("the old ones stay in use: the TLS key"));
  CHECK(node.valid_until() == long_ago.until_s);
  node.put_certificate(own.certificate);
  CHECK(node.lines.wait_for("node-1.pem is in use"));
  CHECK(node.valid_until() == for_long.until_s);
}

TEST_CASE("files of another node, of another authority, or gone, change nothing") {
  watched node;
  node.put(node_material(node.authority, 2).own);
  CHECK(node.lines.wait_for("node/2, not of"));
  node.put(node_material(authority_of(domain), 1).own);
  CHECK(node.lines.wait_for("not of the given authority"));
  std::filesystem::remove(node.files.key);
  CHECK(node.lines.wait_for("node-1.key"));
  CHECK(node.valid_until() == long_ago.until_s);
  node.put(node_material(node.authority, 1).own);
  CHECK(node.lines.wait_for("node-1.pem is in use"));
}
