// One register from a file: CSV or JSON, UTF-8 or Shift-JIS, columns named by a mapping file or as the fields
// are.
//
// The whole file or nothing: every bad row is reported by line and column. Full-width text is normalised
// (NFKC), a leading "T" of a corporate number is stripped, dates may be 2026-02-01, 2026/2/1 or
// 令和8年2月1日.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/file_error.h"
#include "config/progress.h"
#include "policy/registry.h"

namespace sekisho::config {

// Stands for a mapping's digest where columns are named as the fields are.
inline constexpr std::string_view no_mapping = "none";

struct Mapping {
  policy::Register which{};
  bool shift_jis = false;
  std::map<std::string, std::string> columns;  // our field -> the file's column
  std::map<std::string, policy::EtocState> etoc_states;
  std::map<std::string, policy::PlanState> plan_states;
  bool last_day_included = true;
  std::string digest = std::string(no_mapping);  // SHA-256 of the file's bytes, hex
};
Loaded<Mapping> load_mapping(const std::filesystem::path& file);
Mapping plain_mapping(policy::Register which);

// One operator as one register has it. Only the part of that register is filled.
struct RegisterRow {
  policy::OperatorId id;  // etoc only: may be empty, and then the certificate number tells whose row it is
  policy::Names names;    // etoc only
  policy::EtocEntry etoc;
  policy::PlanEntry plan;
  policy::RefusalEntry refusal;  // an operator may stand in several rows of this register
  policy::TrackRecord track_record;
  std::string owner_group, domestic_agent,
      notification_number;   // with the track record: what the carrier knows
  int line = 0, column = 1;  // of the corporate number
};

struct RegisterFile {
  policy::Register which{};
  std::string file;
  std::vector<RegisterRow> rows;
  std::string digest;   // SHA-256 of the bytes, hex
  std::string mapping;  // `digest` of the mapping by which it was read
};
// `progress` is told bytes, of CSV.
Loaded<RegisterFile> load_register(const std::filesystem::path& file, const Mapping& mapping,
                                   const Progress& progress = {});

}  // namespace sekisho::config
