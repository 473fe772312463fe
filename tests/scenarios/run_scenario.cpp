#include "tests/scenarios/raft_group.hpp"
#include "tests/scenarios/transcript.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

/// Transcripts of raft.
namespace present::scenarios {
namespace {

std::uint32_t number(const words& line, std::size_t place) {
  if (place >= line.size())
    throw std::runtime_error("a number is missing");
  return static_cast<std::uint32_t>(std::stoul(line[place]));
}

/// The number behind a word.
std::uint32_t option(const words& line, const char* word, std::uint32_t otherwise) {
  const auto found = std::find(line.begin(), line.end(), word);
  return found == line.end()
           ? otherwise
           : number(line, static_cast<std::size_t>(found - line.begin()) + 1);
}

/// "2->3", or nothing: everywhere.
std::pair<std::uint32_t, std::uint32_t> link(const words& line) {
  if (line.size() < 2)
    return {0, 0};
  const auto arrow = line[1].find("->");
  if (arrow == std::string::npos)
    throw std::runtime_error("a link is written 1->2");
  return {std::stoul(line[1].substr(0, arrow)), std::stoul(line[1].substr(arrow + 2))};
}

/// "voters 1 2 3 learners 4"
raft::configuration members(const words& line, std::size_t from) {
  raft::configuration wanted;
  auto* list = &wanted.voters;
  for (auto place = from; place < line.size(); ++place) {
    if (line[place] == "voters")
      list = &wanted.voters;
    else if (line[place] == "learners")
      list = &wanted.learners;
    else
      list->push_back(node_id{number(line, place)});
  }
  return wanted;
}

class player {
public:
  std::string play(const words& line) {
    const auto& verb = line[0];
    if (verb == "group") {
      group_.emplace(number(line, 1), option(line, "spare", 0),
                     option(line, "batch", 256));
      return {};
    }
    if (!group_)
      throw std::runtime_error("a transcript starts with `group`");
    group_->tell_outcomes_only(verb == "settle" || verb == "pass");
    if (!time_and_network(verb, line) && !node(verb, line))
      throw std::runtime_error("there is no verb `" + verb + "`");
    return group_->take_output();
  }

private:
  bool time_and_network(const std::string& verb, const words& line) {
    if (verb == "pass")
      group_->pass(number(line, 1));
    else if (verb == "settle")
      group_->settle();
    else if (verb == "status")
      group_->status();
    else if (verb == "deliver")
      group_->deliver(link(line).first, link(line).second);
    else if (verb == "drop")
      group_->drop(link(line).first, link(line).second);
    else if (verb == "repeat")
      group_->repeat(link(line).first, link(line).second);
    else if (verb == "cut")
      group_->cut(link(line).first, link(line).second);
    else if (verb == "heal")
      group_->heal(link(line).first, link(line).second);
    else
      return false;
    return true;
  }

  bool node(const std::string& verb, const words& line) {
    const auto one = number(line, 1);
    if (!group_->exists(one))
      throw std::runtime_error("there is no node " + line[1]);
    if (verb == "wake")
      group_->wake(one);
    else if (verb == "elect")
      group_->elect(one);
    else if (verb == "isolate")
      group_->isolate(one);
    else if (verb == "rejoin")
      group_->rejoin(one);
    else if (verb == "crash")
      group_->crash(one);
    else if (verb == "start")
      group_->start(one);
    else if (verb == "save")
      group_->save_state(one);
    else if (verb == "write")
      group_->write(one, number(line, 2));
    else if (verb == "read")
      group_->read(one);
    else if (verb == "members")
      group_->change_members(one, members(line, 2));
    else if (verb == "transfer")
      group_->transfer(one, number(line, 2));
    else if (verb == "link")
      group_->report_link(one, number(line, 2), line.at(3) == "up");
    else if (verb == "disk")
      disk(one, line);
    else if (verb == "state")
      state(one, line.at(2));
    else if (verb == "files")
      files(one, line.at(2));
    else if (verb == "witnesses")
      group_->tell_witnesses(one, term{number(line, 2)},
                             {log_index{number(line, 3)}, term{number(line, 4)}},
                             line.size() > 5 && line[5] == "lost");
    else
      return false;
    return true;
  }

  void disk(std::uint32_t one, const words& line) {
    const auto& what = line.at(2);
    if (what == "hold" || what == "auto")
      group_->hold_disk(one, what == "hold");
    else if (what == "sync")
      group_->sync_disk(one, line.size() > 3 ? number(line, 3) : SIZE_MAX);
    else if (what == "fail" || what == "full")
      group_->fail_disk(one, what == "full");
    else
      throw std::runtime_error("a disk does hold, auto, sync, fail or full");
  }

  void state(std::uint32_t one, const std::string& what) {
    if (what == "lose")
      group_->lose_state(one);
    else if (what == "damaged")
      group_->find_damage(one);
    else
      throw std::runtime_error("a state is lost or damaged");
  }

  void files(std::uint32_t one, const std::string& what) {
    if (what == "copy")
      group_->copy_files(one);
    else if (what == "old")
      group_->put_files_back(one);
    else
      throw std::runtime_error("files are copied (`copy`), or old ones put back (`old`)");
  }

  std::optional<raft_group> group_;
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
