// SPDX-License-Identifier: Apache-2.0
#include "signing/approvals.hpp"

#include "given_roots.hpp"

namespace sealift::signing::approvals_test {

namespace {

constexpr std::string_view kSaid = "{\"the\":\"statement\"}";

Envelope envelope(unsigned char number, std::string_view payload = kSaid) {
  return sign(kStatementType, payload, given_signer(number));
}

Approval as_approval(const Envelope& value) {
  return Approval::parse(to_text(value), "approval");
}

Approval approval(unsigned char number, std::string_view payload = kSaid) {
  return as_approval(envelope(number, payload));
}

// Production needs two of 11, 12, 13; development needs 14.
Count counted(const std::vector<Approval>& approvals, const Policy& policy = {},
              const char* environment = "production") {
  return count_approvals(root_of(some_draft(), {1, 2}), environment, policy, approvals, kSaid);
}

std::size_t count(const std::vector<Approval>& approvals, const char* environment = "production") {
  return counted(approvals, {}, environment).by.size();
}

}  // namespace

TEST_CASE("approvals: two keys of the role are enough for two") {
  const Count result = counted({approval(11), approval(13)});
  CHECK(result.by.size() == 2);
  CHECK(result.threshold == 2);
  CHECK(result.enough());
  CHECK(result.missing == std::vector<std::string>{given_key(12).public_key().id().substr(0, 12)});
  CHECK(result.not_counted.empty());
  CHECK_NOTHROW(require_enough(result));
}

TEST_CASE("approvals: too few are refused with who signed, who did not, and a next step") {
  const Count result = counted({approval(12), approval(1), approval(99)});
  CHECK_FALSE(result.enough());
  const Error error = error_of([&] { require_enough(result); });
  CHECK(error.code() == Errc::untrusted);
  CHECK(
      error.message().starts_with("approved by 1 of the 2 trusted keys that are needed; not "
                                  "signed by "));
  CHECK(error.message().find("anna") != std::string::npos);
  CHECK(error.message().find(given_key(1).public_key().id().substr(0, 12) +
                             " (not an approver here)") != std::string::npos);
  CHECK(error.message().find(given_key(99).public_key().id().substr(0, 12) + " (unknown") !=
        std::string::npos);
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("approvals: one key counts once, under whatever id") {
  Envelope renamed = envelope(11);
  renamed.signatures[0].key_id = given_key(12).public_key().id();
  CHECK(count({approval(11), approval(11)}) == 1);
  CHECK(count({approval(11), as_approval(renamed)}) == 1);
}

TEST_CASE("approvals: an envelope with two signatures, or none, is no approval") {
  Envelope joined = envelope(11);
  joined.signatures.push_back(envelope(12).signatures[0]);
  CHECK(error_of([&] { as_approval(joined); }).code() == Errc::corrupt);
  joined.signatures.clear();
  CHECK(error_of([&] { as_approval(joined); }).code() == Errc::corrupt);
}

TEST_CASE("approvals: the key id is only a hint") {
  for (const std::string& hint :
       {std::string(), std::string("nonsense"), given_key(12).public_key().id(),
        given_key(99).public_key().id()}) {
    Envelope good = envelope(11);
    good.signatures[0].key_id = hint;
    CHECK(count({as_approval(good)}) == 1);
  }
  Envelope stranger = envelope(99);
  stranger.signatures[0].key_id = given_key(11).public_key().id();
  CHECK(count({as_approval(stranger)}) == 0);
}

TEST_CASE("approvals: keys of other roles and strangers do not count") {
  CHECK(count({approval(1), approval(2), approval(14), approval(99)}) == 0);
  CHECK(count({approval(14)}, "development") == 1);
  CHECK(count({approval(11), approval(12), approval(1)}, "development") == 0);
}

TEST_CASE("approvals: another payload does not count, be it only by white space") {
  CHECK(count({approval(11, "{\"the\": \"statement\"}"), approval(12, "{\"the\":\"statement\"}\n"),
               approval(13, "")}) == 0);
}

TEST_CASE("approvals: another payload type does not count, even where it was signed") {
  CHECK(count({as_approval(sign("application/json", kSaid, given_signer(11)))}) == 0);
  Envelope relabelled = sign("application/json", kSaid, given_signer(11));
  relabelled.payload_type = kStatementType;
  CHECK(count({as_approval(relabelled)}) == 0);
}

TEST_CASE("approvals: the payload or signature of a good approval changed does not count") {
  Envelope moved = envelope(11, "another");
  moved.payload = kSaid;
  CHECK(count({as_approval(moved)}) == 0);
  Envelope bare = envelope(11);
  bare.signatures[0].bytes = given_key(11).sign(kSaid);  // without the encoding around it
  CHECK(count({as_approval(bare)}) == 0);
}

TEST_CASE("approvals: a bad one does not spoil the good ones beside it") {
  CHECK(count({approval(99), approval(11, "x"), approval(11), approval(12)}) == 2);
}

TEST_CASE("policy: a site can ask for more approvals than its root, never for fewer") {
  const std::vector<Approval> two = {approval(11), approval(12)};
  CHECK(counted(two, {.required = {}, .threshold = 1, .max_age_days = {}}).enough());
  CHECK(counted(two, {.required = {}, .threshold = 1, .max_age_days = {}}).threshold == 2);
  CHECK_FALSE(counted(two, {.required = {}, .threshold = 3, .max_age_days = {}}).enough());
  CHECK_FALSE(
      counted({approval(11)}, {.required = {}, .threshold = 1, .max_age_days = {}}).enough());
}

TEST_CASE("policy: the approval of a named key is required beside the threshold") {
  const auto requiring = [](const std::string& name) {
    return Policy{.required = {name}, .threshold = 0, .max_age_days = {}};
  };
  CHECK(counted({approval(11), approval(12)}, requiring("anna")).enough());
  const Count without = counted({approval(12), approval(13)}, requiring("anna"));
  CHECK_FALSE(without.enough());
  CHECK(without.required == std::vector<std::string>{"anna"});
  CHECK(error_of([&] { require_enough(without); }).message().find("this site also needs anna") !=
        std::string::npos);
  // A key of another role can be required; it does not count for the threshold.
  const std::string other = given_key(14).public_key().id();
  CHECK_FALSE(counted({approval(11), approval(12)}, requiring(other)).enough());
  CHECK(counted({approval(11), approval(12), approval(14)}, requiring(other)).enough());
  CHECK_FALSE(counted({approval(11), approval(14)}, requiring(other)).enough());
  // Its signature of something else is not its approval.
  CHECK_FALSE(counted({approval(11), approval(12), approval(14, "x")}, requiring(other)).enough());
}

TEST_CASE("policy: a key that the root does not have is a mistake of site.yaml") {
  const Error error = error_of([] {
    counted({approval(11), approval(12)},
            {.required = {"nobody"}, .threshold = 0, .max_age_days = {}});
  });
  CHECK(error.code() == Errc::invalid_input);
  CHECK(error.message().starts_with("site.yaml: policy.require: "));
}

}  // namespace sealift::signing::approvals_test
