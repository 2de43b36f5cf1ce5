// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/site_receipt.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/release_document.hpp"
#include "release/text/semver.hpp"
#include "signing/base64.hpp"

namespace sealift::release {

namespace {

constexpr const char* kReceiptFormat = "sealift-receipt-1";
constexpr std::array kUses = {std::pair(HeldAs::current, "current"),
                              std::pair(HeldAs::rollback, "rollback"),
                              std::pair(HeldAs::staged, "staged"), std::pair(HeldAs::kept, "kept")};
constexpr std::size_t kMaxWord = 512;  // bytes of a text in it; a checkpoint is the longest

// One line that a terminal shows as it is.
std::string word(Fields& fields, const char* key) {
  std::string text = fields.text(key);
  if (text.empty() || text.size() > kMaxWord || printable(text, kMaxWord) != text) {
    fields.refuse(key, format("\"{}\", expected one line of text of at most {} bytes",
                              printable(text, 80), kMaxWord));
  }
  return text;
}

std::string version_in(Fields& fields, const char* key) {
  return while_reading(fields.at(key), [&] { return Version::parse(fields.text(key)).str(); });
}

HeldRelease held_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  HeldRelease held{.name = word(fields, "name"),
                   .version = version_in(fields, "version"),
                   .digest = fields.digest("digest"),
                   .use = HeldAs::kept};
  const std::string use = fields.text("use");
  const auto* const known = std::find_if(kUses.begin(), kUses.end(),
                                         [&](const auto& each) { return each.second == use; });
  if (known == kUses.end()) {
    fields.refuse("use",
                  format("\"{}\", expected current, rollback, staged or kept", printable(use, 40)));
  }
  held.use = known->first;
  fields.done();
  return held;
}

CurrentRelease current_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  CurrentRelease current{
      .name = word(fields, "name"), .version = version_in(fields, "version"), .digest = {}};
  if (fields.value_if("digest") != nullptr) current.digest = fields.digest("digest");
  fields.done();
  return current;
}

RootSummary root_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const RootSummary root{.version = fields.number("version"),
                         .fingerprint = fields.digest("fingerprint")};
  fields.done();
  return root;
}

// Each D once and in order, so that equal receipts are equal texts; and one release of each use
// that there is one of, the current one the one that is said to be installed.
void check_held(const SiteReceipt& receipt, Fields& fields) {
  const std::vector<HeldRelease>& held = receipt.held;
  if (held.size() > kMaxHeldReleases) {
    fields.refuse("held",
                  format("{} releases, expected at most {}", held.size(), kMaxHeldReleases));
  }
  const auto by_digest = [](const HeldRelease& a, const HeldRelease& b) {
    return a.digest >= b.digest;
  };
  if (std::adjacent_find(held.begin(), held.end(), by_digest) != held.end()) {
    fields.refuse("held", "expected every digest once, in order");
  }
  for (const auto& [use, word] : kUses) {
    const auto is_used_so = [use = use](const HeldRelease& each) { return each.use == use; };
    if (use != HeldAs::kept && std::count_if(held.begin(), held.end(), is_used_so) > 1) {
      fields.refuse("held", format("expected one release that is {}", word));
    }
  }
  for (const HeldRelease& each : held) {
    const bool is_installed = receipt.current && receipt.current->digest == each.digest;
    if (is_installed != (each.use == HeldAs::current)) {
      fields.refuse("held", "expected the installed release, and no other, to be the current one");
    }
  }
}

}  // namespace

std::string_view name(HeldAs use) {
  return std::find_if(kUses.begin(), kUses.end(),
                      [&](const auto& each) { return each.first == use; })
      ->second;
}

Json to_json(const SiteReceipt& receipt) {
  Json held = Json::array();
  for (const HeldRelease& each : receipt.held) {
    held.push_back({{"name", each.name},
                    {"version", each.version},
                    {"digest", each.digest.str()},
                    {"use", name(each.use)}});
  }
  Json value = {{"format", kReceiptFormat},
                {"site", receipt.site},
                {"release", receipt.release},
                {"environment", receipt.environment},
                {"installer", receipt.installer},
                {"made", to_text(receipt.made)},
                {"key", signing::to_base64(receipt.key.bytes())},
                {"held", std::move(held)}};
  if (receipt.root) {
    value["root"] = {{"version", receipt.root->version},
                     {"fingerprint", receipt.root->fingerprint.str()}};
  }
  if (!receipt.checkpoint.empty()) value["checkpoint"] = receipt.checkpoint;
  if (receipt.current) {
    value["current"] = {{"name", receipt.current->name}, {"version", receipt.current->version}};
    if (receipt.current->digest) value["current"]["digest"] = receipt.current->digest->str();
  }
  return value;
}

std::string to_text(const SiteReceipt& receipt,
                    const std::function<std::string(std::string_view message)>& sign) {
  Json value = to_json(receipt);
  value["signature"] = signing::to_base64(sign(to_canonical(value)));
  return to_canonical(value) + "\n";
}

SiteReceipt parse_receipt(std::string_view text, const std::string& where) {
  if (text.size() > kMaxReceiptBytes) {
    throw Error(Errc::corrupt, format("{}: found more than {} bytes, expected a site's receipt",
                                      where, kMaxReceiptBytes));
  }
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("format", kReceiptFormat);
  SiteReceipt receipt{
      .site = word(fields, "site"),
      .release = word(fields, "release"),
      .environment = word(fields, "environment"),
      .installer = version_in(fields, "installer"),
      .made = fields.time("made"),
      .key = while_reading(fields.at("key"), [&] {
        return signing::PublicKey::ed25519(signing::from_base64(fields.text("key")));
      })};
  if (const Json* root = fields.value_if("root")) {
    receipt.root = root_from_json(*root, fields.at("root"));
  }
  if (fields.value_if("checkpoint") != nullptr) receipt.checkpoint = word(fields, "checkpoint");
  if (const Json* current = fields.value_if("current")) {
    receipt.current = current_from_json(*current, fields.at("current"));
  }
  for (const Json& each : fields.array("held")) {
    receipt.held.push_back(
        held_from_json(each, format("{}[{}]", fields.at("held"), receipt.held.size())));
  }
  check_held(receipt, fields);
  std::string signature = while_reading(
      fields.at("signature"), [&] { return signing::from_base64(fields.text("signature")); });
  fields.done();
  require_canonical(text, to_text(receipt, [&](std::string_view) { return signature; }), where);
  if (!receipt.key.verifies(to_canonical(to_json(receipt)), signature)) {
    throw Error(Errc::untrusted,
                format("{}: the signature is not one of the key in it over what it says", where),
                "it was changed since the site signed it: have the site make another");
  }
  return receipt;
}

void verify_receipt(const SiteReceipt& receipt, const RegistrationCard& card,
                    const std::string& where) {
  if (receipt.site != card.site) {
    throw Error(Errc::untrusted, format("{}: is a receipt of the site {}, expected one of {}",
                                        where, receipt.site, printable(card.site, 80)));
  }
  if (receipt.key.id() != card.key) {
    throw Error(Errc::untrusted,
                format("{}: signed by the key {}, the site's registration card has {}", where,
                       receipt.key.id(), printable(card.key, 80)),
                "somebody else made it, or the site has lost its key: ask its operator, by a way "
                "that you trust, for the site's registration card");
  }
}

}  // namespace sealift::release
