#include "tools/present/completion_script.hpp"

namespace present::tools {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

/// The two `case` tables that bash and zsh share: how a word leads from one
/// command to the next, and what may follow a command.
std::string walk(const std::vector<completion_entry>& entries, std::string_view typed) {
  std::string text = "  local path=present word words\n  for word in ";
  text += typed;
  text += "; do\n    case \"$path $word\" in\n";
  for (const auto& entry : entries)
    text += "      '" + entry.path + "') path='" + entry.path + "' ;;\n";
  text += "    esac\n  done\n  case $path in\n";
  for (const auto& entry : entries)
    text += "    '" + entry.path + "') words='" + joined(entry.words) + "' ;;\n";
  return text + "  esac\n";
}

std::string bash_script(const std::vector<completion_entry>& entries) {
  return "_present() {\n" + walk(entries, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"")
         + "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\n"
           "complete -o default -F _present present\n";
}

std::string zsh_script(const std::vector<completion_entry>& entries) {
  // `words` is the name of zsh's own array of what was typed.
  auto body = walk(entries, "$typed");
  body.replace(body.find("word words"), 10, "word");
  return "#compdef present\n_present() {\n  local -a typed=(${words[2,CURRENT-1]})\n"
         "  local words\n"
         + body
         + "  compadd -- ${=words}\n"
           "  _files\n"
           "}\n"
           "compdef _present present\n";
}

std::string fish_script(const std::vector<completion_entry>& entries) {
  std::string text = "function __present_words\n"
                     "  set -l path present\n"
                     "  for word in (commandline -opc)[2..-1]\n"
                     "    switch \"$path $word\"\n";
  for (const auto& entry : entries)
    text += "      case '" + entry.path + "'\n        set path '" + entry.path + "'\n";
  text += "    end\n  end\n  switch $path\n";
  for (const auto& entry : entries)
    text += "    case '" + entry.path + "'\n      string split ' ' '"
            + joined(entry.words) + "'\n";
  return text
         + "  end\nend\n"
           "complete -c present -a '(__present_words)'\n";
}

} // namespace

std::string completion_script(std::string_view shell,
                              const std::vector<completion_entry>& entries) {
  if (shell == "bash")
    return bash_script(entries);
  if (shell == "zsh")
    return zsh_script(entries);
  if (shell == "fish")
    return fish_script(entries);
  return "";
}

} // namespace present::tools
