// SPDX-License-Identifier: Apache-2.0
#include "s3/refusal.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::s3 {

namespace {

constexpr std::string_view kKeys =
    "correct credentials of this target in site.yaml, or what they lead to";

// The element Error of a body; an empty one where the body is none.
Element error_in(const std::string& body) {
  try {
    return parse_xml(body, "answer");
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

void throw_refusal(const Refusal& refusal) {
  const Element error = error_in(refusal.body);
  const std::string code = error.text_of("Code");
  const std::string bucket = printable(refusal.place.bucket, 80);
  const std::string where = refusal.key.empty()
                                ? format("bucket {}", bucket)
                                : format("bucket {}: {}", bucket, printable(refusal.key, 200));
  const auto mend = [&](const std::string& found, const std::string& hint) {
    throw Error(Errc::incompatible, format("{}: {}", where, found), hint);
  };
  if (code == "RequestTimeTooSkewed") {
    mend(format("the clock of this host says {}, the store says {}: more than 15 minutes apart",
                to_text(refusal.now), printable(refusal.date, 60)),
         "correct the clock of this host");
  }
  if (code == "InvalidAccessKeyId")
    mend("the store does not know the access key", std::string(kKeys));
  if (code == "SignatureDoesNotMatch") {
    mend("the store refuses the signature: the secret key is another one than the access key's",
         std::string(kKeys));
  }
  if (code == "ExpiredToken" || code == "InvalidToken") {
    mend("the session token is no longer valid", "fetch new credentials and run it again");
  }
  if (code == "NoSuchBucket") {
    mend("the store has no such bucket",
         format("create it, or correct bucket in site.yaml; the store is {}",
                printable(refusal.place.endpoint, 200)));
  }
  const std::string said = error.text_of("Region");
  const std::string region = said.empty() ? refusal.region : said;
  if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" ||
      refusal.status == 301) {
    mend(format("found the region {} in site.yaml, the bucket is in {}", refusal.place.region,
                region.empty() ? "another one" : printable(region, 80)),
         "correct region, and the endpoint, in site.yaml");
  }
  if (code == "AccessDenied" || (refusal.status == 403 && code.empty())) {
    // Stores that sort by date say no more than that to a clock that is wrong.
    mend(format("the store denies access (its clock says {}, ours {}): the access key may not do "
                "this",
                refusal.date.empty() ? "nothing" : printable(refusal.date, 60),
                to_text(refusal.now)),
         "allow it to list the bucket, and to get, put and delete objects below the prefix");
  }
  const std::string message = error.text_of("Message");
  throw Error(
      Errc::io,
      format("{}: the store answered {}{}{}{}{}", where, refusal.status, code.empty() ? "" : " ",
             printable(code, 80), message.empty() ? "" : ": ", printable(message, 200)),
      refusal.status == 429 || refusal.status >= 500 ? "the store is in trouble; try again later"
                                                     : "");
}

}  // namespace sealift::s3
