#include "config/text.h"

#include <iconv.h>
#include <simdjson.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace sekisho::config {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const auto first = text.find_first_not_of(spaces);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

// Takes 1 to `most` digits off the front; -1 when there are none.
int take_number(std::string_view& text, std::size_t most) {
  int value = 0;
  std::size_t length = 0;
  while (length < most && length < text.size() && text[length] >= '0' && text[length] <= '9')
    value = value * 10 + (text[length++] - '0');
  text.remove_prefix(length);
  return length == 0 ? -1 : value;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// An era's names and the year before its first one.
struct Era {
  std::string_view name, letter;
  int before;
  policy::JstDate begins;
};
const std::array<Era, 2> eras = {Era{"令和", "R", 2018, policy::JstDate::of(2019, 5, 1)},
                                 Era{"平成", "H", 1988, policy::JstDate::of(1989, 1, 8)}};

std::optional<policy::JstDate> date_of(int year, int month, int day) {
  if (year < 1900 || year > 2199 || month < 1 || day < 1) return std::nullopt;
  const auto date =
      std::chrono::year(year) / std::chrono::month(unsigned(month)) / std::chrono::day(unsigned(day));
  if (!date.ok()) return std::nullopt;
  return policy::JstDate{std::chrono::sys_days(date)};
}

// Reads "YEAR SEP MONTH SEP DAY END", where the separators are given.
std::optional<policy::JstDate> read_date(std::string_view text, std::size_t year_digits, int before,
                                         std::string_view after_year, std::string_view after_month,
                                         std::string_view after_day) {
  const int year = before > 0 && take(text, "元") ? 1 : take_number(text, year_digits);
  if (year < 1 || !take(text, after_year)) return std::nullopt;
  const int month = take_number(text, 2);
  if (!take(text, after_month)) return std::nullopt;
  const int day = take_number(text, 2);
  if (!take(text, after_day) || !text.empty()) return std::nullopt;
  return date_of(before + year, month, day);
}

}  // namespace

Converted from_shift_jis(std::string_view bytes) {
  Converted converted;
  const iconv_t opened = iconv_open("UTF-8", "CP932");
  if (opened == iconv_t(-1)) throw std::runtime_error("this system cannot convert from CP932 (iconv)");
  const std::unique_ptr<void, int (*)(iconv_t)> converter(opened, iconv_close);
  char* in = const_cast<char*>(bytes.data());  // iconv does not write through it
  std::size_t in_left = bytes.size();
  char buffer[16 * 1024];
  while (in_left > 0) {
    char* out = buffer;
    std::size_t out_left = sizeof buffer;
    const auto result = iconv(converter.get(), &in, &in_left, &out, &out_left);
    converted.text.append(buffer, std::size_t(out - buffer));
    if (result == std::size_t(-1) && errno != E2BIG) return converted;
  }
  converted.good = true;
  return converted;
}

std::size_t valid_utf8_bytes(std::string_view text) {
  if (simdjson::validate_utf8(text.data(), text.size())) return text.size();
  std::size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                         utf8proc_ssize_t(text.size() - at), &code);
    if (length < 1) break;
    at += std::size_t(length);
  }
  return at;
}

std::string normalised(std::string_view utf8) {
  if (is_ascii(utf8)) return std::string(trimmed(utf8));
  utf8proc_uint8_t* made = nullptr;
  const auto options = utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE);
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                                   utf8proc_ssize_t(utf8.size()), &made, options);
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owner(made, std::free);
  if (length < 0) throw std::runtime_error(std::string("NFKC: ") + utf8proc_errmsg(length));
  return std::string(trimmed({reinterpret_cast<const char*>(made), std::size_t(length)}));
}

std::optional<policy::JstDate> parse_date(std::string_view text) {
  for (auto separator : {"-", "/"})
    if (const auto date = read_date(text, 4, 0, separator, separator, "")) return date;
  if (const auto date = read_date(text, 4, 0, "年", "月", "日")) return date;
  for (const auto& era : eras) {
    auto rest = text;
    std::optional<policy::JstDate> date;
    if (take(rest, era.name))
      date = read_date(rest, 2, era.before, "年", "月", "日");
    else if (take(rest, era.letter))
      date = read_date(rest, 2, era.before, ".", ".", "");
    if (date) return *date < era.begins ? std::nullopt : date;
  }
  return std::nullopt;
}

void Walker::walk_to(std::size_t offset) {
  for (; at_ < offset && at_ < text_.size(); ++at_) {
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(text_[at_]) & 0xc0) != 0x80) {
      ++column_;
    }
  }
}

}  // namespace sekisho::config
