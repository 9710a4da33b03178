// `tls` in a file: which PEM files secure a connection, from either side. Paths are beside the file.
#pragma once

#include "config/tls_context.h"
#include "config/yaml.h"

namespace sekisho::config {

struct ServerTlsKind {
  using type = ServerTls;
  bool read(Document& document, const Node& node, ServerTls& out) const;
  std::string says() const {
    return "`{certificate, key, client_ca?, crl?, client_certificate: optional | required}`";
  }
};

struct ClientTlsKind {
  using type = ClientTls;
  bool read(Document& document, const Node& node, ClientTls& out) const;
  std::string says() const { return "`{ca?, crl?, certificate?, key?, server_name?}`"; }
};

}  // namespace sekisho::config
