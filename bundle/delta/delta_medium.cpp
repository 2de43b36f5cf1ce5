// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/delta_medium.hpp"

#include <mutex>
#include <optional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/sandbox.hpp"
#include "bundle/delta/expanded.hpp"

namespace sealift::bundle {

namespace {

// Opened before anything is confined: then no file can be made any more. Closed where nothing can
// be written; whoever only reads from the first byte on needs none.
Fd open_room(const fs::path& scratch) {
  try {
    return open_scratch(scratch);
  } catch (const Error& error) {
    log::detail(error.message());
  }
  try {
    return open_scratch(temporary_folder());
  } catch (const Error& error) {
    log::detail(error.message());
    return Fd();
  }
}

class DeltaMedium : public Medium {
 public:
  DeltaMedium(std::unique_ptr<Medium> delta, DeltaHead head, std::unique_ptr<BaseBundle> base,
              const fs::path& scratch)
      : delta_(std::move(delta)),
        head_(std::move(head)),
        base_(std::move(base)),
        scratch_(open_room(scratch)) {}

  const std::string& name() const override { return delta_->name(); }
  std::uint64_t size() const override { return whole().size(); }
  // What is compressed in less time takes more room.
  std::uint64_t room() const override { return head_.bytes + head_.bytes / 3; }
  std::size_t read_at(std::uint64_t offset, std::span<char> into) const override {
    return whole().read_at(offset, into);
  }
  void read(const std::function<void(Source&)>& work) override { expand(work); }

 private:
  // The threads that patch are started by whoever reads, and are confined as that is.
  void expand(const std::function<void(Source&)>& work) const {
    delta_->read([&](Source& delta) {
      const DeltaHead head = read_delta_head(delta, name());
      require_base(head, *base_);
      Workers workers(usable_cores());
      Expanded bundle(delta, head, name(), base_->payload(), workers, Frames::fast);
      work(bundle);
    });
  }

  const RandomAccess& whole() const {
    if (!scratch_.is_open()) {
      throw Error(Errc::io, format("{}: found no folder where its bundle can be made", name()),
                  "set TMPDIR to one that can be written");
    }
    std::call_once(is_made_, [&] {
      without_changes([&] {
        expand([&](Source& bundle) {
          empty_file(scratch_.get(), name());
          FdSink sink(scratch_.get(), name());
          copy(bundle, sink);
        });
      });
      whole_.emplace(scratch_.get(), name());
    });
    return *whole_;
  }

  std::unique_ptr<Medium> delta_;
  DeltaHead head_;
  std::unique_ptr<BaseBundle> base_;
  Fd scratch_;
  mutable std::once_flag is_made_;
  mutable std::optional<FdAccess> whole_;
};

// Nothing where the medium holds no delta.
std::optional<DeltaHead> head_in(Medium& medium) {
  std::optional<DeltaHead> head;
  without_changes([&] {
    medium.read([&](Source& source) {
      PeekedSource start(source, kDeltaMagic.size());
      if (is_delta(start.first())) head = read_delta_head(start, medium.name());
    });
  });
  return head;
}

}  // namespace

std::unique_ptr<Medium> with_base(std::unique_ptr<Medium> medium, const FindBase& find,
                                  const fs::path& scratch) {
  std::optional<DeltaHead> head = head_in(*medium);
  if (!head) return medium;
  std::unique_ptr<BaseBundle> base = find(*head);
  require_base(*head, *base);
  return std::make_unique<DeltaMedium>(std::move(medium), std::move(*head), std::move(base),
                                       scratch);
}

}  // namespace sealift::bundle
