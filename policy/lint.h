// What is wrong with a policy that keeps its promises, and is still not what anybody can have meant:
//
// - a rule that can never match;
// - a limit that can never bind: nothing is permitted where it stands, or another enforced limit, that counts
// at least
//   what it counts, is everywhere at least as tight (of two alike, the later in the file);
// - a figure that is in force on no day on which its rule acts;
// - days on which nothing permits anybody, once something did; or that nothing ever does. Days that a rule
// closes for
//   everybody by date or weekday alone are what that rule says;
// - rules that set like operators apart without a `why`: operators with the same certification, plan,
// refusals and
//   record are answered differently because of who they are (Telecommunications Business Act, article 6).
//
// All of it exactly, over every case there can be.
#pragma once

#include <vector>

#include "policy/prove.h"

namespace sekisho::policy {

std::vector<Broken> unreachable_rules(const Policy& policy);
std::vector<Broken> idle_limits(const Policy& policy);
std::vector<Broken> closed_days(const Policy& policy);
std::vector<Broken> unequal_treatment(const Policy& policy);

std::vector<Broken> lint(const Policy& policy);  // all of these

}  // namespace sekisho::policy
