// Parsed once for the whole room. For build speed only: every file still includes what it uses.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include "cache/precompiled.h"
