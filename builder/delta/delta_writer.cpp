// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/delta_writer.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "builder/signing_desk/sums.hpp"
#include "bundle/delta/step.hpp"
#include "content/frames.hpp"

namespace sealift::builder {

using bundle::DeltaHead;
using bundle::Part;
using bundle::Range;
using bundle::Step;

namespace {

Part part_of(Part::Kind kind, std::uint64_t offset, std::uint64_t length) {
  return {.kind = kind, .range = {.offset = offset, .length = static_cast<std::uint32_t>(length)}};
}

// The frame's content in its order: what is copied, and between the copies what is fresh. The fresh
// bytes are one patch together, so that each helps to compress the next.
Step step_for(const DeltaBase& base, const DeltaSide& bundle, const Likeness& likeness,
              std::size_t frame, int level) {
  const auto content = bundle.payload().frame(frame);
  const std::uint64_t start = bundle.payload().start_of(frame);
  Step step{.content = static_cast<std::uint32_t>(content->size()), .parts = {}, .patch = {}};
  const Likes likes = likeness.of(start, *content);
  std::string prefix;
  for (const Range& range : likes.prefix) {
    base.side().payload().append(prefix, range);
    step.parts.push_back({Part::Kind::prefix, range});
  }
  std::string fresh;
  std::uint64_t done = start;
  const auto add_fresh = [&](std::uint64_t end) {
    if (done == end) return;
    fresh.append(*content, done - start, end - done);
    step.parts.push_back(part_of(Part::Kind::fresh, 0, end - done));
  };
  for (const Copy& copy : likes.copies) {
    add_fresh(copy.begin);
    step.parts.push_back(part_of(Part::Kind::copied, copy.from, copy.end - copy.begin));
    done = copy.end;
  }
  add_fresh(start + content->size());
  if (!fresh.empty()) step.patch = content::compress_patch(fresh, prefix, level);
  return step;
}

// Those of the bundle's frames that stand before its payload.
std::vector<content::Frame> document_frames(const bundle::BaseBundle& bundle) {
  std::vector<content::Frame> frames =
      content::read_seek_table(FdAccess(bundle.fd(), bundle.path().string()));
  frames.resize(frames.size() - bundle.payload().part().frames.size());
  return frames;
}

// The whole file is hashed, so that `sealift expand` can prove that it made the same.
DeltaHead head_of(const bundle::BaseBundle& base, const bundle::BaseBundle& bundle) {
  const FileSum sum = sum_of(bundle.path());
  return {.base = base.side(),
          .bundle = bundle.side(),
          .compression = bundle.contents().compression,
          .bytes = sum.bytes,
          .file = sum.digest,
          .documents = document_frames(bundle),
          .steps = static_cast<std::uint32_t>(bundle.payload().part().frames.size())};
}

// As they are in the file: approvals may have been added at another level, and are not made anew.
void write_documents(Sink& out, const bundle::BaseBundle& bundle) {
  std::string bytes(256 * 1024, '\0');
  const std::uint64_t end = bundle.payload().part().offset;
  for (std::uint64_t done = 0; done < end; done += bytes.size()) {
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), end - done)));
    if (read_at(bundle.fd(), done, bytes, bundle.path().string()) != bytes.size()) {
      throw Error(Errc::corrupt,
                  format("{}: found the end of the file too early", bundle.path().string()));
    }
    out.write(bytes);
  }
}

// A file that somebody must make, carry and keep a base for has to be worth it.
void require_saving(std::uint64_t delta, std::uint64_t bundle) {
  if (delta <= bundle - bundle / 10) return;
  throw Error(Errc::incompatible,
              format("a delta of {} bytes would save nearly nothing of the bundle's {}: none was "
                     "written",
                     delta, bundle),
              "carry the bundle itself");
}

}  // namespace

DeltaSide::DeltaSide(const fs::path& file, Workers& workers)
    : open_(file, workers),
      access_(open_.fd(), file.string()),
      blobs_(access_, file.string(), open_.contents(), workers),
      outline_(outline_of(open_.contents(), blobs_)) {}

WrittenDelta write_delta(const fs::path& path, const DeltaBase& base, const DeltaSide& bundle,
                         int level, Workers& workers, Progress& progress) {
  const Likeness likeness(bundle.outline(), base.side().outline(), base.side().payload(),
                          base.chunks());
  const DeltaHead head = head_of(base.side().open(), bundle.open());
  AtomicFile file(path, FileMode::plain);
  HashingSink out(file);
  out.write(to_text(head));
  write_documents(out, bundle.open());
  WrittenDelta written{
      .file = {.digest = head.file, .bytes = 0}, .bundle_bytes = head.bytes, .copied = 0};
  progress.begin("comparing", bundle.payload().size());
  Ordered<Step> steps(workers);
  for (std::size_t next = 0; next < head.steps || !steps.empty();) {
    if (next < head.steps && !steps.full()) {
      steps.put([&, frame = next] { return step_for(base, bundle, likeness, frame, level); });
      ++next;
      continue;
    }
    const Step step = steps.take();
    for (const Part& part : step.parts) {
      if (part.kind == Part::Kind::copied) written.copied += part.range.length;
    }
    out.write(to_bytes(step));
    progress.advance(step.content);
  }
  progress.end();
  require_saving(out.size(), head.bytes);
  file.commit();
  written.file = {.digest = out.finish(), .bytes = out.size()};
  return written;
}

}  // namespace sealift::builder
