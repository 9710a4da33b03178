#include "gateway/http/message.h"

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

void Headers::add(std::string_view name, std::string_view value) {
  if (size_ == slots_.size()) {
    slots_.push_back({std::string(name), std::string(value)});
  } else {
    slots_[size_].name.assign(name);
    slots_[size_].value.assign(value);
  }
  ++size_;
}

void Headers::set(std::string_view name, std::string_view value) {
  const Header fresh{std::string(name),
                     std::string(value)};  // the arguments may point into a header that goes away
  bool placed = false;
  remove_if([&](const Header& header) {
    return same_name(header.name, fresh.name) && std::exchange(placed, true);
  });
  if (!placed) return add(fresh.name, fresh.value);
  for (std::size_t i = 0; i < size_; ++i)
    if (same_name(slots_[i].name, fresh.name)) slots_[i].value = fresh.value;
}

void Headers::remove(std::string_view name) {
  const std::string gone(name);  // may point into a header that goes away
  remove_if([&](const Header& header) { return same_name(header.name, gone); });
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
