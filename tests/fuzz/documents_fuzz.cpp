// SPDX-License-Identifier: Apache-2.0
// A bundle whose digests are always right, so that what the documents say of each other is reached.
// The input is index.json and then each blob in the order of the file, joined by the byte 1e; in it
// "@0" stands for the digest of the first blob and "#0" for its size, "@1" for those of the second,
// up to "@O". A blob may speak only of those behind it, as in a bundle.

#include "base/format.hpp"
#include "bundle/verified.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/bundle/roots.hpp"

namespace sealift::fuzz {

namespace {

constexpr char kSeparator = '\x1e';
constexpr std::size_t kMaxBlobs = 32;

std::vector<std::string> split(std::string_view input) {
  std::vector<std::string> parts;
  while (parts.size() <= kMaxBlobs) {
    const std::size_t end = input.find(kSeparator);
    parts.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  return parts;
}

// What the seeds were made with.
const bundle::Trust& trust() {
  static const bundle::Trust trust = [] {
    std::array<unsigned char, 32> seed{};
    const signing::SecretKey root = signing::SecretKey::from_seed(seed);
    seed[0] = 1;
    const signing::SecretKey approver = signing::SecretKey::from_seed(seed);
    return bundle::Trust{.root = tests::root_of(tests::draft_of(root, {&approver}), {&root}),
                         .environment = "production",
                         .policy = {},
                         .now = parse_time("2027-01-01T00:00:00Z")};
  }();
  return trust;
}

// `text` with digests and sizes in place; blobs[i] is the part i + 1.
std::string filled(std::string_view text, const std::vector<content::Descriptor>& blobs,
                   std::size_t first) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t number = i + 1 < text.size()
                                   ? static_cast<unsigned char>(text[i + 1]) - std::size_t{'0'}
                                   : kMaxBlobs;
    const bool is_mark =
        (text[i] == '@' || text[i] == '#') && number >= first && number < blobs.size();
    if (!is_mark) {
      out += text[i];
      continue;
    }
    out += text[i] == '@' ? blobs[number].digest.str() : std::to_string(blobs[number].size);
    ++i;
  }
  return out;
}

void append(std::string& tar, const content::TarEntry& entry, std::string_view content) {
  tar += tar_header(entry);
  tar += content;
  tar += content::tar_padding(content.size());
}

std::string bundle_of(std::string_view input) {
  std::vector<std::string> parts = split(input);
  std::vector<content::Descriptor> blobs(parts.size() - 1, content::empty_descriptor());
  for (std::size_t i = parts.size(); i-- > 0;) {
    parts[i] = filled(parts[i], blobs, i);
    if (i > 0) blobs[i - 1] = content::describe("", parts[i]);
  }
  std::string tar;
  append(tar,
         {.name = std::string(bundle::kOciLayoutName),
          .size = bundle::kOciLayoutText.size(),
          .link = {}},
         bundle::kOciLayoutText);
  append(tar, {.name = std::string(bundle::kIndexName), .size = parts[0].size(), .link = {}},
         parts[0]);
  bundle::Once seen;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (seen.first(blobs[i].digest)) append(tar, bundle::blob_entry(blobs[i]), parts[i + 1]);
  }
  tar += content::tar_end();
  return tar;
}

}  // namespace

const Target kDocuments("documents", [](std::string_view bytes) {
  static Workers workers(1);
  const std::string tar = bundle_of(bytes);
  StringSource source(tar);
  bundle::Reader reader(source, workers, "bundle");
  const bundle::Reader::Claim& claim = reader.read_claim();
  judge(claim, trust());
  Silence silence;
  reader.check_payload(reader.read_release(), silence);
});

}  // namespace sealift::fuzz
