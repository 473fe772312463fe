#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <filesystem>
#include <string>

/// A cluster's certificates as files. `folder` holds the authority: ca.pem and
/// ca.key. Keys are readable by their owner only.
namespace present::tools {

/// A new authority; the trust domain that it made up, which names the cluster.
/// `invalid` if the folder already has one.
result<std::string> create_authority(const std::filesystem::path& folder);

status issue_node(const std::filesystem::path& folder, node_id node,
                  const std::filesystem::path& certificate,
                  const std::filesystem::path& key);

status issue_client(const std::filesystem::path& folder, const std::string& name,
                    const std::filesystem::path& certificate,
                    const std::filesystem::path& key);

status issue_admin(const std::filesystem::path& folder, const std::string& name,
                   const std::filesystem::path& certificate,
                   const std::filesystem::path& key);

/// A new key and certificate for whom `certificate` names, in place of the old.
status renew_certificate(const std::filesystem::path& folder,
                         const std::filesystem::path& certificate,
                         const std::filesystem::path& key);

} // namespace present::tools
