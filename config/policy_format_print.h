// The house format of a policy file: the order of its keys, its empty lines, what stands on one line.
#pragma once

#include <string>

#include "config/policy_format_pieces.h"

namespace sekisho::config {

// Moves comments to the lines that will hold them, so the pieces are spent.
std::string print(Piece& top);

}  // namespace sekisho::config
