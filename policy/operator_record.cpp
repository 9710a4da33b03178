#include "policy/operator_record.h"

namespace sekisho::policy {

EtocState etoc_on(bool revoked_by_act, EtocState listed, std::optional<JstDate> valid_until, JstDate day) {
  if (revoked_by_act) return EtocState::revoked;
  const bool lapses = listed == EtocState::certified || listed == EtocState::objection;
  if (lapses && valid_until && day > *valid_until) return EtocState::expired;
  return listed;
}

EtocState etoc_on(const OperatorRecord& record, JstDate day) {
  return etoc_on(record.act && record.act->revoked, record.etoc.state, record.etoc.valid_until, day);
}

const std::optional<RevocationAct>& later_act(const std::optional<RevocationAct>& a,
                                              const std::optional<RevocationAct>& b) {
  return !a || (b && b->at > a->at) ? b : a;
}

}  // namespace sekisho::policy
