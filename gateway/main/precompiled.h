// Parsed once for all commands. For build speed only: every file still includes what it uses.
#pragma once

#include <CLI/CLI.hpp>

#include "cache/precompiled.h"
