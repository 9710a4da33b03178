#include "gateway/http/message.h"

#include <functional>
#include <utility>

namespace sekisho::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// One large body must not make a pooled message large for ever.
constexpr std::size_t body_kept = 64 * 1024;

void empty(std::string& body) {
  if (body.capacity() > body_kept) body = std::string();
  body.clear();
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

// Whether this text is a part of ours, and gone when ours grows.
bool Headers::own(std::string_view text) const {
  const std::less_equal<const char*> before;
  return before(text_.data(), text.data()) && before(text.data(), text_.data() + text_.size());
}

void Headers::add(std::string_view name, std::string_view value) {
  if (own(name) || own(value)) return add(std::string(name), std::string(value));
  places_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  text_ += name;
  text_ += value;
}

void Headers::set(std::string_view name, std::string_view value) {
  if (own(name) || own(value)) return set(std::string(name), std::string(value));
  bool placed = false;
  const auto headers = all();
  std::size_t kept = 0;
  Place fresh{static_cast<std::uint32_t>(text_.size()), 0, static_cast<std::uint32_t>(value.size())};
  std::size_t spelled_at = 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    auto place = places_[i];
    if (same_name(headers[i].name, name)) {
      if (std::exchange(placed, true)) continue;
      fresh.name = place.name;
      spelled_at = place.at;
      place = fresh;
    }
    places_[kept++] = place;
  }
  places_.resize(kept);
  if (!placed) return add(name, value);
  text_.append(text_, spelled_at, fresh.name);
  text_ += value;
}

void Headers::remove(std::string_view name) {
  remove_if([&](const Header& header) { return same_name(header.name, name); });
}

void Headers::clear() {
  text_.clear();
  places_.clear();
}

void Headers::reserve(std::size_t count, std::size_t bytes) {
  places_.reserve(count);
  text_.reserve(bytes);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& header : all())
    if (same_name(header.name, name)) return header.value;
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t found = 0;
  for (const Header& header : all()) found += same_name(header.name, name);
  return found;
}

std::string_view Request::path() const {
  const std::string_view all = target;
  return all.substr(0, all.find('?'));
}

std::string_view Request::query() const {
  const std::string_view all = target;
  const std::size_t mark = all.find('?');
  return mark == all.npos ? std::string_view() : all.substr(mark + 1);
}

void Request::clear() {
  method.clear();
  target.clear();
  minor_version = 1;
  headers.clear();
  empty(body);
  keep_alive = true;
}

void Response::clear() {
  status = 200;
  headers.clear();
  empty(body);
  keep_alive = true;
}

}  // namespace sekisho::http
