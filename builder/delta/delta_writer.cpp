// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/delta_writer.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
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
  std::vector<content::Frame> frames = content::read_seek_table(bundle.file());
  frames.resize(frames.size() - bundle.payload().part().frames.size());
  return frames;
}

DeltaHead head_of(const bundle::BaseBundle& base, const DeltaTarget& target) {
  const bundle::BaseBundle& bundle = target.side().open();
  return {.base = base.contents().named(),
          .bundle = bundle.contents().named(),
          .compression = bundle.contents().compression,
          .bytes = target.sum().bytes,
          .file = target.sum().digest,
          .documents = document_frames(bundle),
          .steps = static_cast<std::uint32_t>(bundle.payload().part().frames.size())};
}

// As they are in the file: approvals may have been added at another level, and are not made anew.
void write_documents(Sink& out, const bundle::BaseBundle& bundle) {
  const std::uint64_t bytes = bundle.payload().part().offset;
  if (copy(bundle.file(), 0, bytes, out) == bytes) return;
  throw Error(Errc::corrupt,
              format("{}: found the end of the file too early", bundle.path().string()));
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
      blobs_(open_.file(), file.string(), open_.contents(), workers),
      outline_(outline_of(open_.contents(), blobs_)) {}

void each_step(const DeltaBase& base, const DeltaSide& target, int level, Workers& workers,
               Progress& progress, const std::function<void(const Step& step)>& take) {
  const Likeness likeness(target.outline(), base.side().outline(), base.side().payload(),
                          base.chunks());
  const std::size_t frames = target.payload().part().frames.size();
  progress.begin("comparing", target.payload().size());
  Ordered<Step> steps(workers);
  for (std::size_t next = 0; next < frames || !steps.empty();) {
    if (next < frames && !steps.full()) {
      steps.put([&, frame = next] { return step_for(base, target, likeness, frame, level); });
      ++next;
      continue;
    }
    const Step step = steps.take();
    take(step);
    progress.advance(step.content);
  }
  progress.end();
}

WrittenDelta write_delta(const fs::path& path, const DeltaBase& base, const DeltaTarget& target,
                         int level, Workers& workers, Progress& progress) {
  const DeltaSide& bundle = target.side();
  const DeltaHead head = head_of(base.side().open(), target);
  AtomicFile file(path, FileMode::plain);
  HashingSink out(file);
  out.write(to_text(head));
  write_documents(out, bundle.open());
  std::uint64_t copied = 0;
  each_step(base, bundle, level, workers, progress, [&](const Step& step) {
    for (const Part& part : step.parts) {
      if (part.kind == Part::Kind::copied) copied += part.range.length;
    }
    out.write(to_bytes(step));
  });
  require_saving(out.size(), head.bytes);
  file.commit();
  return {.file = {.digest = out.finish(), .bytes = out.size()},
          .bundle_bytes = head.bytes,
          .copied = copied};
}

}  // namespace sealift::builder
