// SPDX-License-Identifier: Apache-2.0
#include "bundle/verified.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"

namespace sealift::bundle {

namespace {

std::vector<signing::Root> roots_of(const Reader::Claim& claim) {
  std::vector<signing::Root> roots;
  for (const std::string& text : claim.layers_of(media_type::kRootChain)) {
    roots.push_back(signing::Root::parse(text, format("root chain[{}]", roots.size())));
  }
  return roots;
}

std::vector<signing::Envelope> envelopes_of(const Reader::Claim& claim) {
  std::vector<signing::Envelope> envelopes;
  for (const std::string& text : claim.layers_of(media_type::kApproval)) {
    envelopes.push_back(signing::parse_envelope(text, format("approval[{}]", envelopes.size())));
  }
  return envelopes;
}

void check_not_expired(const signing::Root& root, Time now) {
  if (now <= root.expires()) return;
  throw Error(
      Errc::untrusted,
      format("the trust root, version {}, expired at {}", root.version(), to_text(root.expires())),
      "ask the release owner for a bundle that carries a newer root; check this host's clock");
}

}  // namespace

Judgement judge(const Reader::Claim& claim, const Trust& trust) {
  const std::vector<std::string> statements = claim.layers_of(media_type::kStatement);
  if (statements.size() != 1) {
    throw Error(Errc::untrusted,
                format("found {} statements about the release, expected one", statements.size()));
  }
  const signing::Root root = signing::follow_chain(trust.root, roots_of(claim));
  check_not_expired(root, trust.now);
  const signing::Approvals approvals =
      count_approvals(root, trust.environment, envelopes_of(claim), statements.front());
  require_enough(approvals);
  // Only now is the statement read: enough trusted keys signed these very bytes.
  signing::Statement statement = signing::parse_statement(statements.front(), "statement");
  if (statement.release != claim.release.digest) {
    throw Error(Errc::untrusted, format("the approvals are for the release {}, the bundle holds {}",
                                        statement.release.str(), claim.release.digest.str()));
  }
  const auto& environments = statement.environments;
  if (!trust.environment.empty() && std::find(environments.begin(), environments.end(),
                                              trust.environment) == environments.end()) {
    throw Error(Errc::incompatible,
                format("the release is not meant for the environment \"{}\"", trust.environment),
                "carry a release whose release.yaml lists this environment");
  }
  return {.root = root, .approvals = approvals, .statement = std::move(statement)};
}

VerifiedBundle VerifiedBundle::verify(Source& file, const std::string& name, const Trust& trust,
                                      Workers& workers, Progress& progress) {
  Reader reader(file, workers, name);
  Judgement judgement = while_doing(name, [&] { return judge(reader.read_claim(), trust); });
  Contents contents = reader.read_release();
  const signing::Statement& statement = judgement.statement;
  if (contents.document.name != statement.name || contents.document.version != statement.version ||
      contents.document.created != statement.created) {
    throw Error(Errc::untrusted,
                format("{}: the approvals speak of {} {}, the bundle holds {} {}", name,
                       printable(statement.name), printable(statement.version),
                       contents.document.name, contents.document.version));
  }
  reader.check_payload(contents, progress);
  return VerifiedBundle(std::move(contents), std::move(judgement));
}

}  // namespace sealift::bundle
