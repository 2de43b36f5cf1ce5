// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a registry answers beside manifests and blobs (OCI distribution specification 1.1; tokens as
// Docker's specification of them has it). It is anybody's document: what is missing, or of another
// sort, counts as not said.

#include <string>
#include <string_view>
#include <vector>

namespace sealift::net {

// Both throw Error{io} that names `where` for what is no JSON.
std::vector<std::string> read_tags(std::string_view body, const std::string& where);
// A token for those who ask; empty where there is none.
std::string read_token(std::string_view body, const std::string& where);

// ": DENIED requested access is denied": what an answer says first is wrong; empty where it says
// nothing. Not for a terminal as it is.
std::string read_complaint(std::string_view body);

}  // namespace sealift::net
