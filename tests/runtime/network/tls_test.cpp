#include "runtime/network/openssl_objects.hpp"
#include "tests/runtime/network/loopback.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

/// A listener of ours, met by a client that is OpenSSL's alone: what a stranger
/// with `openssl s_client` would see (FAULTS.md, 21).

using namespace present;
using namespace present::network;
using namespace present::network::test;

namespace {

/// A blocking TLS client.
class stranger {
public:
  stranger() : context_(SSL_CTX_new(TLS_client_method())) {}
  ~stranger() {
    SSL_free(connection_);
    SSL_CTX_free(context_);
    if (socket_ >= 0)
      ::close(socket_);
  }
  stranger(const stranger&) = delete;
  stranger& operator=(const stranger&) = delete;

  void shows(const pem_pair& pem) {
    const auto certificate_in = reading(pem.certificate);
    const certificate_ptr certificate(
      PEM_read_bio_X509(certificate_in.get(), nullptr, nullptr, nullptr));
    const auto key_in = reading(pem.key);
    const key_ptr key(
      PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
    SSL_CTX_use_certificate(context_, certificate.get());
    SSL_CTX_use_PrivateKey(context_, key.get());
  }

  void speaks_at_most(int version) {
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, version);
  }

  /// Our half of the handshake. In TLS 1.3 the server's verdict comes later.
  bool handshake(std::uint16_t port) {
    dial(port);
    connection_ = SSL_new(context_);
    SSL_set_fd(connection_, socket_);
    return SSL_connect(connection_) == 1;
  }

  /// OpenSSL's reason why the connection ended, handshake or after; "silence"
  /// if it did not within the patience.
  std::string refusal(std::uint16_t port) {
    char byte = 0;
    if (handshake(port) && SSL_read(connection_, &byte, 1) <= 0
        && (errno == EAGAIN || errno == EWOULDBLOCK))
      return "silence";
    const char* const text = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return text ? text : "closed";
  }

  /// The common name in the certificate that the server showed.
  std::string server_name() const {
    const certificate_ptr shown(SSL_get1_peer_certificate(connection_));
    char text[128] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName,
                              text, sizeof text);
    return text;
  }

  /// The public key in it: another one in each certificate.
  std::string server_key() const {
    const certificate_ptr shown(SSL_get1_peer_certificate(connection_));
    unsigned char* text = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(shown.get()), &text);
    const std::string key(reinterpret_cast<char*>(text), static_cast<std::size_t>(length));
    OPENSSL_free(text);
    return key;
  }

  void dial(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{patience.count(), 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect");
  }

  int socket() const { return socket_; }

private:
  SSL_CTX* context_;
  SSL* connection_ = nullptr;
  int socket_ = -1;
};

/// Node 1 of the test's cluster, serving.
struct served {
  explicit served(std::size_t max_connections = 16,
                  std::uint32_t handshake_ms = 5000)
      : listener(thread.run([&](network_loop& loop) {
          listener_options options;
          options.max_connections = max_connections;
          tls = need(tls_configuration::load(node_material(authority, 1), loop.timer(),
                                             handshake_ms));
          return need(open_rpc_listener(
            loop, options, tls,
            [this](const connection_facts& facts, auto) -> capnp::Capability::Client {
              offered.put(to_string(facts.who));
              return kj::heap<echo_server>(to_string(facts.who));
            },
            [this](const connection_facts& facts) {
              closed.put(to_string(facts.who));
            }));
        })) {}

  listener_counts counts() {
    return thread.run([&](network_loop&) { return listener->counts(); });
  }
  std::uint16_t port() { return listener->port(); }

  certificate_authority authority = authority_of(domain);
  log_lines lines;
  mailbox<std::string> offered;
  mailbox<std::string> closed;
  std::shared_ptr<tls_configuration> tls; ///< the network thread's
  network_thread thread{lines.sink()};
  connection_listener* listener;
};

} // namespace

TEST_CASE("a client of the cluster is accepted, and known by its certificate") {
  served node;
  const auto id = "spiffe://" + domain + "/client/ann";
  {
    stranger ann;
    ann.shows(client_material(node.authority, "ann").own);
    CHECK(ann.handshake(node.port()));
    CHECK(node.offered.take() == id);
    CHECK(node.counts().open == 1);
  }
  CHECK(node.closed.take() == id);
}

TEST_CASE("TLS 1.2 is refused, with a good certificate too") {
  served node;
  stranger old;
  old.shows(client_material(node.authority, "ann").own);
  old.speaks_at_most(TLS1_2_VERSION);
  CHECK(old.refusal(node.port()) == "tlsv1 alert protocol version");
  CHECK(node.lines.wait_for("failed the TLS handshake"));
  CHECK(node.offered.empty());
}

TEST_CASE("a client without a certificate is refused") {
  served node;
  stranger nobody;
  CHECK(nobody.refusal(node.port()) == "tlsv13 alert certificate required");
  CHECK(node.offered.empty());
}

TEST_CASE("an expired certificate is refused") {
  served node;
  stranger late;
  late.shows(client_material(node.authority, "ann", long_ago).own);
  CHECK(late.refusal(node.port()) == "sslv3 alert certificate expired");
  CHECK(node.offered.empty());
}

TEST_CASE("another authority's certificate is refused, whatever it says") {
  served node;
  stranger forger;
  forger.shows(client_material(authority_of(domain), "ann").own);
  CHECK(forger.refusal(node.port()) == "tlsv1 alert unknown ca");
  CHECK(node.lines.wait_for("failed the TLS handshake"));
  CHECK(node.counts().failed_handshakes == 1);
  CHECK(node.offered.empty());
}

TEST_CASE("bytes that are not TLS end that connection only (L3)") {
  served node;
  stranger noise;
  noise.dial(node.port());
  const char text[] = "GET / HTTP/1.0\r\n\r\n";
  REQUIRE(::write(noise.socket(), text, sizeof text) == sizeof text);
  CHECK(node.lines.wait_for("failed the TLS handshake"));
  stranger ann;
  ann.shows(client_material(node.authority, "ann").own);
  CHECK(ann.handshake(node.port()));
  CHECK(node.offered.take());
}

TEST_CASE("a peer that never finishes its handshake is let go") {
  served node(16, 50);
  stranger silent;
  silent.dial(node.port());
  CHECK(node.lines.wait_for("failed the TLS handshake"));
  char byte = 0;
  CHECK(::read(silent.socket(), &byte, 1) <= 0);
  CHECK(node.counts().open == 0);
}

TEST_CASE("one connection beyond the bound is closed, and room is used again") {
  served node(1);
  const auto ann = client_material(node.authority, "ann").own;
  {
    stranger first;
    first.shows(ann);
    REQUIRE(first.handshake(node.port()));
    REQUIRE(node.offered.take());
    stranger second;
    second.shows(ann);
    CHECK(second.refusal(node.port()) != "silence");
    CHECK(node.counts().refused_full == 1);
    CHECK(node.offered.empty());
  }
  REQUIRE(node.closed.take());
  stranger third;
  third.shows(ann);
  CHECK(third.handshake(node.port()));
  CHECK(node.offered.take());
}

TEST_CASE("a renewed certificate is shown to those who come after, those before stay") {
  served node;
  const auto ann = client_material(node.authority, "ann").own;
  stranger before;
  before.shows(ann);
  REQUIRE(before.handshake(node.port()));
  REQUIRE(node.offered.take());
  node.thread.run([&](network_loop&) {
    CHECK(node.tls->renew(node_material(node.authority, 1)));
  });
  stranger after;
  after.shows(ann);
  REQUIRE(after.handshake(node.port()));
  REQUIRE(node.offered.take());
  CHECK(after.server_name() == before.server_name());
  CHECK(after.server_key() != before.server_key());
  CHECK(node.counts().open == 2);
}

TEST_CASE("a configuration is renewed in place, for the same identity only") {
  const auto authority = authority_of(domain);
  log_lines lines;
  network_thread thread(lines.sink());
  thread.run([&](network_loop& loop) {
    const auto tls = load_tls(loop, node_material(authority, 1, long_ago));
    const auto before = tls->valid().until_s;
    CHECK_FALSE(tls->renew(node_material(authority, 2)));
    CHECK_FALSE(tls->renew(node_material(authority_of("ffffffffffff"), 1)));
    auto mixed = node_material(authority, 1);
    mixed.own.key = node_material(authority, 1).own.key;
    CHECK_FALSE(tls->renew(mixed));
    CHECK(tls->valid().until_s == before);
    CHECK(tls->renew(node_material(authority, 1)));
    CHECK(tls->valid().until_s > before);
  });
}

TEST_CASE("material that doesn't fit together is refused when loaded") {
  const auto authority = authority_of(domain);
  auto mixed = node_material(authority, 1);
  mixed.own.key = node_material(authority, 2).own.key;
  auto foreign = node_material(authority, 1);
  foreign.authority = authority_of(domain).pem().certificate;
  auto no_authority = node_material(authority, 1);
  no_authority.authority = "nothing";
  log_lines lines;
  network_thread thread(lines.sink());
  for (const auto& bad : {mixed, foreign, no_authority, tls_material{}})
    thread.run([&](network_loop& loop) {
      CHECK_FALSE(tls_configuration::load(bad, loop.timer(), 5000));
    });
}

TEST_CASE("listening takes an address of its own, and TLS beyond loopback") {
  served node;
  node.thread.run([&](network_loop& loop) {
    listener_options taken;
    taken.port = node.port();
    auto tls = load_tls(loop, node_material(node.authority, 1));
    CHECK_FALSE(open_rpc_listener(loop, taken, tls, echo_for_each()));
    listener_options named;
    named.address = "some.host";
    CHECK_FALSE(open_rpc_listener(loop, named, tls, echo_for_each()));
    listener_options open_to_all;
    open_to_all.address = "*";
    CHECK_FALSE(connection_listener::open(
      loop, open_to_all, nullptr,
      [](kj::Own<kj::AsyncIoStream>, const connection_facts&)
        -> kj::Promise<void> { return kj::READY_NOW; }));
  });
}
