// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/delta_writer.hpp"

#include <random>

#include "base/format.hpp"
#include "bundle/delta/expanded.hpp"
#include "content/frames.hpp"
#include "tests/unit/bundle/small_bundle.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::builder::delta_test {

using bundle::DeltaHead;
using tests::refusal_of;
using tests::ScratchFolder;

namespace {

using Random = std::minstd_rand;
using Files = std::map<std::string, std::string>;

// Lines that compress to half, and of which no two are the same.
std::string text_of(std::uint_fast32_t seed, std::size_t size) {
  Random random(seed + 1);
  std::string text(size, '\n');
  for (std::size_t i = 0; i < size; i += i % 50 == 49 ? 2 : 1) {
    text[i] = static_cast<char>('a' + (random() >> 8) % 16);
  }
  return text;
}

// Writes a bundle of one tree.
fs::path write_tree(const fs::path& path, const std::string& version, const Files& files,
                    int level = content::kDefaultLevel) {
  Workers workers(2);
  bundle::Spool spool(path.parent_path(), workers, {.level = level});
  std::vector<tests::SourceFile> sources;
  for (const auto& [name, content] : files) sources.push_back({name, content});
  const release::Component web = tests::pack(spool, "web", sources);
  const release::ReleaseDocument document{.name = "shop",
                                          .version = version,
                                          .created = parse_time("2026-01-01T00:00:00Z"),
                                          .source_revision = "",
                                          .environments = {{"production", {}}},
                                          .upgrade_from = {},
                                          .installer = {},
                                          .arch = {},
                                          .components = {web.row}};
  bundle::write_bundle(path, bundle::seal(document, "", {web}), {}, spool, workers,
                       {.level = level});
  return path;
}

std::string delta_of(const fs::path& base, const fs::path& bundle, std::size_t threads = 2) {
  Workers workers(threads);
  Silence silence;
  const fs::path path = bundle.string() + ".delta";
  write_delta(path, DeltaBase(base, workers), DeltaTarget(bundle, workers), 3, workers, silence);
  return read_file(path, 1U << 30);
}

std::string expanded(const std::string& delta, const fs::path& base,
                     bundle::Frames frames = bundle::Frames::as_built) {
  Workers workers(2);
  StringSource source(delta);
  const DeltaHead head = bundle::read_delta_head(source, "d.delta");
  const bundle::BaseBundle open(base, workers);
  require_base(head, open);
  bundle::Expanded bytes(source, head, "d.delta", open.payload(), workers, frames);
  return read_all(bytes, 1U << 30, "expanded");
}

// A change that releases make, or that is hard for a delta.
Files edited(Files files, std::uint_fast32_t kind, Random& random) {
  const auto some = std::next(files.begin(), static_cast<int>(random() % files.size()));
  switch (kind % 7) {
    case 0:  // another name
      files["renamed-" + some->first] = some->second;
      files.erase(some);
      break;
    case 1:  // more in the middle
      some->second.insert(some->second.size() / 2, text_of(random(), 3000));
      break;
    case 2:
      some->second.clear();
      break;
    case 3:  // new
      files["new.js"] = text_of(random(), 200'000);
      break;
    case 4:
      files.erase(some);
      break;
    case 5:  // much, before what was there
      files["0-huge.js"] = text_of(random(), 4U << 20) + some->second;
      break;
    default:  // one byte
      if (!some->second.empty()) some->second[some->second.size() / 3] ^= 1;
  }
  return files;
}

Files sample() {
  Files files;
  for (unsigned i = 0; i < 20; ++i) {
    files[format("{}-4f3a2{:03}.js", i, i)] = text_of(i, 1000 + i * 4000);
  }
  files["main.js"] = text_of(1000, 300'000);
  files["lib.js"] = text_of(1001, 5U << 20);
  return files;
}

}  // namespace

TEST_CASE("delta: what comes out is the bundle, byte for byte") {
  const ScratchFolder folder;
  Random random(7);
  const Files before = sample();
  const fs::path base = write_tree(folder / "a", "1.0.0", before);
  for (unsigned round = 0; round < 8; ++round) {
    Files after = edited(before, round, random);
    if (round >= 7) after = edited(after, random(), random);
    const fs::path bundle = write_tree(folder / "b", "1.1.0", after, round % 3 == 0 ? 5 : 3);
    const std::string delta = delta_of(base, bundle);
    INFO("round " << round);
    const std::string whole = read_file(bundle, 1U << 30);
    CHECK(expanded(delta, base) == whole);
    CHECK(delta.size() < whole.size());
  }
}

TEST_CASE("delta: what is the same is not carried") {
  const ScratchFolder folder;
  const Files before = sample();
  Files after = before;
  after["main.js"].insert(100'000, "// changed\n");
  const fs::path base = write_tree(folder / "a", "1.0.0", before);
  const fs::path bundle = write_tree(folder / "b", "1.1.0", after);
  // Three frames; the table of files has new digests and sizes.
  CHECK(delta_of(base, bundle).size() < 12'000);
  // Under other names it is found by its content.
  after.clear();
  for (const auto& [name, content] : before) after["v2-" + name] = content;
  write_tree(bundle, "1.1.0", after);
  CHECK(delta_of(base, bundle).size() < 16'000);
}

TEST_CASE("delta: the number of threads changes no byte") {
  const ScratchFolder folder;
  Random random(3);
  const fs::path base = write_tree(folder / "a", "1.0.0", sample());
  const fs::path bundle = write_tree(folder / "b", "1.1.0", edited(sample(), 5, random));
  const std::string delta = delta_of(base, bundle, 1);
  CHECK(delta == delta_of(base, bundle, 4));
}

TEST_CASE("delta: the installer's own frames hold the same release") {
  const ScratchFolder folder;
  Random random(5);
  const fs::path base = write_tree(folder / "a", "1.0.0", sample());
  const fs::path bundle = write_tree(folder / "b", "1.1.0", edited(sample(), 1, random), 9);
  const fs::path fast = folder / "fast";
  write_file(fast, expanded(delta_of(base, bundle), base, bundle::Frames::fast));
  Workers workers(2);
  const Fd fd = open_for_reading(fast);
  FdSource source(fd.get(), "fast");
  bundle::Reader reader(source, workers, "fast");
  reader.read_claim();
  Silence silence;
  const bundle::Contents contents = reader.read_release();
  reader.check_payload(contents, silence);
  CHECK(contents.digest() == bundle::BaseBundle(bundle, workers).contents().digest());
}

TEST_CASE("delta: a base that is another release is refused by name") {
  const ScratchFolder folder;
  Random random(11);
  const Files files = {{"a.js", text_of(1, 300'000)}};
  const fs::path base = write_tree(folder / "a", "1.0.0", files);
  const fs::path bundle = write_tree(folder / "b", "1.1.0", edited(files, 1, random));
  const fs::path other = write_tree(folder / "c", "0.9.0", {{"a.js", "old"}});
  const std::string delta = delta_of(base, bundle);
  const auto error = tests::error_of([&] { expanded(delta, other); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->message().find("holds shop 0.9.0") != std::string::npos);
  CHECK(error->message().find("made on shop 1.0.0") != std::string::npos);
}

TEST_CASE("delta: one that saves nothing is not written") {
  const ScratchFolder folder;
  const fs::path base = write_tree(folder / "a", "1.0.0", {{"a.js", "old"}});
  const fs::path bundle = write_tree(folder / "b", "1.1.0", {{"b.js", text_of(9, 2U << 20)}});
  CHECK(refusal_of([&] { delta_of(base, bundle); }) == Errc::incompatible);
  CHECK_FALSE(path_exists(bundle.string() + ".delta"));
}

TEST_CASE("delta: no flip and no cut gives another bundle") {
  const ScratchFolder folder;
  Random random(13);
  const Files files = {{"a.js", text_of(1, 30'000)}, {"b.js", text_of(2, 20'000)}};
  const fs::path base = write_tree(folder / "a", "1.0.0", files);
  const fs::path bundle = write_tree(folder / "b", "1.1.0", edited(files, 1, random));
  const std::string delta = delta_of(base, bundle);
  const std::string whole = read_file(bundle, 1U << 30);
  std::size_t refused = 0;
  const auto damaged = [&](const std::string& bytes) {
    std::string out;
    if (refusal_of([&] { out = expanded(bytes, base); })) {
      ++refused;
    } else {
      CHECK(out == whole);
    }
  };
  for (std::size_t i = 0; i < delta.size(); i += 1 + i / 150) {
    std::string flipped = delta;
    flipped[i] ^= static_cast<char>(1 << (i % 8));
    damaged(flipped);
    damaged(delta.substr(0, i));
  }
  damaged(delta + "x");
  // All but the text of names in the head, which decides nothing.
  CHECK(refused > 500);
}

TEST_CASE("delta: a step has limits") {
  const auto read = [](const bundle::Step& step) {
    const std::string bytes = to_bytes(step);
    StringSource source(bytes);
    return bundle::read_step(source, "d.delta");
  };
  using Kind = bundle::Part::Kind;
  CHECK(read({.content = 3, .parts = {{Kind::copied, {5, 3}}}, .patch = {}}).parts.size() == 1);
  const std::vector<bundle::Step> wrong = {
      {.content = 0, .parts = {}, .patch = {}},
      {.content = (8U << 20) + 1, .parts = {{Kind::copied, {0, (8U << 20) + 1}}}, .patch = {}},
      {.content = 4, .parts = {{Kind::copied, {0, 3}}}, .patch = {}},
      {.content = 4, .parts = {{Kind::fresh, {0, 4}}}, .patch = {}},
      {.content = 4, .parts = {{Kind::copied, {0, 4}}}, .patch = "x"},
      {.content = 4, .parts = {{Kind::fresh, {1, 4}}}, .patch = "x"},
      {.content = 4, .parts = {{static_cast<Kind>(3), {0, 4}}}, .patch = {}},
      {.content = 4,
       .parts = {{Kind::copied, {0, 4}}, {Kind::prefix, {0, content::kMaxPrefix + 1}}},
       .patch = {}},
      {.content = 4,
       .parts = std::vector<bundle::Part>(bundle::kMaxParts + 1, {Kind::copied, {0, 0}}),
       .patch = {}}};
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    INFO("step " << i);
    CHECK(refusal_of([&] { read(wrong[i]); }) == Errc::corrupt);
  }
}

TEST_CASE("delta: it gives no more than its head lets expect") {
  const ScratchFolder folder;
  const fs::path base = write_tree(folder / "a", "1.0.0", {{"a.js", text_of(1, 8U << 20)}});
  Workers workers(2);
  const bundle::BaseBundle open(base, workers);
  const auto frame = static_cast<std::uint32_t>(content::kFrameContent);
  std::string bytes = to_text(DeltaHead{.base = open.contents().named(),
                                        .bundle = open.contents().named(),
                                        .compression = open.contents().compression,
                                        .bytes = 1000,
                                        .file = Digest::of(""),
                                        .documents = {},
                                        .steps = 8});
  for (int i = 0; i < 8; ++i) {
    bytes += to_bytes(bundle::Step{
        .content = frame, .parts = {{bundle::Part::Kind::copied, {0, frame}}}, .patch = {}});
  }
  for (const bundle::Frames frames : {bundle::Frames::as_built, bundle::Frames::fast}) {
    const auto error = tests::error_of([&] { expanded(bytes, base, frames); });
    REQUIRE(error);
    CHECK(error->message().find("gives more than the bundle that it names") != std::string::npos);
  }
}

TEST_CASE("delta: a newer form is said to be newer") {
  StringSource newer("sealift delta 2\nwhatever");
  CHECK(refusal_of([&] { bundle::read_delta_head(newer, "d.delta"); }) == Errc::incompatible);
  StringSource other("something else, and long enough");
  CHECK(refusal_of([&] { bundle::read_delta_head(other, "d.delta"); }) == Errc::corrupt);
}

TEST_CASE("delta: a patch that does not fit its prefix is refused") {
  const std::string prefix = text_of(1, 100'000);
  const std::string content = prefix.substr(5000, 50'000) + "new";
  const std::string patch = content::compress_patch(content, prefix, 3);
  CHECK(patch.size() < 200);
  CHECK(content::decompress_patch(patch, prefix) == content);
  std::string other = prefix;
  other[20'000] ^= 1;
  CHECK(refusal_of([&] { content::decompress_patch(patch, other); }) == Errc::corrupt);
  CHECK(refusal_of([&] { content::decompress_patch(patch, ""); }) == Errc::corrupt);
}

TEST_CASE("delta: names without what changes with the content") {
  CHECK(stem_of("a/index-4f3a21bc.js") == "a/index-js");
  CHECK(stem_of("a/index-D3xkLq9a.js") == stem_of("a/index-Zq81mmTp.js"));
  CHECK(stem_of("a/main.1f2e3d4c.chunk.css") == "a/main.chunk.css");
  CHECK(stem_of("a/jquery-ui.min.js") == "a/jquery-ui.min.js");
  CHECK(stem_of("license") == "license");
}

}  // namespace sealift::builder::delta_test
