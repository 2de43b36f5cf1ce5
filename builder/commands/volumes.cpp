// SPDX-License-Identifier: Apache-2.0
// A file that is cut for media that are too small for it, and put together again. The bytes are
// those of bundle/volumes (docs/volumes.md); here are the words of the command line and of the
// lists that people compare by eye at a transfer desk.
#include "base/copy.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/parallel.hpp"
#include "base/path.hpp"
#include "builder/commands/commands.hpp"
#include "bundle/medium.hpp"
#include "bundle/reader.hpp"
#include "bundle/volumes/reed_solomon.hpp"
#include "bundle/volumes/split.hpp"

namespace sealift::builder {

namespace {

// Of `split` and of `volumes`, which makes a part of what `split` made.
struct VolumesOptions {
  std::string file;           // a bundle, or any other file
  std::string size = "4G";    // of a volume with its header, at most
  std::optional<int> parity;  // how many volumes of it; none where it is not said
  std::string only;           // numbers of volumes; of `split` empty: all
  std::string output = ".";   // a folder, which is made
};

// Volumes say themselves whose they are: neither a name nor an order is asked for.
struct JoinOptions {
  std::vector<std::string> volumes;  // or folders in place of all volumes in them
  std::string output;                // replaced where it is there
};

// With a header of the largest size there is room for as much content again; smaller volumes would
// be more header than file, and 255 of them would hold nothing that needs volumes.
constexpr std::uint64_t kSmallest = 2 * bundle::kMaxHeaderBytes;

// In the units of 1024 in which media are formatted, whatever their labels say.
std::uint64_t parse_size(const std::string& text) {
  constexpr std::size_t kMaxDigits = 15;
  std::string_view digits = text;
  unsigned shift = 0;  // of bytes, the unit that stands alone
  for (const auto& [unit, of_unit] : {std::pair('K', 10U), {'M', 20U}, {'G', 30U}}) {
    if (!digits.ends_with(unit)) continue;
    shift = of_unit;
    digits.remove_suffix(1);
    break;
  }
  const bool is_number = !digits.empty() && digits.size() + shift / 3 <= kMaxDigits &&
                         digits.find_first_not_of("0123456789") == digits.npos;
  const std::uint64_t size = is_number ? std::stoull(std::string(digits)) << shift : 0;
  if (size >= kSmallest) return size;
  throw Error(
      Errc::usage,
      format("--size {}: expected bytes, or a number with K, M or G (1024 each), {} or more",
             printable(text), kSmallest),
      "such as: --size 4G, which fits FAT32");
}

// Together with those of data they are 255 at most: split() knows how many those are.
unsigned parse_parity(const std::optional<int>& parity) {
  if (!parity) return 0;
  if (*parity >= 0 && *parity < static_cast<int>(bundle::kMaxPieces)) {
    return static_cast<unsigned>(*parity);
  }
  throw Error(Errc::usage,
              format("--parity {}: expected 0 to {}", *parity, bundle::kMaxPieces - 1));
}

// What a bundle says of itself, so that its volumes say it too. What has not the name of a bundle
// may be any file.
std::optional<bundle::NamedRelease> release_in(const std::string& file) {
  if (!file.ends_with(".bundle.tar.zst") && !file.ends_with(".bundle.tar")) return std::nullopt;
  const Fd fd = open_for_reading(file);
  Workers workers(1);
  return bundle::read_documents(fd.get(), file, workers).named();
}

// The names say which are of parity to nobody, for all are carried alike; the list does.
void run_volumes(const VolumesOptions& options, cli::Session& session) {
  bundle::SplitOptions how{.volume_bytes = parse_size(options.size) - bundle::kMaxHeaderBytes,
                           .parity = parse_parity(options.parity),
                           .release = release_in(options.file)};
  if (!options.only.empty()) how.only = bundle::parse_numbers(options.only, "--only");
  const bundle::Volumes made = bundle::split(options.file, how, options.output, session.progress);
  Json files = Json::array();
  for (const unsigned number : made.written) {
    const std::string path =
        (fs::path(options.output) / bundle::volume_name(made.table, number)).string();
    session.out.line(number > made.table.data ? path + "  (parity)" : path);
    files.push_back({{"number", number},
                     {"file", path},
                     {"parity", number > made.table.data},
                     {"digest", made.table.digests[number - 1].str()}});
  }
  session.out.json({{"bytes", made.table.bytes},
                    {"digest", made.table.digest.str()},
                    {"data", made.table.data},
                    {"parity", made.table.parity},
                    {"volumes", std::move(files)}});
}

// Written in full or not at all; again from the first byte where a volume turned out damaged. Other
// than a bundle, what is joined has nobody who verifies it: the digest is printed for a person to
// compare.
void run_join(const JoinOptions& options, cli::Session& session) {
  const std::unique_ptr<bundle::Medium> medium = bundle::open_medium(options.volumes);
  std::optional<Digest> digest;  // for who has a SHA256SUMS; every volume was compared with its own
  medium->read([&](Source& source) {
    session.progress.begin("joining", medium->size());
    AtomicFile file(options.output, FileMode::plain);
    HashingSink sink(file);
    copy(source, sink, session.progress);
    digest = sink.finish();
    file.commit();
    session.progress.end();
  });
  session.out.line(format("{}  {}", digest->hex(), options.output));
  session.out.json(
      {{"file", options.output}, {"bytes", medium->size()}, {"digest", digest->str()}});
}

// What both commands are given alike, so that the same line with another verb gives the same bytes.
void describe(cli::Command& command, VolumesOptions& options) {
  command.argument("FILE", options.file, "a bundle, or any other file", cli::Presence::required)
      .option("--size", options.size, "SIZE",
              "of a volume at most, in bytes or with K, M or G (default: 4G, which fits FAT32)")
      .option("--parity", options.parity, "N",
              "volumes of parity: so many may be lost or damaged (default: 0)")
      .option("-o,--output", options.output, "DIR", "where to (default: the current folder)")
      .fails_with({Errc::invalid_input, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io});
}

}  // namespace

void add_split(cli::Command& program) {
  auto& options = cli::make_options<VolumesOptions>();
  cli::Command command =
      program.sub("split", "cut a file into volumes, for media that are too small for it",
                  "sealift-installer reads them as they are, in any order and from any folders.");
  describe(command, options);
  command
      .example("sealift split shop-1.0.0.bundle.tar.zst -o volumes",
               "volumes that fit FAT32, in the folder volumes")
      .example("sealift split shop-1.0.0.bundle.tar.zst --size 700M --parity 2",
               "for small media, of which any two may be lost")
      .runs([&options](cli::Session& session) { run_volumes(options, session); });
}

// A verb of its own, because the line is read out over a telephone: which volumes, and no option
// that would make all of them.
void add_volumes(cli::Command& program) {
  auto& options = cli::make_options<VolumesOptions>();
  cli::Command command = program.sub(
      "volumes", "make single volumes again, the same bytes as `split` made",
      "The file, --size and --parity are those of `split`; sealift-installer prints the command.");
  describe(command, options);
  command
      .option("--only", options.only, "NUMBERS", "which, such as 3,7 or 1-4",
              cli::Presence::required)
      .example("sealift volumes shop-1.0.0.bundle.tar.zst --only 3,7",
               "volumes 3 and 7, which were damaged on their way")
      .runs([&options](cli::Session& session) { run_volumes(options, session); });
}

// For tools that want one file; the installer needs it for archives of sites alone.
void add_join(cli::Command& program) {
  auto& options = cli::make_options<JoinOptions>();
  program.sub("join", "put volumes together to the file that they were cut from")
      .arguments("VOLUME", options.volumes, "volumes in any order, or folders of them",
                 cli::Presence::required)
      .option("-o,--output", options.output, "FILE", "the file to write", cli::Presence::required)
      .example("sealift join /media/first /media/second -o shop-1.0.0.bundle.tar.zst",
               "what lies on two media as one file")
      .fails_with({Errc::invalid_input, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_join(options, session); });
}

}  // namespace sealift::builder
