// SPDX-License-Identifier: Apache-2.0
#include "signing/root.hpp"

#include "base/json.hpp"
#include "given_roots.hpp"

namespace sealift::signing::root_test {

namespace {

// Changes the body of a good root with `edit`; the signatures stay, so only parsing is tested.
template <typename Edit>
std::string edited(Edit&& edit) {
  Json root = parse_json(root_text(some_draft(), {1, 2}), "root");
  edit(root);
  return to_canonical(root);
}

std::string id_of(unsigned char number) {
  return given_key(number).public_key().id();
}

// Signs the changed body of a good root with the keys of `numbers`, as a rogue author could.
template <typename Edit>
Root forged(std::initializer_list<unsigned char> numbers, Edit&& edit) {
  Json root = parse_json(root_text(some_draft(), {1, 2}), "root");
  edit(root["signed"]);
  root["signatures"] = Json::array();
  for (const unsigned char number : numbers) {
    root["signatures"].push_back(
        {{"keyid", id_of(number)},
         {"sig", to_hex(given_key(number).sign(to_canonical(root["signed"])))}});
  }
  return Root::parse(to_canonical(root), "root.json");
}

}  // namespace

TEST_CASE("root: what was drafted is read back") {
  const std::string text = root_text(some_draft(), {1, 2});
  const Root root = Root::parse(text, "root.json");
  CHECK(root.version() == 1);
  CHECK(to_text(root.expires()) == "2030-01-01T00:00:00Z");
  CHECK(root.role("root").keys == role_of({1, 2, 3}, 2).keys);
  CHECK(root.role("root").threshold == 2);
  CHECK(root.role("snapshot").keys == root.role("targets").keys);
  CHECK(root.role("timestamp").keys == root.role("targets").keys);
  CHECK(root.text() == text);
  CHECK(root.fingerprint() == Digest::of(to_canonical(parse_json(text, "root")["signed"])));
  CHECK(root.name_of(given_key(11).public_key()) == "anna");
  CHECK(root.name_of(given_key(12).public_key()) == id_of(12).substr(0, 12));
  CHECK_NOTHROW(check_self_signed(root));
}

TEST_CASE("root: an environment has its own approvers, or those of targets") {
  const Root root = root_of(some_draft(), {1, 2});
  CHECK(root.approvers_for("development").keys == role_of({14}, 1).keys);
  CHECK(root.approvers_for("development").threshold == 1);
  for (const char* name : {"production", "", "targets", "root", "snapshot", "timestamp"}) {
    CHECK(root.approvers_for(name).keys == role_of({11, 12, 13}, 2).keys);
    CHECK(root.approvers_for(name).threshold == 2);
  }
}

TEST_CASE("root: a draft that no root can say is the author's mistake") {
  std::vector<RootDraft> drafts(5, some_draft());
  drafts[0].approvers.threshold = 4;
  drafts[1].approvers = {};
  drafts[2].root.threshold = 0;
  drafts[3].environments["root"] = role_of({14}, 1);
  drafts[4].names[given_key(11).public_key()] = "Zo\xc3\xab";
  for (const RootDraft& draft : drafts) {
    CHECK(error_of([&] { root_text(draft, {1, 2}); }).code() == Errc::invalid_input);
  }
}

TEST_CASE("root: a draft of a root says the same, and names of keys that went are gone") {
  const Root root = root_of(some_draft(), {1, 2});
  CHECK(make_root(draft_of(root)) == root_text(draft_of(root), {}));
  CHECK(Root::parse(make_root(draft_of(root)), "again").role("development").keys ==
        root.role("development").keys);
  RootDraft without = draft_of(root);
  without.approvers = role_of({12, 13}, 2);
  const Root next = Root::parse(make_root(without), "next");
  CHECK(error_of([&] { next.key_named("anna"); }).code() == Errc::usage);
}

TEST_CASE("root: a key is found by its name or by the start of its id, if it is the only one") {
  RootDraft draft = some_draft();
  const Root root = root_of(draft, {1, 2});
  const PublicKey anna = given_key(11).public_key();
  CHECK(root.key_named("anna") == anna);
  CHECK(root.key_named(anna.id()) == anna);
  CHECK(root.key_named(anna.id().substr(0, 8)) == anna);
  CHECK(error_of([&] { root.key_named(anna.id().substr(0, 7)); }).code() == Errc::usage);
  draft.names[given_key(12).public_key()] = "anna";
  CHECK(error_of([&] { root_of(draft, {1, 2}).key_named("anna"); }).code() == Errc::usage);
}

TEST_CASE("root: signatures are added and joined; only good ones by holders count") {
  const Root bare = Root::parse(make_root(some_draft()), "draft");
  const std::set<PublicKey> holders = bare.role("root").keys;
  const Root one = Root::parse(with_signature(bare, holders, given_signer(1)), "one");
  const Root two = Root::parse(with_signature(bare, holders, given_signer(2)), "two");
  CHECK(error_of([&] { check_self_signed(one); }).code() == Errc::untrusted);
  CHECK(with_signature(one, holders, given_signer(1)) == one.text());
  CHECK_NOTHROW(check_self_signed(Root::parse(with_signatures_of(one, holders, two), "both")));
  CHECK(error_of([&] { with_signature(bare, holders, given_signer(11)); }).code() == Errc::usage);
  // A bad signature in a copy does not push out a good one.
  Json spoilt = parse_json(two.text(), "two");
  spoilt["signatures"].push_back({{"keyid", given_key(1).public_key().id()}, {"sig", "00"}});
  const Root bad = Root::parse(to_pretty(spoilt), "bad");
  CHECK_NOTHROW(check_self_signed(Root::parse(with_signatures_of(one, holders, bad), "both")));
  CHECK(error_of([&] {
          with_signatures_of(one, holders, Root::parse(make_root(some_draft(2)), "other"));
        }).code() == Errc::invalid_input);
}

TEST_CASE("root: a key in a token approves, but holds no root") {
  RootDraft draft = some_draft();
  const PublicKey token = PublicKey::sk_ed25519(given_key(20).public_key().bytes(), "ssh:");
  draft.approvers.keys.insert(token);
  CHECK_NOTHROW(make_root(draft));
  draft.root.keys.insert(token);
  CHECK(error_of([&] { make_root(draft); }).code() == Errc::invalid_input);
}

TEST_CASE("root: one key under two algorithms is one key too many") {
  RootDraft draft = some_draft();
  draft.approvers.keys.insert(PublicKey::sk_ed25519(given_key(11).public_key().bytes(), "ssh:"));
  CHECK(error_of([&] { make_root(draft); }).code() == Errc::invalid_input);
}

TEST_CASE("root: a document in any other form is refused as corrupt, and the place is named") {
  using Edit = void (*)(Json&);
  const std::vector<std::pair<const char*, Edit>> edits = {
      {"unknown field", [](Json& r) { r["extra"] = 1; }},
      {"unknown signed field", [](Json& r) { r["signed"]["x-other"] = 1; }},
      {"no signatures", [](Json& r) { r.erase("signatures"); }},
      {"signature unknown field", [](Json& r) { r["signatures"][0]["extra"] = 1; }},
      {"signature not hex", [](Json& r) { r["signatures"][0]["sig"] = "xy"; }},
      {"257 signatures",
       [](Json& r) { r["signatures"] = std::vector<Json>(257, r["signatures"][0]); }},
      {"type", [](Json& r) { r["signed"]["_type"] = "targets"; }},
      {"spec 2", [](Json& r) { r["signed"]["spec_version"] = "2.0.0"; }},
      {"spec 1.0", [](Json& r) { r["signed"]["spec_version"] = "1.0"; }},
      {"spec 1.0.", [](Json& r) { r["signed"]["spec_version"] = "1.0."; }},
      {"spec 1.0.x", [](Json& r) { r["signed"]["spec_version"] = "1.0.x"; }},
      {"snapshot flag missing", [](Json& r) { r["signed"].erase("consistent_snapshot"); }},
      {"snapshot flag no bool", [](Json& r) { r["signed"]["consistent_snapshot"] = 0; }},
      {"version 0", [](Json& r) { r["signed"]["version"] = 0; }},
      {"version text", [](Json& r) { r["signed"]["version"] = "1"; }},
      {"version negative", [](Json& r) { r["signed"]["version"] = -1; }},
      {"expiry", [](Json& r) { r["signed"]["expires"] = "2030-02-31T00:00:00Z"; }},
      {"expiry fraction", [](Json& r) { r["signed"]["expires"] = "2030-01-01T00:00:00.0Z"; }},
      {"no root role", [](Json& r) { r["signed"]["roles"].erase("root"); }},
      {"no targets role", [](Json& r) { r["signed"]["roles"].erase("targets"); }},
      {"no snapshot role", [](Json& r) { r["signed"]["roles"].erase("snapshot"); }},
      {"no timestamp role", [](Json& r) { r["signed"]["roles"].erase("timestamp"); }},
      {"role without a name",
       [](Json& r) { r["signed"]["roles"][""] = r["signed"]["roles"]["targets"]; }},
      {"threshold 0", [](Json& r) { r["signed"]["roles"]["targets"]["threshold"] = 0; }},
      {"threshold 4 of 3", [](Json& r) { r["signed"]["roles"]["targets"]["threshold"] = 4; }},
      {"threshold 2^32+1",
       [](Json& r) { r["signed"]["roles"]["targets"]["threshold"] = 4294967297; }},
      {"role unknown field", [](Json& r) { r["signed"]["roles"]["targets"]["x"] = 1; }},
      {"role unknown key",
       [](Json& r) { r["signed"]["roles"]["targets"]["keyids"].push_back(id_of(99)); }},
      {"one key twice in a role",
       [](Json& r) { r["signed"]["roles"]["targets"]["keyids"].push_back(id_of(11)); }},
      {"key unknown field", [](Json& r) { r["signed"]["keys"][id_of(11)]["x"] = 1; }},
      {"keyval unknown field", [](Json& r) { r["signed"]["keys"][id_of(11)]["keyval"]["x"] = 1; }},
      {"key scheme", [](Json& r) { r["signed"]["keys"][id_of(11)]["scheme"] = "ed25519ph"; }},
      {"short key", [](Json& r) { r["signed"]["keys"][id_of(11)]["keyval"]["public"] = "00"; }},
      {"key of another id",
       [](Json& r) { r["signed"]["keys"][id_of(11)] = r["signed"]["keys"][id_of(12)]; }},
      {"one key under an id that is not its own",
       [](Json& r) {
         Json& body = r["signed"];
         body["keys"][std::string(64, '0')] = body["keys"][id_of(14)];
         body["keys"].erase(id_of(14));
         body["roles"]["development"]["keyids"][0] = std::string(64, '0');
       }},
      {"one key under two ids",
       [](Json& r) { r["signed"]["keys"][std::string(64, '0')] = r["signed"]["keys"][id_of(11)]; }},
      {"name of no key", [](Json& r) { r["signed"]["x-sealift-names"][id_of(99)] = "n"; }},
      {"name not text", [](Json& r) { r["signed"]["x-sealift-names"][id_of(11)] = 1; }},
      {"umlaut", [](Json& r) { r["signed"]["x-sealift-names"][id_of(11)] = "J\xc3\xb6rg"; }},
      {"tab", [](Json& r) { r["signed"]["x-sealift-names"][id_of(11)] = "a\tb"; }},
      {"newline", [](Json& r) { r["signed"]["x-sealift-names"][id_of(11)] = "a\nb"; }},
      {"escape",
       [](Json& r) {
         r["signed"]["x-sealift-names"][id_of(11)] =
             "a\x1b"
             "b";
       }},
      {"delete", [](Json& r) { r["signed"]["x-sealift-names"][id_of(11)] = "a\x7f"; }},
      {"control in a role's name",
       [](Json& r) { r["signed"]["roles"]["a\tb"] = r["signed"]["roles"]["targets"]; }},
  };
  for (const auto& [what, edit] : edits) {
    INFO(what);
    const std::string text = edited(edit);
    const Error error = error_of([&] { Root::parse(text, "2.root.json"); });
    CHECK(error.code() == Errc::corrupt);
    CHECK(error.message().starts_with("2.root.json"));
  }
}

TEST_CASE("root: broken JSON, trailing bytes, duplicate fields and size are refused") {
  const std::string good = root_text(some_draft(), {1, 2});
  REQUIRE_NOTHROW(Root::parse(good, "r"));
  CHECK_NOTHROW(Root::parse(good + std::string(kMaxRootBytes - good.size(), ' '), "r"));
  for (const std::string& bad :
       {std::string(), good + "x", good + good, good.substr(1), std::string("[]"),
        good + std::string(kMaxRootBytes - good.size() + 1, ' '),
        replaced(good, "\"version\": 1", "\"version\": 1, \"version\": 1"),
        replaced(good, "\"version\": 1", "\"version\": 1.0"),
        replaced(good, "\"version\": 1", "\"version\": 9007199254740993")}) {
    CHECK(error_of([&] { Root::parse(bad, "r"); }).code() == Errc::corrupt);
  }
}

TEST_CASE("root: quotes in a name are text like any other, a backslash is refused") {
  RootDraft draft = some_draft();
  draft.names[given_key(11).public_key()] = "user \"anna\"";
  CHECK(root_of(draft, {1, 2}).name_of(given_key(11).public_key()) == "user \"anna\"");
  draft.names[given_key(11).public_key()] = "CORP\\anna";
  CHECK(error_of([&] { make_root(draft); }).code() == Errc::invalid_input);
}

TEST_CASE("root: a key of an algorithm that is not ours is called by its name") {
  const std::string text = edited([](Json& r) {
    r["signed"]["keys"][id_of(11)]["keytype"] = "rsa";
    r["signed"]["keys"][id_of(11)]["scheme"] = "rsassa-pss-sha256";
  });
  const Error error = error_of([&] { Root::parse(text, "root.json"); });
  CHECK(error.code() == Errc::incompatible);
  CHECK(
      error.message().ends_with("found a key of type \"rsa\", this program knows ed25519, "
                                "ecdsa and sk-ssh-ed25519"));
}

TEST_CASE("root: the threshold of its own root role must have signed it") {
  const auto nothing = [](Json&) {};
  CHECK_NOTHROW(check_self_signed(forged({1, 3}, nothing)));
  const Error error = error_of([&] { check_self_signed(forged({1}, nothing)); });
  CHECK(error.code() == Errc::untrusted);
  CHECK(error.message() == "root version 1: signed by 1 of its own root keys, expected 2");
  CHECK(error_of([&] { check_self_signed(forged({}, nothing)); }).code() == Errc::untrusted);
}

TEST_CASE("root: one key that signs twice is refused, as TUF says") {
  CHECK(error_of([] { forged({1, 1}, [](Json&) {}); }).code() == Errc::corrupt);
}

TEST_CASE("root: a key of another role, or of none, does not count for the root role") {
  for (const auto& signers : {std::initializer_list<unsigned char>{1, 11}, {1, 99}}) {
    CHECK(error_of([&] { check_self_signed(forged(signers, [](Json&) {})); }).code() ==
          Errc::untrusted);
  }
}

TEST_CASE("root: a signature under the id of another key does not count") {
  const std::string text =
      edited([](Json& r) { r["signatures"][1]["sig"] = r["signatures"][0]["sig"]; });
  const Root root = Root::parse(text, "r");
  CHECK(root.signers_of(root.role("root")).size() == 1);
}

TEST_CASE("root: a change after signing leaves no signature") {
  const std::string text = edited([](Json& r) { r["signed"]["version"] = 2; });
  const Root root = Root::parse(text, "r");
  CHECK(root.signers_of(root.role("root")).size() == 0);
}

TEST_CASE("root: layout does not matter to signatures and fingerprint, as TUF says") {
  const Root pretty = root_of(some_draft(), {1, 2});
  const Root compact = Root::parse(edited([](Json&) {}), "r");
  CHECK(compact.text() != pretty.text());
  CHECK(compact.fingerprint() == pretty.fingerprint());
  CHECK_NOTHROW(check_self_signed(compact));
}

TEST_CASE("root: a successor is signed by the thresholds of the old and of the new") {
  const Root first = root_of(some_draft(1), {1, 2});
  RootDraft draft = some_draft(2);
  draft.root = role_of({3, 4, 5}, 2);
  CHECK_NOTHROW(check_succession(first, root_of(draft, {2, 3, 4})));
  const Error by_new = error_of([&] { check_succession(first, root_of(draft, {3, 4, 5})); });
  CHECK(by_new.code() == Errc::untrusted);
  CHECK(by_new.message() == "root version 2: signed by 1 of the previous root keys, expected 2");

  const Root by_old = forged({1, 2}, [&](Json& body) {
    body = parse_json(root_text(draft, {3, 4}), "root")["signed"];
  });
  CHECK(error_of([&] { check_succession(first, by_old); }).message() ==
        "root version 2: signed by 0 of its own root keys, expected 2");
}

TEST_CASE("root: a successor is exactly one version higher") {
  const Root second = root_of(some_draft(2), {1, 2});
  CHECK_NOTHROW(check_succession(second, root_of(some_draft(3), {1, 2})));
  for (const std::uint64_t version : {1, 2, 4}) {
    CHECK(error_of([&] {
            check_succession(second, root_of(some_draft(version), {1, 2}));
          }).code() == Errc::untrusted);
  }
}

TEST_CASE("root: a chain leads step by step to keys that the first root never knew") {
  RootDraft two = some_draft(2);
  two.root = role_of({2, 3, 4}, 2);
  RootDraft three = some_draft(3);
  three.root = role_of({4, 5, 6}, 2);
  three.expires = parse_time("2031-01-01T00:00:00Z");
  two.expires = parse_time("2001-01-01T00:00:00Z");  // in between: does not matter
  const Root first = root_of(some_draft(1), {1, 2});
  const std::vector<Root> chain = {first, root_of(two, {2, 3}), root_of(three, {3, 4, 5})};
  // `three` needs two of 2, 3, 4 and two of 4, 5, 6.
  const std::vector<Root> newer = follow_chain(first, chain);
  REQUIRE(newer.size() == 2);
  CHECK(newer[0].version() == 2);
  CHECK(newer[1].version() == 3);
  CHECK(newer[1].role("root").keys == role_of({4, 5, 6}, 2).keys);
  CHECK(follow_chain(chain[1], chain).size() == 1);
  CHECK(follow_chain(chain[2], chain).empty());  // older ones are skipped
  CHECK(follow_chain(first, {}).empty());
}

TEST_CASE("root: a chain with a gap, in disorder or with another root of our version is refused") {
  const Root first = root_of(some_draft(1), {1, 2});
  const Root second = root_of(some_draft(2), {1, 2});
  const Root third = root_of(some_draft(3), {1, 2});
  RootDraft other_draft = some_draft(1);
  other_draft.approvers = role_of({21}, 1);
  other_draft.names.clear();
  const Root other = root_of(other_draft, {1, 2});  // signed by the very same root keys
  other_draft.version = 2;
  const Root other_second = root_of(other_draft, {1, 2});
  for (const std::vector<Root>& chain : {std::vector<Root>{third},
                                         {third, second},
                                         {other},
                                         {other, second},
                                         {second, other_second}}) {
    CHECK(error_of([&] { follow_chain(first, chain); }).code() == Errc::untrusted);
  }
}

TEST_CASE("root: of our own version, the same content in another layout is the same root") {
  const Root first = root_of(some_draft(1), {1, 2});
  const std::vector<Root> chain = {Root::parse(edited([](Json&) {}), "r")};
  CHECK(follow_chain(first, chain).empty());
}

}  // namespace sealift::signing::root_test
