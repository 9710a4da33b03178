#include "config/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <string_view>

#include "config/files_read.h"

namespace sekisho::config {
namespace {

namespace fs = std::filesystem;

// OpenSSL's own words for what just failed.
std::string because() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? std::string(": ") + reason : std::string();
}

[[noreturn]] void fail(const fs::path& file, const std::string& text) {
  throw TlsError(file, text + because());
}

void need_readable(const fs::path& file) {
  FilesRead::note(file);
  const std::unique_ptr<BIO, decltype(&BIO_free)> opened(BIO_new_file(file.c_str(), "r"), BIO_free);
  if (opened) return;
  ERR_clear_error();
  throw TlsError(file, "cannot be read");
}

// Nobody is there to type it: an encrypted key is refused instead of asked for.
int no_password(char*, int, int, void*) { return 0; }

void use_identity(SSL_CTX* context, const TlsFiles& files) {
  need_readable(files.certificate);
  need_readable(files.key);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    fail(files.certificate, "no certificate that can be used");
  SSL_CTX_set_default_passwd_cb(context, no_password);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    fail(files.key, "no key of the certificate '" + files.certificate.filename().string() +
                        "' that can be used (unencrypted PEM)");
  if (SSL_CTX_check_private_key(context) != 1) fail(files.key, "not the key of the certificate");
  if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context))) < 0)
    fail(files.certificate, "the certificate has expired");
}

void trust(SSL_CTX* context, const TlsFiles& files) {
  if (files.ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) fail({}, "this machine's trusted issuers");
  } else {
    need_readable(files.ca);
    if (SSL_CTX_load_verify_file(context, files.ca.c_str()) != 1) fail(files.ca, "no issuer's certificate");
  }
  if (files.crl.empty()) return;
  need_readable(files.crl);
  auto* store = SSL_CTX_get_cert_store(context);
  auto* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (!lookup || X509_load_crl_file(lookup, files.crl.c_str(), X509_FILETYPE_PEM) < 1)
    fail(files.crl, "no revocation list");
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
}

// The one protocol that is spoken inside. Who offers others alone is turned away: bytes meant for another
// protocol are not read as requests.
int choose_http(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                unsigned size, void*) {
  static constexpr std::string_view ours = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            unsigned(ours.size()), offered, size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

TlsContext fresh(const SSL_METHOD* method) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) fail({}, "TLS cannot be set up");
  auto* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_ciphersuites(raw, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set1_groups_list(raw, "X25519:P-256:P-384");
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  // A connection that waits for its next request gives its buffers back. A write that must be tried again
  // finds its bytes where they were.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  return context;
}

}  // namespace

// Sessions are resumed by tickets whose keys are this context's: all workers share them, and a reload ends
// them, so that nobody comes back with a certificate that a new revocation list names.
TlsContext server_context(const ServerTls& tls) {
  auto context = fresh(TLS_server_method());
  auto* raw = context.get();
  use_identity(raw, tls.files);
  SSL_CTX_set_alpn_select_cb(raw, choose_http, nullptr);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 1);
  SSL_CTX_set_timeout(raw, 3600);
  if (tls.files.ca.empty()) return context;
  trust(raw, tls.files);
  static constexpr unsigned char ours[] = "sekisho";  // a session with a client's certificate is of one use
  SSL_CTX_set_session_id_context(raw, ours, sizeof ours - 1);
  auto* names = SSL_load_client_CA_file(tls.files.ca.c_str());
  if (!names) fail(tls.files.ca, "no issuer's certificate");
  SSL_CTX_set_client_CA_list(raw, names);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | (tls.client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return context;
}

TlsContext client_context(const ClientTls& tls) {
  auto context = fresh(TLS_client_method());
  auto* raw = context.get();
  trust(raw, tls.files);
  if (!tls.files.certificate.empty()) use_identity(raw, tls.files);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  if (!tls.server_name.empty()) {
    auto* wanted = SSL_CTX_get0_param(raw);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(wanted, tls.server_name.c_str(), tls.server_name.size());
  }
  return context;
}

std::int64_t not_after(const TlsContext& context) {
  const auto* certificate = context ? SSL_CTX_get0_certificate(context.get()) : nullptr;
  std::tm parts{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return 0;
  return ::timegm(&parts);
}

}  // namespace sekisho::config
