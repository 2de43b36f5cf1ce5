// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where an access key comes from. Nothing of it is ever printed, and a value that cannot be used is
// not quoted.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "s3/signature.hpp"

namespace sealift::s3 {

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Error{incompatible} without the
// first two.
std::shared_ptr<const AccessKey> key_from_environment();
// A program that prints JSON as AWS's credential_process does (docs.aws.amazon.com, "Source
// credentials with an external process"): Version 1, AccessKeyId, SecretAccessKey, SessionToken.
// Error{incompatible} that tells its status, and of its output nothing.
std::shared_ptr<const AccessKey> key_from_process(const std::vector<std::string>& command);
std::shared_ptr<const AccessKey> key_from_json(std::string_view text, const std::string& where);
// Texts are taken and wiped; Error{incompatible} for an id or a token that no header can carry.
std::shared_ptr<const AccessKey> make_key(std::string id, std::string& secret, std::string& token,
                                          const std::string& where);

}  // namespace sealift::s3
