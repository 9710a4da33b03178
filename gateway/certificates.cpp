#include "gateway/certificates.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace sekisho::gateway {
namespace {

void note(Metrics& metrics, const std::string& use, const config::TlsContext& tls) {
  if (const auto ends = config::not_after(tls))
    metrics.set(Metric::tls_certificate, {use}, static_cast<double>(ends));
}

// As a file has it now, good or ended; null: it has none that can be read.
config::TlsContext shown_from(const std::filesystem::path& certificate) {
  const config::TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const bool read = context && SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) == 1;
  ERR_clear_error();
  return read ? context : nullptr;
}

}  // namespace

void note_certificates(Metrics& metrics, const config::Settings& settings, const config::Installation& site) {
  for (std::size_t i = 0; i < settings.listeners.size(); ++i)
    note(metrics, "listener/" + settings.listeners[i].address.text(), site.listener_tls[i]);
  note(metrics, "admin", site.admin_tls);
  for (const auto& [name, tls] : site.carrier_tls) note(metrics, "carrier/" + name, tls);
  // No link holds it: the file is read at each connection.
  if (const auto tls = settings.redis.client_tls())
    note(metrics, "redis", shown_from(tls->files.certificate));
}

}  // namespace sekisho::gateway
