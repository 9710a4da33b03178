// One operator in one block of memory: what decides in front, texts behind it.
//
// A gateway keeps a million of these and reads a few fields of one for an order, so that a record is small
// and its reading allocates nothing. Who wants to change one unpacks it, and packs what it made. Immutable.
#pragma once

#include <cstddef>
#include <memory>

#include "policy/operator_record.h"

namespace sekisho::policy {

class PackedRecord;
using RecordPtr = std::shared_ptr<const PackedRecord>;

class PackedRecord {
 public:
  static RecordPtr of(const OperatorRecord& record);
  OperatorRecord unpack() const;

  std::string_view id() const { return text(0); }
  std::string_view country() const { return text(1); }
  std::string_view owner_group() const { return text(2); }
  std::string_view merged_into() const { return text(3); }
  bool has_domestic_agent() const { return has_domestic_agent_; }

  EtocState etoc_listed() const { return etoc_; }
  std::optional<JstDate> valid_until() const { return day_of(valid_until_); }
  bool has_act() const { return has_act_; }
  bool revoked_by_act() const { return revoked_; }
  PlanState plan() const { return plan_; }
  NumberTypes plan_types() const { return plan_types_; }
  bool forwards_calls() const { return forwards_calls_; }
  std::optional<JstDate> first_supply() const { return day_of(first_supply_); }
  Quantity numbers_elsewhere() const { return numbers_elsewhere_; }
  std::uint64_t serial() const { return serial_; }
  std::size_t bytes() const { return sizeof(PackedRecord) + size_; }  // of the block

  // What a refusal's terms are; who asked for it and why is only in the unpacked record.
  struct RefusalTerms {
    NumberTypes number_types;
    std::int32_t from, until;
    RefusalAction action;
    bool confidential;
    bool in_force(std::optional<NumberType> type, JstDate today) const;
  };
  template <class F>
  void each_refusal(F&& visit) const {
    for (std::size_t i = 0; i < refusals_; ++i) visit(terms(i));
  }

 private:
  PackedRecord() = default;
  static std::optional<JstDate> day_of(std::int32_t day);
  const char* body() const { return reinterpret_cast<const char*>(this + 1); }
  RefusalTerms terms(std::size_t index) const;
  std::string_view text(std::size_t index) const;  // of the texts in their order

  // The body: the terms of all refusals, then every text behind its length.
  std::uint64_t serial_ = 0;
  std::int64_t known_at_ = 0, act_at_ = 0;
  Quantity numbers_elsewhere_ = 0;
  std::int32_t effective_ = 0, certified_on_ = 0, valid_until_ = 0, checked_on_ = 0, first_supply_ = 0;
  std::uint32_t size_ = 0;  // of the body, in bytes
  NumberTypes plan_types_;
  std::uint16_t refusals_ = 0, former_names_ = 0;
  EtocState etoc_{};
  PlanState plan_{};
  bool has_act_ = false, revoked_ = false, forwards_calls_ = false, has_domestic_agent_ = false;
};

EtocState etoc_on(const PackedRecord& record, JstDate day);

}  // namespace sekisho::policy
