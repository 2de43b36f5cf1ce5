// SPDX-License-Identifier: Apache-2.0
#include "signing/secret_key.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "signing/algorithms.hpp"
#include "signing/base64.hpp"
#include "signing/minisign_file.hpp"
#include "signing/raw.hpp"

namespace sealift::signing {

namespace {

constexpr std::string_view kAlgorithm = "Ed";
constexpr std::string_view kScrypt = "Sc";
constexpr std::string_view kNoKdf{"\0\0", 2};
constexpr std::string_view kChecksum = "B2";
constexpr std::size_t kChecksumAt = kKeyNumberBytes + 64;
constexpr std::size_t kSealedBytes = kChecksumAt + 32;
constexpr std::size_t kSecretFileBytes = 2 + 2 + 2 + 32 + 8 + 8 + kSealedBytes;
constexpr std::uint64_t kMaxMemory = std::uint64_t{1} << 30;
constexpr std::string_view kPrehashed = "ED";

[[noreturn]] void refuse_key(const std::string& where, std::string_view found) {
  throw Error(Errc::invalid_input, format("{}: {}", where, found),
              "keys are made with: sealift keygen FILE, or minisign -G");
}

void put_le64(std::string& bytes, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint64_t le64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (int i = 8; i-- > 0;) value = value << 8 | raw(bytes)[i];
  return value;
}

// Whether a file may ask for this. Beyond an operation for each 32 bytes, the ratio of libsodium's
// and minisign's own settings, scrypt would fill memory outside of what `memory` counts.
bool is_bearable(const PassphraseCost& cost) {
  return cost.memory <= kMaxMemory &&
         cost.operations <=
             std::max<std::uint64_t>(cost.memory / 32,
                                     crypto_pwhash_scryptsalsa208sha256_opslimit_min());
}

// The passphrase's key stream over the sealed part, which is encrypted and decrypted alike.
void apply_stream(Secret& sealed, const Secret& passphrase, std::string_view salt,
                  const PassphraseCost& cost) {
  Secret stream(sealed.bytes().size());
  if (crypto_pwhash_scryptsalsa208sha256(stream.bytes().data(), stream.bytes().size(),
                                         passphrase.view().data(), passphrase.view().size(),
                                         raw(salt), cost.operations, cost.memory) != 0) {
    throw Error(Errc::io, format("the passphrase needs {} MiB of memory that are not free",
                                 cost.memory >> 20));
  }
  for (std::size_t i = 0; i < sealed.bytes().size(); ++i) {
    sealed.bytes()[i] = static_cast<unsigned char>(sealed.bytes()[i] ^ stream.bytes()[i]);
  }
}

// BLAKE2b-256 of algorithm, number and key: shows a wrong passphrase.
std::array<unsigned char, 32> checksum(const Secret& sealed) {
  crypto_generichash_state state;
  std::array<unsigned char, 32> sum{};
  crypto_generichash_init(&state, nullptr, 0, sum.size());
  crypto_generichash_update(&state, raw(kAlgorithm), kAlgorithm.size());
  crypto_generichash_update(&state, sealed.bytes().data(), kChecksumAt);
  crypto_generichash_final(&state, sum.data(), sum.size());
  return sum;
}

bool has_checksum(const Secret& sealed) {
  return sodium_memcmp(checksum(sealed).data(), sealed.bytes().data() + kChecksumAt, 32) == 0;
}

// minisign -W (0.11) leaves the checksum of an unencrypted key zero.
bool has_no_checksum(const Secret& sealed) {
  return sodium_is_zero(sealed.bytes().data() + kChecksumAt, 32) == 1;
}

[[noreturn]] void refuse_damaged(const std::string& where) {
  throw Error(Errc::corrupt,
              format("{}: found a key that does not match its own checksum or public half", where),
              "take the key from its backup");
}

std::string read_payload(std::string_view text, const std::string& where) {
  try {
    return minisign_payload(text);
  } catch (const Error& error) {
    refuse_key(where, error.message());
  }
}

bool is_secret_file(std::string_view bytes) {
  if (bytes.size() != kSecretFileBytes || !bytes.starts_with(kAlgorithm)) return false;
  const std::string_view kdf = bytes.substr(2, 2);
  return (kdf == kScrypt || kdf == kNoKdf) && bytes.substr(4, 2) == kChecksum;
}

std::string hex_number(std::string_view number) {
  std::string reversed(number.rbegin(), number.rend());
  std::string hex = to_hex(reversed);
  for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  // minisign prints it as a number: without leading zeros.
  hex.erase(0, std::min(hex.find_first_not_of('0'), hex.size() - 1));
  return hex;
}

}  // namespace

SecretKey::SecretKey(Secret key, std::string number)
    : key_(std::move(key)),
      number_(std::move(number)),
      public_key_(PublicKey::ed25519(key_.view().substr(32))) {}

SecretKey SecretKey::generate() {
  Secret key(64);
  std::array<unsigned char, kEd25519Bytes> public_bytes{};
  crypto_sign_keypair(public_bytes.data(), key.bytes().data());
  std::string number(kKeyNumberBytes, '\0');
  randombytes_buf(number.data(), number.size());
  return SecretKey(std::move(key), std::move(number));
}

SecretKey SecretKey::from_seed(std::span<const unsigned char, 32> seed) {
  Secret key(64);
  std::array<unsigned char, kEd25519Bytes> public_bytes{};
  crypto_sign_seed_keypair(public_bytes.data(), key.bytes().data(), seed.data());
  std::string number(reinterpret_cast<const char*>(public_bytes.data()), kKeyNumberBytes);
  return SecretKey(std::move(key), std::move(number));
}

SecretKey SecretKey::parse(std::string_view text, const std::string& where,
                           const std::function<Secret()>& passphrase) {
  std::string bytes = read_payload(text, where);
  if (bytes.size() == kMinisignPublicBytes) {
    refuse_key(where, "found a public key, expected a secret key");
  }
  const std::string_view view = bytes;
  if (!is_secret_file(view)) {
    wipe(bytes);
    refuse_key(where, "found another kind of key, expected a minisign secret key");
  }
  const std::string salt(view.substr(6, 32));
  const PassphraseCost cost{.operations = le64(view.substr(38)), .memory = le64(view.substr(46))};
  std::string sealed_bytes(view.substr(54));
  const bool encrypted = view.substr(2, 2) == kScrypt;
  wipe(bytes);
  Secret sealed = Secret::taken_from(sealed_bytes);
  if (encrypted) {
    if (!is_bearable(cost)) {
      refuse_key(where,
                 format("its passphrase takes {} operations and {} bytes of memory, expected at "
                        "most 1 GiB and an operation for each 32 bytes",
                        cost.operations, cost.memory));
    }
    apply_stream(sealed, passphrase(), salt, cost);
  }
  if (encrypted && !has_checksum(sealed)) {
    throw Error(Errc::untrusted, format("{}: wrong passphrase, expected the key's own", where),
                "run the command again with the passphrase that the key was made with");
  }
  if (!encrypted && !has_checksum(sealed) && !has_no_checksum(sealed)) refuse_damaged(where);
  std::string number(sealed.view().substr(0, kKeyNumberBytes));
  Secret key(64);
  std::copy_n(sealed.bytes().begin() + kKeyNumberBytes, 64, key.bytes().begin());
  // The second half must be the public key of the first, or signing would leak the seed.
  std::array<unsigned char, kEd25519Bytes> derived{};
  Secret again(64);
  crypto_sign_seed_keypair(derived.data(), again.bytes().data(), key.bytes().data());
  if (sodium_memcmp(again.bytes().data(), key.bytes().data(), 64) != 0) {
    refuse_damaged(where);
  }
  return SecretKey(std::move(key), std::move(number));
}

std::string SecretKey::sign(std::string_view message) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, raw(message),
                       message.size(), key_.bytes().data());
  return signature;
}

std::string SecretKey::to_minisig(std::string_view message,
                                  std::string_view trusted_comment) const {
  std::string hash(crypto_generichash_BYTES_MAX, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(), raw(message),
                     message.size(), nullptr, 0);
  const std::string signature = sign(hash);
  const std::string all = sign(signature + std::string(trusted_comment));
  return format("{}signature from a sealift key\n{}\ntrusted comment: {}\n{}\n", kMinisignComment,
                to_base64(std::string(kPrehashed) + number_ + signature), trusted_comment,
                to_base64(all));
}

std::string SecretKey::to_file(const Secret* passphrase, const PassphraseCost& cost) const {
  Secret sealed(kSealedBytes);
  std::copy(number_.begin(), number_.end(), sealed.bytes().begin());
  std::copy(key_.bytes().begin(), key_.bytes().end(), sealed.bytes().begin() + kKeyNumberBytes);
  const auto sum = checksum(sealed);
  std::copy(sum.begin(), sum.end(), sealed.bytes().begin() + kChecksumAt);

  std::string salt(32, '\0');
  if (passphrase != nullptr) {
    randombytes_buf(salt.data(), salt.size());
    apply_stream(sealed, *passphrase, salt, cost);
  }
  std::string bytes(kAlgorithm);
  bytes += passphrase != nullptr ? kScrypt : kNoKdf;
  bytes += kChecksum;
  bytes += salt;
  put_le64(bytes, passphrase != nullptr ? cost.operations : 0);
  put_le64(bytes, passphrase != nullptr ? cost.memory : 0);
  bytes += sealed.view();
  std::string text = format("{}minisign {}secret key\n{}\n", kMinisignComment,
                            passphrase != nullptr ? "encrypted " : "", to_base64(bytes));
  wipe(bytes);
  return text;
}

std::string SecretKey::to_public_file() const {
  std::string bytes(kAlgorithm);
  bytes += number_;
  bytes += public_key_.bytes();
  return format("{}minisign public key {}\n{}\n", kMinisignComment, hex_number(number_),
                to_base64(bytes));
}

Signer signer_with(SecretKey key) {
  const auto kept = std::make_shared<const SecretKey>(std::move(key));
  return {.key = kept->public_key(),
          .sign = [kept](std::string_view message) { return kept->sign(message); }};
}

}  // namespace sealift::signing
