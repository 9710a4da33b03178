// `audit verify`: one pass over the journal, two verdicts.
//
// With the secret, each record's mac is computed from the *stated* mac of the record before. So one altered
// record is one altered record, and behind a hole the check goes on from what the next record states. The
// signature of a checkpoint vouches for everything before it as long as the digests in between fit. So only
// the last one before a break in the digests, and the last one of all, are checked; when one of them is
// false, a second pass checks each to say which is the first.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "cache/journal_chain.h"
#include "cache/journal_files.h"
#include "cache/journal_identity.h"
#include "cache/journal_progress.h"
#include "cache/journal_reader.h"

namespace sekisho::cache {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

class Verifier {
 public:
  Verifier(const VerifyInput& input, bool every_signature);
  Verdict run();
  bool signature_failed() const { return signature_failed_; }

 private:
  void record(const LineReader& reader, const RecordForm& form, std::string_view line);
  bool is_renumbered(const RecordForm& form);
  void unreadable(const LineReader& reader, std::string_view line);
  void tail(const LineReader& reader, std::string_view line);
  void checkpoint(const LineReader& reader, const RecordForm& form, std::string_view line);
  void check_signature();
  void check_heads_at(const LineReader& reader, const RecordForm& form);
  bool fits(const RecordForm& form) {
    return !hmac_ || hex(hmac_->of(previous_mac_, form.sealed)) == form.mac;
  }
  bool is_json(std::string_view line);
  void break_span();
  void altered(std::optional<std::uint64_t> seq, std::string text);
  void missing(std::optional<std::uint64_t> seq, std::string text);
  void first(std::optional<std::uint64_t> seq, std::string text);

  const VerifyInput& input_;
  const bool every_signature_;
  std::vector<JournalHead> heads_;  // by seq
  std::size_t next_head_ = 0;
  std::optional<HmacSha256> hmac_;
  std::optional<Bytes32> public_key_;
  Verdict verdict_;

  std::uint64_t last_seq_ = 0;
  std::uint64_t unreadable_lines_ = 0;          // since the last readable record
  std::string previous_mac_{mac_before_first};  // empty: unknown, so the next record's cannot be checked
  std::uint64_t torn_bytes_ = 0;

  // The digest since the last checkpoint, while no line of that span is missing.
  Sha256 digest_;
  bool span_whole_ = true;
  std::uint64_t span_from_ = 1, since_checkpoint_ = 0;
  struct Vouched {
    std::uint64_t seq = 0;
    std::string where, signed_part, signature;
  };
  std::optional<Vouched> vouched_;  // the last checkpoint, its signature not yet checked
  bool signature_failed_ = false;
  json::stream_parser parser_;
  std::vector<unsigned char> parser_memory_ = std::vector<unsigned char>(64 * 1024);
};

Verifier::Verifier(const VerifyInput& input, bool every_signature)
    : input_(input), every_signature_(every_signature), heads_(input.heads) {
  if (!fs::is_directory(input.directory))
    throw std::runtime_error(fmt::format("{}: no such journal directory", input.directory.string()));
  const auto secret = input.key_file.empty() ? std::nullopt : read_secret(input.key_file);
  const auto identity = read_identity(input.directory);
  if (!identity && list_segments(input.directory).empty())
    throw std::runtime_error(fmt::format("{}: no journal here", input.directory.string()));
  if (!identity && !secret)
    throw std::runtime_error(
        fmt::format("{}: gateway.json is missing and no secret is given: nothing to verify with",
                    input.directory.string()));
  if (secret) {
    hmac_.emplace(secret->hmac_key);
    public_key_ = SigningKey(secret->signing_seed).public_key();
  } else {
    public_key_ = identity->public_key;
  }
  if (!identity) missing(std::nullopt, fmt::format("{}: gateway.json is missing", input.directory.string()));
  if (identity && identity->public_key != *public_key_)
    altered(std::nullopt, fmt::format("{}: its public key is not the one of {}",
                                      (input.directory / "gateway.json").string(), input.key_file.string()));
  digest_.add(identity ? identity->gateway : "");
  span_whole_ = identity.has_value();

  const fs::path head_file = default_head_file(input.directory);
  try {
    if (const auto head = read_head_file(head_file)) heads_.push_back(*head);
  } catch (const std::runtime_error& error) {
    missing(std::nullopt, error.what());  // whether anything is cannot be told
  }
  std::stable_sort(heads_.begin(), heads_.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
  std::erase_if(heads_, [](const JournalHead& head) { return head.seq == 0; });
}

Verdict Verifier::run() {
  const auto segments =
      list_segments(input_.directory);  // after the heads, so a running gateway is never behind them
  JournalProgress read(segments, input_.progress);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    LineReader reader(segments[i].file);
    std::string_view line;
    bool whole = false;
    while (reader.next(line, whole)) {
      if (!whole && i + 1 == segments.size()) {
        tail(reader, line);
        continue;
      }
      read.at(reader);
      const auto form = read_form(line);
      if (whole && form && (hmac_ || is_json(line)))
        record(reader, *form, line);
      else
        unreadable(reader, line);
    }
    read.end_of(segments[i]);
  }
  read.done();
  if (vouched_) check_signature();
  if (last_seq_ == 0) missing(1, fmt::format("{}: no record at all", input_.directory.string()));
  if (!heads_.empty() && heads_.back().seq > last_seq_ + unreadable_lines_)
    missing(last_seq_ + unreadable_lines_ + 1,
            fmt::format("records {} to {} are missing at the end: a head outside the journal knows them",
                        last_seq_ + 1, heads_.back().seq));
  if (verdict_.text.empty()) {
    verdict_.text =
        fmt::format("{} records up to {}: nothing altered, nothing missing", verdict_.records, last_seq_);
    if (!hmac_ && since_checkpoint_)
      verdict_.text += fmt::format("; the last {} not yet signed", since_checkpoint_);
    if (torn_bytes_) verdict_.text += fmt::format("; {} bytes of a torn record at the end", torn_bytes_);
  }
  return std::move(verdict_);
}

// The record that belongs here, under another number: only its seq was altered.
bool Verifier::is_renumbered(const RecordForm& form) {
  if (!hmac_ || previous_mac_.empty() || unreadable_lines_ > 0) return false;
  RecordForm expected = form;
  const std::string sealed =
      fmt::format("{{\"seq\":{}{}", last_seq_ + 1, form.sealed.substr(form.sealed.find(',')));
  expected.sealed = sealed;
  return fits(expected);
}

void Verifier::record(const LineReader& reader, const RecordForm& form, std::string_view line) {
  ++verdict_.records;
  const std::uint64_t expected = last_seq_ + 1;
  if (form.seq != expected && is_renumbered(form)) {
    altered(expected,
            fmt::format("{}: the seq of record {} was altered to {}", reader.where(), expected, form.seq));
    break_span();
    previous_mac_ = form.mac;
    last_seq_ = expected;
    return;
  }
  if (form.seq < expected) {
    altered(form.seq,
            fmt::format("{}: record {} stands again or in the wrong place", reader.where(), form.seq));
    break_span();
    return;  // the chain goes on from where it was
  }
  bool checkable = !previous_mac_.empty();
  if (form.seq > expected + unreadable_lines_) {
    missing(expected + unreadable_lines_,
            fmt::format("{}: records {} to {} are missing before this one", reader.where(),
                        expected + unreadable_lines_, form.seq - 1));
    const auto hole = read_stated_hole(form, line);
    checkable = hole && hole->from == expected && hole->until + 1 == form.seq;
    if (checkable) previous_mac_ = hole->head;
    break_span();
  }
  unreadable_lines_ = 0;
  if (checkable && !fits(form)) {
    altered(form.seq,
            fmt::format("{}: record {} was altered: its mac does not fit", reader.where(), form.seq));
    break_span();
  }
  check_heads_at(reader, form);
  previous_mac_ = form.mac;
  last_seq_ = form.seq;
  if (form.kind == RecordKind::checkpoint) {
    checkpoint(reader, form, line);
  } else if (++since_checkpoint_ == checkpoint_records + 1 && span_whole_) {
    altered(form.seq,
            fmt::format("{}: more than {} records without a checkpoint", reader.where(), checkpoint_records));
  }
  digest_.add(line);
  digest_.add("\n");
}

void Verifier::checkpoint(const LineReader& reader, const RecordForm& form, std::string_view line) {
  const auto stated = read_checkpoint(line);
  if (!stated) {
    altered(form.seq, fmt::format("{}: record {} is not a checkpoint", reader.where(), form.seq));
    break_span();
    return;
  }
  if (span_whole_ && (stated->from != span_from_ || stated->digest != digest_.end())) {
    altered(span_from_, fmt::format("{}: a record between {} and {} was altered: the digest does not fit",
                                    reader.where(), span_from_, form.seq));
    break_span();
  }
  digest_.begin();
  span_whole_ = true;
  span_from_ = form.seq;
  since_checkpoint_ = 0;
  vouched_ = Vouched{form.seq, reader.where(), std::string(stated->signed_part), stated->signature};
  if (every_signature_) check_signature();
}

// Records whose place or text is not as written end what the last checkpoint's successor could vouch for.
void Verifier::break_span() {
  if (vouched_) check_signature();
  span_whole_ = false;
}

void Verifier::check_signature() {
  if (!signature_fits(*public_key_, vouched_->signed_part, vouched_->signature)) {
    signature_failed_ = true;
    altered(vouched_->seq,
            fmt::format("{}: the signature of checkpoint {} is false", vouched_->where, vouched_->seq));
  }
  vouched_.reset();
}

void Verifier::unreadable(const LineReader& reader, std::string_view line) {
  ++unreadable_lines_;
  altered(last_seq_ + unreadable_lines_, fmt::format("{}: not a journal record", reader.where()));
  const auto form = read_form(line);
  previous_mac_ = form ? std::string(form->mac) : std::string();
  break_span();
}

// Behind the last newline: a batch being written, or what a crash left. A whole record with something else
// than a newline behind it is neither.
void Verifier::tail(const LineReader& reader, std::string_view line) {
  torn_bytes_ = line.size();
  const auto form = read_form(line.substr(0, line.size() - 1));
  if (form && form->seq == last_seq_ + 1)
    altered(form->seq, fmt::format("{}: the newline of record {} was altered", reader.where(), form->seq));
}

void Verifier::check_heads_at(const LineReader& reader, const RecordForm& form) {
  for (; next_head_ < heads_.size() && heads_[next_head_].seq <= form.seq; ++next_head_)
    if (heads_[next_head_].seq == form.seq && heads_[next_head_].mac != form.mac)
      altered(form.seq, fmt::format("{}: record {} has another mac than a head outside the journal says",
                                    reader.where(), form.seq));
}

bool Verifier::is_json(std::string_view line) {
  json::static_resource memory(parser_memory_.data(), parser_memory_.size());
  boost::system::error_code error;
  try {
    parser_.reset(&memory);
    parser_.write_some(line.data(), line.size(), error);
    if (!error) parser_.finish(error);
    if (!error) return parser_.release().is_object();
    parser_.reset();
    return false;
  } catch (const std::bad_alloc&) {  // a big record
    parser_.reset();
    return !json::parse(line, error).is_null() && !error;
  }
}

void Verifier::altered(std::optional<std::uint64_t> seq, std::string text) {
  verdict_.integrity = false;
  first(seq, std::move(text));
}

void Verifier::missing(std::optional<std::uint64_t> seq, std::string text) {
  verdict_.completeness = false;
  first(seq, std::move(text));
}

void Verifier::first(std::optional<std::uint64_t> seq, std::string text) {
  const bool earlier = seq && (!verdict_.first_bad || *seq < *verdict_.first_bad);
  if (earlier || verdict_.text.empty()) verdict_.text = std::move(text);
  if (earlier) verdict_.first_bad = seq;
}

}  // namespace

Verdict verify_journal(const VerifyInput& input) {
  Verifier quick(input, false);
  Verdict verdict = quick.run();
  if (!quick.signature_failed()) return verdict;
  return Verifier(input, true).run();
}

}  // namespace sekisho::cache
