// SPDX-License-Identifier: Apache-2.0
#include "signing/upstream_key.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "base/error.hpp"
#include "base/format.hpp"
#include "signing/base64.hpp"
#include "signing/openssl_free.hpp"
#include "signing/raw.hpp"

namespace sealift::signing {

namespace {

using EvpKey = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using EvpWork = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;

constexpr int kMinUpstreamRsa = 2048;
constexpr int kMaxUpstreamRsa = 8192;
constexpr std::size_t kMaxUpstreamSignature = 1024;
constexpr std::string_view kUpstreamBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kUpstreamEnd = "-----END PUBLIC KEY-----";

EvpKey evp_key_of(std::string_view spki) {
  const unsigned char* at = raw(spki);
  EvpKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  ERR_clear_error();
  if (key == nullptr || at != raw(spki) + spki.size()) return nullptr;
  return key;
}

bool verifies_with(EVP_PKEY* key, const EVP_MD* hash, std::string_view message,
                   std::string_view signature) {
  const EvpWork work(EVP_MD_CTX_new());
  const bool good = EVP_DigestVerifyInit(work.get(), nullptr, hash, nullptr, key) == 1 &&
                    EVP_DigestVerify(work.get(), raw(signature), signature.size(), raw(message),
                                     message.size()) == 1;
  ERR_clear_error();
  return good;
}

[[noreturn]] void refuse_key_file(const std::string& where, std::string_view found,
                                  std::string_view hint) {
  throw Error(Errc::invalid_input,
              format("{}: found {}, expected one public key in PEM", where, found),
              std::string(hint));
}

}  // namespace

UpstreamKey UpstreamKey::parse(std::string_view pem, const std::string& where) {
  constexpr std::string_view kHint =
      "give the cosign.pub that the image's project publishes; of a certificate: openssl x509 "
      "-pubkey -noout -in FILE";
  if (pem.size() > kMaxUpstreamKey) {
    refuse_key_file(where, format("more than {} bytes", kMaxUpstreamKey), kHint);
  }
  if (pem.find("PRIVATE KEY-----") != pem.npos) {
    refuse_key_file(
        where, "a private key",
        "give the public key, cosign.pub; a private key does not belong into a project");
  }
  if (pem.find("-----BEGIN RSA PUBLIC KEY-----") != pem.npos) {
    refuse_key_file(where, "an RSA key in the form of PKCS #1",
                    "convert it: openssl rsa -RSAPublicKey_in -in FILE -pubout");
  }
  std::string text(pem);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  if (!text.starts_with(kUpstreamBegin) || !text.ends_with(kUpstreamEnd) ||
      text.size() < kUpstreamBegin.size() + kUpstreamEnd.size()) {
    refuse_key_file(where, "something else", kHint);
  }
  try {
    return from_spki(from_base64(std::string_view(text).substr(
        kUpstreamBegin.size(), text.size() - kUpstreamBegin.size() - kUpstreamEnd.size())));
  } catch (const Error& error) {
    throw Error(Errc::invalid_input, error.within(where).message(), std::string(kHint));
  }
}

UpstreamKey UpstreamKey::from_spki(std::string_view der) {
  const EvpKey key = evp_key_of(der);
  if (key == nullptr) throw Error(Errc::corrupt, "found no public key that can be read");
  const int bits = EVP_PKEY_get_bits(key.get());
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_ED25519:
      return UpstreamKey(std::string(der));
    case EVP_PKEY_RSA:
      if (bits >= kMinUpstreamRsa && bits <= kMaxUpstreamRsa) return UpstreamKey(std::string(der));
      throw Error(Errc::corrupt, format("found an RSA key of {} bits, expected {} to {}", bits,
                                        kMinUpstreamRsa, kMaxUpstreamRsa));
    case EVP_PKEY_EC:
      if (EVP_PKEY_is_a(key.get(), "EC") == 1 && (bits == 256 || bits == 384 || bits == 521)) {
        return UpstreamKey(std::string(der));
      }
      break;
    default:
      break;
  }
  throw Error(
      Errc::corrupt,
      "found another kind of key, expected ECDSA over P-256, P-384 or P-521, RSA or Ed25519");
}

bool UpstreamKey::verifies(std::string_view message, std::string_view signature) const {
  const EvpKey key = evp_key_of(spki_);
  if (key == nullptr || signature.empty() || signature.size() > kMaxUpstreamSignature) return false;
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519) {
    return verifies_with(key.get(), nullptr, message, signature);
  }
  if (verifies_with(key.get(), EVP_sha256(), message, signature)) return true;
  // cosign 3 takes the hash of the curve's size, cosign 2 always SHA-256.
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC) return false;
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits == 384) return verifies_with(key.get(), EVP_sha384(), message, signature);
  return bits == 521 && verifies_with(key.get(), EVP_sha512(), message, signature);
}

}  // namespace sealift::signing
