#include "config/tls_fields.h"

#include "config/kinds.h"

namespace sekisho::config {
namespace {

bool may_name(Fields& fields, std::string_view key, std::filesystem::path& out) {
  return fields.may(key, Path{}, out) && !out.empty();
}

// A certificate without its key shows nothing, and a list of what was revoked says nothing without who
// issued.
bool read_files(Fields& fields, std::string_view ca, TlsFiles& out) {
  const bool certificate = may_name(fields, "certificate", out.certificate);
  const bool key = may_name(fields, "key", out.key);
  const bool issuers = may_name(fields, ca, out.ca);
  const bool revoked = may_name(fields, "crl", out.crl);
  if (certificate != key) {
    fields.error(certificate ? "certificate" : "key", "'certificate' and 'key' stand together");
    return false;
  }
  if (revoked && !issuers) {
    fields.error("crl", "'crl' needs '" + std::string(ca) + "': whose revocations these are");
    return false;
  }
  return true;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
             text.npos;
}

}  // namespace

bool ServerTlsKind::read(Document& document, const Node& node, ServerTls& out) const {
  Fields fields(document, node, "'tls'");
  if (!fields.is_map()) return false;
  bool good = read_files(fields, "client_ca", out.files);
  if (good && out.files.certificate.empty()) {
    document.error(node.place, "a listener with 'tls' needs 'certificate' and 'key'");
    good = false;
  }
  std::string wanted;
  if (fields.may("client_certificate", OneOf{{"optional", "required"}}, wanted)) {
    out.client_required = wanted == "required";
    if (out.files.ca.empty()) {
      fields.error("client_certificate", "'client_certificate' needs 'client_ca': whose certificates count");
      good = false;
    }
  }
  return good;
}

bool ClientTlsKind::read(Document& document, const Node& node, ClientTls& out) const {
  Fields fields(document, node, "'tls'");
  if (!fields.is_map()) return false;
  bool good = read_files(fields, "ca", out.files);
  if (fields.may("server_name", Text{}, out.server_name) && !is_host_name(out.server_name)) {
    fields.error("server_name", "expected a host's name as it stands in a certificate");
    good = false;
  }
  return good;
}

}  // namespace sekisho::config
