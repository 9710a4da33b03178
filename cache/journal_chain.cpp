#include "cache/journal_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <iterator>

namespace sekisho::cache {
namespace json = boost::json;
namespace {

constexpr std::string_view mac_begin = ",\"mac\":\"", mac_end = "\"}";
constexpr std::size_t mac_part = mac_begin.size() + hex_length + mac_end.size();
constexpr std::size_t at_length = 29;  // "2026-11-24T10:00:00.000+09:00"

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == text.npos; }

std::optional<json::object> parse_object(std::string_view line) {
  boost::system::error_code error;
  json::value root = json::parse(line, error);
  if (error || !root.is_object()) return std::nullopt;
  return std::move(root.as_object());
}

std::optional<std::uint64_t> number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto out = value->to_number<std::uint64_t>(error);
  if (error) return std::nullopt;
  return out;
}

std::optional<std::string> hex_text(const json::object& object, std::string_view key, std::size_t length) {
  const json::value* value = object.if_contains(key);
  if (!value || !value->is_string() || value->get_string().size() != length || !is_hex(value->get_string()))
    return std::nullopt;
  return std::string(value->get_string());
}

}  // namespace

std::optional<RecordForm> read_form(std::string_view line) {
  if (line.size() < mac_part || !line.ends_with(mac_end)) return std::nullopt;
  RecordForm form;
  form.sealed = line.substr(0, line.size() - mac_part);
  std::string_view tail = line.substr(form.sealed.size());
  form.mac = tail.substr(mac_begin.size(), hex_length);
  if (!tail.starts_with(mac_begin) || !is_hex(form.mac)) return std::nullopt;

  std::string_view rest = form.sealed;
  if (!take(rest, "{\"seq\":") || rest.empty() || rest.front() == '0') return std::nullopt;
  const auto digits = std::from_chars(rest.data(), rest.data() + rest.size(), form.seq);
  if (digits.ec != std::errc()) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(digits.ptr - rest.data()));
  if (!take(rest, ",\"at\":\"") || rest.size() < at_length) return std::nullopt;
  form.at = rest.substr(0, at_length);
  if (form.at.find_first_of("\"\\") != form.at.npos) return std::nullopt;
  rest.remove_prefix(at_length);
  if (!take(rest, "\",\"kind\":\"")) return std::nullopt;
  const auto quote = rest.find('"');
  if (quote == rest.npos) return std::nullopt;
  const auto kind = policy::parse_word<RecordKind>(rest.substr(0, quote));
  rest.remove_prefix(quote + 1);
  if (!kind || (!rest.empty() && rest.front() != ',')) return std::nullopt;
  form.kind = *kind;
  return form;
}

std::optional<CheckpointForm> read_checkpoint(std::string_view line) {
  const auto object = parse_object(line);
  const auto signature_at = line.rfind(",\"signature\":");
  if (!object || signature_at == line.npos) return std::nullopt;
  const auto open_from = number(*object, "open_from"), from = number(*object, "from");
  auto digest = hex_text(*object, "digest", hex_length), signature = hex_text(*object, "signature", 128);
  if (!open_from || !from || !digest || !signature) return std::nullopt;
  return CheckpointForm{*open_from, *from, std::move(*digest), std::move(*signature),
                        line.substr(0, signature_at)};
}

std::optional<StatedHole> read_stated_hole(const RecordForm& form, std::string_view line) {
  if (form.kind != RecordKind::gap) return std::nullopt;
  const auto object = parse_object(line);
  if (!object) return std::nullopt;
  const auto from = number(*object, "missing_from"), until = number(*object, "missing_until");
  auto head = hex_text(*object, "head", hex_length);
  if (!from || !until || !head) return std::nullopt;
  return StatedHole{*from, *until, std::move(*head)};
}

Chain::Chain(const JournalSecret& secret, std::string_view gateway)
    : hmac_(secret.hmac_key), signing_key_(secret.signing_seed) {
  std::copy(mac_before_first.begin(), mac_before_first.end(), end_.mac.begin());
  digest_.add(gateway);
}

void Chain::begin_record(std::string& out, RecordKind kind, policy::Instant at) {
  const std::int64_t ms = policy::to_ms(at);
  const auto milli = static_cast<unsigned>(((ms % 1000) + 1000) % 1000);
  const std::int64_t second = (ms - milli) / 1000;
  if (second != at_second_) {
    at_text_ = policy::iso_jst(at);
    at_second_ = second;
  }
  at_text_[20] = static_cast<char>('0' + milli / 100);
  at_text_[21] = static_cast<char>('0' + milli / 10 % 10);
  at_text_[22] = static_cast<char>('0' + milli % 10);
  fmt::format_to(std::back_inserter(out), "{{\"seq\":{},\"at\":\"{}\",\"kind\":\"{}\"", ++end_.seq, at_text_,
                 policy::name(kind));
}

void Chain::seal(std::string& out, std::size_t begin) {
  const Bytes32 mac = hmac_.of(this->mac(), std::string_view(out).substr(begin));
  const std::string text = hex(mac);
  std::copy(text.begin(), text.end(), end_.mac.begin());
  out += mac_begin;
  out += text;
  out += mac_end;
  out += '\n';
}

void Chain::add(std::string& out, RecordKind kind, policy::Instant at, std::string_view fields) {
  const std::size_t begin = out.size();
  begin_record(out, kind, at);
  if (!fields.empty()) {
    out += ',';
    const std::size_t inside = out.size();
    out += fields;
    // A raw newline can stand in JSON only between tokens, where a space means the same; in a record it would
    // end the line.
    if (fields.find('\n') != fields.npos)
      std::replace(out.begin() + static_cast<std::ptrdiff_t>(inside), out.end(), '\n', ' ');
  }
  seal(out, begin);
  digest_.add(std::string_view(out).substr(begin));
  ++end_.since_checkpoint;
}

void Chain::add_checkpoint(std::string& out, policy::Instant at, std::uint64_t open_from) {
  const std::size_t begin = out.size();
  begin_record(out, RecordKind::checkpoint, at);
  fmt::format_to(std::back_inserter(out), ",\"open_from\":{},\"from\":{},\"digest\":\"{}\"",
                 std::min(open_from, end_.seq), end_.from, digest_.end());
  const std::string signature = signing_key_.sign(std::string_view(out).substr(begin));
  out += ",\"signature\":\"";
  out += signature;
  out += '"';
  seal(out, begin);
  digest_.begin();
  digest_.add(std::string_view(out).substr(begin));
  end_.since_checkpoint = 0;
  end_.from = end_.seq;
}

void Chain::mark() {
  marked_ = end_;
  marked_digest_.become(digest_);
}

void Chain::rollback() {
  end_ = marked_;
  digest_.become(marked_digest_);
}

bool Chain::fits(const RecordForm& form) {
  Bytes32 stated;
  return unhex(form.mac, stated) && stated == hmac_.of(mac(), form.sealed);
}

void Chain::follow(const RecordForm& form, std::string_view line) {
  skip_to(form.seq, form.mac);
  if (form.kind == RecordKind::checkpoint) {
    digest_.begin();
    end_.since_checkpoint = 0;
    end_.from = form.seq;
  } else {
    ++end_.since_checkpoint;
  }
  digest_.add(line);
  digest_.add("\n");
}

void Chain::skip_to(std::uint64_t seq, std::string_view mac) {
  end_.seq = seq;
  std::copy(mac.begin(), mac.end(), end_.mac.begin());
}

}  // namespace sekisho::cache
