// SPDX-License-Identifier: Apache-2.0
#include "signing/keys.hpp"

#include <sodium.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "signing/base64.hpp"

namespace sealift::signing {

namespace {

constexpr std::string_view kAlgorithm = "Ed";
constexpr std::string_view kScrypt = "Sc";
constexpr std::string_view kNoKdf{"\0\0", 2};
constexpr std::string_view kChecksum = "B2";
constexpr std::string_view kComment = "untrusted comment: ";
constexpr std::string_view kOpenSsh = "ssh-ed25519 ";
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kPublicFileBytes = 2 + kNumberBytes + 32;
constexpr std::size_t kChecksumAt = kNumberBytes + 64;
constexpr std::size_t kSealedBytes = kChecksumAt + 32;
constexpr std::size_t kSecretFileBytes = 2 + 2 + 2 + 32 + 8 + 8 + kSealedBytes;
constexpr std::size_t kMaxComment = 1024;
constexpr std::uint64_t kMaxMemory = std::uint64_t{1} << 30;
const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

[[noreturn]] void refuse(const std::string& where, std::string_view found) {
  throw Error(Errc::invalid_input, format("{}: {}", where, found),
              "keys are made with: sealift keygen FILE, or minisign -G");
}

// The file without the newline at its end.
std::string_view key_file(std::string_view text, const std::string& where) {
  if (text.size() > kMaxKeyFile) refuse(where, "found more than 4096 bytes, expected a key file");
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

void check_comment(std::string_view comment, const std::string& where) {
  if (comment.size() > kMaxComment) {
    refuse(where,
           format("found a comment of {} bytes, expected at most {}", comment.size(), kMaxComment));
  }
  if (std::any_of(comment.begin(), comment.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    refuse(where, "found a control character in the comment, expected plain text");
  }
}

// The second line of a two-line minisign file, decoded.
std::string payload_line(std::string_view text, const std::string& where) {
  const std::string_view file = key_file(text, where);
  const std::size_t first = file.find('\n');
  if (!file.starts_with(kComment) || first == std::string_view::npos) {
    refuse(where, "found no line \"untrusted comment: ...\", expected a minisign key file");
  }
  check_comment(file.substr(kComment.size(), first - kComment.size()), where);
  const std::string_view line = file.substr(first + 1);
  if (line.find('\n') != std::string_view::npos) {
    refuse(where, "found more than two lines, expected a minisign key file");
  }
  return blame(Errc::invalid_input, where, [&] { return from_base64(line); });
}

PublicKey::Bytes key_bytes(std::string_view bytes) {
  PublicKey::Bytes key{};
  std::copy_n(raw(bytes), key.size(), key.begin());
  return key;
}

// RFC 4253 string at the front of `bytes`, which it is taken from.
std::optional<std::string_view> take_string(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | raw(bytes)[i];
  if (bytes.size() - 4 < size) return std::nullopt;
  const std::string_view value = bytes.substr(4, size);
  bytes.remove_prefix(4 + size);
  return value;
}

PublicKey parse_openssh(std::string_view text, const std::string& where) {
  const std::string_view line = key_file(text, where).substr(kOpenSsh.size());
  if (line.find('\n') != std::string_view::npos) {
    refuse(where, "found more than one line, expected one public key");
  }
  const std::size_t end = std::min(line.find(' '), line.size());
  check_comment(line.substr(end), where);
  const std::string blob =
      blame(Errc::invalid_input, where, [&] { return from_base64(line.substr(0, end)); });
  std::string_view rest = blob;
  const auto type = take_string(rest);
  const auto key = take_string(rest);
  if (type != "ssh-ed25519" || !key || key->size() != 32 || !rest.empty()) {
    refuse(where, "found another kind of key, expected an ssh-ed25519 public key");
  }
  return PublicKey(key_bytes(*key));
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

PublicKey PublicKey::from_hex(std::string_view hex) {
  try {
    const std::string bytes = bytes_from_hex(hex);
    if (bytes.size() == 32) return PublicKey(key_bytes(bytes));
  } catch (const Error&) {
    // said below
  }
  throw Error(Errc::corrupt,
              format("public key \"{}\", expected 64 lower-case hex digits", printable(hex, 80)));
}

std::string PublicKey::hex() const {
  return to_hex({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

std::string PublicKey::id() const {
  const Json key = {{"keytype", "ed25519"}, {"keyval", {{"public", hex()}}}, {"scheme", "ed25519"}};
  return Digest::of(to_canonical(key)).hex();
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(raw(signature), raw(message), message.size(), bytes_.data()) ==
             0;
}

PublicKey parse_public_key(std::string_view text, const std::string& where) {
  if (text.starts_with(kOpenSsh)) return parse_openssh(text, where);
  for (const std::string_view other : {"ssh-", "ecdsa-sha2-", "sk-"}) {
    if (text.starts_with(other)) {
      refuse(where, format("found a key of type \"{}\", expected ssh-ed25519",
                           printable(text.substr(0, text.find(' ')), 40)));
    }
  }
  const std::string bytes = payload_line(text, where);
  if (bytes.size() == kSecretFileBytes) {
    refuse(where, "found a secret key, expected a public key");
  }
  if (bytes.size() != kPublicFileBytes || !bytes.starts_with(kAlgorithm)) {
    refuse(where, "found another kind of key, expected a minisign Ed25519 public key");
  }
  return PublicKey(key_bytes(std::string_view(bytes).substr(2 + kNumberBytes)));
}

SecretKey::SecretKey(Secret key, std::string number)
    : key_(std::move(key)),
      number_(std::move(number)),
      public_key_(key_bytes(key_.view().substr(32))) {}

SecretKey SecretKey::generate() {
  Secret key(64);
  PublicKey::Bytes public_bytes{};
  crypto_sign_keypair(public_bytes.data(), key.bytes().data());
  std::string number(kNumberBytes, '\0');
  randombytes_buf(number.data(), number.size());
  return SecretKey(std::move(key), std::move(number));
}

SecretKey SecretKey::from_seed(std::span<const unsigned char, 32> seed) {
  Secret key(64);
  PublicKey::Bytes public_bytes{};
  crypto_sign_seed_keypair(public_bytes.data(), key.bytes().data(), seed.data());
  std::string number(reinterpret_cast<const char*>(public_bytes.data()), kNumberBytes);
  return SecretKey(std::move(key), std::move(number));
}

SecretKey SecretKey::parse(std::string_view text, const std::string& where,
                           const std::function<Secret()>& passphrase) {
  std::string bytes = payload_line(text, where);
  if (bytes.size() == kPublicFileBytes) refuse(where, "found a public key, expected a secret key");
  const std::string_view view = bytes;
  if (!is_secret_file(view)) {
    wipe(bytes);
    refuse(where, "found another kind of key, expected a minisign secret key");
  }
  const std::string salt(view.substr(6, 32));
  const PassphraseCost cost{.operations = le64(view.substr(38)), .memory = le64(view.substr(46))};
  std::string sealed_bytes(view.substr(54));
  const bool encrypted = view.substr(2, 2) == kScrypt;
  wipe(bytes);
  Secret sealed = Secret::taken_from(sealed_bytes);
  if (encrypted) {
    if (!is_bearable(cost)) {
      refuse(where, format("its passphrase takes {} operations and {} bytes of memory, expected at "
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
  std::string number(sealed.view().substr(0, kNumberBytes));
  Secret key(64);
  std::copy_n(sealed.bytes().begin() + kNumberBytes, 64, key.bytes().begin());
  // The second half must be the public key of the first, or signing would leak the seed.
  PublicKey::Bytes derived{};
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

std::string SecretKey::to_file(const Secret* passphrase, const PassphraseCost& cost) const {
  Secret sealed(kSealedBytes);
  std::copy(number_.begin(), number_.end(), sealed.bytes().begin());
  std::copy(key_.bytes().begin(), key_.bytes().end(), sealed.bytes().begin() + kNumberBytes);
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
  std::string text = format("{}minisign {}secret key\n{}\n", kComment,
                            passphrase != nullptr ? "encrypted " : "", to_base64(bytes));
  wipe(bytes);
  return text;
}

std::string SecretKey::to_public_file() const {
  std::string bytes(kAlgorithm);
  bytes += number_;
  bytes.append(reinterpret_cast<const char*>(public_key_.bytes().data()), 32);
  return format("{}minisign public key {}\n{}\n", kComment, hex_number(number_), to_base64(bytes));
}

}  // namespace sealift::signing
