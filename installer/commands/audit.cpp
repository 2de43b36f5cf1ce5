// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/evidence/export.hpp"
#include "installer/evidence/timestamps.hpp"
#include "installer/session/changing.hpp"
#include "signing/certificate.hpp"
#include "signing/public_key.hpp"
#include "signing/timestamp.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxKept = 1U << 20;  // bytes of a file of checkpoints

struct AuditOptions {
  std::vector<std::string> against;
  std::string key;
  std::string output;
  std::string request;
  std::string answer;
  std::string authorities;
  std::string from;
  std::string to;
};

// Each is a file, or a checkpoint itself.
std::vector<KeptCheckpoint> kept_checkpoints(const std::vector<std::string>& given) {
  std::vector<KeptCheckpoint> all;
  Problems problems;
  for (const std::string& each : given) {
    try {
      if (each.starts_with("sealift-checkpoint")) {
        all.push_back({"--against", Checkpoint::parse(each, "--against")});
        continue;
      }
      for (KeptCheckpoint& kept : parse_kept_checkpoints(read_file(each, kMaxKept), each)) {
        all.push_back(std::move(kept));
      }
    } catch (const Error& error) {
      if (error.code() == Errc::io) throw;
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  return all;
}

// The key that is told, else the one that the site has now; nothing where it has lost it.
std::optional<signing::PublicKey> key_of(const AuditOptions& options, const Layout& layout) {
  if (!options.key.empty()) {
    return signing::parse_public_key(read_file(options.key, kMaxKept), options.key);
  }
  try {
    return site_public_key(layout);
  } catch (const Error& error) {
    log::warning(error.message());
    return std::nullopt;
  }
}

// Empty where none are named.
std::string authorities_of(const AuditOptions& options) {
  if (options.authorities.empty()) return "";
  return read_file(options.authorities, signing::kMaxAuthoritiesBytes);
}

void show(const AuditReview& review, std::size_t kept, cli::Output& out) {
  out.line(format("lines        {}", review.lines));
  if (!review.head.empty()) out.line(format("head         {}", review.head));
  out.line(review.newest ? format("checkpoints  {}, the newest of {} lines at {} by the key {}",
                                  review.checkpoints, review.newest->lines(),
                                  to_text(review.newest->time()), review.newest->key().id())
                         : std::string("checkpoints  none"));
  if (kept > 0) out.line(format("kept         {} of {} hold", review.held, kept));
  for (const AuditFinding& each : review.notes) {
    out.line(format("note         {}: {}", each.where, each.found));
  }
  for (const AuditFinding& each : review.findings) {
    out.line(format("{}        {}: {}", out.in(cli::Tone::bad, "WRONG"), each.where, each.found));
  }
  if (review.findings.empty()) {
    out.line(out.in(cli::Tone::good, "nothing was found wrong"));
  } else {
    out.line("keep the log as it is, and find out who did this; see docs/audit.md");
  }
}

void verify_log(const AuditOptions& options, const std::string& site, cli::Session& session) {
  const std::vector<KeptCheckpoint> kept = kept_checkpoints(options.against);
  const SiteWork work(session, site);
  const Layout& layout = work.installation().layout;
  const State state = work.state();
  const AuditText log = work.tools().audit().text();
  AuditReview review = review_audit_log(log, {.site = work.installation().id,
                                              .key = key_of(options, layout),
                                              .state = state,
                                              .kept = kept,
                                              .now = session.clock.now()});
  for (AuditFinding& each : timestamp_findings(log.lines, authorities_of(options), layout)) {
    review.findings.push_back(std::move(each));
  }
  show(review, kept.size(), session.out);
  session.out.json(to_json(review));
  if (!review.findings.empty()) session.status = cli::kDiffers;
}

void make_checkpoint(const AuditOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const Layout& layout = work.installation().layout;
  const Checkpoint made =
      work.tools().audit().checkpoint(SiteKey::read(layout), work.installation().id);
  if (!options.output.empty()) write_file(options.output, made.line() + "\n");
  if (!options.request.empty()) write_file(options.request, request_for(made));
  session.out.line(made.line());
  session.out.json(to_json(made));
}

void take_timestamp(const AuditOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("audit timestamp", {});
  const StoredTimestamp kept =
      keep_timestamp(read_file(options.answer, signing::kMaxTimestampBytes),
                     authorities_of(options), work.installation().layout, work.tools().audit());
  session.out.line(format("the checkpoint of {} lines was there at {}, says {}", kept.lines,
                          to_text(kept.time), kept.signer));
  session.out.json({{"lines", kept.lines},
                    {"time", to_text(kept.time)},
                    {"signer", kept.signer},
                    {"answer", kept.answer.str()}});
}

constexpr std::size_t kDateBytes = 10;

// A moment, or a day of UTC: its first second or its last.
Time moment_of(const std::string& option, const std::string& typed, std::string_view of_day) {
  try {
    return parse_time(typed.size() == kDateBytes ? format("{}T{}Z", typed, of_day) : typed);
  } catch (const Error&) {
    throw Error(Errc::usage,
                format("{} \"{}\", expected a day such as 2026-01-31, or a time such as "
                       "2026-01-31T23:59:59Z",
                       option, printable(typed, 40)));
  }
}

Period period_of(const AuditOptions& options, Time now) {
  const Period period = {
      .from = options.from.empty() ? Time{} : moment_of("--from", options.from, "00:00:00"),
      .to = options.to.empty() ? now : moment_of("--to", options.to, "23:59:59")};
  if (period.from > period.to) {
    throw Error(Errc::usage, format("--from {} is behind --to {}, expected a period",
                                    to_text(period.from), to_text(period.to)));
  }
  return period;
}

void export_evidence(const AuditOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const Installation& installation = work.installation();
  const Period period = period_of(options, session.clock.now());
  const SiteKey key = SiteKey::read(installation.layout);
  const State state = work.state();
  const EvidenceSource source = {.layout = installation.layout,
                                 .site = installation.id,
                                 .settings = installation.site,
                                 .state = state,
                                 .clock = session.clock,
                                 .workers = work.tools().workers};
  const fs::path folder =
      options.output.empty()
          ? fs::path(format("evidence-{}", to_text(period.to).substr(0, kDateBytes)))
          : fs::path(options.output);
  const Evidence evidence = gather(source, period, key);
  const ExportedEvidence written = write_evidence(folder, evidence, source, key);
  work.tools().audit().append("evidence", {{"from", to_text(period.from)},
                                           {"to", to_text(period.to)},
                                           {"manifest", written.manifest.str()}});
  session.out.line(format("{} in {}; begin with {}", count_text(written.files.size(), "file"),
                          folder.string(), (folder / "evidence.html").string()));
  session.out.line(format("manifest     {}", written.manifest.hex()));
  if (!evidence.review.findings.empty()) {
    log::warning("the audit log is not what it was: sealift-installer audit verify");
  }
  session.out.json({{"folder", folder.string()},
                    {"files", written.files},
                    {"manifest", written.manifest.str()},
                    {"review", to_json(evidence.review)}});
}

}  // namespace

void add_audit(cli::Command& program, const std::string& site) {
  cli::Command audit =
      program.sub("audit", "check the audit log, sign it, and hand evidence to an auditor");
  audit.example("sealift-installer audit verify", "whether the log is what it was").fails_with({});
  auto& options = cli::make_options<AuditOptions>();
  audit
      .sub("verify",
           "check the chain and the checkpoints of the audit log, and what was kept "
           "elsewhere")
      .options("--against", options.against, "FILE",
               "a checkpoint that was kept elsewhere: a file of them, or the line itself")
      .option("--key", options.key, "FILE",
              "the site's public key as it was kept elsewhere (default: the one on this site)")
      .option("--ca", options.authorities, "FILE",
              "also check who signed the timestamps, by these certificates in PEM")
      .example("sealift-installer audit verify", "by what is on this site alone")
      .example("sealift-installer audit verify --against /media/safe/checkpoints.txt",
               "also whether lines were cut off or replaced")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io},
                  {{"20", "the log is not what it was"}})
      .runs([&](cli::Session& session) { verify_log(options, site, session); });
  audit
      .sub("checkpoint",
           "sign the audit log as it is, in one line to be kept elsewhere, also on paper")
      .option("-o,--output", options.output, "FILE", "write the line into a file as well")
      .option("--request", options.request, "FILE",
              "write what a timestamp authority is sent (RFC 3161)")
      .example("sealift-installer audit checkpoint -o /media/safe/checkpoint.txt",
               "one line for each visit of the courier")
      .example("sealift-installer audit checkpoint --request checkpoint.tsq",
               "to have the time confirmed by somebody else")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { make_checkpoint(options, site, session); });
  audit.sub("timestamp", "check and keep the answer of a timestamp authority (RFC 3161)")
      .argument("ANSWER", options.answer, "the file that came back", cli::Presence::required)
      .option("--ca", options.authorities, "FILE",
              "certificates in PEM that the authority's must lead to", cli::Presence::required)
      .example("sealift-installer audit timestamp checkpoint.tsr --ca authority.pem",
               "the answer to checkpoint.tsq")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { take_timestamp(options, site, session); });
  audit
      .sub("export",
           "write the evidence of a period: a page for people, the records, and a signed "
           "manifest")
      .option("--from", options.from, "DAY",
              "its first day, or a time such as 2026-01-31T12:00:00Z (default: the site's first)")
      .option("--to", options.to, "DAY", "its last day, in UTC (default: now)")
      .option("-o,--output", options.output, "FOLDER",
              "where to; made here (default: evidence- and the last day)")
      .example("sealift-installer audit export --from 2026-01-01 --to 2026-12-31",
               "what an auditor asks for once a year")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { export_evidence(options, site, session); });
}

}  // namespace sealift::installer
