#include "gateway/main/command_tree.h"

namespace sekisho::console {
namespace {

// "TEXT:{en,ja}" and "{etoc,plan}" name their choices.
std::vector<std::string> choices_of(const std::string& type) {
  const auto open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

Argument argument(const CLI::Option& option) {
  Argument out{.says = option.get_description(),
               .required = option.get_required(),
               .many = option.get_items_expected_max() > 1};
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  out.by_place = out.names.empty();
  if (out.by_place) out.names.push_back(option.get_name(true));
  if (option.get_items_expected_max() == 0) return out;
  const auto type = option.get_type_name();
  out.choices = choices_of(type);
  out.value = type.substr(0, type.find(':'));
  return out;
}

Command command(const CLI::App& app, const std::string& path) {
  Command out{.path = path, .says = app.get_description()};
  for (const auto* option : app.get_options())
    if (!option->get_group().empty()) out.arguments.push_back(argument(*option));
  for (const auto* inner : app.get_subcommands({}))
    if (!inner->get_group().empty()) out.inner.push_back(command(*inner, path + " " + inner->get_name()));
  return out;
}

}  // namespace

Command command_tree(const CLI::App& app) { return command(app, app.get_name()); }

}  // namespace sekisho::console
