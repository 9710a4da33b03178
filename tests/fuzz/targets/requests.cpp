// Any bytes as a connection's requests. Always: the same outcome whatever the pieces; nothing kept beyond the
// limits; a request that was taken and is written anew reads back as the same request, and one alone.
#include <algorithm>

#include "gateway/http/writer.h"
#include "tests/fuzz/messages.h"

namespace sekisho::fuzz {
namespace {

using namespace http;

void within_limits(const Request& request) {
  std::size_t bytes = request.target.size();
  for (const Header& header : request.headers.all()) bytes += header.name.size() + header.value.size();
  must(bytes <= limits.header_bytes, "a head within its limit");
  must(request.headers.all().size() <= limits.headers, "no more headers than the limit");
  must(request.target.size() <= limits.target_bytes, "a target within its limit");
  must(request.body.size() <= limits.body_bytes, "a body within its limit");
}

// What the carrier gets is what was judged.
void same_when_written(const Request& request) {
  Request forwarded = request;
  keep_end_to_end(forwarded.headers);
  std::string bytes;
  write(bytes, forwarded, "carrier.example");
  std::vector<Request> again;
  const ReadLimits wider{.header_bytes = 2 * limits.header_bytes};  // our own headers come on top
  read_requests({bytes}, wider, &again);
  must(again.size() == 1, "one request when written anew");
  must_equal(again[0].method, request.method, "the same method when written anew");
  must_equal(again[0].target, request.target, "the same target when written anew");
  must_equal(again[0].body, request.body, "the same body when written anew");
  must_equal(text(end_to_end(again[0].headers)), text(forwarded.headers),
             "the same headers when written anew");
  must(again[0].headers.find("Host") == "carrier.example", "the carrier's host when written anew");
}

void run(std::string_view input) {
  std::vector<Request> taken;
  const std::string whole = read_requests({input}, limits, &taken);
  must_equal(read_requests(pieces(input), limits), whole, "the same outcome whatever the pieces");
  for (const Request& request : taken) {
    within_limits(request);
    same_when_written(request);
  }
}

const Target target{"requests", run};

}  // namespace
}  // namespace sekisho::fuzz
