// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site says that it holds, for whoever makes its next release: `sealift-installer receipt`
// prints it, `sealift sites` tabulates many. One line of canonical JSON with the format
// "sealift-receipt-1" (docs/receipts.md, schemas/receipt.schema.json). Its last word for itself is
// `signature`: the site's Ed25519 key over the same JSON without that member, in base64.
//
// It carries the key, so that a SiteReceipt that was parsed was signed by the key in it; whose key
// that is, only the site's registration card says.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "release/site_file/registration_card.hpp"
#include "signing/public_key.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxReceiptBytes = 1U << 20;
inline constexpr std::size_t kMaxHeldReleases = 2000;

// Why the store has a bundle.
enum class HeldAs {
  current,
  rollback,  // where `rollback` leads
  staged,
  kept,  // by the retention rule
};
std::string_view name(HeldAs use);

// A release whose bundle is in the site's store. It follows from D which blobs that bundle has.
struct HeldRelease {
  std::string name;
  std::string version;
  Digest digest;  // D
  HeldAs use;

  friend bool operator==(const HeldRelease&, const HeldRelease&) = default;
};

// The release that is installed; the store may have lost its bundle.
struct CurrentRelease {
  std::string name;
  std::string version;
  std::optional<Digest> digest;  // D; nothing for what was adopted

  friend bool operator==(const CurrentRelease&, const CurrentRelease&) = default;
};

struct RootSummary {
  std::uint64_t version;
  Digest fingerprint;

  friend bool operator==(const RootSummary&, const RootSummary&) = default;
};

struct SiteReceipt {
  std::string site;  // its id
  std::string release;
  std::string environment;
  std::string installer;  // its version
  Time made;
  signing::PublicKey key;
  std::optional<RootSummary> root = {};        // nothing: it trusts nobody yet
  std::string checkpoint = {};                 // the newest of the audit log; empty: it has none
  std::optional<CurrentRelease> current = {};  // nothing: none is installed
  std::vector<HeldRelease> held = {};          // by D, each once

  friend bool operator==(const SiteReceipt&, const SiteReceipt&) = default;
};

// The receipt with its signature, as one line with its newline. `sign` signs with the receipt's
// key.
std::string to_text(const SiteReceipt& receipt,
                    const std::function<std::string(std::string_view message)>& sign);

// Strict: only what to_text() writes. Error{corrupt} that names `where` for anything else,
// Error{untrusted} for a signature that is not one of the key in it.
SiteReceipt parse_receipt(std::string_view text, const std::string& where);
// For programs; the receipt of another format than the one that was signed.
Json to_json(const SiteReceipt& receipt);

// Error{untrusted} where the receipt is not one of the site that the card is of, or signed by
// another key than the card has.
void verify_receipt(const SiteReceipt& receipt, const RegistrationCard& card,
                    const std::string& where);

}  // namespace sealift::release
