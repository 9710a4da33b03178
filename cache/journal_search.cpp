#include "cache/journal_search.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <deque>
#include <stdexcept>

#include "cache/journal_chain.h"
#include "cache/journal_files.h"
#include "cache/journal_progress.h"

namespace sekisho::cache {
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

// `at` of records is nearly in order only: orders that run at once cross, and clocks are set.
constexpr auto crossing = std::chrono::hours(1);

struct Beginning {
  std::uint64_t seq = 0;
  std::string at;
};

// Of a segment's first record; nothing while it has none.
std::optional<Beginning> beginning_of(const Segment& segment) {
  LineReader reader(segment.file);
  std::string_view line;
  bool whole = false;
  if (!reader.next(line, whole) || !whole) return std::nullopt;
  const auto form = read_form(line);
  if (!form) throw std::runtime_error(reader.where() + ": not a journal record");
  return Beginning{form->seq, std::string(form->at)};
}

// Every whole record of one segment.
template <class Visit>
void each_record(const Segment& segment, Visit visit) {
  LineReader reader(segment.file);
  std::string_view line;
  bool whole = false;
  while (reader.next(line, whole) && whole) {  // the last line may be being written
    const auto form = read_form(line);
    if (!form) throw std::runtime_error(reader.where() + ": not a journal record");
    visit(*form, line, reader);
  }
}

std::string member(std::string_view name, std::string_view value) {
  return fmt::format("\"{}\":\"{}\"", name, value);
}

bool says(const json::object& record, std::string_view name, std::string_view value) {
  const auto* found = record.if_contains(name);
  return found && found->is_string() && std::string_view(found->as_string()) == value;
}

bool fits(std::string_view line, const DecisionFilter& filter) {
  const auto& [who, code, since, before, most] = filter;
  if (who.empty() && code.empty()) return true;
  // Quick: most records do not even hold the words. Then for certain, for they may stand elsewhere in it.
  if (!who.empty() && line.find(member("operator", who)) == line.npos) return false;
  if (!code.empty() && line.find(member("code", code)) == line.npos) return false;
  const auto record = json::parse({line.data(), line.size()}).as_object();
  return (who.empty() || says(record, "operator", who)) && (code.empty() || says(record, "code", code));
}

}  // namespace

FoundDecisions newest_decisions(const fs::path& directory, const DecisionFilter& filter, Deadline until) {
  FoundDecisions found;
  const auto since = filter.since ? policy::iso_jst(*filter.since) : std::string();
  const auto too_old = filter.since ? policy::iso_jst(*filter.since - crossing) : std::string();
  const auto segments = list_segments(directory);
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    const auto begins = beginning_of(*segment);
    if (!begins || begins->seq >= filter.before) continue;
    std::deque<std::pair<std::uint64_t, std::string>> newest;  // of this segment, oldest first
    bool more = false;
    each_record(*segment, [&](const RecordForm& form, std::string_view line, const LineReader&) {
      if (form.kind != RecordKind::decision || form.seq >= filter.before || form.at < since) return;
      if (!fits(line, filter)) return;
      newest.emplace_back(form.seq, line);
      if (found.records.size() + newest.size() <= filter.most) return;
      newest.pop_front();
      more = true;
    });
    const auto oldest = newest.empty() ? begins->seq : newest.front().first;
    for (auto one = newest.rbegin(); one != newest.rend(); ++one)
      found.records.push_back(std::move(one->second));
    const bool last = segment + 1 == segments.rend() || begins->at < too_old;
    const bool full = found.records.size() >= filter.most;
    if (!more && last) return found;
    if (more || full) found.next = oldest;
    if (!more && !full && std::chrono::steady_clock::now() >= until) found.next = begins->seq;
    if (found.next) return found;
  }
  return found;
}

std::optional<std::vector<std::string>> records_of(const fs::path& directory, const std::string& decision,
                                                   std::optional<policy::Instant> made, Deadline until,
                                                   const config::Progress& progress) {
  const auto segments = list_segments(directory);
  const auto earliest = made ? policy::iso_jst(*made - crossing) : std::string();
  auto first = segments.size();
  while (first > 0) {
    const auto begins = beginning_of(segments[--first]);
    if (begins && begins->at < earliest) break;
  }
  const auto words = member("decision", decision);
  JournalProgress read(std::span{segments}.subspan(first), progress);
  std::vector<std::string> found;
  for (auto i = first; i < segments.size(); ++i) {
    if (i > first && std::chrono::steady_clock::now() >= until) return std::nullopt;
    each_record(segments[i], [&](const RecordForm&, std::string_view line, const LineReader& reader) {
      read.at(reader);
      if (line.find(words) == line.npos) return;
      if (says(json::parse({line.data(), line.size()}).as_object(), "decision", decision))
        found.emplace_back(line);
    });
    read.end_of(segments[i]);
  }
  read.done();
  return found;
}

}  // namespace sekisho::cache
