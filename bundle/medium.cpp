// SPDX-License-Identifier: Apache-2.0
#include "bundle/medium.hpp"

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "bundle/volumes/volume_set.hpp"

namespace sealift::bundle {

namespace {

class FileMedium : public Medium {
 public:
  explicit FileMedium(const std::string& path) : name_(path), access_(path) {}

  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return access_.size(); }
  std::size_t read_at(std::uint64_t offset, std::span<char> into) const override {
    return access_.read_at(offset, into);
  }
  void read(const std::function<void(Source&)>& work) override {
    AccessSource source(access_, 0);
    work(source);
  }

 private:
  std::string name_;
  FileAccess access_;
};

class VolumesMedium : public Medium {
 public:
  explicit VolumesMedium(const std::vector<fs::path>& paths) : set_(paths) {}

  const std::string& name() const override { return set_.table().file; }
  std::uint64_t size() const override { return set_.size(); }
  std::size_t read_at(std::uint64_t offset, std::span<char> into) const override {
    return set_.read_at(offset, into);
  }
  // Ends: each further try has at least one volume less.
  void read(const std::function<void(Source&)>& work) override {
    while (true) {
      try {
        const std::unique_ptr<Source> source = set_.source();
        return work(*source);
      } catch (const Error& error) {
        if (error.code() != Errc::corrupt) throw;
        log::detail(format("{}; every volume is compared with its digest", error.message()));
        if (!set_.check()) throw;
      }
    }
  }

 private:
  VolumeSet set_;
};

}  // namespace

std::unique_ptr<Medium> open_medium(const std::vector<std::string>& paths) {
  const std::vector<fs::path> files(paths.begin(), paths.end());
  if (!are_volumes(files)) return std::make_unique<FileMedium>(paths.front());
  std::unique_ptr<Medium> medium;
  without_changes([&] { medium = std::make_unique<VolumesMedium>(files); });
  return medium;
}

std::string typed_paths(const std::vector<std::string>& paths) {
  constexpr std::size_t kFew = 3;
  return paths.size() > kFew ? "VOLUME..." : joined(paths, " ");
}

}  // namespace sealift::bundle
