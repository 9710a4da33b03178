// When our own certificates end, as metrics: each listener's, the admin listener's and those that carriers
// and Redis are shown.
#pragma once

#include "config/installation.h"
#include "gateway/metrics.h"

namespace sekisho::gateway {

void note_certificates(Metrics& metrics, const config::Settings& settings, const config::Installation& site);

}  // namespace sekisho::gateway
