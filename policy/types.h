// The nouns of the field as types, so that an operator is never a client and a quantity never a date.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "policy/words.h"

namespace sekisho::policy {

// Number types of the Japanese numbering plan (電気通信番号計画).
enum class NumberType : std::uint8_t {
  fixed,
  toll_free_0120,
  toll_free_0800,
  navi_0570,
  dial_0170,
  dial_0180,
  dial_0990,
  ip_050,
  mobile,
  fmc_0600,
  m2m_020,
  pager_0204,
  connect_091,
};
inline constexpr std::string_view number_type_words[] = {
    "fixed",  "toll_free_0120", "toll_free_0800", "navi_0570", "dial_0170",  "dial_0180",  "dial_0990",
    "ip_050", "mobile",         "fmc_0600",       "m2m_020",   "pager_0204", "connect_091"};
constexpr auto& words_of(NumberType) { return number_type_words; }
using NumberTypes = WordSet<NumberType>;

// What a carrier API call means.
enum class Operation : std::uint8_t {
  allocate,
  reserve,
  confirm,
  transfer,
  port_in,
  capacity,
  modify,
  release,
  cancel,
  status,
  search,
  pass,
};
inline constexpr std::string_view operation_words[] = {"allocate", "reserve",  "confirm", "transfer",
                                                       "port_in",  "capacity", "modify",  "release",
                                                       "cancel",   "status",   "search",  "pass"};
constexpr auto& words_of(Operation) { return operation_words; }

// Operations that hand something out: certification, plan and quota apply to these and to no others.
// Giving back (release, cancel) and looking (status, search, pass) are never blocked by them.
constexpr bool hands_out(Operation operation) { return operation < Operation::release; }

using Quantity = std::int64_t;  // numbers; never negative

// "jp:8999900000001": a country and an identifier in it. For "jp" the identifier is a corporate number
// (法人番号), 13 digits of which the first is a check digit over the rest.
class OperatorId {
 public:
  OperatorId() = default;
  // Nothing when the text is not an id, or a Japanese one fails its check digit.
  static std::optional<OperatorId> parse(std::string_view text);
  // The ledger's account of an owner group: "group:" and the group's name, escaped. No operator has such an
  // id.
  static OperatorId of_group(std::string_view name);
  static std::optional<OperatorId> parse_account(std::string_view text);  // an operator's or a group's
  bool is_group() const { return text_.starts_with("group:"); }
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const OperatorId&) const = default;

 private:
  explicit OperatorId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Check digit of a corporate number: 9 - (sum of P_n * Q_n mod 9), P_n the n-th digit of the base from the
// right, Q_n 1 for odd and 2 for even n (Ministry of Finance Ordinance 70 of 2014, article 2).
bool is_corporate_number(std::string_view thirteen_digits);

}  // namespace sekisho::policy

template <>
struct std::hash<sekisho::policy::OperatorId> {
  std::size_t operator()(const sekisho::policy::OperatorId& id) const {
    return std::hash<std::string>{}(id.text());
  }
};
