// SPDX-License-Identifier: Apache-2.0
#include "signing/root.hpp"

#include <functional>

#include "base/json.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"
#include "tests/unit/signing/test_keys.hpp"
#include "tests/unit/stock_tool.hpp"

namespace sealift::signing {

using tests::draft_of;
using tests::messages;
using tests::refusal_of;
using tests::root_of;

namespace {

struct Keys {
  SecretKey one = SecretKey::generate();
  SecretKey two = SecretKey::generate();
  SecretKey three = SecretKey::generate();
  SecretKey approver = SecretKey::generate();

  RootDraft draft(std::uint64_t version, const std::vector<const SecretKey*>& holders,
                  unsigned threshold) const {
    RootDraft made = draft_of(one, {&approver});
    made.version = version;
    made.root = {.keys = {}, .threshold = threshold};
    for (const SecretKey* key : holders) made.root.keys.insert(key->public_key());
    return made;
  }
  Root first() const { return root_of(draft(1, {&one, &two}, 2), {&one, &two}); }
};

// The first root with its JSON changed; no signature is made anew.
std::optional<Error> refused(const Root& root, const std::function<void(Json&)>& change) {
  Json value = parse_json(root.text(), "root.json");
  change(value);
  return tests::error_of([&] { Root::parse(to_pretty(value), "root.json"); });
}

}  // namespace

TEST_CASE("root: what was drafted is read back") {
  const Keys keys;
  RootDraft draft = keys.draft(1, {&keys.one}, 1);
  draft.names[keys.approver.public_key()] = "Anna";
  const Root root = root_of(draft, {&keys.one});
  CHECK(root.version() == 1);
  CHECK(to_text(root.expires()) == "2030-01-01T00:00:00Z");
  CHECK(root.role("root").keys == std::set{keys.one.public_key()});
  CHECK(root.approvers_for("production").keys == std::set{keys.approver.public_key()});
  CHECK(root.name_of(keys.approver.public_key()) == "Anna");
  CHECK(root.name_of(keys.one.public_key()) == keys.one.public_key().id().substr(0, 12));
  CHECK_NOTHROW(check_self_signed(root));
}

TEST_CASE("root: the fingerprint is that of the signed bytes, whatever the white space around") {
  const Keys keys;
  const Root root = keys.first();
  const Root compact = Root::parse(to_canonical(parse_json(root.text(), "r")), "r");
  CHECK(compact.fingerprint() == root.fingerprint());
  CHECK_NOTHROW(check_self_signed(compact));
}

TEST_CASE("root: jq prints the signed bytes and openssl verifies their signature") {
  const tests::ScratchFolder folder;
  const std::string at = folder.path().string();
  const Keys keys;
  const Root root = root_of(keys.draft(1, {&keys.one}, 1), {&keys.one});
  write_file(folder / "root.json", root.text());
  const auto printed = tests::run_tool({"jq", "-cSj", ".signed", "root.json"}, at);
  if (!printed) return;
  REQUIRE(printed->status == 0);
  CHECK(Digest::of(printed->output) == root.fingerprint());
  const auto signature = tests::run_tool({"jq", "-r", ".signatures[0].sig", "root.json"}, at);
  const auto key = tests::run_tool(
      {"jq", "-r", ".signed.keys[.signatures[0].keyid].keyval.public", "root.json"}, at);
  REQUIRE(signature);
  REQUIRE(key);
  write_file(folder / "signed", printed->output);
  write_file(folder / "sig", bytes_from_hex(signature->output.substr(0, 128)));
  write_file(folder / "pub.der",
             bytes_from_hex("302a300506032b6570032100" + key->output.substr(0, 64)));
  const auto verified =
      tests::run_tool({"openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
                       "pub.der", "-rawin", "-in", "signed", "-sigfile", "sig"},
                      at);
  if (!verified) return;
  CHECK(verified->status == 0);
}

TEST_CASE("root: every rule of its form is enforced") {
  const Keys keys;
  const Root root = keys.first();
  const std::string id = keys.one.public_key().id();
  const std::function<void(Json&)> changes[] = {
      [](Json& v) { v.erase("signatures"); },
      [](Json& v) { v.erase("signed"); },
      [](Json& v) { v["extra"] = 1; },
      [](Json& v) { v["signed"]["extra"] = 1; },
      [](Json& v) { v["signed"]["_type"] = "targets"; },
      [](Json& v) { v["signed"].erase("_type"); },
      [](Json& v) { v["signed"]["spec_version"] = "2.0.0"; },
      [](Json& v) { v["signed"]["version"] = 0; },
      [](Json& v) { v["signed"]["version"] = -1; },
      [](Json& v) { v["signed"]["version"] = "1"; },
      [](Json& v) { v["signed"]["expires"] = "2030-01-01"; },
      [](Json& v) { v["signed"]["expires"] = "never"; },
      [](Json& v) { v["signed"].erase("expires"); },
      [](Json& v) { v["signed"]["consistent_snapshot"] = 1; },
      [](Json& v) { v["signed"]["roles"].erase("root"); },
      [](Json& v) { v["signed"]["roles"].erase("targets"); },
      [](Json& v) { v["signed"]["roles"].erase("snapshot"); },
      [](Json& v) { v["signed"]["roles"].erase("timestamp"); },
      [](Json& v) { v["signed"]["roles"]["root"]["threshold"] = 0; },
      [](Json& v) { v["signed"]["roles"]["root"]["threshold"] = 3; },
      [](Json& v) { v["signed"]["roles"]["root"]["extra"] = 1; },
      [](Json& v) { v["signed"]["roles"]["targets"]["keyids"] = Json::array(); },
      [](Json& v) { v["signed"]["roles"]["targets"]["keyids"].push_back("0000"); },
      [&](Json& v) { v["signed"]["roles"]["root"]["keyids"].push_back(id); },
      [&](Json& v) { v["signed"]["keys"][id]["scheme"] = "rsa"; },
      [&](Json& v) { v["signed"]["keys"][id]["keyval"]["extra"] = ""; },
      [&](Json& v) { v["signed"]["keys"][id]["keyval"]["public"] = "00"; },
      [&](Json& v) { v["signed"]["keys"][id]["keyval"]["public"] = std::string(64, '0'); },
      [](Json& v) { v["signatures"][0]["sig"] = "zz"; },
      [](Json& v) { v["signatures"][0]["extra"] = 1; },
      [](Json& v) {
        v["signed"]["x-sealift-names"] = {{"unknown", "Eve"}};
      },
      [&](Json& v) {
        v["signed"]["x-sealift-names"] = {{id, "Ev\xc3\xa9"}};
      },
      [&](Json& v) {
        v["signed"]["x-sealift-names"] = {{id, "E\x1b[2J"}};
      },
      [&](Json& v) {
        v["signed"]["x-sealift-names"] = {{id, "two\nlines"}};
      },
      [&](Json& v) {
        v["signed"]["x-sealift-names"] = {{id, 1}};
      },
  };
  CHECK_FALSE(refused(root, [](Json&) {}));
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    CAPTURE(i);
    const auto error = refused(root, changes[i]);
    REQUIRE(error);
    CHECK(error->code() == Errc::corrupt);
    CHECK(error->message().starts_with("root.json"));
  }
}

TEST_CASE("root: a key of a type that this program does not know is said to be newer, not broken") {
  const Keys keys;
  const auto error = refused(keys.first(), [&](Json& v) {
    v["signed"]["keys"][keys.one.public_key().id()]["keytype"] = "ecdsa";
  });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
}

TEST_CASE("root: the same key under two ids is refused") {
  const Keys keys;
  const Root root = keys.first();
  const std::string id = keys.one.public_key().id();
  // A second id for the same key: right for nothing, so the recomputed id tells.
  const auto error = refused(root, [&](Json& v) {
    v["signed"]["keys"][std::string(64, 'a')] = v["signed"]["keys"][id];
    v["signed"]["roles"]["root"]["keyids"].push_back(std::string(64, 'a'));
  });
  REQUIRE(error);
  CHECK(messages(error).find("expected the digest of the key") != std::string::npos);
}

TEST_CASE("root: text beyond the limit, duplicate keys and trailing bytes are refused") {
  const Keys keys;
  const std::string text = keys.first().text();
  for (const std::string& bad :
       {text + std::string(kMaxRootBytes, ' '), text + "x", text + text,
        text + std::string(1, '\0') + "hidden", "{\"signatures\":[]," + text.substr(1)}) {
    CHECK(refusal_of([&] { Root::parse(bad, "root.json"); }) == Errc::corrupt);
  }
}

TEST_CASE("root: every changed character of what is signed breaks the signature or the form") {
  const Keys keys;
  const Root root = root_of(keys.draft(1, {&keys.one}, 1), {&keys.one});
  const std::string text = to_canonical(parse_json(root.text(), "r"));
  const std::size_t begin = text.find("\"signed\":");
  for (std::size_t i = begin; i < text.size(); ++i) {
    std::string bad = text;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    if (!refusal_of([&] { check_self_signed(Root::parse(bad, "root.json")); })) FAIL("byte " << i);
  }
}

TEST_CASE("root: fewer signatures than the threshold are not enough, nor one made twice") {
  const Keys keys;
  const Root root = keys.first();
  Json value = parse_json(root.text(), "r");
  value["signatures"].erase(1);
  CHECK(refusal_of([&] { check_self_signed(Root::parse(to_pretty(value), "r")); }) ==
        Errc::untrusted);
  value["signatures"].push_back(value["signatures"][0]);
  CHECK(refusal_of([&] { check_self_signed(Root::parse(to_pretty(value), "r")); }) ==
        Errc::untrusted);
  Json renamed = value["signatures"][0];
  renamed["keyid"] = keys.two.public_key().id();
  value["signatures"].push_back(renamed);
  CHECK(refusal_of([&] { check_self_signed(Root::parse(to_pretty(value), "r")); }) ==
        Errc::untrusted);
}

TEST_CASE("root: none is made that its own threshold does not sign") {
  const Keys keys;
  CHECK(refusal_of([&] {
          root_of(keys.draft(1, {&keys.one, &keys.two}, 2), {&keys.one});
        }) == Errc::untrusted);
  CHECK(refusal_of([&] { root_of(keys.draft(1, {&keys.one}, 1), {&keys.approver}); }) ==
        Errc::untrusted);
}

TEST_CASE("root: a successor needs the thresholds of both and the next version") {
  const Keys keys;
  const Root first = keys.first();
  const auto next = [&](std::uint64_t version, const std::vector<const SecretKey*>& signers) {
    return root_of(keys.draft(version, {&keys.two, &keys.three}, 1), signers);
  };
  CHECK_NOTHROW(check_succession(first, next(2, {&keys.one, &keys.two})));
  CHECK(refusal_of([&] { check_succession(first, next(2, {&keys.two})); }) == Errc::untrusted);
  CHECK(refusal_of([&] {
          check_succession(first, next(2, {&keys.two, &keys.three}));
        }) == Errc::untrusted);
  CHECK(refusal_of([&] {
          check_succession(first, next(3, {&keys.one, &keys.two}));
        }) == Errc::untrusted);
  CHECK(refusal_of([&] {
          check_succession(first, next(1, {&keys.one, &keys.two}));
        }) == Errc::untrusted);
  // Signed by the old keys, but not by the new ones.
  Json value = parse_json(
      root_of(keys.draft(2, {&keys.one, &keys.two, &keys.three}, 2), {&keys.one, &keys.two}).text(),
      "r");
  const Root other = root_of(keys.draft(2, {&keys.three}, 1), {&keys.one, &keys.two, &keys.three});
  Json without = parse_json(other.text(), "r");
  without["signatures"].erase(2);
  CHECK(refusal_of([&] { check_succession(first, Root::parse(to_pretty(without), "r")); }) ==
        Errc::untrusted);
  CHECK_NOTHROW(check_succession(first, Root::parse(to_pretty(value), "r")));
}

TEST_CASE("root: a chain leads from the trusted root to the newest") {
  const Keys keys;
  const Root first = keys.first();
  const Root second = root_of(keys.draft(2, {&keys.three}, 1), {&keys.one, &keys.two, &keys.three});
  const Root third = root_of(keys.draft(3, {&keys.one}, 1), {&keys.one, &keys.three});
  const std::vector<Root> chain = {first, second, third};
  CHECK(follow_chain(first, chain).version() == 3);
  CHECK(follow_chain(second, chain).version() == 3);
  CHECK(follow_chain(third, chain).version() == 3);
  CHECK(follow_chain(first, {}).version() == 1);
}

TEST_CASE("root: a chain with a gap, a stranger or another first root is refused") {
  const Keys keys;
  const Keys strangers;
  const Root first = keys.first();
  const Root second = root_of(keys.draft(2, {&keys.three}, 1), {&keys.one, &keys.two, &keys.three});
  const Root third = root_of(keys.draft(3, {&keys.one}, 1), {&keys.one, &keys.three});
  const Root foreign = root_of(strangers.draft(2, {&strangers.one}, 1), {&strangers.one});
  const auto follow = [&](const std::vector<Root>& chain) {
    return refusal_of([&] { follow_chain(first, chain); });
  };
  CHECK(follow({first, third}) == Errc::untrusted);
  CHECK(follow({first, foreign}) == Errc::untrusted);
  CHECK(follow({strangers.first()}) == Errc::untrusted);
  CHECK(follow({first, second, foreign}) == Errc::untrusted);
}

}  // namespace sealift::signing
