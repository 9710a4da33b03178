#include "gateway/certificates.h"

namespace sekisho::gateway {
namespace {

void note(Metrics& metrics, const std::string& use, const config::TlsContext& tls) {
  if (const auto ends = config::not_after(tls))
    metrics.set(Metric::tls_certificate, {use}, static_cast<double>(ends));
}

}  // namespace

void note_certificates(Metrics& metrics, const config::Settings& settings, const config::Installation& site) {
  for (std::size_t i = 0; i < settings.listeners.size(); ++i)
    note(metrics, "listener/" + settings.listeners[i].address.text(), site.listener_tls[i]);
  note(metrics, "admin", site.admin_tls);
  for (const auto& [name, tls] : site.carrier_tls) note(metrics, "carrier/" + name, tls);
}

}  // namespace sekisho::gateway
