// SPDX-License-Identifier: Apache-2.0
#include "signing/public_key.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/algorithms.hpp"
#include "signing/base64.hpp"
#include "signing/minisign_file.hpp"
#include "signing/ssh_wire.hpp"

namespace sealift::signing {

namespace {

constexpr std::string_view kSshEd25519 = "ssh-ed25519";
constexpr std::string_view kSshP256 = "ecdsa-sha2-nistp256";
constexpr std::string_view kSshSk = "sk-ssh-ed25519@openssh.com";
constexpr std::string_view kTufEd25519 = "ed25519";
constexpr std::string_view kTufP256 = "ecdsa";
constexpr std::string_view kTufSk = "sk-ssh-ed25519";
constexpr std::size_t kMaxApplication = 255;
// SubjectPublicKeyInfo (RFC 8410, RFC 5480) up to the key's own bytes.
constexpr std::string_view kEd25519Spki{"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12};
constexpr std::string_view kP256Spki{
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    "\x03\x42\x00",
    26};
constexpr std::string_view kPemBegin = "-----BEGIN PUBLIC KEY-----\n";
constexpr std::string_view kPemEnd = "-----END PUBLIC KEY-----\n";

std::string pem_of(std::string_view spki) {
  return std::string(kPemBegin) + to_base64_lines(spki, 64) + std::string(kPemEnd);
}

PublicKey from_spki(std::string_view spki) {
  if (spki.starts_with(kEd25519Spki)) return PublicKey::ed25519(spki.substr(kEd25519Spki.size()));
  if (spki.starts_with(kP256Spki)) return PublicKey::p256(spki.substr(kP256Spki.size()));
  throw Error(Errc::corrupt, "found another kind of key, expected Ed25519 or ECDSA P-256");
}

// Exactly the text that pem_of() writes.
PublicKey from_pem(std::string_view pem) {
  std::string body(pem);
  if (pem.starts_with(kPemBegin) && pem.ends_with(kPemEnd) &&
      pem.size() > kPemBegin.size() + kPemEnd.size()) {
    body = pem.substr(kPemBegin.size(), pem.size() - kPemBegin.size() - kPemEnd.size());
    std::erase(body, '\n');
    const std::string spki = from_base64(body);
    if (pem_of(spki) == pem) return from_spki(spki);
  }
  throw Error(Errc::corrupt, "found no public key in PEM, expected lines of 64 characters");
}

PublicKey from_ssh_line(std::string_view line) {
  const std::size_t type_end = std::min(line.find(' '), line.size());
  const std::string_view rest = line.substr(std::min(type_end + 1, line.size()));
  const std::size_t end = std::min(rest.find(' '), rest.size());
  check_key_comment(rest.substr(end));
  const std::string blob = from_base64(rest.substr(0, end));
  PublicKey key = PublicKey::from_ssh(blob, "the key");
  if (SshReader(blob, "the key").text() != line.substr(0, type_end)) {
    throw Error(Errc::corrupt, "found a key of another type than its line says");
  }
  return key;
}

PublicKey parse_any(std::string_view text) {
  const std::string_view line = text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
  const std::string_view type = line.substr(0, line.find(' '));
  if (type == kSshEd25519 || type == kSshP256 || type == kSshSk) {
    if (line.find('\n') != std::string_view::npos) {
      throw Error(Errc::corrupt, "found more than one line, expected one public key");
    }
    return from_ssh_line(line);
  }
  if (type.starts_with("ssh-") || type.starts_with("ecdsa-sha2-") || type.starts_with("sk-")) {
    throw Error(Errc::corrupt, format("found a key of type \"{}\", expected {}, {} or {}",
                                      printable(type, 40), kSshEd25519, kSshP256, kSshSk));
  }
  if (line.starts_with("-----BEGIN ")) return from_pem(std::string(line) + "\n");
  return PublicKey::ed25519(minisign_public_key(text));
}

}  // namespace

std::string_view ssh_type(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::ed25519:
      return kSshEd25519;
    case Algorithm::ecdsa_p256:
      return kSshP256;
    case Algorithm::sk_ed25519:
      break;
  }
  return kSshSk;
}

PublicKey PublicKey::ed25519(std::string_view bytes) {
  if (bytes.size() != kEd25519Bytes) {
    throw Error(Errc::corrupt, format("found an Ed25519 key of {} bytes, expected {}", bytes.size(),
                                      kEd25519Bytes));
  }
  return {Algorithm::ed25519, bytes, {}};
}

PublicKey PublicKey::p256(std::string_view point) {
  if (!is_p256_point(point)) {
    throw Error(Errc::corrupt, "found no uncompressed point of the curve P-256");
  }
  return {Algorithm::ecdsa_p256, point, {}};
}

PublicKey PublicKey::sk_ed25519(std::string_view bytes, std::string_view application) {
  const bool plain = std::all_of(application.begin(), application.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '\\' && c != '"';
  });
  if (!plain || application.empty() || application.size() > kMaxApplication) {
    throw Error(Errc::corrupt, format("found the application \"{}\", expected plain text such as "
                                      "\"ssh:\"",
                                      printable(application, 80)));
  }
  return {Algorithm::sk_ed25519, ed25519(bytes).bytes_, application};
}

PublicKey PublicKey::from_tuf(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const std::string type = fields.text("keytype");
  const std::string scheme = fields.text("scheme");
  if (type != kTufEd25519 && type != kTufP256 && type != kTufSk) {
    throw Error(Errc::incompatible,
                format("{}: found a key of type \"{}\", this program knows {}, {} and {}", where,
                       printable(type, 40), kTufEd25519, kTufP256, kTufSk));
  }
  Fields inner(fields.object("keyval"), fields.at("keyval"));
  const std::string text = inner.text("public");
  PublicKey key = while_reading(inner.at("public"), [&] {
    if (type == kTufP256) return from_pem(text);
    const std::string bytes = bytes_from_hex(text);
    return type == kTufSk ? sk_ed25519(bytes, inner.text("application")) : ed25519(bytes);
  });
  inner.done();
  fields.done();
  if (key.to_tuf() != value) {
    throw Error(Errc::corrupt, format("{}: found the scheme \"{}\" for a key of type \"{}\"", where,
                                      printable(scheme, 40), printable(type, 40)));
  }
  return key;
}

PublicKey PublicKey::from_ssh(std::string_view blob, const std::string& where) {
  SshReader reader(blob, where);
  const std::string_view type = reader.text();
  if (type == kSshEd25519) {
    const std::string_view bytes = reader.text();
    reader.done();
    return ed25519(bytes);
  }
  if (type == kSshP256) {
    if (reader.text() != "nistp256") reader.refuse("found another curve, expected nistp256");
    const std::string_view point = reader.text();
    reader.done();
    return p256(point);
  }
  if (type == kSshSk) {
    const std::string_view bytes = reader.text();
    const std::string_view application = reader.text();
    reader.done();
    return sk_ed25519(bytes, application);
  }
  reader.refuse(format("found a key of type \"{}\", expected {}, {} or {}", printable(type, 40),
                       kSshEd25519, kSshP256, kSshSk));
}

Json PublicKey::to_tuf() const {
  switch (algorithm_) {
    case Algorithm::ed25519:
      return {{"keytype", kTufEd25519},
              {"keyval", {{"public", to_hex(bytes_)}}},
              {"scheme", "ed25519"}};
    case Algorithm::ecdsa_p256:
      return {{"keytype", kTufP256},
              {"keyval", {{"public", to_pem()}}},
              {"scheme", "ecdsa-sha2-nistp256"}};
    case Algorithm::sk_ed25519:
      break;
  }
  return {{"keytype", kTufSk},
          {"keyval", {{"application", application_}, {"public", to_hex(bytes_)}}},
          {"scheme", kSshSk}};
}

std::string PublicKey::to_spki() const {
  if (algorithm_ == Algorithm::sk_ed25519) {
    throw Error(Errc::internal, "a key in a token has no SubjectPublicKeyInfo");
  }
  return std::string(algorithm_ == Algorithm::ed25519 ? kEd25519Spki : kP256Spki) + bytes_;
}

std::string PublicKey::to_pem() const {
  return pem_of(to_spki());
}

std::string PublicKey::id() const {
  return Digest::of(tuf_canonical(to_tuf())).hex();
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  switch (algorithm_) {
    case Algorithm::ed25519:
      return ed25519_verifies(bytes_, message, signature);
    case Algorithm::ecdsa_p256:
      return p256_verifies(bytes_, message, signature);
    case Algorithm::sk_ed25519:
      break;
  }
  return false;
}

PublicKey parse_public_key(std::string_view text, const std::string& where) {
  try {
    if (text.size() > kMaxKeyFile) {
      throw Error(Errc::corrupt,
                  format("found more than {} bytes, expected a key file", kMaxKeyFile));
    }
    return parse_any(text);
  } catch (const Error& error) {
    throw Error(Errc::invalid_input, error.within(where).message(),
                "keys are made with: sealift keygen FILE, minisign -G or ssh-keygen");
  }
}

std::string tuf_canonical(const Json& value) {
  std::string text = to_canonical(value);
  for (std::size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at + 1)) {
    text.replace(at, 2, "\n");
  }
  return text;
}

}  // namespace sealift::signing
