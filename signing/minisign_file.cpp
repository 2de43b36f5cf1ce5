// SPDX-License-Identifier: Apache-2.0
#include "signing/minisign_file.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "signing/base64.hpp"

namespace sealift::signing {

namespace {

constexpr std::size_t kMaxComment = 1024;

[[noreturn]] void refuse_minisign(std::string_view found_and_expected) {
  throw Error(Errc::corrupt, std::string(found_and_expected));
}

}  // namespace

void check_key_comment(std::string_view comment) {
  if (comment.size() > kMaxComment) {
    refuse_minisign(
        format("found a comment of {} bytes, expected at most {}", comment.size(), kMaxComment));
  }
  if (std::any_of(comment.begin(), comment.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    refuse_minisign("found a control character in the comment, expected plain text");
  }
}

std::string minisign_payload(std::string_view text) {
  if (text.size() > kMaxKeyFile) {
    refuse_minisign(format("found more than {} bytes, expected a key file", kMaxKeyFile));
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t first = text.find('\n');
  if (!text.starts_with(kMinisignComment) || first == std::string_view::npos) {
    refuse_minisign("found no line \"untrusted comment: ...\", expected a minisign key file");
  }
  check_key_comment(text.substr(kMinisignComment.size(), first - kMinisignComment.size()));
  const std::string_view line = text.substr(first + 1);
  if (line.find('\n') != std::string_view::npos) {
    refuse_minisign("found more than two lines, expected a minisign key file");
  }
  return from_base64(line);
}

bool is_minisign_secret_key(std::string_view text) {
  return text.starts_with(kMinisignComment) && minisign_payload(text).size() > kMinisignPublicBytes;
}

std::string minisign_public_key(std::string_view text) {
  const std::string bytes = minisign_payload(text);
  if (bytes.size() > kMinisignPublicBytes)
    refuse_minisign("found a secret key, expected a public key");
  if (bytes.size() != kMinisignPublicBytes || !bytes.starts_with("Ed")) {
    refuse_minisign("found another kind of key, expected a minisign Ed25519 public key");
  }
  return bytes.substr(2 + kKeyNumberBytes);
}

}  // namespace sealift::signing
