// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/delta_head.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/little_endian.hpp"
#include "bundle/delta/step.hpp"

namespace sealift::bundle {

namespace {

constexpr std::size_t kMaxHead = 64 << 10;
// The magic without its version.
constexpr std::string_view kKind = kDeltaMagic.substr(0, 14);
// What 64 MiB of documents take, and what rewriting them may add.
constexpr std::size_t kMaxDocumentFrames = 64;

Json to_json(const DeltaHead& head) {
  Json documents = Json::array();
  for (const content::Frame& frame : head.documents) {
    documents.push_back(Json{{"content", frame.content}, {"size", frame.compressed}});
  }
  return {{"base", to_json(head.base)},
          {"bundle", to_json(head.bundle)},
          {"bytes", head.bytes},
          {"compression", head.compression},
          {"documents", std::move(documents)},
          {"file", head.file.str()},
          {"steps", head.steps}};
}

DeltaHead delta_head_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  DeltaHead head{.base = named_release_from_json(fields.object("base"), fields.at("base")),
                 .bundle = named_release_from_json(fields.object("bundle"), fields.at("bundle")),
                 .compression = fields.text("compression"),
                 .bytes = fields.number("bytes"),
                 .file = fields.digest("file"),
                 .documents = {},
                 .steps = fields.count("steps")};
  for (const Json& each : fields.array("documents")) {
    Fields frame(each, format("{}[{}]", fields.at("documents"), head.documents.size()));
    head.documents.push_back(
        {.compressed = frame.count("size"), .content = frame.count("content")});
    frame.done();
    if (head.documents.size() > kMaxDocumentFrames) {
      fields.refuse("documents", format("found more than {}", kMaxDocumentFrames));
    }
  }
  if (head.steps > content::kMaxFrames) {
    fields.refuse("steps", format("found more than {}", content::kMaxFrames));
  }
  fields.done();
  return head;
}

}  // namespace

bool is_delta(std::string_view first) {
  return first.starts_with(kKind);
}

std::string to_text(const DeltaHead& head) {
  const std::string text = to_canonical(to_json(head));
  std::string bytes(kDeltaMagic);
  put_little(bytes, static_cast<std::uint32_t>(text.size()));
  return bytes + text;
}

DeltaHead read_delta_head(Source& delta, const std::string& name) {
  const std::string magic = read_exactly(delta, kDeltaMagic.size(), name);
  if (!is_delta(magic)) throw Error(Errc::corrupt, format("{}: found no delta bundle", name));
  if (magic != kDeltaMagic) {
    throw Error(Errc::incompatible,
                format("{}: found a delta bundle of another version, expected 1", name),
                "use the sealift-installer that came with the release");
  }
  const auto size = little<std::uint32_t>(read_exactly(delta, 4, name));
  if (size > kMaxHead) {
    throw Error(Errc::corrupt,
                format("{}: found a head of {} bytes, expected at most {}", name, size, kMaxHead));
  }
  const std::string text = read_exactly(delta, size, name);
  DeltaHead head = delta_head_from_json(parse_json(text, name), name);
  if (to_canonical(to_json(head)) != text) {
    throw Error(Errc::corrupt, format("{}: found a spelling that is not the canonical one", name));
  }
  return head;
}

}  // namespace sealift::bundle
