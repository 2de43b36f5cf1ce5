// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/expanded.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "bundle/delta/step.hpp"
#include "content/frames.hpp"

namespace sealift::bundle {

namespace {

using content::Frame;

constexpr int kFastLevel = 1;

// A delta that goes on for ever would fill the disk before anything compares its digest. Content
// that is compressed in less time takes more room, but not several times as much.
std::uint64_t most_bytes(const DeltaHead& head, Frames frames) {
  return frames == Frames::as_built ? head.bytes : 4 * head.bytes + (16U << 20);
}

int level_for(const DeltaHead& head, const std::string& name, Frames frames) {
  if (frames == Frames::fast) return kFastLevel;
  for (int level = content::kMinLevel; level <= content::kMaxLevel; ++level) {
    if (content::compressor_name(level) == head.compression) return level;
  }
  throw Error(Errc::incompatible,
              format("{}: its bundle was compressed by {}, this program has {}", name,
                     printable(head.compression), content::compressor_name(content::kDefaultLevel)),
              "expand it with the version of sealift that built the bundle; applying the delta "
              "needs only its content, and works with any");
}

}  // namespace

struct Expanded::State {
  State(Source& from, const DeltaHead& of, std::string called, const PayloadBytes& on,
        Workers& workers, Frames how)
      : delta(from),
        head(of),
        name(std::move(called)),
        base(on),
        frames_are(how),
        level(level_for(of, name, how)),
        left(most_bytes(of, how)),
        trailer(ready),
        queue(workers) {
    for (const Frame& frame : head.documents) {
      documents_left += frame.compressed;
      frames.push_back(frame);
    }
  }

  struct Made {
    std::string frame;
    std::uint64_t content;
  };

  Made make(const Step& step) const {
    std::string prefix;
    for (const Part& part : step.parts) {
      if (part.kind == Part::Kind::prefix) base.append(prefix, part.range);
    }
    std::string fresh;
    if (!step.patch.empty()) {
      fresh = while_doing(name, [&] { return content::decompress_patch(step.patch, prefix); });
    }
    std::string content;
    content.reserve(step.content);
    std::size_t taken = 0;
    for (const Part& part : step.parts) {
      if (part.kind == Part::Kind::copied) base.append(content, part.range);
      if (part.kind != Part::Kind::fresh) continue;
      if (part.range.length > fresh.size() - taken) break;
      content.append(fresh, taken, part.range.length);
      taken += part.range.length;
    }
    if (content.size() != step.content || taken != fresh.size()) {
      refuse_delta(name, "a patch is not as long as its step says");
    }
    return {.frame = content::compress_frame(content, level), .content = content.size()};
  }

  void fill() {
    while (steps_read < head.steps && !queue.full()) {
      ++steps_read;
      queue.put([this, step = read_step(delta, name)] { return make(step); });
    }
  }

  // Makes some bytes ready; false at the end.
  bool advance() {
    if (documents_left > 0) {
      std::string part(std::min<std::uint64_t>(documents_left, 1U << 18), '\0');
      part.resize(read_fully(delta, part));
      if (part.empty()) refuse_delta(name, "found the end of the file inside its documents");
      documents_left -= part.size();
      trailer.write(part);
      return true;
    }
    fill();
    if (!queue.empty()) {
      const Made made = queue.take();
      frames.push_back({.compressed = made.frame.size(), .content = made.content});
      trailer.write(made.frame);
      return true;
    }
    if (is_ended) return false;
    char more = 0;
    if (delta.read({&more, 1}) != 0) refuse_delta(name, "found bytes after its last step");
    trailer.finish(frames);
    is_ended = true;
    return true;
  }

  Source& delta;
  const DeltaHead& head;
  std::string name;
  const PayloadBytes& base;
  Frames frames_are;
  int level;
  std::uint64_t left;  // bytes that may still come
  std::uint64_t documents_left = 0;
  std::uint32_t steps_read = 0;
  bool is_ended = false;
  std::vector<Frame> frames;
  StringSink ready;
  content::TrailerSink trailer;
  std::string out;
  std::size_t used = 0;
  Hasher hasher;
  bool is_compared = false;
  Ordered<Made> queue;
};

Expanded::Expanded(Source& delta, const DeltaHead& head, std::string name, const PayloadBytes& base,
                   Workers& workers, Frames frames)
    : state_(std::make_unique<State>(delta, head, std::move(name), base, workers, frames)) {}

Expanded::~Expanded() = default;

std::size_t Expanded::read(std::span<char> into) {
  State& state = *state_;
  while (state.used == state.out.size()) {
    if (!state.advance()) {
      if (state.frames_are == Frames::as_built && !state.is_compared &&
          state.hasher.finish() != state.head.file) {
        refuse_delta(state.name, "what it gives is not the bundle that it names");
      }
      state.is_compared = true;
      return 0;
    }
    state.out = state.ready.take();
    state.used = 0;
  }
  const std::size_t count = state.out.copy(into.data(), into.size(), state.used);
  if (count > state.left) refuse_delta(state.name, "it gives more than the bundle that it names");
  state.left -= count;
  state.hasher.update({into.data(), count});
  state.used += count;
  return count;
}

}  // namespace sealift::bundle
