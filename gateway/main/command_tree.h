// The command line as data, read from the application that parses it. What is printed from it, the man page
// and the completions, cannot say something else than the program does.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sekisho::console {

struct Argument {
  std::vector<std::string> names;    // "--config"; where it is known by its place: "file"
  std::string value;                 // FILE, DIR, DATE, ...; empty: a flag
  std::vector<std::string> choices;  // not empty: one of these
  std::string says;
  bool by_place = false, required = false, many = false;
};

struct Command {
  std::string path;  // "sekisho registry import"
  std::string says;
  std::vector<Argument> arguments;
  std::vector<Command> inner;
};

Command command_tree(const CLI::App& app);  // without commands that no user is meant to see

std::string man_page(const Command& program);
std::string bash_completion(const Command& program);
std::string zsh_completion(const Command& program);

}  // namespace sekisho::console
