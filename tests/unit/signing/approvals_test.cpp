// SPDX-License-Identifier: Apache-2.0
#include "signing/approvals.hpp"

#include "base/json.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/signing/test_keys.hpp"

namespace sealift::signing {

using tests::draft_of;
using tests::refusal_of;
using tests::root_of;

namespace {

const std::string kText = R"({"the":"statement"})";

Envelope approval(const SecretKey& key, const std::string& text = kText) {
  return sign(kStatementType, text, key);
}

struct Approvers {
  SecretKey root_key = SecretKey::generate();
  SecretKey anna = SecretKey::generate();
  SecretKey ben = SecretKey::generate();
  SecretKey stranger = SecretKey::generate();
  Root root = root_of(draft_of(root_key, {&anna, &ben}, 2), {&root_key});

  Approvals count(const std::vector<Envelope>& envelopes) const {
    return count_approvals(root, "production", envelopes, kText);
  }
};

}  // namespace

TEST_CASE("approvals: the threshold decides") {
  const Approvers people;
  CHECK_FALSE(people.count({}).enough());
  CHECK_FALSE(people.count({approval(people.anna)}).enough());
  const Approvals both = people.count({approval(people.anna), approval(people.ben)});
  CHECK(both.enough());
  CHECK(both.missing.empty());
  CHECK_NOTHROW(require_enough(both));
}

TEST_CASE("approvals: what is missing is said, with how many are asked for") {
  const Approvers people;
  const Approvals one = people.count({approval(people.anna)});
  REQUIRE(one.missing.size() == 1);
  CHECK(one.missing[0] == people.ben.public_key().id().substr(0, 12));
  const auto error = tests::error_of([&] { require_enough(one); });
  REQUIRE(error);
  CHECK(error->code() == Errc::untrusted);
  CHECK(error->message() == "signed by 1 trusted key, the trust root asks for 2");
}

TEST_CASE("approvals: one key counts once, however often and under whatever ids it signs") {
  const Approvers people;
  Envelope twice = approval(people.anna);
  twice.signatures.push_back(twice.signatures.front());
  twice.signatures.back().key_id = people.ben.public_key().id();
  CHECK(people.count({twice}).by.size() == 1);
  CHECK(people.count({approval(people.anna), approval(people.anna), twice}).by.size() == 1);
}

TEST_CASE("approvals: a key id is a hint that decides nothing") {
  const Approvers people;
  Envelope unnamed = approval(people.anna);
  unnamed.signatures.front().key_id = "";
  CHECK(people.count({unnamed}).by.size() == 1);
  Envelope pretender = approval(people.stranger);
  pretender.signatures.front().key_id = people.anna.public_key().id();
  CHECK(people.count({pretender}).by.empty());
}

TEST_CASE("approvals: a stranger and the key of another role do not count") {
  const Approvers people;
  CHECK(people.count({approval(people.stranger), approval(people.root_key)}).by.empty());
}

TEST_CASE("approvals: the payload must be the statement byte for byte") {
  const Approvers people;
  for (const std::string& other :
       {std::string(R"({"the": "statement"})"), kText + "\n", " " + kText,
        std::string(R"({"the":"Statement"})"), std::string()}) {
    CAPTURE(other);
    CHECK(people.count({approval(people.anna, other)}).by.empty());
  }
}

TEST_CASE("approvals: a signature over another type or over bare bytes does not count") {
  const Approvers people;
  CHECK(people.count({sign("text/plain", kText, people.anna)}).by.empty());
  Envelope bare = approval(people.anna);
  bare.signatures.front().bytes = people.anna.sign(kText);
  CHECK(people.count({bare}).by.empty());
  Envelope moved = sign("text/plain", kText, people.anna);
  moved.payload_type = kStatementType;
  CHECK(people.count({moved}).by.empty());
}

TEST_CASE("approvals: an environment with a role of its own asks that role alone") {
  const Approvers people;
  Json value = parse_json(people.root.text(), "root");
  value["signed"]["roles"]["production"] = {{"keyids", Json::array({people.ben.public_key().id()})},
                                            {"threshold", 1}};
  const Root root = Root::parse(to_pretty(value), "root");
  const std::vector<Envelope> anna = {approval(people.anna)};
  const std::vector<Envelope> ben = {approval(people.ben)};
  CHECK(count_approvals(root, "production", ben, kText).enough());
  CHECK_FALSE(count_approvals(root, "production", anna, kText).enough());
  CHECK_FALSE(count_approvals(root, "staging", ben, kText).enough());
}

TEST_CASE("approvals: an environment named like a role of TUF does not borrow its keys") {
  const Approvers people;
  const std::vector<Envelope> by_root = {approval(people.root_key)};
  for (const char* name : {"root", "snapshot", "timestamp", "targets"}) {
    CHECK(count_approvals(people.root, name, by_root, kText).by.empty());
  }
}

}  // namespace sealift::signing
