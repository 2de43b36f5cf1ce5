// SPDX-License-Identifier: Apache-2.0
#include "signing/sshsig.hpp"

#include <sodium.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/algorithms.hpp"
#include "signing/base64.hpp"
#include "signing/ssh_wire.hpp"

namespace sealift::signing {

namespace {

constexpr std::string_view kMagic = "SSHSIG";
constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view kEnd = "-----END SSH SIGNATURE-----\n";
constexpr std::size_t kLine = 70;
constexpr std::uint8_t kUserPresent = 0x01;

std::string armoured(std::string_view blob) {
  return std::string(kBegin) + to_base64_lines(blob, kLine) + std::string(kEnd);
}

std::string unarmoured(std::string_view text) {
  if (text.size() > kMaxSshSignature) {
    throw Error(Errc::corrupt,
                format("found {} bytes, expected at most {}", text.size(), kMaxSshSignature));
  }
  if (text.starts_with(kBegin) && text.ends_with(kEnd) &&
      text.size() > kBegin.size() + kEnd.size()) {
    std::string body(text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size()));
    std::erase(body, '\n');
    std::string blob = from_base64(body);
    if (armoured(blob) == text) return blob;
  }
  throw Error(Errc::corrupt, "found no SSH signature as ssh-keygen -Y sign writes it");
}

std::string digest_of(std::string_view hash, std::string_view message) {
  if (hash == "sha256") return bytes_from_hex(Digest::of(message).hex());
  std::string bytes(crypto_hash_sha512_BYTES, '\0');
  crypto_hash_sha512(reinterpret_cast<unsigned char*>(bytes.data()),
                     reinterpret_cast<const unsigned char*>(message.data()), message.size());
  return bytes;
}

// RFC 5656 section 3.1.2: two integers; a longer one than the curve's is refused here, any other
// that is no signature later.
std::string der_of(std::string_view both, const std::string& where) {
  SshReader reader(both, where);
  const std::string_view r = reader.text();
  const std::string_view s = reader.text();
  reader.done();
  if (r.size() > 33 || s.size() > 33) reader.refuse("found integers of more than 33 bytes");
  return p256_der(r, s);
}

}  // namespace

SshSignature SshSignature::parse(std::string_view text, const std::string& where) {
  const std::string blob = while_reading(where, [&] { return unarmoured(text); });
  SshReader reader(blob, where);
  if (reader.take(kMagic.size()) != kMagic || reader.number() != 1) {
    reader.refuse("found another format, expected SSHSIG version 1");
  }
  SshSignature result(
      while_reading(where, [&] { return PublicKey::from_ssh(reader.text(), "the key"); }));
  if (const std::string_view name = reader.text(); name != kSshNamespace) {
    reader.refuse(
        format("found the namespace \"{}\", expected {}", printable(name, 80), kSshNamespace));
  }
  if (!reader.text().empty()) reader.refuse("found something in the reserved field");
  result.hash_ = reader.text();
  if (result.hash_ != "sha256" && result.hash_ != "sha512") {
    reader.refuse(
        format("found the hash \"{}\", expected sha256 or sha512", printable(result.hash_, 40)));
  }
  const std::string_view signature = reader.text();
  reader.done();

  SshReader inner(signature, where);
  const Algorithm algorithm = result.key_.algorithm();
  if (inner.text() != ssh_type(algorithm)) {
    inner.refuse(
        format("found a signature of another type than its key's, {}", ssh_type(algorithm)));
  }
  result.signature_ = inner.text();
  if (algorithm == Algorithm::ecdsa_p256) result.signature_ = der_of(result.signature_, where);
  if (algorithm == Algorithm::sk_ed25519) {
    result.flags_ = inner.byte();
    result.counter_ = inner.number();
  }
  inner.done();
  return result;
}

bool SshSignature::verifies(std::string_view message) const {
  std::string tosign = std::string(kMagic) + ssh_text(kSshNamespace) + ssh_text("") +
                       ssh_text(hash_) + ssh_text(digest_of(hash_, message));
  if (key_.algorithm() != Algorithm::sk_ed25519) return key_.verifies(tosign, signature_);
  if ((flags_ & kUserPresent) == 0) return false;
  const std::string by_token = digest_of("sha256", key_.application()) + static_cast<char>(flags_) +
                               ssh_number(counter_) + digest_of("sha256", tosign);
  return ed25519_verifies(key_.bytes(), by_token, signature_);
}

bool is_ssh_signature(std::string_view text) {
  return text.starts_with("-----BEGIN SSH SIGNATURE-----");
}

}  // namespace sealift::signing
