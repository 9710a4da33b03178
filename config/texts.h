// What the loaders read, out of text that is no file: the same reading, the same complaints. `name` stands in
// complaints, and is what relative paths are resolved against.
//
// A policy's text can be had by itself too (installation.h), because a journal holds policies.
#pragma once

#include <filesystem>
#include <string>

#include "config/installation.h"
#include "config/policy_format.h"
#include "config/policy_tests.h"
#include "config/register_file.h"

namespace sekisho::config {

Loaded<Settings> read_settings_text(const std::filesystem::path& name, std::string text);
Loaded<Clients> read_clients_text(const std::filesystem::path& name, std::string text);
Loaded<policy::Carrier> read_carrier_text(const std::filesystem::path& name, std::string text);
Loaded<policy::NumberingPlan> read_numbering_plan_text(const std::filesystem::path& name, std::string text);
Loaded<PolicyTests> read_policy_tests_text(const std::filesystem::path& name, std::string text);
Loaded<Mapping> read_mapping_text(const std::filesystem::path& name, std::string text);
Loaded<RegisterFile> read_register_text(const std::filesystem::path& name, std::string text,
                                        const Mapping& mapping);
Formatted format_policy_text(const std::filesystem::path& name, std::string text);

}  // namespace sekisho::config
