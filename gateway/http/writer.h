// Messages to bytes: written anew, one flat string, framing headers always our own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace sekisho::http {

// Appends the whole request: origin-form target, Host, Content-Length (when there is a body or the method
// implies one), then `headers`, the body. Framing and hop-by-hop headers in `headers` are an error of the
// caller (asserted).
void write(std::string& out, const Request& request, std::string_view host);

// Appends the whole response. `head_only`: the answer to a HEAD request (Content-Length of the body, no body;
// no Content-Length when the body is empty, as its size is then not known here). 1xx, 204 and 304 get neither
// body nor Content-Length. Connection: close when !response.keep_alive.
void write(std::string& out, const Response& response, bool head_only);

// The same without the body, which follows piece by piece: `length` bytes, or where that is nothing in
// chunks. `until_close`: for a peer that knows no chunks (HTTP/1.0), the end of the connection ends it.
void write_head(std::string& out, const Request& request, std::string_view host,
                std::optional<std::uint64_t> length);
void write_head(std::string& out, const Response& response, std::optional<std::uint64_t> length,
                bool until_close);

// One piece in its chunk; an empty one is the last chunk and ends the message.
void write_chunk(std::string& out, std::string_view piece);

// The headers a message may carry across the gate: end-to-end ones only. Removed: hop-by-hop (RFC
// 9110 7.6.1), those named in Connection, Proxy-*, framing, Host, Expect, Forwarded, X-Forwarded-*,
// X-Real-IP, Sekisho-*; client certificates as a proxy tells them (Client-Cert, X-SSL-Client-*); headers that
// change the method or the path behind the gate's back (X-HTTP-Method-Override, X-Original-URL and their
// like); Alt-Svc, which would show the caller a way around the gate. Also when spelled with `_` or `.` for
// `-`.
Headers end_to_end(const Headers& headers);
void keep_end_to_end(Headers& headers);  // the same, in place

// Of a body that was changed, digests are false: Content-Digest, Repr-Digest, Digest, Content-MD5.
void drop_body_digests(Headers& headers);

}  // namespace sekisho::http
