#include "actors/checkpoint/checkpoint_actor.hpp"

namespace present {

auto checkpoint_shell::make_behavior() -> behavior_type {
  return {
    [this](checkpoint_write& what) {
      auto how = what.into->write(*what.what);
      send(what.reply_to, checkpoint_done{what.what->mark, std::move(how)});
    },
  };
}

} // namespace present
