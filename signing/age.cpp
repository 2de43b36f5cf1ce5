// SPDX-License-Identifier: Apache-2.0
#include "signing/age.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "signing/base64.hpp"
#include "signing/bech32.hpp"
#include "signing/keyed_digest.hpp"
#include "signing/raw.hpp"

namespace sealift::signing {

namespace {

constexpr std::string_view kVersion = "age-encryption.org/v1";
constexpr std::string_view kX25519 = "age-encryption.org/v1/X25519";
constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "age-secret-key-";
constexpr std::size_t kKey = 32;
constexpr std::size_t kFileKey = 16;
constexpr std::size_t kNonce = 16;
constexpr std::size_t kChunk = 64 * 1024;
constexpr std::size_t kTag = crypto_aead_chacha20poly1305_ietf_ABYTES;
constexpr std::size_t kWrapped = kFileKey + kTag;
constexpr std::size_t kColumns = 64;
constexpr std::string_view kArmorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";
// Limits of ours: a header of age has no bound of its own.
constexpr std::size_t kLongestLine = 1024;
constexpr std::size_t kMostStanzas = 256;
constexpr std::size_t kMostLines = 64;  // of one stanza

using Bytes = std::array<unsigned char, kKey>;

std::string_view view(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// ---- RFC 5869 and the header

// 32 bytes of HKDF-SHA-256. An empty salt is one of zeros.
Secret derive(std::string_view secret, std::string_view salt, std::string_view purpose) {
  const Secret extracted = hmac_sha256(salt.empty() ? std::string(kKey, '\0') : salt, secret);
  return hmac_sha256(extracted.view(), format("{}\x01", purpose));
}

std::string to_base64_bare(std::string_view bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// Throws Error{corrupt} for another spelling.
std::string from_base64_bare(std::string_view text) {
  if (text.ends_with('=')) throw Error(Errc::corrupt, "found base64 with padding");
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  return from_base64(padded);
}

std::string stanza_body(std::string_view bytes) {
  const std::string text = to_base64_bare(bytes);
  std::string lines;
  for (std::size_t at = 0; at <= text.size(); at += kColumns) {
    lines += text.substr(at, kColumns) + "\n";
  }
  return lines;
}

const std::array<unsigned char, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> kNoNonce{};

std::string stanza_for(const AgeRecipient& recipient, const Secret& file_key) {
  Secret ephemeral(kKey);
  randombytes_buf(ephemeral.bytes().data(), kKey);
  Bytes share{};
  crypto_scalarmult_base(share.data(), ephemeral.bytes().data());
  Secret shared(kKey);
  if (crypto_scalarmult(shared.bytes().data(), ephemeral.bytes().data(), raw(recipient.key())) !=
      0) {
    throw Error(Errc::invalid_input, format("{}: is no key that can be used", recipient.str()));
  }
  const Secret wrap =
      derive(shared.view(), std::string(view(share)) + std::string(recipient.key()), kX25519);
  std::string wrapped(kWrapped, '\0');
  crypto_aead_chacha20poly1305_ietf_encrypt(raw(wrapped), nullptr, file_key.bytes().data(),
                                            kFileKey, nullptr, 0, nullptr, kNoNonce.data(),
                                            wrap.bytes().data());
  return format("-> X25519 {}\n{}", to_base64_bare(view(share)), stanza_body(wrapped));
}

// The file key, where this stanza holds it for this identity.
bool unwrap(std::string_view share, std::string_view wrapped, const AgeIdentity& identity,
            Secret& file_key) {
  Secret shared(kKey);
  if (crypto_scalarmult(shared.bytes().data(), identity.key().bytes().data(), raw(share)) != 0) {
    throw Error(Errc::corrupt, "age: found a share of low order");
  }
  const AgeRecipient recipient = identity.recipient();
  const Secret wrap =
      derive(shared.view(), std::string(share) + std::string(recipient.key()), kX25519);
  return crypto_aead_chacha20poly1305_ietf_decrypt(file_key.bytes().data(), nullptr, nullptr,
                                                   raw(wrapped), wrapped.size(), nullptr, 0,
                                                   kNoNonce.data(), wrap.bytes().data()) == 0;
}

std::array<unsigned char, 12> nonce_of(std::uint64_t chunk, unsigned char last) {
  std::array<unsigned char, 12> nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[10 - i] = chunk >> 8 * i & 0xFFU;
  nonce[11] = last;
  return nonce;
}

void seal(Sink& out, std::string_view chunk, std::uint64_t number, unsigned char last,
          const Secret& key) {
  std::string sealed(chunk.size() + kTag, '\0');
  crypto_aead_chacha20poly1305_ietf_encrypt(raw(sealed), nullptr, raw(chunk), chunk.size(), nullptr,
                                            0, nullptr, nonce_of(number, last).data(),
                                            key.bytes().data());
  out.write(sealed);
}

[[noreturn]] void refuse(std::string_view found) {
  throw Error(Errc::corrupt, format("age: {}", found));
}

}  // namespace

std::string to_armor(std::string_view file) {
  return format("{}\n{}{}\n", kArmorBegin, to_base64_lines(file, kColumns), kArmorEnd);
}

std::string from_armor(std::string_view text) {
  std::string body;
  std::string_view rest = text;
  for (std::string_view line; !rest.empty();) {
    line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.starts_with("-----")) body += line;
  }
  // Never with what was found: people paste the wrong thing.
  constexpr std::string_view kNone = "found no armor as `age -a` writes it";
  try {
    std::string file = from_base64(body);
    if (!file.empty() && to_armor(file) == text) return file;
  } catch (const Error&) {
    refuse(kNone);
  }
  refuse(kNone);
}

std::size_t count_recipients(std::string_view file) {
  std::string_view rest = file;
  const auto line = [&] {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos || end > kLongestLine) refuse("found a header that is none");
    const std::string_view found = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return found;
  };
  if (line() != kVersion) refuse("found no file of version 1");
  std::size_t count = 0;
  std::string_view each = line();
  for (std::size_t lines = 0; !each.starts_with("--- "); each = line()) {
    if (++lines > kMostStanzas * 2) refuse(format("found over {} recipients", kMostStanzas));
    if (each.starts_with("-> X25519 ")) ++count;
  }
  if (rest.size() < kNonce + kTag) refuse("it ends too early");
  return count;
}

AgeRecipient AgeRecipient::parse(std::string_view text) {
  std::string key = from_bech32(text, kRecipientPrefix);
  if (key.empty()) {
    throw Error(Errc::invalid_input, "found no recipient of age, expected age1 and 58 characters");
  }
  return AgeRecipient(std::move(key));
}

std::string AgeRecipient::str() const {
  return to_bech32(kRecipientPrefix, key_);
}

AgeIdentity AgeIdentity::generate() {
  Secret key(kKey);
  randombytes_buf(key.bytes().data(), kKey);
  return AgeIdentity(std::move(key));
}

AgeIdentity AgeIdentity::from_file(std::string_view text, const std::string& name) {
  std::string found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.starts_with('#')) continue;
    // Written in capitals; the rule of Bech32 is for small letters.
    std::string small;
    for (const char c : line) small += is_capital_letter(c) ? static_cast<char>(c + 32) : '!';
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (is_digit(line[i]) || line[i] == '-') small[i] = line[i];
    }
    std::string key = found.empty() ? from_bech32(small, kIdentityPrefix) : "";
    wipe(small);
    if (key.empty()) {
      wipe(found);
      throw Error(Errc::invalid_input,
                  format("{}: found no identity of age, or more than one", name),
                  "expected one line that begins with AGE-SECRET-KEY-1, as age-keygen writes it");
    }
    found = std::move(key);
  }
  if (found.empty()) throw Error(Errc::invalid_input, format("{}: found no identity of age", name));
  return AgeIdentity(Secret::taken_from(found));
}

std::string AgeIdentity::to_file(Time created) const {
  std::string text = to_bech32(kIdentityPrefix, key_.view());
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return is_small_letter(c) ? static_cast<char>(c - 32) : c; });
  std::string file =
      format("# created: {}\n# public key: {}\n{}\n", to_text(created), recipient().str(), text);
  wipe(text);
  return file;
}

AgeRecipient AgeIdentity::recipient() const {
  std::string key(kKey, '\0');
  crypto_scalarmult_base(raw(key), key_.bytes().data());
  return AgeRecipient(std::move(key));
}

// Each recipient has two lines: "-> X25519 " with a share, and the wrapped key. A chunk has a tag,
// and there is one at least.
std::uint64_t age_file_bytes(std::uint64_t content, std::size_t recipients) {
  constexpr std::uint64_t kText = 43;  // of 32 bytes in base64, without padding
  const std::uint64_t header =
      kVersion.size() + 1 + recipients * (std::string_view("-> X25519 ").size() + 2 * (kText + 1)) +
      std::string_view("--- ").size() + kText + 1;
  const std::uint64_t chunks = std::max<std::uint64_t>((content + kChunk - 1) / kChunk, 1);
  return header + kNonce + content + chunks * kTag;
}

AgeSink::AgeSink(Sink& out, const std::vector<AgeRecipient>& recipients) : out_(out), key_(kKey) {
  Secret file_key(kFileKey);
  randombytes_buf(file_key.bytes().data(), kFileKey);
  std::string header = format("{}\n", kVersion);
  for (const AgeRecipient& each : recipients) header += stanza_for(each, file_key);
  header += "---";
  const Secret mac = hmac_sha256(derive(file_key.view(), "", "header").view(), header);
  std::string nonce(kNonce, '\0');
  randombytes_buf(nonce.data(), kNonce);
  out_.write(format("{} {}\n{}", header, to_base64_bare(mac.view()), nonce));
  key_ = derive(file_key.view(), nonce, "payload");
}

void AgeSink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    // The last chunk is marked, so a full one waits until there is more.
    if (held_.size() == kChunk) {
      seal(out_, held_, chunk_++, 0, key_);
      held_.clear();
    }
    const std::size_t count = std::min(bytes.size(), kChunk - held_.size());
    held_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
  }
}

void AgeSink::finish() {
  seal(out_, held_, chunk_, 1, key_);
  wipe(held_);
}

AgeSource::AgeSource(Source& in, const AgeIdentity& identity) : in_(in), key_(kKey) {
  std::string header = line();
  if (header != kVersion) refuse("found no file of version 1");
  header += "\n";
  Secret file_key(kFileKey);
  bool is_open = false;
  std::string text = line();
  for (std::size_t stanzas = 0; !text.starts_with("--- "); ++stanzas) {
    if (stanzas == kMostStanzas) refuse(format("found over {} recipients", kMostStanzas));
    if (!text.starts_with("-> ")) refuse("found a header that is none");
    header += text + "\n";
    std::string body;
    std::size_t lines = 0;
    std::string part;
    do {
      part = line();
      if (part.size() > kColumns || ++lines > kMostLines) refuse("found a stanza that is too long");
      header += part + "\n";
      body += part;
    } while (part.size() == kColumns);
    const std::string content = from_base64_bare(body);
    constexpr std::string_view kArrow = "-> X25519 ";
    if (text.starts_with(kArrow)) {
      const std::string share = from_base64_bare(std::string_view(text).substr(kArrow.size()));
      if (share.size() != kKey || content.size() != kWrapped)
        refuse("found a stanza of a wrong size");
      if (!is_open) is_open = unwrap(share, content, identity, file_key);
    }
    text = line();
  }
  if (!is_open) {
    throw Error(Errc::untrusted, "age: it is not encrypted to this identity",
                "use the identity of one of its recipients");
  }
  header += "---";
  const Secret mac = hmac_sha256(derive(file_key.view(), "", "header").view(), header);
  const std::string said = from_base64_bare(std::string_view(text).substr(4));
  if (said.size() != crypto_auth_hmacsha256_BYTES ||
      sodium_memcmp(said.data(), mac.bytes().data(), said.size()) != 0) {
    refuse("the header was changed");
  }
  const std::string nonce = take(kNonce);
  if (nonce.size() != kNonce) refuse("it ends too early");
  key_ = derive(file_key.view(), nonce, "payload");
}

std::string AgeSource::take(std::size_t most) {
  std::string buffer(kChunk, '\0');
  while (raw_.size() < most) {
    const std::size_t count = in_.read(buffer);
    if (count == 0) break;
    raw_.append(buffer, 0, count);
  }
  std::string taken = raw_.substr(0, most);
  raw_.erase(0, most);
  return taken;
}

std::string AgeSource::line() {
  std::string all = take(kLongestLine);
  const std::size_t end = all.find('\n');
  if (end == all.npos) refuse("found a header that is none");
  raw_.insert(0, all.substr(end + 1));
  all.resize(end);
  return all;
}

void AgeSource::open_chunk() {
  std::string sealed = take(kChunk + kTag);
  // One byte more says whether another chunk follows.
  const std::string more = take(1);
  raw_.insert(0, more);
  const bool is_last = more.empty();
  if (sealed.size() < kTag || (sealed.size() == kTag && chunk_ > 0)) refuse("it ends too early");
  std::string plain(sealed.size() - kTag, '\0');
  if (crypto_aead_chacha20poly1305_ietf_decrypt(
          raw(plain), nullptr, nullptr, raw(sealed), sealed.size(), nullptr, 0,
          nonce_of(chunk_, is_last ? 1 : 0).data(), key_.bytes().data()) != 0) {
    refuse(is_last ? "its end was changed or cut off" : "it was changed");
  }
  ++chunk_;
  ended_ = is_last;
  wipe(plain_);
  plain_ = std::move(plain);
  given_ = 0;
}

std::size_t AgeSource::read(std::span<char> into) {
  while (given_ == plain_.size()) {
    if (ended_) return 0;
    open_chunk();
  }
  const std::size_t count = std::min(into.size(), plain_.size() - given_);
  std::copy_n(plain_.data() + given_, count, into.data());
  given_ += count;
  return count;
}

}  // namespace sealift::signing
