#pragma once

#include "tools/histories/transaction_judge.hpp"
#include "tools/present/output.hpp"

#include <string>

/// What a verdict on transactions says. Pure.
namespace present::tools {

/// `is` is "strictly-serializable" or "violated"; each anomaly comes with its
/// name, the transactions in it, described, and why they contradict each other.
json to_json(const histories::transaction_verdict& judged,
             const std::vector<histories::transaction>& history);

/// The same for people.
std::string transactions_in_text(const json& verdict);

} // namespace present::tools
