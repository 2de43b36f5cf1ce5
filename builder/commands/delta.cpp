// SPDX-License-Identifier: Apache-2.0
// Delta bundles: what a site that has one release needs for another, and back to whole bundles.
#include "base/copy.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/commands/commands.hpp"
#include "builder/delta/bases.hpp"
#include "builder/delta/delta_writer.hpp"
#include "builder/signing_desk/sums.hpp"
#include "bundle/delta/expanded.hpp"

namespace sealift::builder {

namespace {

// Patches at this level are hardly larger than at the highest, and take a tenth of the time.
constexpr int kUsualLevel = 9;

struct DeltaOptions {
  std::string from;
  std::vector<std::string> receipts;
  std::string to;
  std::string bundles;
  std::string output;
  std::optional<int> level;
};

struct ExpandOptions {
  std::string delta;
  std::string base;
  std::string output;
};

void check(const DeltaOptions& options) {
  const int level = options.level.value_or(kUsualLevel);
  if (level < content::kMinLevel || level > content::kMaxLevel) {
    throw Error(Errc::usage, format("found the level {}, expected {} to {}", level,
                                    content::kMinLevel, content::kMaxLevel));
  }
  if (options.from.empty() == options.receipts.empty()) {
    throw Error(Errc::usage, "expected --from or --from-receipt, and not both");
  }
  if (!options.output.empty() && !options.receipts.empty()) {
    throw Error(Errc::usage, "--output names one file, receipts may need several",
                "leave it out: the names say what each delta is made on");
  }
}

fs::path folder_of(const std::string& file) {
  return absolute_path(file).parent_path();
}

std::vector<BaseForSites> bases_of(const DeltaOptions& options, const DeltaTarget& target,
                                   Workers& workers, cli::Session& session) {
  if (!options.from.empty()) return {{.bundle = options.from, .sites = {}}};
  std::vector<release::SiteReceipt> receipts;
  for (const std::string& file : options.receipts) {
    receipts.push_back(release::parse_receipt(read_file(file, release::kMaxReceiptBytes), file));
  }
  Bases bases = bases_for(
      receipts, options.bundles.empty() ? folder_of(options.to) : fs::path(options.bundles),
      target.side().open().contents().digest(), workers);
  for (const std::string& site : bases.done) {
    session.out.line(format("site {} has it already", site));
  }
  return std::move(bases.needed);
}

Json make_delta(const DeltaOptions& options, const BaseForSites& on, const DeltaTarget& target,
                Workers& workers, cli::Session& session) {
  const DeltaBase base(on.bundle, workers);
  const bundle::NamedRelease from = base.side().open().contents().named();
  const bundle::NamedRelease to = target.side().open().contents().named();
  const fs::path path =
      options.output.empty()
          ? folder_of(options.to) / format("{}-{}-from-{}.delta", to.name, to.version, from.version)
          : fs::path(options.output);
  const WrittenDelta written = write_delta(path, base, target, options.level.value_or(kUsualLevel),
                                           workers, session.progress);
  write_sum(path, written.file.digest);
  session.out.line(path.string());
  session.out.line(format("{} instead of {}: {} % of the bundle; a site needs {}",
                          cli::size_text(written.file.bytes), cli::size_text(written.bundle_bytes),
                          written.file.bytes * 100 / written.bundle_bytes, to_text(from)));
  for (const std::string& site : on.sites) session.out.line(format("for site {}", site));
  return {{"base", from.digest.str()},           {"bundle", to.digest.str()},
          {"bundleBytes", written.bundle_bytes}, {"bytes", written.file.bytes},
          {"copiedBytes", written.copied},       {"file", path.string()},
          {"sha256", written.file.digest.hex()}, {"sites", on.sites}};
}

void run_delta(const DeltaOptions& options, cli::Session& session) {
  check(options);
  Workers workers(usable_cores());
  const DeltaTarget target(options.to, workers);
  Json deltas = Json::array();
  for (const BaseForSites& base : bases_of(options, target, workers, session)) {
    deltas.push_back(make_delta(options, base, target, workers, session));
  }
  session.out.json({{"deltas", std::move(deltas)}});
}

// Nobody has judged the head: its names must not lead anywhere.
fs::path bundle_name(const bundle::DeltaHead& head) {
  const std::string name = format("{}-{}.bundle.tar.zst", head.bundle.name, head.bundle.version);
  return fs::path(RelPath::parse(name).str()).filename();
}

void run_expand(const ExpandOptions& options, cli::Session& session) {
  Workers workers(usable_cores());
  const Fd fd = open_for_reading(options.delta);
  FdSource delta(fd.get(), options.delta);
  const bundle::DeltaHead head = bundle::read_delta_head(delta, options.delta);
  const bundle::BaseBundle base(options.base, workers);
  require_base(head, base);
  bundle::Expanded expanded(delta, head, options.delta, base.payload(), workers,
                            bundle::Frames::as_built);
  const fs::path path = options.output.empty()
                            ? fs::path(options.delta).parent_path() / bundle_name(head)
                            : fs::path(options.output);
  AtomicFile file(path, FileMode::plain);
  session.progress.begin("expanding", head.bytes);
  copy(expanded, file, session.progress);
  session.progress.end();
  file.commit();
  write_sum(path, head.file);
  session.out.line(path.string());
  session.out.json({{"bundle", head.bundle.digest.str()},
                    {"bytes", head.bytes},
                    {"file", path.string()},
                    {"sha256", head.file.hex()}});
}

}  // namespace

void add_delta(cli::Command& program) {
  auto& options = cli::make_options<DeltaOptions>();
  program
      .sub("delta", "write what a site with one release needs for another",
           "The delta holds the documents and approvals of the newer bundle, and of its files what "
           "the older one, its base, has not. A site that has the base in its store applies the "
           "delta as it would the bundle, and verifies what comes out as it would the bundle.")
      .option("--from", options.from, "BUNDLE", "the bundle that the site has")
      .options("--from-receipt", options.receipts, "FILE",
               "a receipt of the site, which says what it has; several make a delta for each base")
      .option("--to", options.to, "BUNDLE", "the bundle that the site needs",
              cli::Presence::required)
      .option("--bundles", options.bundles, "DIR",
              "where bundles that receipts name are (default: beside the newer one)")
      .option("-o,--output", options.output, "FILE",
              "where to (default: NAME-VERSION-from-VERSION.delta beside the newer one)")
      .option("--level", options.level, "N",
              format("smaller but slower: {} to {} (default: {})", content::kMinLevel,
                     content::kMaxLevel, kUsualLevel))
      .example("sealift delta --from shop-1.0.0.bundle.tar.zst --to shop-1.1.0.bundle.tar.zst",
               "write shop-1.1.0-from-1.0.0.delta")
      .example("sealift delta --from-receipt a.receipt --to shop-1.1.0.bundle.tar.zst",
               "write the one that a site needs which has sent a receipt")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_delta(options, session); });
}

void add_expand(cli::Command& program) {
  auto& options = cli::make_options<ExpandOptions>();
  program.sub("expand", "make the whole bundle from a delta and its base, byte for byte")
      .argument("DELTA", options.delta, "the delta", cli::Presence::required)
      .option("--base", options.base, "BUNDLE", "the bundle that it was made on",
              cli::Presence::required)
      .option("-o,--output", options.output, "FILE",
              "where to (default: NAME-VERSION.bundle.tar.zst beside the delta)")
      .example("sealift expand shop-1.1.0-from-1.0.0.delta --base shop-1.0.0.bundle.tar.zst",
               "write shop-1.1.0.bundle.tar.zst")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_expand(options, session); });
}

}  // namespace sealift::builder
