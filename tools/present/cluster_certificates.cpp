#include "tools/present/cluster_certificates.hpp"

#include "runtime/edge/clock.hpp"
#include "runtime/network/certificate_authority.hpp"
#include "runtime/network/pem_file.hpp"

namespace present::tools {

namespace {

namespace fs = std::filesystem;
using network::pem_kind;

constexpr std::int64_t day_s = 24 * 3600;
constexpr std::int64_t root_days = 3650;
constexpr std::int64_t leaf_days = 365;
/// Other machines' clocks may be behind ours.
constexpr std::int64_t head_start_s = 3600;

network::validity from_now(std::int64_t days) {
  const auto now_s = static_cast<std::int64_t>(edge::machine_clock().wall_ms() / 1000);
  return {now_s - head_start_s, now_s + days * day_s};
}

status write_pair(const network::pem_pair& pair, const fs::path& certificate,
                  const fs::path& key) {
  // The key first: a certificate without its key is of no use to anyone.
  if (auto done = network::write_pem(key, pair.key, pem_kind::key); !done)
    return done;
  return network::write_pem(certificate, pair.certificate, pem_kind::certificate);
}

result<network::certificate_authority> load_authority(const fs::path& folder) {
  auto certificate = network::read_pem(folder / "ca.pem", pem_kind::certificate);
  if (!certificate)
    return certificate.problem();
  auto key = network::read_pem(folder / "ca.key", pem_kind::key);
  if (!key)
    return key.problem();
  return network::certificate_authority::load({*certificate, *key});
}

template <class MakeIdentity>
status issue(const fs::path& folder, const fs::path& certificate, const fs::path& key,
             MakeIdentity identity_in) {
  const auto authority = load_authority(folder);
  if (!authority)
    return authority.problem();
  const auto pair = authority->issue(identity_in(authority->trust_domain()),
                                     from_now(leaf_days));
  if (!pair)
    return pair.problem();
  return write_pair(*pair, certificate, key);
}

} // namespace

result<std::string> create_authority(const fs::path& folder) {
  if (fs::exists(folder / "ca.key"))
    return make_error(error_code::invalid,
                      folder.string() + " already has an authority");
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    return make_error(error_code::invalid,
                      "can't make " + folder.string() + ": " + failed.message());
  const auto domain = network::new_trust_domain();
  if (!domain)
    return domain.problem();
  const auto authority
    = network::certificate_authority::create(*domain, from_now(root_days));
  if (!authority)
    return authority.problem();
  if (auto done = write_pair(authority->pem(), folder / "ca.pem", folder / "ca.key"); !done)
    return done.problem();
  return *domain;
}

status issue_node(const fs::path& folder, node_id node, const fs::path& certificate,
                  const fs::path& key) {
  return issue(folder, certificate, key, [&](const std::string& domain) {
    return network::node_identity(domain, node);
  });
}

status issue_client(const fs::path& folder, const std::string& name,
                    const fs::path& certificate, const fs::path& key) {
  return issue(folder, certificate, key, [&](const std::string& domain) {
    return network::client_identity(domain, name);
  });
}

status issue_admin(const fs::path& folder, const std::string& name,
                   const fs::path& certificate, const fs::path& key) {
  return issue(folder, certificate, key, [&](const std::string& domain) {
    return network::admin_identity(domain, name);
  });
}

status renew_certificate(const fs::path& folder, const fs::path& certificate,
                         const fs::path& key) {
  const auto authority = load_authority(folder);
  if (!authority)
    return authority.problem();
  const auto old = network::read_pem(certificate, pem_kind::certificate);
  if (!old)
    return old.problem();
  const auto pair = authority->renew(*old, from_now(leaf_days));
  if (!pair)
    return pair.problem();
  return write_pair(*pair, certificate, key);
}

} // namespace present::tools
