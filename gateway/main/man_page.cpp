// sekisho(1), in the man macros.
#include "gateway/main/command_tree.h"
#include "gateway/version.h"

namespace sekisho::console {
namespace {

// Hyphens are meant as they stand, to be copied; a line's first point or quote is no request.
std::string text(std::string_view plain) {
  std::string out;
  for (const char c : plain) {
    if (c == '-')
      out += "\\-";
    else if (c == '\\')
      out += "\\e";
    else
      out += c;
  }
  if (!out.empty() && (out.front() == '.' || out.front() == '\'')) out.insert(0, "\\&");
  return out;
}

std::string bold(std::string_view word) { return "\\fB" + text(word) + "\\fR"; }
std::string italic(std::string_view word) { return "\\fI" + text(word) + "\\fR"; }

std::string value(const Argument& argument) {
  if (argument.choices.empty()) return italic(argument.by_place ? argument.names.front() : argument.value);
  std::string out;
  for (const auto& choice : argument.choices) out += (out.empty() ? "" : "|") + bold(choice);
  return out;
}

// "--register etoc|plan", "file", "[--dry-run]", as they stand in a synopsis.
std::string used(const Argument& argument) {
  std::string out = argument.by_place ? "" : bold(argument.names.back());
  if (!argument.value.empty()) out += (out.empty() ? "" : " ") + value(argument);
  if (argument.many) out += " ...";
  return argument.required ? out : "[" + out + "]";
}

std::string names(const Argument& argument) {
  if (argument.by_place) return value(argument);
  std::string out;
  for (const auto& name : argument.names) out += (out.empty() ? "" : ", ") + bold(name);
  return argument.value.empty() ? out : out + " " + value(argument);
}

bool is_help(const Argument& argument) { return argument.names.back() == "--help"; }

void tell(std::string& out, const std::vector<Argument>& arguments) {
  for (const auto& one : arguments) out += ".TP\n" + names(one) + "\n" + text(one.says) + "\n";
}

void tell(std::string& out, const Command& command) {
  if (command.inner.empty()) {
    out += ".SS " + text(command.path.substr(command.path.find(' ') + 1)) + "\n" + text(command.says) +
           ".\n.PP\n" + bold(command.path);
    std::vector<Argument> own;
    for (const auto& one : command.arguments)
      if (!is_help(one)) own.push_back(one);
    for (const auto& one : own) out += " " + used(one);
    out += "\n";
    tell(out, own);
  }
  for (const auto& inner : command.inner) tell(out, inner);
}

constexpr const char* closing = R"(.SH EXIT STATUS
.TP
.B 0
Done, or the answer is yes.
.TP
.B 1
The answer is no: a guard refused, a test failed, not found, a journal that does not verify.
.TP
.B 2
Wrong usage, unreadable input, or Redis out of reach.
.SH ENVIRONMENT
.TP
.B SEKISHO_CONFIG
The configuration, where
.B \-\-config
does not name one.
.TP
.BR NOTIFY_SOCKET ", " WATCHDOG_USEC
Set by
.BR systemd (1):
the gateway tells it when it is ready, reloads and stops, and shows that it is alive.
.SH SIGNALS
Of a gateway that runs:
.TP
.B SIGHUP
Reads policy, clients, carriers, certificates and tokens again. On any error the old ones stay in force.
.TP
.BR SIGTERM ", " SIGINT
Is not ready from now on, finishes what is there, and ends. A second one ends it at once.
.SH FILES
.TP
.I /etc/sekisho/sekisho.yaml
The configuration of
.BR sekisho.service ;
.IR /etc/sekisho/NAME.yaml
that of
.BR sekisho@NAME.service .
.TP
.I /var/lib/sekisho
The journal with its key, and the copy of the registry.
.TP
.I /usr/share/doc/sekisho
Documentation, and files to begin with.
.SH SEE ALSO
.BR redis\-server (1),
.BR systemctl (1),
.BR journalctl (1)
)";

}  // namespace

std::string man_page(const Command& program) {
  std::string out = ".\\\" Printed by `sekisho describe man-page`.\n";
  out += ".TH SEKISHO 1 " + std::string(gateway::version_date) + " \"sekisho " + gateway::version + "\"\n";
  out += ".SH NAME\nsekisho \\- the checkpoint in front of a carrier's number\\-allocation API\n";
  out += ".SH SYNOPSIS\n";
  for (const auto& command : program.inner) {
    if (&command != &program.inner.front()) out += ".br\n";
    out += bold(command.path);
    if (!command.inner.empty()) {
      std::string words;
      for (const auto& inner : command.inner)
        words += (words.empty() ? "" : "|") + bold(inner.path.substr(command.path.size() + 1));
      out += " " + words;
    }
    out += " " + italic("...") + "\n";
  }
  out +=
      ".SH DESCRIPTION\nEvery wholesale request for telephone numbers passes through a gateway, which knows "
      "who asks, "
      "whether that\noperator may be given numbers today, how many it may still have, and leaves evidence of "
      "every "
      "answer.\n.B sekisho serve\nis that gateway; the other commands keep its registers, policy, counts and "
      "journal. None needs a running gateway.\n";
  out += ".SH OPTIONS\nThese may stand anywhere behind a command.\n";
  tell(out, program.arguments);
  out += ".SH COMMANDS\n";
  for (const auto& command : program.inner) tell(out, command);
  return out + closing;
}

}  // namespace sekisho::console
