#pragma once

#include "actors/client/client_contract.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace present::simulation::cluster {

/// Something that clients ask in transactions, in one or two requests each, and what must
/// hold of what they hear.
class transaction_source {
public:
  using ticket = std::uint64_t;

  virtual ~transaction_source() = default;

  /// What it is about. They have to be there first, and stay.
  virtual std::vector<create_space> spaces() const = 0;

  /// One request of a transaction.
  struct asked {
    ticket id = 0;
    client::transact_call what;
  };
  virtual asked begin(std::uint32_t client, std::uint64_t now) = 0;
  /// Reads all that there is.
  virtual asked look(std::uint32_t client, std::uint64_t now) = 0;

  /// What is to be asked next for it; nothing if it is over.
  virtual std::optional<client::transact_call>
  answered(ticket id, const client::outcome_of_call& how, std::uint64_t now) = 0;
  /// No answer will come: the client died.
  virtual void lost(ticket id) = 0;

  virtual std::uint64_t open() const = 0;
  virtual std::uint64_t committed() const = 0;
  /// By what it is about: a fence, or a policy.
  virtual std::uint64_t refused() const { return 0; }
  /// All that was heard, together.
  virtual void judge() const = 0;
};

} // namespace present::simulation::cluster
