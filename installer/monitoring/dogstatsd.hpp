// SPDX-License-Identifier: Apache-2.0
#pragma once

// The same metrics in the form of DogStatsD, which the agent of Datadog takes over UDP or a socket
// of its host: "sealift.release_info:1|g|#version:1.1.0". The protocol has no escapes: what would
// end a name or a tag becomes '_'.

#include <string>
#include <vector>

#include "installer/monitoring/exposition.hpp"

namespace sealift::installer {

// Datagrams of at most `most` bytes, lines with a newline between; a line that is longer is left
// out.
std::vector<std::string> dogstatsd_datagrams(const std::vector<Family>& families, std::size_t most);

// `address` as net/datagram.hpp has it. Error{io}, Error{invalid_input}.
void send_dogstatsd(const std::string& address, const std::vector<Family>& families);

}  // namespace sealift::installer
