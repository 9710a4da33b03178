// Which reader a body gets by its Content-Type.
#pragma once

#include <optional>
#include <string_view>

#include "policy/locator.h"

namespace sekisho::policy {

// json: application/json and application/*+json; form: application/x-www-form-urlencoded; xml:
// application/xml, text/xml and application/*+xml. Alone or with one charset of UTF-8: no other parameter
// means anything for them. Nothing: any other type, and whatever is not exactly one type.
std::optional<Locator::Kind> format_of(std::string_view content_type);

// "application/json", for messages.
std::string_view media_type_of(Locator::Kind format);

}  // namespace sekisho::policy
