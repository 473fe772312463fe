#include "tests/scenarios/transactions/transaction_group.hpp"
#include "tests/scenarios/transcript.hpp"

#include <optional>
#include <stdexcept>

/// Transcripts of transactions over several partitions.
namespace present::scenarios {
namespace {

class player {
public:
  std::string play(const words& line) {
    const auto& verb = line[0];
    if (verb == "partitions") {
      group_.emplace(number(line.at(1)));
      return {};
    }
    if (!group_)
      throw std::runtime_error("a transcript starts with `partitions`");
    if (!client(verb, line) && !mail(verb, line) && !leader(verb, line))
      throw std::runtime_error("there is no verb `" + verb + "`");
    return group_->take_output();
  }

private:
  static std::uint32_t number(const std::string& word) {
    return static_cast<std::uint32_t>(std::stoul(word));
  }
  /// "p2"
  static std::uint32_t partition(const std::string& word) {
    if (word.size() < 2 || word[0] != 'p')
      throw std::runtime_error("a partition is written p2");
    return number(word.substr(1));
  }

  bool client(const std::string& verb, const words& line) {
    if (verb == "put")
      group_->put(line.at(1), line.at(2));
    else if (verb == "get")
      group_->get(line.at(1));
    else if (verb == "acquire")
      group_->acquire(line.at(1), line.at(2));
    else if (verb == "release")
      group_->release(line.at(1), line.at(2));
    else if (verb == "keep")
      group_->keep(line.at(1), line.at(2));
    else if (verb == "raise")
      group_->raise(line.at(1), line.at(2));
    else if (verb == "again")
      group_->again(line.at(1));
    else if (verb == "begin")
      group_->begin(line.at(1), number(line.at(2)), {line.begin() + 3, line.end()});
    else
      return false;
    return true;
  }

  /// `deliver [prepare] [p2] [unheard]`, `lose decide p1`
  bool mail(const std::string& verb, const words& line) {
    using fate = transaction_group::fate;
    if (verb == "settle") {
      group_->settle();
      return true;
    }
    if (verb != "deliver" && verb != "lose")
      return false;
    auto how = verb == "lose" ? fate::lost : fate::arrives;
    std::string what;
    std::uint32_t at = 0;
    for (std::size_t place = 1; place < line.size(); ++place)
      if (line[place] == "unheard")
        how = fate::unheard;
      else if (line[place][0] == 'p' && line[place].size() == 2)
        at = partition(line[place]);
      else
        what = line[place];
    group_->deliver(what, at, how);
    return true;
  }

  bool leader(const std::string& verb, const words& line) {
    if (verb == "pass")
      group_->pass(number(line.at(1)));
    else if (verb == "take-over")
      group_->take_over(partition(line.at(1)));
    else if (verb == "doubt")
      group_->doubt(partition(line.at(1)));
    else if (verb == "restart")
      group_->restart(partition(line.at(1)));
    else if (verb == "status")
      group_->status();
    else
      return false;
    return true;
  }

  std::optional<transaction_group> group_;
};

} // namespace
} // namespace present::scenarios

int main(int argc, char** argv) {
  using namespace present::scenarios;
  return play_transcripts(argc, argv, [] {
    return [playing = std::make_shared<player>()](const words& line) {
      return playing->play(line);
    };
  });
}
