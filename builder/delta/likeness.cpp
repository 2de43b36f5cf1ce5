// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/likeness.hpp"

#include <algorithm>
#include <tuple>

#include "content/frames.hpp"

namespace sealift::builder {

using bundle::Range;

namespace {

// Of a file that is larger, what stands around the same place in it.
constexpr std::uint64_t kWhole = 4U << 20;
constexpr std::uint64_t kAround = 2U << 20;
// What changed between two chunks that were found again is likely between them in the base too.
constexpr std::uint64_t kGap = 64U << 10;
// A shorter copy costs more as one than inside of a patch.
constexpr std::uint64_t kShortestCopy = 16U << 10;

// The first thing that ends behind `offset`.
std::vector<Placed>::const_iterator first_at(const std::vector<Placed>& placed,
                                             std::uint64_t offset) {
  return std::upper_bound(
      placed.begin(), placed.end(), offset,
      [](std::uint64_t at, const Placed& each) { return at < each.offset + each.size; });
}

}  // namespace

void BySize::sort() {
  std::sort(all_.begin(), all_.end(), [](const Entry& a, const Entry& b) {
    return std::tuple(a.hash, a.size, a.placed->offset) <
           std::tuple(b.hash, b.size, b.placed->offset);
  });
}

const Placed* BySize::nearest(std::uint64_t hash, std::uint64_t size) const {
  const auto larger = std::lower_bound(all_.begin(), all_.end(), std::pair(hash, size),
                                       [](const Entry& each, const auto& wanted) {
                                         return std::pair(each.hash, each.size) < wanted;
                                       });
  const Entry* best = larger != all_.end() && larger->hash == hash ? &*larger : nullptr;
  if (larger == all_.begin() || std::prev(larger)->hash != hash) {
    return best == nullptr ? nullptr : best->placed;
  }
  const Entry& smaller = *std::prev(larger);
  if (best == nullptr || size - smaller.size < best->size - size) best = &smaller;
  return best->placed;
}

// Of a payload.
struct Likeness::Span {
  std::uint64_t begin;
  std::uint64_t end;
};

// What is wanted most comes first: when the prefix is full, the rest is left out.
class Likeness::Wanted {
 public:
  explicit Wanted(std::uint64_t base_size) : base_size_(base_size) {}

  void add(std::uint64_t begin, std::uint64_t end) {
    end = std::min(end, base_size_);
    if (begin >= end || total_ + (end - begin) > content::kMaxPrefix) return;
    total_ += end - begin;
    spans_.push_back({begin, end});
  }

  // Joined where no more than a gap is between them.
  std::vector<Range> ranges() {
    std::sort(spans_.begin(), spans_.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
    std::vector<Span> joined;
    for (const Span& span : spans_) {
      if (!joined.empty() && span.begin <= joined.back().end + kGap) {
        joined.back().end = std::max(joined.back().end, span.end);
      } else {
        joined.push_back(span);
      }
    }
    std::vector<Range> ranges;
    std::uint64_t total = 0;
    for (const Span& span : joined) {
      const std::uint64_t size = span.end - span.begin;
      if (total + size > content::kMaxPrefix) break;
      total += size;
      ranges.push_back({.offset = span.begin, .length = static_cast<std::uint32_t>(size)});
    }
    return ranges;
  }

 private:
  std::uint64_t base_size_;
  std::uint64_t total_ = 0;
  std::vector<Span> spans_;
};

// The part that is asked about, and what is known of it.
struct Likeness::Part {
  std::uint64_t begin;
  std::uint64_t end;
  std::string_view content;
  std::vector<Copy> same;    // as digests say, in order
  std::vector<Span> like;    // in the base, by name
  std::vector<Copy> copies;  // compared
  std::vector<Span> fresh;   // what is no copy
};

Likeness::Likeness(const PayloadOutline& target, const PayloadOutline& base,
                   const bundle::PayloadBytes& base_bytes, const ChunkIndex& chunks)
    : target_(target), base_outline_(base), base_(base_bytes), chunks_(chunks) {
  for (const Placed& blob : base.blobs) same_.add(blob.content, blob);
  for (const Placed& file : base.files) {
    same_.add(file.content, file);
    by_path_.add(file.path, file);
    by_stem_.add(file.stem, file);
  }
  for (BySize* each : {&same_, &by_path_, &by_stem_}) each->sort();
}

// Where a content stands in the base more than once, the place that goes on from what was copied
// before is the best: the two are one copy.
const Placed* Likeness::same_as(const Placed& placed, const Part& part) const {
  if (!part.same.empty() && part.same.back().end == placed.offset) {
    const Copy& before = part.same.back();
    const std::uint64_t next = before.from + (before.end - before.begin);
    const auto found = first_at(base_outline_.files, next);
    if (found != base_outline_.files.end() && found->offset == next &&
        found->content == placed.content && found->size == placed.size) {
      return &*found;
    }
  }
  const Placed* same = same_.nearest(placed.content, placed.size);
  return same != nullptr && same->size == placed.size ? same : nullptr;
}

// A large file that is only like is wanted around the same place: what was inserted before may have
// moved it, and the chunks find it where it was moved further.
void Likeness::look_at(const Placed& placed, Part& part) const {
  const std::uint64_t begin = std::max(placed.offset, part.begin);
  const std::uint64_t end = std::min(placed.offset + placed.size, part.end);
  const std::uint64_t skipped = begin - placed.offset;
  if (const Placed* same = same_as(placed, part)) {
    const std::uint64_t from = same->offset + skipped;
    // Neighbours that are neighbours there too are one copy.
    if (!part.same.empty() && part.same.back().end == begin &&
        part.same.back().from + (begin - part.same.back().begin) == from) {
      part.same.back().end = end;
    } else {
      part.same.push_back({.begin = begin, .end = end, .from = from});
    }
    return;
  }
  const Placed* like = by_path_.nearest(placed.path, placed.size);
  if (like == nullptr) like = by_stem_.nearest(placed.stem, placed.size);
  if (like == nullptr) return;
  if (like->size <= kWhole) {
    part.like.push_back({like->offset, like->offset + like->size});
  } else {
    const std::uint64_t back = std::min(skipped, kAround);
    part.like.push_back(
        {like->offset + skipped - back,
         std::min(like->offset + skipped + (end - begin) + kAround, like->offset + like->size)});
  }
}

// A file of the same content may have another name, and so another header: the bytes decide.
void Likeness::take_copies(Part& part) const {
  std::uint64_t done = part.begin;
  for (Copy copy : part.same) {
    std::string bytes;
    base_.append(
        bytes, {.offset = copy.from, .length = static_cast<std::uint32_t>(copy.end - copy.begin)});
    const std::string_view here =
        part.content.substr(copy.begin - part.begin, copy.end - copy.begin);
    const auto [differs, there] = std::mismatch(here.rbegin(), here.rend(), bytes.rbegin());
    copy.from += static_cast<std::uint64_t>(here.rend() - differs);
    copy.begin += static_cast<std::uint64_t>(here.rend() - differs);
    if (copy.end - copy.begin < kShortestCopy) {
      part.like.push_back({copy.from, copy.from + (copy.end - copy.begin)});
      continue;
    }
    if (done < copy.begin) part.fresh.push_back({done, copy.begin});
    done = copy.end;
    part.copies.push_back(copy);
  }
  if (done < part.end) part.fresh.push_back({done, part.end});
}

// Whatever the names say: content that moved to another file, or far within a large one.
void Likeness::look_for_chunks(const Part& part, Wanted& wanted) const {
  for (const Span& span : part.fresh) {
    each_chunk(part.content.substr(span.begin - part.begin, span.end - span.begin),
               [&](std::size_t at, std::string_view chunk) {
                 if (const auto place = chunks_.find(chunk, span.begin + at)) {
                   wanted.add(*place, *place + chunk.size());
                 }
               });
  }
}

Likes Likeness::of(std::uint64_t offset, std::string_view content) const {
  Part part{.begin = offset,
            .end = offset + content.size(),
            .content = content,
            .same = {},
            .like = {},
            .copies = {},
            .fresh = {}};
  for (auto blob = first_at(target_.blobs, offset);
       blob != target_.blobs.end() && blob->offset < part.end; ++blob) {
    // An unchanged blob is taken whole, and its files are not looked at.
    if (same_as(*blob, part) != nullptr) {
      look_at(*blob, part);
      continue;
    }
    const std::uint64_t end = std::min(blob->offset + blob->size, part.end);
    for (auto file = first_at(target_.files, std::max(blob->offset, offset));
         file != target_.files.end() && file->offset < end; ++file) {
      look_at(*file, part);
    }
  }
  take_copies(part);
  Wanted wanted(base_.size());
  for (const Span& span : part.like) wanted.add(span.begin, span.end);
  look_for_chunks(part, wanted);
  return {.copies = std::move(part.copies), .prefix = wanted.ranges()};
}

}  // namespace sealift::builder
