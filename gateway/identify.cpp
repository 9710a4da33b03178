#include "gateway/identify.h"

#include <algorithm>

#include "config/digest.h"

namespace sekisho::gateway {

policy::Given given(const http::Headers& headers, std::string_view name) {
  policy::Given out;
  for (const auto& header : headers.all())
    if (http::same_name(header.name, name) && out.times++ == 0) out.first = header.value;
  return out;
}

const config::Client* identify(const http::Headers& headers, const config::Clients& clients) {
  const auto key = given(headers, clients.api_key_header);
  // The digest is computed also when there is no key. The look-up compares digests, whose bytes an attacker
  // cannot steer, so how long it takes tells nothing about any key.
  const auto found = clients.by_key.find(config::sha256(key.first));
  if (key.times != 1 || found == clients.by_key.end()) return nullptr;
  return &clients.all[found->second];
}

bool may_use(const config::Client& client, std::string_view carrier, policy::Operation operation) {
  if (!client.carriers.empty() &&
      std::find(client.carriers.begin(), client.carriers.end(), carrier) == client.carriers.end())
    return false;
  return !client.operations || client.operations->has(operation);
}

}  // namespace sekisho::gateway
