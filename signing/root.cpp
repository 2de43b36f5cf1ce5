// SPDX-License-Identifier: Apache-2.0
#include "signing/root.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"

namespace sealift::signing {

namespace {

constexpr const char* kNamesField = "x-sealift-names";
constexpr std::size_t kRootMaxSignatures = 256;
constexpr std::array kMandatoryRoles = {"root", "snapshot", "targets", "timestamp"};

std::map<std::string, PublicKey> keys_from_json(const Json& value, const std::string& where) {
  std::map<std::string, PublicKey> keys;
  std::set<std::string> distinct;
  for (const auto& [id, object] : value.items()) {
    const PublicKey key = PublicKey::from_tuf(object, format("{}.{}", where, printable(id, 80)));
    if (key.id() != id) {
      throw Error(Errc::corrupt,
                  format("{}: found the key id {}, expected the digest of the key, {}", where,
                         printable(id, 80), key.id()));
    }
    // Under another algorithm it would be another key with the same owner.
    if (!distinct.insert(key.bytes()).second) {
      throw Error(Errc::corrupt, format("{}: found one key twice, under the id {}", where, id));
    }
    keys.emplace(id, key);
  }
  return keys;
}

Role role_from_json(const Json& value, const std::map<std::string, PublicKey>& keys,
                    const std::string& where) {
  Fields fields(value, where);
  Role role;
  for (const std::string& id : fields.texts("keyids")) {
    const auto found = keys.find(id);
    if (found == keys.end()) fields.refuse("keyids", format("unknown key {}", printable(id, 80)));
    if (!role.keys.insert(found->second).second) fields.refuse("keyids", "found one key twice");
  }
  const std::uint64_t threshold = fields.number("threshold");
  fields.done();
  if (threshold < 1 || threshold > role.keys.size()) {
    fields.refuse("threshold", format("found {}, expected 1 to the number of keys, {}", threshold,
                                      role.keys.size()));
  }
  role.threshold = static_cast<unsigned>(threshold);
  return role;
}

Json role_to_json(const Role& role) {
  std::set<std::string> ids;
  for (const PublicKey& key : role.keys) ids.insert(key.id());
  return {{"keyids", ids}, {"threshold", role.threshold}};
}

bool is_plain_ascii(std::string_view text) {
  const bool pem = text.starts_with("-----BEGIN ");
  return std::all_of(text.begin(), text.end(), [pem](char c) {
    return (c >= 0x20 && c < 0x7f && c != '\\') || (pem && c == '\n');
  });
}

// Whether every text and field name in `value` is plain: only then do the canonical forms of TUF
// and of jq agree.
bool holds_plain_ascii(const Json& value) {
  if (value.is_string()) return is_plain_ascii(value.text());
  for (const auto& [name, unused] : value.items()) {
    if (!is_plain_ascii(name)) return false;
  }
  return value.is_primitive() || std::all_of(value.begin(), value.end(), holds_plain_ascii);
}

bool is_mandatory(std::string_view role) {
  return std::find(kMandatoryRoles.begin(), kMandatoryRoles.end(), role) != kMandatoryRoles.end();
}

// "1.0." and a number.
bool is_known_spec(std::string_view version) {
  constexpr std::string_view kPrefix = "1.0.";
  return version.starts_with(kPrefix) && version.size() > kPrefix.size() &&
         version.find_first_not_of("0123456789", kPrefix.size()) == std::string_view::npos;
}

std::vector<Signature> signatures_from_json(const Json& list, const std::string& where) {
  if (list.size() > kRootMaxSignatures) {
    throw Error(Errc::corrupt, format("{}: found {}, expected at most {}", where, list.size(),
                                      kRootMaxSignatures));
  }
  std::vector<Signature> signatures;
  std::set<std::string> ids;
  for (const Json& item : list) {
    Fields fields(item, format("{}[{}]", where, signatures.size()));
    const std::string hex = fields.text("sig");
    const std::string id = fields.text("keyid");
    if (!ids.insert(id).second) fields.refuse("keyid", "found a second signature by one key");
    signatures.push_back(
        {id, while_reading(fields.at("sig"), [&] { return bytes_from_hex(hex); })});
    fields.done();
  }
  return signatures;
}

}  // namespace

Root Root::parse(std::string_view text, const std::string& where) {
  if (text.size() > kMaxRootBytes) {
    throw Error(Errc::corrupt, format("{}: found {} bytes, expected at most {}", where, text.size(),
                                      kMaxRootBytes));
  }
  const Json value = parse_json(text, where);
  Fields outer(value, where);
  Root root;
  root.text_ = text;
  const Json& body = outer.object("signed");
  root.signed_ = tuf_canonical(body);
  if (!holds_plain_ascii(body)) {
    outer.refuse("signed",
                 "found text with other characters, expected printable ASCII without backslashes");
  }
  root.signatures_ = signatures_from_json(outer.array("signatures"), outer.at("signatures"));
  outer.done();

  // Unknown fields are refused: what this program does not understand it must not be asked to
  // trust.
  Fields fields(body, outer.at("signed"));
  fields.constant("_type", "root");
  if (const std::string spec = fields.text("spec_version"); !is_known_spec(spec)) {
    fields.refuse("spec_version", format("found \"{}\", expected 1.0.x", printable(spec, 40)));
  }
  fields.flag("consistent_snapshot");
  root.version_ = fields.number("version");
  if (root.version_ < 1) fields.refuse("version", "found 0, expected 1 or more");
  const std::string expires = fields.text("expires");
  root.expires_ = while_reading(fields.at("expires"), [&] { return parse_time(expires); });
  const std::map<std::string, PublicKey> keys =
      keys_from_json(fields.object("keys"), fields.at("keys"));
  for (const auto& [name, role] : fields.object("roles").items()) {
    if (name.empty()) fields.refuse("roles", "found a role without a name");
    root.roles_[name] =
        role_from_json(role, keys, format("{}.{}", fields.at("roles"), printable(name, 80)));
  }
  for (const auto& [unused, key] : keys) root.keys_.insert(key);
  for (const char* name : kMandatoryRoles) {
    if (!root.roles_.contains(name)) fields.refuse("roles", format("found no role \"{}\"", name));
  }
  for (const PublicKey& key : root.roles_["root"].keys) {
    if (key.algorithm() == Algorithm::sk_ed25519) {
      fields.refuse("roles.root", "found a key in a FIDO2 token, which cannot sign roots");
    }
  }
  if (const Json* names = fields.value_if(kNamesField)) {
    Fields inner(*names, fields.at(kNamesField));
    for (const auto& [id, unused] : names->items()) {
      const auto key = keys.find(id);
      if (key == keys.end()) inner.refuse(id, "no such key");
      root.names_[key->second] = inner.text(id.c_str());
    }
  }
  fields.done();
  return root;
}

const Role& Root::role(const std::string& name) const {
  const auto found = roles_.find(name);
  if (found == roles_.end()) throw Error(Errc::internal, format("the root has no role {}", name));
  return found->second;
}

const Role& Root::approvers_for(const std::string& environment) const {
  const auto own = is_mandatory(environment) ? roles_.end() : roles_.find(environment);
  return own == roles_.end() ? role("targets") : own->second;
}

std::set<PublicKey> Root::approvers() const {
  std::set<PublicKey> keys = role("targets").keys;
  for (const auto& [name, role] : roles_) {
    if (!is_mandatory(name)) keys.insert(role.keys.begin(), role.keys.end());
  }
  return keys;
}

std::string Root::name_of(const PublicKey& key) const {
  const auto found = names_.find(key);
  return found == names_.end() ? key.id().substr(0, 12) : printable(found->second, 80);
}

const PublicKey& Root::key_named(const std::string& name) const {
  constexpr std::size_t kShortestPrefix = 8;
  const PublicKey* found = nullptr;
  for (const PublicKey& key : keys_) {
    const bool by_id = name.size() >= kShortestPrefix && key.id().starts_with(name);
    if (!by_id && name_of(key) != name) continue;
    if (found != nullptr) {
      throw Error(
          Errc::usage,
          format("\"{}\" is more than one key of root version {}", printable(name, 80), version_),
          "name it by its id");
    }
    found = &key;
  }
  if (found == nullptr) {
    throw Error(Errc::usage,
                format("root version {} has no key \"{}\"", version_, printable(name, 80)),
                "see the keys with: sealift trust show ROOT");
  }
  return *found;
}

std::set<PublicKey> Root::signers_of(const Role& role) const {
  std::map<std::string, PublicKey> by_id;
  for (const PublicKey& key : role.keys) by_id.emplace(key.id(), key);
  std::set<PublicKey> signers;
  for (const Signature& signature : signatures_) {
    const auto found = by_id.find(signature.key_id);
    if (found != by_id.end() && found->second.verifies(signed_, signature.bytes)) {
      signers.insert(found->second);
    }
  }
  return signers;
}

namespace {

// `whose`: the root that asks for the signatures, as in "of its own root keys".
void require_threshold(const Root& root, const Role& role, std::string_view whose) {
  const std::size_t count = root.signers_of(role).size();
  if (count < role.threshold) {
    throw Error(Errc::untrusted,
                format("root version {}: signed by {} of {} root keys, expected {}", root.version(),
                       count, whose, role.threshold),
                "ask the holders of the root keys for the signatures that are missing");
  }
}

}  // namespace

void check_self_signed(const Root& root) {
  require_threshold(root, root.role("root"), "its own");
}

void check_succession(const Root& current, const Root& next) {
  if (next.version() != current.version() + 1) {
    throw Error(Errc::untrusted,
                format("root version {} cannot follow version {}, expected {}", next.version(),
                       current.version(), current.version() + 1),
                "carry a bundle that holds the whole chain of roots");
  }
  require_threshold(next, current.role("root"), "the previous");
  require_threshold(next, next.role("root"), "its own");
}

std::vector<Root> follow_chain(const Root& trusted, std::span<const Root> chain) {
  std::vector<Root> newer;
  for (const Root& next : chain) {
    const Root& newest = newer.empty() ? trusted : newer.back();
    if (next.version() < newest.version()) continue;
    if (next.version() == newest.version()) {
      if (next.fingerprint() != newest.fingerprint()) {
        throw Error(Errc::untrusted,
                    format("root version {} has the fingerprint {}, the trusted one {}",
                           next.version(), next.fingerprint().hex(), newest.fingerprint().hex()),
                    "this bundle was made for another trust root");
      }
      continue;
    }
    check_succession(newest, next);
    newer.push_back(next);
  }
  return newer;
}

RootDraft draft_of(const Root& root) {
  RootDraft draft;
  draft.version = root.version();
  draft.expires = root.expires();
  draft.root = root.role("root");
  draft.approvers = root.role("targets");
  for (const PublicKey& key : root.keys()) draft.names[key] = root.name_of(key);
  for (const auto& [name, role] : root.roles()) {
    if (!is_mandatory(name)) draft.environments[name] = role;
  }
  return draft;
}

namespace {

std::map<std::string, Role> roles_of(const RootDraft& draft) {
  std::map<std::string, Role> roles = {{"root", draft.root},
                                       {"targets", draft.approvers},
                                       {"snapshot", draft.approvers},
                                       {"timestamp", draft.approvers}};
  for (const auto& [name, role] : draft.environments) {
    if (!roles.emplace(name, role).second) {
      throw Error(Errc::invalid_input,
                  format("environment \"{}\": found the name of a role of every trust root, "
                         "expected another name",
                         name));
    }
  }
  return roles;
}

std::string file_text(const Json& body, const Json& signatures) {
  return to_pretty({{"signed", body}, {"signatures", signatures}});
}

// The file of `root` with more signatures: one of each key id, in the order of the ids.
std::string with(const Root& root, std::vector<Signature> signatures) {
  signatures.insert(signatures.end(), root.signatures().begin(), root.signatures().end());
  std::map<std::string, std::string> by_id;
  for (const Signature& each : signatures) by_id.emplace(each.key_id, to_hex(each.bytes));
  Json list = Json::array();
  for (const auto& [id, signature] : by_id) list.push_back({{"keyid", id}, {"sig", signature}});
  const Json file = parse_json(root.text(), "root");
  return file_text(Fields(file, "root").object("signed"), list);
}

}  // namespace

std::string make_root(const RootDraft& draft) {
  Json keys = Json::object();
  Json roles = Json::object();
  for (const auto& [name, role] : roles_of(draft)) {
    for (const PublicKey& key : role.keys) keys[key.id()] = key.to_tuf();
    roles[name] = role_to_json(role);
  }
  Json names = Json::object();
  for (const auto& [key, name] : draft.names) {
    if (keys.contains(key.id())) names[key.id()] = name;
  }
  Json body = {{"_type", "root"},
               {"spec_version", "1.0.34"},
               {"consistent_snapshot", false},
               {"version", draft.version},
               {"expires", to_text(draft.expires)},
               {"keys", std::move(keys)},
               {"roles", std::move(roles)}};
  if (!names.empty()) body[kNamesField] = std::move(names);
  std::string text = file_text(body, Json::array());
  blame(Errc::invalid_input, "cannot make this trust root",
        [&] { Root::parse(text, "root.json"); });
  return text;
}

std::string with_signature(const Root& root, const std::set<PublicKey>& may_sign,
                           const Signer& signer) {
  if (!may_sign.contains(signer.key)) {
    throw Error(Errc::usage,
                format("the key {} is a root key neither of version {} nor of the one before it",
                       signer.key.id(), root.version()),
                "approvers do not sign roots; the holders of root keys do");
  }
  return with(root, {{signer.key.id(), signer.sign(root.signed_bytes())}});
}

std::string with_signatures_of(const Root& root, const std::set<PublicKey>& may_sign,
                               const Root& other) {
  if (root.signed_bytes() != other.signed_bytes()) {
    throw Error(Errc::invalid_input,
                format("found another root with the fingerprint {}, expected {}",
                       other.fingerprint().hex(), root.fingerprint().hex()),
                "all holders must sign copies of one draft");
  }
  std::set<std::string> good;
  for (const PublicKey& key : other.signers_of({.keys = may_sign, .threshold = 1})) {
    good.insert(key.id());
  }
  std::vector<Signature> signatures = other.signatures();
  std::erase_if(signatures, [&](const Signature& each) { return !good.contains(each.key_id); });
  return with(root, std::move(signatures));
}

}  // namespace sealift::signing
