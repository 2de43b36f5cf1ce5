// SPDX-License-Identifier: Apache-2.0
#include "signing/approvals.hpp"

#include "given_roots.hpp"

namespace sealift::signing {

namespace {

constexpr std::string_view kSaid = "{\"the\":\"statement\"}";

Envelope approval(unsigned char number, std::string_view payload = kSaid) {
  return sign(kStatementType, payload, given_key(number));
}

// Production needs two of 11, 12, 13; development needs 14.
std::size_t count(const std::vector<Envelope>& envelopes, const char* environment = "production") {
  return count_approvals(root_of(some_draft(), {1, 2}), environment, envelopes, kSaid).by.size();
}

}  // namespace

TEST_CASE("approvals: two keys of the role are enough for two") {
  const Root root = root_of(some_draft(), {1, 2});
  const std::vector<Envelope> envelopes = {approval(11), approval(13)};
  const Approvals approvals = count_approvals(root, "production", envelopes, kSaid);
  CHECK(approvals.by.size() == 2);
  CHECK(approvals.threshold == 2);
  CHECK(approvals.enough());
  CHECK(approvals.missing ==
        std::vector<std::string>{given_key(12).public_key().id().substr(0, 12)});
  CHECK_NOTHROW(require_enough(approvals));
}

TEST_CASE("approvals: too few are refused with both numbers and a next step") {
  const Root root = root_of(some_draft(), {1, 2});
  const std::vector<Envelope> one = {approval(12)};
  const Approvals approvals = count_approvals(root, "production", one, kSaid);
  CHECK_FALSE(approvals.enough());
  CHECK(std::count(approvals.missing.begin(), approvals.missing.end(), "anna") == 1);
  const Error error = error_of([&] { require_enough(approvals); });
  CHECK(error.code() == Errc::untrusted);
  CHECK(error.message() == "signed by 1 trusted key, the trust root asks for 2");
  CHECK_FALSE(error.hint().empty());
  CHECK(error_of([&] {
          require_enough(count_approvals(root, "production", {}, kSaid));
        }).message() == "signed by 0 trusted keys, the trust root asks for 2");
}

TEST_CASE("approvals: one key counts once, in one envelope or in two, under whatever id") {
  CHECK(count({approval(11), approval(11)}) == 1);
  Envelope doubled = approval(11);
  doubled.signatures.push_back(doubled.signatures[0]);
  doubled.signatures[1].key_id = given_key(12).public_key().id();
  CHECK(count({doubled}) == 1);
}

TEST_CASE("approvals: signatures of two keys in one envelope count as two") {
  Envelope joined = approval(11);
  joined.signatures.push_back(approval(12).signatures[0]);
  CHECK(count({joined}) == 2);
}

TEST_CASE("approvals: the key id is only a hint") {
  for (const std::string& hint :
       {std::string(), std::string("nonsense"), given_key(12).public_key().id(),
        given_key(99).public_key().id()}) {
    Envelope envelope = approval(11);
    envelope.signatures[0].key_id = hint;
    CHECK(count({envelope}) == 1);
  }
  Envelope stranger = approval(99);
  stranger.signatures[0].key_id = given_key(11).public_key().id();
  CHECK(count({stranger}) == 0);
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
  CHECK(count({sign("application/json", kSaid, given_key(11))}) == 0);
  Envelope relabelled = sign("application/json", kSaid, given_key(11));
  relabelled.payload_type = kStatementType;
  CHECK(count({relabelled}) == 0);
}

TEST_CASE("approvals: the payload or signature of a good approval changed does not count") {
  Envelope moved = approval(11, "another");
  moved.payload = kSaid;
  CHECK(count({moved}) == 0);
  Envelope bare = approval(11);
  bare.signatures[0].bytes = given_key(11).sign(kSaid);  // without the encoding around it
  CHECK(count({bare}) == 0);
  Envelope none = approval(11);
  none.signatures.clear();
  CHECK(count({none}) == 0);
}

TEST_CASE("approvals: a bad envelope does not spoil the good ones beside it") {
  CHECK(count({approval(99), approval(11, "x"), approval(11), approval(12)}) == 2);
}

}  // namespace sealift::signing
