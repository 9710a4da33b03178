// Who calls. Pure; takes the same time for a missing, an unknown and a known key.
#pragma once

#include <string_view>

#include "config/installation.h"
#include "gateway/http/message.h"
#include "policy/reading.h"

namespace sekisho::gateway {

// Null: nobody that the clients file knows. A credential given twice identifies nobody.
const config::Client* identify(const http::Headers& headers, const config::Clients& clients);

// What the client may use: carriers and operations of the clients file.
bool may_use(const config::Client& client, std::string_view carrier, policy::Operation operation);

policy::Given given(const http::Headers& headers, std::string_view name);

}  // namespace sekisho::gateway
