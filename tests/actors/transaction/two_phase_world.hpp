#pragma once

#include "actors/transaction/two_phase_machine.hpp"
#include "runtime/base/splitmix64.hpp"
#include "tests/actors/partition/transactions.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Several partitions' state machines, coordinators and clients in one thread, by one
/// seed: mail is delayed, put out of order, lost and delivered twice; coordinators die
/// after any of their effects and partitions are built again from their disks; whoever
/// leads finds what was left and drives it on. A lock goes from hand to hand meanwhile:
/// its holders, and those who think that they are, write under it in several partitions.
namespace present::transaction::test {

using partition::test::things;

/// Keys from `first` on; with a clock of its own.
struct simulated_partition {
  std::string first;
  std::string last;
  std::unique_ptr<storage::memory_state_backend> disk;
  std::unique_ptr<storage::state> table;
  std::unique_ptr<partition::state_machine> machine;
  std::int64_t skew_ms = 0;
  std::uint64_t checkpoints = 0;
  hlc_stamp latest;
};

/// What a client did, and what it was told.
struct client_record {
  operation_id id;
  std::vector<std::string> accounts; ///< one in each partition that it touches
  std::string compared; ///< of a claim: it is another's unless that is there
  std::string claimed;
  std::optional<answer> told;
  bool is_guarded = false; ///< under a lock
  bool is_named = false;   ///< each attempt has an id of its own, and several are under way
};

class two_phase_world {
public:
  explicit two_phase_world(std::uint64_t seed);

  /// Runs `transfers` clients' transactions, then lets everything come to rest.
  void run(int transfers);

  // -- what must hold; each empty, or a sentence -------------------------------------
  std::string torn() const;       ///< all or nothing, and as the client was told
  std::string wrong_sum() const;  ///< also as audits saw it
  std::string crossed() const;    ///< two transactions in two orders
  std::string both_claimed() const; ///< each found what the other wrote absent
  std::string overtaken() const;  ///< something of an earlier holder after a later one began
  std::string left_over() const;  ///< locks, ends and coordinators
  std::string violation() const;

  int committed = 0;
  int aborted = 0;
  int unknown = 0;
  int crashes = 0;
  int restarts = 0;
  int waits = 0;
  int pushes = 0;
  int audits = 0;
  int others_taken = 0; ///< committed, by their second branch
  int claims = 0;       ///< committed, of those that claim
  int turns = 0;        ///< holders of the lock that have begun
  int guarded = 0;      ///< committed, under a lock
  int fenced = 0;       ///< refused for that
  int fences_met = 0;   ///< who has the lock next had to wait for what had prepared
  int attempts = 0;     ///< at what has a name, but for the first ones
  int joined = 0;       ///< steps that went with others as one operation
  int named = 0;        ///< committed, of those that have one

private:
  struct coordinator {
    explicit coordinator(const settings& options) : machine(options) {}
    two_phase_machine machine;
    operation_id of;
    std::size_t client = no_client; ///< whose transaction it began
  };
  static constexpr std::size_t no_client = static_cast<std::size_t>(-1);
  struct message {
    std::uint64_t at_ms = 0;
    std::uint64_t coordinator = 0;
    ask what;
    bool is_copy = false;
  };
  struct transfer {
    begun what;
    std::size_t record = 0;
    int tries = 0;
    std::uint64_t patience_until = 0;
  };

  // the world
  std::uint64_t draw(std::uint64_t below) { return splitmix64(chance_) % below; }
  bool chance(unsigned percent) { return draw(100) < percent; }
  void open(simulated_partition& p);
  void restart(simulated_partition& p);
  hlc_stamp clock_of(const simulated_partition& p) const;
  simulated_partition& partition_of(const std::string& key);
  answer apply(simulated_partition& p, operation what, hlc_stamp above);
  void advance();
  void deliver(const std::vector<message>& all);
  void find_what_was_left();

  // clients
  void begin_transfer();
  bool begin_once(operation_id id, hlc_stamp start);
  void begin_claims();
  void begin_claim(const std::string& compared, const std::string& claimed);
  void open_transfer(begun what, client_record record);
  void start_coordinator(transfer& of);
  void begin_attempt(transfer& of);
  void on_client_answer(std::size_t record, const answer& said);
  void audit();
  std::optional<std::int64_t> read(const std::string& key, hlc_stamp& version);

  // holders of the lock
  void go_on_with_turn();
  template <class What>
  operation by_holder(What what);
  void begin_next_turn();
  bool raise_everywhere();
  void begin_guarded();
  std::map<std::string, std::vector<std::string>> guarded_lists() const;

  // coordinators
  std::uint64_t spawn(operation_id of, std::size_t client);
  void hear(std::uint64_t number, event_kind what);
  bool is_driven(const operation_id& id) const;

  /// One holder of the lock. It begins when its token is known everywhere (P14).
  struct turn {
    claim_id claim;
    hlc_stamp token;                 ///< 0: it is another's still
    std::set<std::string> told;      ///< partitions that know the token, by their first keys
    bool has_begun = false;
    std::map<std::string, std::size_t> there; ///< how much was in the guarded lists then
  };

  std::uint64_t chance_;
  std::uint64_t now_ms_ = partition::test::first_wall_ms;
  bool faults_ = true;
  std::vector<simulated_partition> partitions_;
  std::map<std::uint64_t, coordinator> coordinators_;
  std::uint64_t last_coordinator_ = 0;
  std::vector<message> mail_;
  std::vector<client_record> records_;
  std::map<std::size_t, transfer> open_; ///< by record
  std::uint64_t last_number_ = 0;
  std::string wrong_audit_;
  std::vector<turn> turns_;
};

} // namespace present::transaction::test
