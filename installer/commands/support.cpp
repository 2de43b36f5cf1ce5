// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/monitoring/support_bundle.hpp"

namespace sealift::installer {

namespace {

struct BundleOptions {
  std::string output;
  std::string open;
  std::string section;
  SupportOptions support;
};

void show_content(const Json& content, cli::Output& out) {
  out.text(content.is_string() ? printable_lines(content.text()) : to_pretty(content));
}

// Which sections there are, or one of them.
void show_bundle(const BundleOptions& options, cli::Session& session) {
  const SupportBundle bundle =
      parse_support_bundle(read_file(options.open, kMaxSupportBytes), options.open);
  cli::Output& out = session.out;
  if (!options.section.empty()) {
    for (const SupportSection& each : bundle.sections) {
      if (each.name != options.section) continue;
      show_content(each.content, out);
      out.json(each.content);
      return;
    }
    throw Error(Errc::usage,
                format("{}: has no section \"{}\"", options.open, printable(options.section, 80)),
                format("see: sealift-installer support-bundle --open {}", options.open));
  }
  out.line(format("site         {}", printable(bundle.site, 80)));
  out.line(format("installer    {}", printable(bundle.installer, 80)));
  out.line(format("made         {}", to_local_text(bundle.made)));
  Json names = Json::array();
  for (const SupportSection& each : bundle.sections) {
    out.line(format("section      {}", printable(each.name, 80)));
    names.push_back(each.name);
  }
  for (const std::string& key : bundle.masked) {
    out.line(format("masked       {}", printable(key, 160)));
  }
  for (const std::string& note : bundle.notes) {
    out.line(format("note         {}", printable(note, 400)));
  }
  out.json({{"site", bundle.site},
            {"installer", bundle.installer},
            {"made", to_text(bundle.made)},
            {"sections", std::move(names)},
            {"masked", bundle.masked},
            {"notes", bundle.notes}});
}

// For its owner alone, for it says much of a site even without secrets. That somebody has to read
// it first is said each time.
void write_bundle(const BundleOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const SupportBundle bundle = support_bundle_of(work, options.support, session.clock);
  const std::string text = to_text(bundle);
  write_file(absolute_path(options.output), text, FileMode::secret);
  session.out.line(format("wrote {}, {}: {}, {} looked for", options.output,
                          cli::size_text(text.size()),
                          cli::count_text(bundle.sections.size(), "section"),
                          cli::count_text(bundle.masked.size(), "secret")));
  for (const std::string& note : bundle.notes) session.out.line(printable(note, 400));
  session.out.line(
      format("read it before it leaves the house: sealift-installer support-bundle "
             "--open {}",
             options.output));
  session.out.json({{"file", options.output},
                    {"bytes", text.size()},
                    {"masked", bundle.masked},
                    {"notes", bundle.notes}});
}

void run_support(const BundleOptions& options, const std::string& site, cli::Session& session) {
  if (options.output.empty() == options.open.empty()) {
    throw Error(Errc::usage, "found --output and --open, or neither, expected one of both",
                "make one: sealift-installer support-bundle -o FILE");
  }
  if (options.open.empty()) {
    write_bundle(options, site, session);
  } else {
    show_bundle(options, session);
  }
}

}  // namespace

void add_support(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<BundleOptions>();
  program
      .sub("support-bundle",
           "write what others need to help with this site into one file, without its secrets")
      .option("-o,--output", options.output, "FILE", "the file to write")
      .flag("--logs", options.support.logs,
            "the last lines of services as well, which may hold anything")
      .option("--open", options.open, "FILE", "show one that was written; needs no site")
      .option("--section", options.section, "NAME", "of --open: this part of it")
      .example("sealift-installer support-bundle -o /media/out/support.json", "to be carried out")
      .example("sealift-installer support-bundle --open support.json", "what is in it")
      .example("sealift-installer support-bundle --open support.json --section doctor",
               "one part of it")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { run_support(options, site, session); });
}

}  // namespace sealift::installer
