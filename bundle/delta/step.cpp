// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/step.hpp"

#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/little_endian.hpp"
#include "content/frames.hpp"

namespace sealift::bundle {

namespace {

constexpr std::size_t kPartBytes = 13;
// More than libzstd makes of a frame's content in the worst case.
constexpr std::size_t kMaxPatch = content::kFrameContent + (1U << 20);

}  // namespace

void refuse_delta(const std::string& name, std::string_view found) {
  throw Error(Errc::corrupt, format("{}: {}", name, found),
              "the delta was damaged on its way: carry it again and compare its SHA-256");
}

std::string read_exactly(Source& delta, std::size_t size, const std::string& name) {
  std::string bytes(size, '\0');
  if (read_fully(delta, bytes) != size) refuse_delta(name, "found the end of the file too early");
  return bytes;
}

std::string to_bytes(const Step& step) {
  std::string bytes;
  put_little(bytes, step.content);
  put_little(bytes, static_cast<std::uint32_t>(step.parts.size()));
  for (const Part& part : step.parts) {
    bytes += static_cast<char>(part.kind);
    put_little(bytes, part.range.offset);
    put_little(bytes, part.range.length);
  }
  put_little(bytes, static_cast<std::uint32_t>(step.patch.size()));
  return bytes + step.patch;
}

Step read_step(Source& delta, const std::string& name) {
  const std::string start = read_exactly(delta, 8, name);
  Step step{.content = little<std::uint32_t>(start), .parts = {}, .patch = {}};
  const auto count = little<std::uint32_t>(std::string_view(start).substr(4));
  if (step.content == 0 || step.content > content::kFrameContent || count > kMaxParts) {
    refuse_delta(name, "found a step of more than a frame, or of too many parts");
  }
  const std::string listed = read_exactly(delta, count * kPartBytes + 4, name);
  std::string_view rest = listed;
  std::array<std::uint64_t, 3> bytes{};  // by kind
  for (; rest.size() > 4; rest.remove_prefix(kPartBytes)) {
    const Part part{.kind = static_cast<Part::Kind>(rest[0]),
                    .range = {.offset = little<std::uint64_t>(rest.substr(1)),
                              .length = little<std::uint32_t>(rest.substr(9))}};
    const auto kind = static_cast<std::size_t>(part.kind);
    if (kind >= bytes.size() || (part.kind == Part::Kind::fresh && part.range.offset != 0)) {
      refuse_delta(name, "found a part of an unknown kind");
    }
    bytes[kind] += part.range.length;
    step.parts.push_back(part);
  }
  const auto patch = little<std::uint32_t>(rest);
  if (bytes[0] + bytes[1] != step.content || bytes[2] > content::kMaxPrefix || patch > kMaxPatch ||
      (patch == 0) != (bytes[1] == 0)) {
    refuse_delta(name, "found a step that does not add up");
  }
  step.patch = read_exactly(delta, patch, name);
  return step;
}

}  // namespace sealift::bundle
