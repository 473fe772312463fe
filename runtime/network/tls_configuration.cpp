#include "runtime/network/tls_configuration.hpp"

#include "runtime/network/network_loop.hpp"
#include "runtime/network/openssl_objects.hpp"
#include "runtime/network/pem_file.hpp"

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include <utility>

namespace present::network {
namespace {

// Read by OpenSSL for every context made after it was loaded.
constexpr std::string_view openssl_configuration = R"(
openssl_conf = present
[present]
ssl_conf = contexts
[contexts]
system_default = every_context
[every_context]
MinProtocol = TLSv1.3
)";

status load_openssl_configuration() {
  // The machine's own file must not be read after ours.
  if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr))
    return openssl_error("cannot start OpenSSL");
  const conf_ptr configuration(NCONF_new(nullptr));
  const auto in = reading(openssl_configuration);
  long bad_line = 0;
  if (!configuration || !NCONF_load_bio(configuration.get(), in.get(), &bad_line)
      || CONF_modules_load(configuration.get(), nullptr, 0) != 1)
    return openssl_error("cannot configure OpenSSL for TLS 1.3");
  return success();
}

kj::StringPtr view(const std::string& text) {
  return {text.c_str(), text.size()};
}

certificate_ptr certificate_in(const std::string& pem) {
  const auto in = reading(pem);
  return certificate_ptr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

/// kj takes what it is given, and fails with the first handshake.
status check_material(const tls_material& material) {
  const auto authority = certificate_in(material.authority);
  const auto own = certificate_in(material.own.certificate);
  const auto key_in = reading(material.own.key);
  const key_ptr key(
    PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  if (!authority || !own || !key)
    return openssl_error("cannot read the TLS certificate, key and authority");
  if (!X509_check_private_key(own.get(), key.get()))
    return openssl_error("the TLS key is not the certificate's");
  if (X509_verify(own.get(), X509_get0_pubkey(authority.get())) != 1)
    return openssl_error("the TLS certificate is not of the given authority");
  return success();
}

std::shared_ptr<kj::TlsContext> make_context(const tls_material& material,
                                     kj::Timer& timer, kj::Duration timeout) {
  const kj::TlsCertificate authority(view(material.authority));
  const kj::TlsKeypair own{kj::TlsPrivateKey(view(material.own.key)),
                           kj::TlsCertificate(view(material.own.certificate))};
  kj::TlsContext::Options options;
  options.useSystemTrustStore = false;
  options.verifyClients = true;
  options.trustedCertificates = kj::arrayPtr(&authority, 1);
  options.defaultKeypair = own;
  options.timer = timer;
  options.acceptTimeout = timeout;
  return std::make_shared<kj::TlsContext>(kj::mv(options));
}

/// What the material says of us, once it is known to fit together.
result<certificate_facts> facts_of(const tls_material& material) {
  if (const auto fits = check_material(material); !fits)
    return fits.problem();
  return read_certificate(material.own.certificate);
}

/// The material fits, so that kj can only refuse what OpenSSL refuses.
result<std::shared_ptr<kj::TlsContext>>
try_context(const tls_material& material, kj::Timer& timer, kj::Duration timeout) {
  try {
    return make_context(material, timer, timeout);
  } catch (const kj::Exception& problem) {
    return make_error(error_code::invalid,
                      "cannot use the TLS certificate, key and authority: "
                        + text_of(problem));
  }
}

} // namespace

result<tls_material> read_tls_material(const std::filesystem::path& authority,
                                       const std::filesystem::path& certificate,
                                       const std::filesystem::path& key) {
  auto trusted = read_pem(authority, pem_kind::certificate);
  if (!trusted)
    return trusted.problem();
  auto own = read_pem(certificate, pem_kind::certificate);
  if (!own)
    return own.problem();
  auto secret = read_pem(key, pem_kind::key);
  if (!secret)
    return secret.problem();
  return tls_material{std::move(*trusted), {std::move(*own), std::move(*secret)}};
}

status require_tls_1_3() {
  static const status once = load_openssl_configuration();
  return once;
}

tls_configuration::tls_configuration(certificate_facts self, context_ptr context,
                                     kj::Timer& timer, kj::Duration handshake_timeout)
    : self_(std::move(self)), context_(std::move(context)), timer_(timer),
      handshake_timeout_(handshake_timeout) {}

result<std::shared_ptr<tls_configuration>>
tls_configuration::load(const tls_material& material, kj::Timer& timer,
                        std::uint32_t handshake_timeout_ms) {
  if (const auto ready = require_tls_1_3(); !ready)
    return ready.problem();
  auto self = facts_of(material);
  if (!self)
    return self.problem();
  const auto timeout = handshake_timeout_ms * kj::MILLISECONDS;
  auto context = try_context(material, timer, timeout);
  if (!context)
    return context.problem();
  return std::shared_ptr<tls_configuration>(
    new tls_configuration(std::move(*self), std::move(*context), timer, timeout));
}

status tls_configuration::renew(const tls_material& material) {
  auto self = facts_of(material);
  if (!self)
    return self.problem();
  if (!(self->who == self_.who))
    return make_error(error_code::invalid, "the new certificate is of " + to_string(self->who)
                                             + ", not of " + to_string(self_.who));
  auto context = try_context(material, timer_, handshake_timeout_);
  if (!context)
    return context.problem();
  self_ = std::move(*self);
  context_ = std::move(*context);
  return success();
}

kj::Promise<kj::AuthenticatedStream>
tls_configuration::accept(kj::AuthenticatedStream plain) {
  return context_->wrapServer(kj::mv(plain)).attach(context_ptr{context_});
}

kj::Promise<kj::AuthenticatedStream>
tls_configuration::connect(kj::AuthenticatedStream plain,
                           const std::string& expected_name) {
  return timer_
    .timeoutAfter(handshake_timeout_,
                  context_->wrapClient(kj::mv(plain), view(expected_name)))
    .attach(context_ptr{context_});
}

result<peer_identity>
tls_configuration::identity_of(kj::PeerIdentity& shown) const {
  auto* const tls = dynamic_cast<kj::TlsPeerIdentity*>(&shown);
  if (!tls || !tls->hasCertificate())
    return make_error(error_code::denied, "the peer shows no certificate");
  auto who = parse_peer_identity(tls->getCommonName().cStr());
  if (!who)
    return make_error(error_code::denied, who.problem().message);
  if (who->trust_domain != self_.who.trust_domain)
    return make_error(error_code::denied,
                      to_string(*who) + " is not of our trust domain");
  return who;
}

} // namespace present::network
