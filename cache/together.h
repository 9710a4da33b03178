// Several tasks under way at once, on the thread of whoever waits for them.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "cache/task.h"

namespace sekisho::cache {

// Waits until all have ended; whether each was true. They begin in their order; one that is not true stops
// none of the others. What one throws is thrown here, once all have ended. Where a task is dropped and never
// ends, neither does this, and nothing is left of it: the gathering belongs to the tasks.
inline Task<bool> together(std::vector<Task<bool>> tasks) {
  if (tasks.empty()) co_return true;
  auto executor = co_await asio::this_coro::executor;
  auto initiate = [&](auto handler) {
    struct Gathering {
      decltype(handler) waiting;
      std::size_t missing;
      bool good = true;
      std::exception_ptr failed;
    };
    auto gathering = std::make_shared<Gathering>(std::move(handler), tasks.size());
    for (auto& task : tasks)
      asio::co_spawn(executor, std::move(task), [gathering, executor](std::exception_ptr failed, bool good) {
        if (failed && !gathering->failed) gathering->failed = failed;
        gathering->good = gathering->good && good;
        if (--gathering->missing > 0) return;
        asio::post(executor,
                   [gathering] { std::move(gathering->waiting)(gathering->failed, gathering->good); });
      });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, bool)>(
      std::move(initiate), asio::use_awaitable);
}

}  // namespace sekisho::cache
