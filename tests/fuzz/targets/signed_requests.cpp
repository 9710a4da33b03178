// Callers' signed requests: a line "METHOD target", lines of headers, an empty line, the body. Always: a
// request is somebody's or it is said why not; what a client signs is taken, and is not any more once
// anything that it covers is another; a field that is read and written again is the same.
#include "gateway/credentials/fields.h"
#include "gateway/credentials/signature.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

using namespace std::chrono_literals;
using gateway::Cause;

const policy::Instant now{1'795'500'000'000ms};
const std::string secret = "a secret of the two sides, and of nobody else";

const config::Clients& clients() {
  static const config::Clients known = [] {
    config::Clients all;
    all.all.resize(1);
    all.by_key_id["key-1"] = {0, secret};
    return all;
  }();
  return known;
}

gateway::SignedRequest read(const http::Request& request) {
  auto read = gateway::read_signature(request, clients(), now);
  must((read.key != nullptr) == (read.cause == Cause::none), "somebody's request, or why it is nobody's");
  must(!read.key ||
           (read.key_id == "key-1" && !read.nonce.empty() && read.nonce.size() <= gateway::nonce_bytes_max),
       "what is taken has a nonce, and a key that is known");
  return read;
}

void check_fields(std::string_view value) {
  const auto list = gateway::only_list(value);
  if (list) {
    const auto again = gateway::only_list(list->first + "=" + list->second.text);
    must(again && again->first == list->first && again->second.text == list->second.text &&
             again->second.items == list->second.items,
         "a list that is written again is the same");
  }
  const auto all = gateway::all_bytes(value);
  const auto only = gateway::only_bytes(value);
  if (only) must(all && all->size() == 1 && all->front() == *only, "the only member is the only one of all");
}

http::Request request_of(std::string_view bytes) {
  Input input(bytes);
  http::Request request;
  auto first = input.line();
  const auto space = std::min(first.find(' '), first.size());
  request.method = first.substr(0, space);
  request.target = first.substr(std::min(space + 1, first.size()));
  for (auto line = input.line(); !line.empty(); line = input.line()) {
    const auto colon = std::min(line.find(':'), line.size());
    auto value = line.substr(std::min(colon + 1, line.size()));
    while (value.starts_with(' ')) value.remove_prefix(1);
    request.headers.add(line.substr(0, colon), value);
    check_fields(value);
  }
  request.body = input.rest();
  return request;
}

void run(std::string_view bytes) {
  auto request = request_of(bytes);
  read(request);

  for (const auto* name : {"Content-Digest", "Signature-Input", "Signature"}) request.headers.remove(name);
  const auto signature = gateway::sign(request, "key-1", secret, now, "n-1");
  for (const auto& header : signature.all()) request.headers.add(header.name, header.value);
  if (!read(request).key) return;  // not a request that can be signed: no host, two of them
  auto other = request;
  other.body += "x";
  must(!read(other).key, "another body is not what was signed");
  other = request;
  other.method += "X";
  must(!read(other).key, "another method is not what was signed");
  other = request;
  other.target.insert(other.target.size() / 2, "x");
  must(!read(other).key, "another target is not what was signed");
  must(!gateway::read_signature(request, clients(), now + 10min).key, "nothing is taken long after");
}

const Target target{"signed_requests", run};

}  // namespace
}  // namespace sekisho::fuzz
