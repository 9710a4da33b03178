// Completion for shells. Both scripts have the same three tables and walk over the words before the cursor:
//   words   command -> the words that may follow it
//   values  command and option -> what the option takes: words to choose from, FILE, DIR, or - for anything
//   places  command -> what is known by its place, likewise
#include "gateway/main/command_tree.h"

namespace sekisho::console {
namespace {

std::string taken(const Argument& argument) {
  std::string out;
  for (const auto& choice : argument.choices) out += (out.empty() ? "" : " ") + choice;
  if (!out.empty()) return out;
  return argument.value == "FILE" || argument.value == "DIR" ? argument.value : "-";
}

struct Tables {
  std::string words, values, places;
};

// `row` spells one row the shell's way.
template <class Row>
void fill(Tables& tables, const Command& command, const Command& program, Row row) {
  std::string words;
  for (const auto& inner : command.inner) words += inner.path.substr(command.path.size() + 1) + " ";
  const auto offer = [&](const Argument& argument) {
    for (const auto& name : argument.names) words += name + " ";
  };
  for (const auto& argument : command.arguments) {
    if (!argument.by_place) offer(argument);
    if (argument.by_place && taken(argument) != "-") tables.places += row(command.path, taken(argument));
    if (argument.by_place || argument.value.empty()) continue;
    for (const auto& name : argument.names) tables.values += row(command.path + " " + name, taken(argument));
  }
  if (&command != &program)  // the program's own options may stand anywhere
    for (const auto& argument : program.arguments)
      if (argument.names.back() == "--config" || argument.names.back() == "--json") offer(argument);
  words.pop_back();
  tables.words += row(command.path, words);
  for (const auto& inner : command.inner) fill(tables, inner, program, row);
}

constexpr const char* bash_walk =
    R"(  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=sekisho word takes i
  # --option=value comes as three words
  if [[ $current == = ]]; then current=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ -n $word && -n ${values["$at $word"]-}${values["sekisho $word"]-} ]]; then ((++i))
    elif [[ -n $word && -n ${words["$at $word"]-} ]]; then at+=" $word"; fi
  done
  takes=${values["$at $before"]-${values["sekisho $before"]-}}
  [[ -n $takes || $current == -* ]] || takes=${places["$at"]-}
  COMPREPLY=()
  case $takes in
    -) return ;;
    FILE) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    DIR) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    "") mapfile -t COMPREPLY < <(compgen -W "${words["$at"]-}" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$takes" -- "$current") ;;
  esac
}
complete -F _sekisho sekisho
)";

constexpr const char* zsh_walk =
    R"(  local current=${words[CURRENT]} before=${words[CURRENT-1]} at=sekisho word takes
  local -i i
  for ((i = 2; i < CURRENT; ++i)); do
    word=${words[i]}
    if [[ -n ${values_of[$at $word]-}${values_of[sekisho $word]-} ]]; then ((++i))
    elif [[ -n ${words_of[$at $word]-} ]]; then at+=" $word"; fi
  done
  takes=${values_of[$at $before]-${values_of[sekisho $before]-}}
  [[ -n $takes || $current == -* ]] || takes=${places_of[$at]-}
  case $takes in
    -) return 1 ;;
    FILE) _files ;;
    DIR) _files -/ ;;
    "") compadd -- ${=words_of[$at]} ;;
    *) compadd -- ${=takes} ;;
  esac
}
# Loaded by compinit as a function, or sourced.
if [[ ${funcstack[1]-} == _sekisho ]]; then _sekisho "$@"; elif (( ${+functions[compdef]} )); then compdef _sekisho sekisho; fi
)";

}  // namespace

std::string bash_completion(const Command& program) {
  Tables tables;
  fill(tables, program, program, [](const std::string& key, const std::string& value) {
    return "    [\"" + key + "\"]=\"" + value + "\"\n";
  });
  return "# Completion of sekisho(1) for bash; printed by `sekisho describe bash-completion`.\n_sekisho() {\n"
         "  local -A words=(\n" +
         tables.words + "  )\n  local -A values=(\n" + tables.values + "  )\n  local -A places=(\n" +
         tables.places + "  )\n" + bash_walk;
}

std::string zsh_completion(const Command& program) {
  Tables tables;
  fill(tables, program, program, [](const std::string& key, const std::string& value) {
    return "    \"" + key + "\" \"" + value + "\"\n";
  });
  return "#compdef sekisho\n# Printed by `sekisho describe zsh-completion`.\n_sekisho() {\n"
         "  local -A words_of=(\n" +
         tables.words + "  )\n  local -A values_of=(\n" + tables.values + "  )\n  local -A places_of=(\n" +
         tables.places + "  )\n" + zsh_walk;
}

}  // namespace sekisho::console
