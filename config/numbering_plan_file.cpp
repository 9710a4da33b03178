#include "config/numbering_plan_file.h"

#include "config/digest.h"
#include "config/kinds.h"
#include "config/numbering_plan.inc"  // shipped_text, made from config/numbering-plan.yaml by CMakeLists.txt
#include "config/texts.h"
#include "config/yaml.h"

namespace sekisho::config {
namespace {

using policy::NumberPattern;
using policy::NumberType;

constexpr std::string_view schema = "sekisho/numbering-plan/v1";

struct Template {
  using type = policy::NumberTemplate;
  bool read(Document& document, const Node& node, policy::NumberTemplate& out) const {
    if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
    auto parsed = policy::parse_template(node.text);
    if (auto* trouble = std::get_if<std::string>(&parsed))
      return document.error(node.place, std::move(*trouble)), false;
    out = std::get<policy::NumberTemplate>(std::move(parsed));
    return true;
  }
  std::string says() const { return "a template such as '0120-XXX-XXX'"; }
};

class PlanReader {
 public:
  explicit PlanReader(Document& document) : document_(document) {}

  policy::NumberingPlan read(const Node& root) {
    Fields fields(document_, root, "the file");
    fields.find("schema");
    fields.may("last", Words<NumberType>{}, plan_.last);
    if (const Node* types = fields.need("types")) {
      Fields by_type(document_, *types, "'types'");
      for (std::size_t i = 0; by_type.is_map() && i < policy::count_of<NumberType>(); ++i)
        read_type(by_type, *types, static_cast<NumberType>(i));
    }
    return std::move(plan_);
  }

 private:
  void read_type(Fields& by_type, const Node& types, NumberType type) {
    const std::string word(name(type));
    const Node* list = by_type.find(word);
    if (!list) {
      document_.error(types.place,
                      "no pattern for the number type '" + word + "': none of its numbers would be known");
    } else if (list->kind != Node::Kind::list || list->items.empty()) {
      unexpected(document_, *list, "a list of patterns such as '- digits: 0120-XXX-XXX'");
    } else {
      for (const auto& node : list->items) read_pattern(node, type);
    }
  }

  void read_pattern(const Node& node, NumberType type) {
    Fields fields(document_, node, "a pattern");
    NumberPattern pattern{.type = type};
    bool good = fields.need("digits", Template{}, pattern.digits);
    good &= read_day(fields, "from", pattern.from);
    good &= read_day(fields, "until", pattern.until);
    fields.need("basis", Text{}, pattern.basis);
    if (!good) return;
    if (pattern.from && pattern.until && *pattern.until < *pattern.from) {
      fields.error("until", "until " + pattern.until->text() + " is before from " + pattern.from->text() +
                                ": this pattern would never count");
      return;
    }
    check_apart(pattern, fields);
    plan_.patterns.push_back(std::move(pattern));
    places_.push_back(node.find("digits")->place);
  }

  // False only when what stands there is no day.
  bool read_day(Fields& fields, std::string_view key, std::optional<policy::JstDate>& out) {
    policy::JstDate day;
    const bool there = fields.find(key) != nullptr;
    if (fields.may(key, Date{}, day)) out = day;
    return out || !there;
  }

  // Exact: templates are products of digit classes, so what two of them share is a product as well.
  void check_apart(const NumberPattern& pattern, Fields& fields) {
    for (std::size_t i = 0; i < plan_.patterns.size(); ++i) {
      const auto& other = plan_.patterns[i];
      if (other.type == pattern.type || plan_.last.has(other.type) != plan_.last.has(pattern.type)) continue;
      const auto both = policy::clash(other, pattern);
      if (!both) continue;
      const std::string type(name(pattern.type)), other_type(name(other.type));
      fields.error("digits", both->number + " would be " + type + " and, by line " +
                                 std::to_string(places_[i].line) + ", " + other_type +
                                 (both->day ? " on " + both->day->text() : "") +
                                 "; narrow one of them, or name the type that gives way in 'last'");
    }
  }

  Document& document_;
  policy::NumberingPlan plan_;
  std::vector<Place> places_;  // of each pattern's digits
};

Loaded<policy::NumberingPlan> read_plan(Document document, std::string& digest) {
  digest = sha256_hex(document.bytes());
  policy::NumberingPlan plan;
  if (const Node* root = document.root()) plan = PlanReader(document).read(*root);
  return document.finish(std::move(plan));
}

}  // namespace

std::string_view shipped_numbering_plan() { return shipped_text; }

Loaded<policy::NumberingPlan> load_numbering_plan(const std::filesystem::path& file, std::string& digest) {
  if (!file.empty()) return read_plan(Document(file, schema), digest);
  return read_plan(Document("numbering-plan.yaml", std::string(shipped_text), schema), digest);
}

Loaded<policy::NumberingPlan> load_numbering_plan(const std::filesystem::path& file) {
  std::string digest;
  return load_numbering_plan(file, digest);
}

Loaded<policy::NumberingPlan> read_numbering_plan_text(const std::filesystem::path& name, std::string text) {
  std::string digest;
  return read_plan({name, std::move(text), schema}, digest);
}

}  // namespace sekisho::config
