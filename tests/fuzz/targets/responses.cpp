// Any bytes as a carrier's answer; the first byte says whether HEAD was asked and whether the stream ends.
// Always: the same outcome whatever the pieces; nothing kept beyond the limits; an answer that was taken and
// is written anew for the caller reads back as the same answer, with nothing behind it.
#include "gateway/http/writer.h"
#include "tests/fuzz/messages.h"

namespace sekisho::fuzz {
namespace {

using namespace http;

void same_when_written(const Response& response) {
  std::string bytes;
  write(bytes, response, false);
  Response again;
  const ReadLimits wider{.header_bytes = 2 * limits.header_bytes};
  const auto told = read_response({bytes}, wider, false, false, &again);
  must(!told.ends_with(" surplus"), "nothing behind an answer that is written anew");
  must_equal(again.status, response.status, "the same status when written anew");
  must_equal(again.body, response.body, "the same body when written anew");
  must_equal(text(again.headers), text(response.headers), "the same headers when written anew");
}

void run(std::string_view input) {
  if (input.empty()) return;
  const bool head = (input[0] & 1) != 0, closed = (input[0] & 2) != 0;
  input.remove_prefix(1);
  Response taken;
  taken.status = 0;
  const std::string whole = read_response({input}, limits, head, closed, &taken);
  must_equal(read_response(pieces(input), limits, head, closed), whole,
             "the same outcome whatever the pieces");
  if (taken.status == 0) return;
  must(taken.status >= 200 && taken.status <= 999, "an answer is a final one");
  must(taken.body.size() <= limits.body_bytes, "a body within its limit");
  must(!head || taken.body.empty(), "no body behind the answer to HEAD");
  must_equal(text(end_to_end(taken.headers)), text(taken.headers), "end-to-end headers only");
  same_when_written(taken);
}

const Target target{"responses", run};

}  // namespace
}  // namespace sekisho::fuzz
