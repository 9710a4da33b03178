// Every call of the admin listener: one table.
#include <algorithm>

#include "gateway/admin_api.h"
#include "policy/adapter.h"

namespace sekisho::gateway {
namespace {

using config::AdminRole;

constexpr AdminRoles anybody;
constexpr AdminRoles readers{AdminRole::viewer, AdminRole::operating, AdminRole::compliance};
constexpr AdminRoles operating{AdminRole::operating, AdminRole::compliance};
constexpr AdminRoles compliance{AdminRole::compliance};
constexpr AdminRoles checkers{AdminRole::checker, AdminRole::operating, AdminRole::compliance};

constexpr AdminRoute table[] = {
    {"GET", "/livez", anybody, &AdminApi::livez, "200 while the process runs."},
    {"GET", "/readyz", anybody, &AdminApi::readyz,
     "200 `ready`, with a line for each thing that is degraded; 503 `not ready`, with a line for each "
     "reason."},
    {"GET", "/metrics", readers, &AdminApi::metrics, "Prometheus's text format."},
    {"GET", "/admin/v1/status", readers, &AdminApi::status,
     "Version, gateway, boot, readiness, policy digest, registry, the journal's head."},
    {"GET", "/admin/v1/policy", readers, &AdminApi::policy,
     "The policy in force: digest, since when, rules, waivers, guarantees, the file itself."},
    {"GET", "/admin/v1/operators", readers, &AdminApi::operators,
     "Operators by id, as `registry list` prints them. `etoc`, `owner_group`; `after`, `limit`."},
    {"GET", "/admin/v1/operators/{id}", readers, &AdminApi::one_operator,
     "One operator: what `registry show` and `ledger show` print, as one object."},
    {"POST", "/admin/v1/operators/{id}/revoke", compliance, &AdminApi::revoke,
     "Revokes at once, on every gateway, as `registry revoke` does; answers when it is in force."},
    {"POST", "/admin/v1/operators/{id}/reinstate", compliance, &AdminApi::reinstate,
     "Undoes a revocation, as `registry reinstate` does."},
    {"GET", "/admin/v1/decisions", readers, &AdminApi::decisions,
     "The newest decisions in this gateway's journal. `operator`, `code`, `since`; `before`, `limit`."},
    {"GET", "/admin/v1/decisions/{id}", readers, &AdminApi::one_decision,
     "Every record of one decision in this gateway's journal, as `audit show` prints them."},
    {"GET", "/admin/v1/holds", readers, &AdminApi::holds,
     "Open holds, as `ledger holds` prints them. `operator`, `state`; `after`, `limit`."},
    {"POST", "/admin/v1/holds/{hold}/resolve", compliance, &AdminApi::resolve,
     "Says how an order in suspense ended, as `ledger resolve` does."},
    {"POST", "/admin/v1/reload", operating, &AdminApi::reload, "The same as SIGHUP; 422 with the errors."},
    {"POST", "/admin/v1/log-level", operating, &AdminApi::log_level,
     "Changes what is logged from now on, until the process ends."},
    {"POST", "/admin/v1/check", checkers, &AdminApi::check,
     "Decides an order without forwarding it: nothing is held or counted."},
    {"*", "/authz", checkers, &AdminApi::authz,
     "The same for nginx's `auth_request`: the call stands in `X-Original-Method` and `X-Original-URI`."},
    {"*", "/authz/{call}", checkers, &AdminApi::authz,
     "The same for Envoy's `ext_authz`: the call's own path stands behind `/authz`."},
};

bool fits(const AdminRoute& route, std::string_view path,
          std::vector<std::pair<std::string, std::string>>& parameters) {
  constexpr std::string_view rest = "/{call}";  // whatever stands there is another server's path
  if (route.path.ends_with(rest)) {
    const auto before = route.path.substr(0, route.path.size() - rest.size() + 1);
    return path.starts_with(before);
  }
  policy::PathPattern pattern;
  for (std::size_t at = 0; at < route.path.size();) {
    const auto end = std::min(route.path.find('/', at + 1), route.path.size());
    pattern.segments.emplace_back(route.path.substr(at + 1, end - at - 1));
    at = end;
  }
  return pattern.matches(path, parameters);
}

}  // namespace

std::span<const AdminRoute> admin_routes() { return table; }

const AdminRoute* admin_route(std::string_view method, std::string_view path,
                              std::vector<std::pair<std::string, std::string>>& parameters,
                              std::string& allowed) {
  if (method == "HEAD") method = "GET";
  for (const auto& route : table) {
    parameters.clear();
    if (!fits(route, path, parameters)) continue;
    if (route.method == method || route.method == "*") return &route;
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") allowed += ", HEAD";
  }
  return nullptr;
}

}  // namespace sekisho::gateway
