// number: what the gate takes a number for, on a day, by the numbering plan.
#include <memory>

#include "config/numbering_plan_file.h"
#include "config/text.h"
#include "gateway/main/commands.h"
#include "policy/numbering_plan.h"

namespace sekisho::console {
namespace {

struct Question {
  std::vector<std::string> numbers;
  std::string at, plan;
  bool bare_country_code = false;
};

// --plan, else the one that the configuration names, else the shipped one.
std::optional<policy::NumberingPlan> plan_for(const Console& console, const Question& question) {
  std::filesystem::path file = question.plan;
  if (file.empty() && !console.config.empty()) {
    const auto settings = console.settings();
    if (!settings) return std::nullopt;
    file = settings->numbering_plan;
  }
  auto loaded = config::load_numbering_plan(file);
  if (!loaded) console.fail(loaded.errors);
  return std::move(loaded.value);
}

// One number: fills a line of text and its JSON; false when it is none.
bool tell(const std::string& written, const policy::NumberingPlan& plan, policy::JstDate day,
          const Question& question, std::string& text, json::object& row) {
  row["input"] = written;
  const bool readable = config::valid_utf8_bytes(written) == written.size();
  const auto number = policy::normal_form(readable ? config::normalised(written) : written,
                                          {.bare_country_code = question.bare_country_code});
  if (!number) {
    row["error"] = number.trouble;
    text += (readable ? written : "it") + ": " + number.trouble + "\n";
    return false;
  }
  row["number"] = number.digits;
  const auto* pattern = policy::pattern_of(plan, number.digits, day);
  if (!pattern) {
    const auto why = policy::why_no_type(plan, number.digits, day);
    row["error"] = "is of no number type on " + day.text() + ": it " + why;
    text += number.digits + ": is of no number type on " + day.text() + ": it " + why + "\n";
    return false;
  }
  row["number_type"] = policy::name(pattern->type);
  row["pattern"] = pattern->digits.text;
  row["basis"] = pattern->basis;
  text += number.digits + " " + std::string(policy::name(pattern->type)) + "\n";
  return true;
}

int answer(const Console& console, const Question& question) {
  auto day = policy::JstDate::of(now());
  if (!question.at.empty()) {
    const auto given = policy::JstDate::parse(question.at);
    if (!given) return console.fail("--at '" + question.at + "' is not a day such as 2026-07-01");
    day = *given;
  }
  const auto plan = plan_for(console, question);
  if (!plan) return unreadable;
  std::string text;
  json::array rows;
  bool good = true;
  for (const auto& written : question.numbers) {
    json::object row;
    good &= tell(written, *plan, day, question, text, row);
    rows.push_back(std::move(row));
  }
  console.print(rows, text);
  return good ? done : answer_no;
}

}  // namespace

void add_number(CLI::App& app, const Console& console, int& code) {
  auto question = std::make_shared<Question>();
  auto* command = app.add_subcommand("number", "The national form and the type of telephone numbers");
  command->add_option("numbers", question->numbers, "Numbers, as they are written")->required();
  command->add_option("--at", question->at, "The day in Japan; without it: today")->type_name("DATE");
  command
      ->add_option("--plan", question->plan,
                   "A numbering plan; without it: the configuration's, or the shipped one")
      ->type_name("FILE");
  command->add_flag("--bare-81", question->bare_country_code, "Read 81... and 0081... as +81...");
  command->callback([&console, &code, question] { code = answer(console, *question); });
}

}  // namespace sekisho::console
