// The coroutine type of everything that waits.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace sekisho::cache {
namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

}  // namespace sekisho::cache
