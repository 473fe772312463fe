#pragma once

#include <functional>
#include <string>
#include <vector>

/// Transcripts: each line that is not indented is a verb, and the indented lines behind
/// it are what has to come of it. With --rewrite the expectations are replaced by what
/// came, for a reviewer to read.
namespace present::scenarios {

using words = std::vector<std::string>;

/// What comes of a line; throws what is wrong with it.
using line_player = std::function<std::string(const words&)>;

/// A program's whole main: plays each file that is named, with a player of its own. 0 if
/// each went as expected.
int play_transcripts(int argc, char** argv, const std::function<line_player()>& make_player);

} // namespace present::scenarios
