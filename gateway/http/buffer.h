// The bytes that were read from a stream and not yet understood: flat, growing, used over and over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace sekisho::http {

class Buffer {
 public:
  std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  // Room for at least `wanted` more bytes. Bytes move only when the room behind them is used up, and there is
  // then room for `wanted` again: the cost stays linear however small the pieces arrive.
  std::span<char> space(std::size_t wanted) {
    if (capacity_ - end_ < wanted) make_room(wanted);
    return {data_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Gives the memory back when there is nothing in it.
  void trim() {
    if (!empty()) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  void make_room(std::size_t wanted) {
    const std::size_t used = end_ - begin_;
    if (capacity_ - used >= wanted) {
      std::memmove(data_.get(), data_.get() + begin_, used);
    } else {
      const std::size_t larger = std::max({capacity_ * 2, used + wanted, std::size_t{4096}});
      auto fresh = std::make_unique_for_overwrite<char[]>(larger);
      if (used != 0) std::memcpy(fresh.get(), data_.get() + begin_, used);
      data_ = std::move(fresh);
      capacity_ = larger;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace sekisho::http
