// The body of a message that passes through: piece by piece as it comes, so that its size costs no memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cache/task.h"
#include "gateway/http/message.h"

namespace sekisho::gateway {

using cache::Task;

class BodyStream {
 public:
  virtual ~BodyStream() = default;

  // Of all of it; nothing: nobody knows before it ends.
  virtual std::optional<std::uint64_t> length() const = 0;

  // The next piece, into `piece`, whose memory is used again; an empty one is the end. False: it broke off,
  // or the rest does not come in time: whoever gets the message must not take it for whole.
  virtual Task<bool> next(std::string& piece) = 0;
};

// What a caller is answered: with the body in the response, or behind it.
struct Answer {
  http::Response response;
  std::shared_ptr<BodyStream> body;  // null: it is in the response
};

}  // namespace sekisho::gateway
