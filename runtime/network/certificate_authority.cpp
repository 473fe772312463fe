#include "runtime/network/certificate_authority.hpp"

#include "runtime/network/openssl_objects.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <ctime>
#include <utility>
#include <vector>

namespace present::network {
namespace {

/// Positive and up to 20 octets (RFC 5280, 4.1.2.2).
constexpr int serial_bits = 159;

struct extension {
  int nid;
  std::string value;
};

/// What distinguishes one certificate from another; keys come beside it.
struct template_of_certificate {
  std::string common_name;
  validity when;
  std::vector<extension> extensions;
};

key_ptr make_key() {
  return key_ptr(EVP_EC_gen("P-256"));
}

bool set_serial(X509* certificate) {
  const big_number_ptr number(BN_new());
  return number
         && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ANY,
                    BN_RAND_BOTTOM_ANY)
         && BN_to_ASN1_INTEGER(number.get(),
                               X509_get_serialNumber(certificate));
}

bool set_subject(X509* certificate, const std::string& common_name) {
  auto* const subject = X509_get_subject_name(certificate);
  const auto* const bytes
    = reinterpret_cast<const unsigned char*>(common_name.data());
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                    const_cast<unsigned char*>(bytes),
                                    static_cast<int>(common_name.size()), -1, 0);
}

bool set_validity(X509* certificate, validity when) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate),
                       static_cast<std::time_t>(when.from_s))
         && ASN1_TIME_set(X509_getm_notAfter(certificate),
                          static_cast<std::time_t>(when.until_s));
}

/// `value` is OpenSSL's configuration syntax: made of checked names only.
bool add_extension(X509* certificate, X509* issuer, const extension& what) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const extension_ptr made(
    X509V3_EXT_conf_nid(nullptr, &context, what.nid, what.value.c_str()));
  return made && X509_add_ext(certificate, made.get(), -1);
}

/// `issuer` null: self-signed. Null on failure, with OpenSSL's reason queued.
certificate_ptr make_certificate(const template_of_certificate& wanted,
                                 EVP_PKEY* subject_key, X509* issuer,
                                 EVP_PKEY* issuer_key) {
  certificate_ptr made(X509_new());
  if (!made || !X509_set_version(made.get(), X509_VERSION_3)
      || !set_serial(made.get()) || !set_validity(made.get(), wanted.when)
      || !set_subject(made.get(), wanted.common_name)
      || !X509_set_pubkey(made.get(), subject_key))
    return nullptr;
  X509* const signer = issuer ? issuer : made.get();
  if (!X509_set_issuer_name(made.get(), X509_get_subject_name(signer)))
    return nullptr;
  for (const auto& each : wanted.extensions)
    if (!add_extension(made.get(), signer, each))
      return nullptr;
  if (!X509_sign(made.get(), issuer_key, EVP_sha256()))
    return nullptr;
  return made;
}

std::string text_in(BIO* memory) {
  char* bytes = nullptr;
  const auto length = BIO_get_mem_data(memory, &bytes);
  return {bytes, static_cast<std::size_t>(length)};
}

result<pem_pair> to_pem(X509* certificate, EVP_PKEY* key) {
  const bio_ptr certificate_out(BIO_new(BIO_s_mem()));
  const bio_ptr key_out(BIO_new(BIO_s_secmem()));
  if (!certificate_out || !key_out
      || !PEM_write_bio_X509(certificate_out.get(), certificate)
      || !PEM_write_bio_PKCS8PrivateKey(key_out.get(), key, nullptr, nullptr, 0,
                                        nullptr, nullptr))
    return openssl_error("cannot write a certificate as PEM");
  return pem_pair{text_in(certificate_out.get()), text_in(key_out.get())};
}

certificate_ptr certificate_of(std::string_view pem) {
  const auto in = reading(pem);
  return certificate_ptr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

/// The one URI among the subject's alternative names; empty if there is none, or
/// more than one.
std::string only_uri(X509* certificate) {
  const general_names_ptr names(static_cast<GENERAL_NAMES*>(
    X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI)
      continue;
    if (!found.empty())
      return {};
    const auto* const uri = name->d.uniformResourceIdentifier;
    found.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                 static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return found;
}

std::int64_t seconds_of(const ASN1_TIME* when) {
  std::tm parts{};
  return ASN1_TIME_to_tm(when, &parts) ? ::timegm(&parts) : 0;
}

bool is_trust_domain(const std::string& domain) {
  return bool(parse_peer_identity(to_string(node_identity(domain, node_id{1}))));
}

error empty_validity() {
  return make_error(error_code::invalid,
                    "a certificate must end after it begins to be valid");
}

std::vector<extension> leaf_extensions(const peer_identity& who) {
  const bool serves = who.role == peer_role::node;
  std::string names = "URI:" + to_string(who);
  if (serves)
    names += ",DNS:" + node_dns_name(who.trust_domain, who.node)
             + ",DNS:" + who.trust_domain + ",DNS:localhost";
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, serves ? "serverAuth,clientAuth" : "clientAuth"},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid:always"},
          {NID_subject_alt_name, std::move(names)}};
}

} // namespace

struct certificate_authority::root {
  certificate_ptr certificate;
  key_ptr key;
  std::string trust_domain;
  pem_pair pem;
};

certificate_authority::certificate_authority(std::shared_ptr<const root> state)
    : root_(std::move(state)) {}

const pem_pair& certificate_authority::pem() const {
  return root_->pem;
}

const std::string& certificate_authority::trust_domain() const {
  return root_->trust_domain;
}

result<certificate_authority>
certificate_authority::create(const std::string& trust_domain, validity when) {
  if (!is_trust_domain(trust_domain))
    return make_error(error_code::invalid,
                      "a trust domain is 12 lower-case hexadecimal digits");
  if (when.until_s <= when.from_s)
    return empty_validity();
  const template_of_certificate wanted{
    "present " + trust_domain,
    when,
    {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
     {NID_key_usage, "critical,keyCertSign,cRLSign"},
     {NID_subject_key_identifier, "hash"},
     {NID_subject_alt_name, "URI:spiffe://" + trust_domain}}};
  auto key = make_key();
  auto certificate
    = key ? make_certificate(wanted, key.get(), nullptr, key.get()) : nullptr;
  if (!certificate)
    return openssl_error("cannot make a certificate authority");
  auto pem = to_pem(certificate.get(), key.get());
  if (!pem)
    return pem.problem();
  return certificate_authority(std::make_shared<const root>(root{
    std::move(certificate), std::move(key), trust_domain, std::move(*pem)}));
}

result<certificate_authority> certificate_authority::load(const pem_pair& pem) {
  auto certificate = certificate_of(pem.certificate);
  const auto key_in = reading(pem.key);
  key_ptr key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  if (!certificate || !key)
    return openssl_error("cannot read the certificate authority");
  if (!X509_check_private_key(certificate.get(), key.get()))
    return openssl_error("the authority's key is not its certificate's");
  const auto uri = only_uri(certificate.get());
  const std::string scheme = "spiffe://";
  const auto domain = uri.starts_with(scheme) ? uri.substr(scheme.size()) : "";
  if (X509_check_ca(certificate.get()) != 1 || !is_trust_domain(domain))
    return make_error(error_code::invalid,
                      "the certificate is not a cluster's authority");
  return certificate_authority(std::make_shared<const root>(
    root{std::move(certificate), std::move(key), domain, pem}));
}

result<pem_pair> certificate_authority::issue(const peer_identity& who,
                                              validity when) const {
  const auto id = to_string(who);
  // The way back is the check: what a peer will read must be who was meant.
  const auto read = parse_peer_identity(id);
  if (!read)
    return read.problem();
  if (*read != who || who.trust_domain != root_->trust_domain)
    return make_error(error_code::invalid,
                      "this authority issues for spiffe://" + root_->trust_domain
                        + ", not for " + id);
  if (when.until_s <= when.from_s)
    return empty_validity();
  const auto key = make_key();
  const auto certificate
    = key ? make_certificate({id, when, leaf_extensions(who)}, key.get(),
                             root_->certificate.get(), root_->key.get())
          : nullptr;
  if (!certificate)
    return openssl_error("cannot issue a certificate for " + id);
  return to_pem(certificate.get(), key.get());
}

result<pem_pair> certificate_authority::renew(std::string_view certificate,
                                              validity when) const {
  const auto old = certificate_of(certificate);
  if (!old)
    return openssl_error("cannot read the certificate to renew");
  if (X509_verify(old.get(), root_->key.get()) != 1)
    return openssl_error("the certificate to renew is not of this authority");
  const auto facts = read_certificate(certificate);
  if (!facts)
    return facts.problem();
  return issue(facts->who, when);
}

result<certificate_facts> read_certificate(std::string_view pem) {
  const auto certificate = certificate_of(pem);
  if (!certificate)
    return openssl_error("cannot read a certificate");
  auto who = parse_peer_identity(only_uri(certificate.get()));
  if (!who)
    return who.problem();
  return certificate_facts{std::move(*who),
                           {seconds_of(X509_get0_notBefore(certificate.get())),
                            seconds_of(X509_get0_notAfter(certificate.get()))}};
}

result<std::string> new_trust_domain() {
  std::array<unsigned char, trust_domain_digits / 2> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return openssl_error("cannot make a trust domain");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string domain;
  for (const auto byte : bytes) {
    domain += digits[byte >> 4];
    domain += digits[byte & 15];
  }
  return domain;
}

} // namespace present::network
