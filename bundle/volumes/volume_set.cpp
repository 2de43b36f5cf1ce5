// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/volume_set.hpp"

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/parallel.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::bundle {

namespace {

constexpr std::size_t kComputeAtOnce = 256U << 10;

struct Given {
  Fd fd;
  std::string path;
};

bool is_volume(const Entry& entry) {
  return entry.type == EntryType::file && entry.name.ends_with(kVolumeEnding);
}

// Links in a folder are not followed: who filled a medium shall not choose what is read.
void add_folder(const fs::path& path, std::vector<Given>& given) {
  const Dir folder = Dir::open(path);
  const std::size_t before = given.size();
  for (const Entry& entry : folder.entries()) {
    if (!is_volume(entry)) continue;
    given.push_back({folder.open_file(entry.name), (path / entry.name).string()});
  }
  if (given.size() == before) {
    throw Error(Errc::invalid_input, format("{}: holds no volumes", path.string()),
                format("their names end with {}", kVolumeEnding));
  }
}

std::vector<Given> opened(const std::vector<fs::path>& paths) {
  std::vector<Given> given;
  for (const fs::path& path : paths) {
    if (dir_exists(path)) {
      add_folder(path, given);
    } else {
      given.push_back({open_for_reading(path), path.string()});
    }
  }
  return given;
}

// Its first bytes; fewer where it is shorter.
std::string beginning_of(int fd, const std::string& path, std::size_t count) {
  std::string bytes(count, '\0');
  bytes.resize(read_at(fd, 0, bytes, path));
  return bytes;
}

std::string digest_words(const VolumeTable& table) {
  if (!table.release) return format("{} ({})", table.file, table.digest.short_hex());
  return format("{} (release {})", table.file, table.release->digest.short_hex());
}

// One line for each set, so that a person knows which volumes to take away.
[[noreturn]] void refuse_mixture(const std::map<std::string, std::vector<std::string>>& sets) {
  std::vector<std::string> lines;
  lines.reserve(sets.size());
  for (const auto& [title, paths] : sets) {
    lines.push_back(format("{}: {}{}", title, printable(paths.front()),
                           paths.size() == 1 ? "" : format(" and {} more", paths.size() - 1)));
  }
  throw Error(Errc::invalid_input,
              format("found volumes that do not belong together, expected those of one file: {}",
                     joined(lines, "; ")),
              "give the volumes of one of them");
}

}  // namespace

struct VolumeSet::Found {
  Fd fd;
  std::string path;
  VolumeHeader header;
  std::uint64_t header_bytes;
};

VolumeSet::VolumeSet(const std::vector<fs::path>& paths) {
  std::vector<Found> found;
  std::optional<Error> first;
  for (Given& given : opened(paths)) {
    const std::string start = beginning_of(given.fd.get(), given.path, kMaxHeaderBytes);
    if (!start.starts_with(kVolumeMagic) && !given.path.ends_with(kVolumeEnding)) {
      throw Error(Errc::invalid_input, format("{}: is no volume", printable(given.path)),
                  "give one bundle, or the volumes of one, or their folder");
    }
    try {
      VolumeHeader header = parse_volume_header(start, printable(given.path));
      const std::uint64_t header_bytes = to_bytes(header).size();
      found.push_back({std::move(given.fd), given.path, std::move(header), header_bytes});
    } catch (const Error& error) {
      if (error.code() != Errc::corrupt) throw;
      if (!first) first = error;
      strange_.push_back(error.message());
    }
  }
  if (found.empty()) throw *first;
  take(std::move(found));
}

// Where two files are the same volume, the one that is as long as it should be counts.
void VolumeSet::take(std::vector<Found> found) {
  std::map<std::string, std::vector<std::string>> sets;
  bool is_mixed = false;
  for (const Found& each : found) {
    const VolumeTable& table = each.header.table;
    if (table != found.front().header.table) is_mixed = true;
    sets[format("{} in {} and {} of {} bytes", digest_words(table), table.data, table.parity,
                table.volume_bytes)]
        .push_back(each.path);
  }
  if (is_mixed) refuse_mixture(sets);
  table_ = found.front().header.table;
  volumes_.resize(table_->count());
  for (Found& each : found) {
    const unsigned number = each.header.number;
    Volume& volume = volumes_[number - 1];
    if (volume.fd.is_open()) continue;
    volume = {std::move(each.fd), std::move(each.path), each.header_bytes};
    const std::uint64_t expected = each.header_bytes + table_->content_bytes(number);
    const std::uint64_t size = FdAccess(volume.fd.get(), volume.path).size();
    if (size == expected) continue;
    strange_.push_back(
        format("{}: found {} bytes, expected {}", printable(volume.path), size, expected));
    volume.fd = Fd();
  }
  for (unsigned number = 1; number <= table_->count(); ++number) {
    if (!is_lost(number)) continue;
    (volumes_[number - 1].path.empty() ? missing_ : damaged_).push_back(number);
  }
  settle();
}

void VolumeSet::lose(unsigned number) {
  volumes_[number - 1].fd = Fd();
  damaged_.push_back(number);
}

// What is lost, in words that are as short as they can be; then how it is made good, or that it
// cannot be.
void VolumeSet::settle() {
  if (missing_.empty() && damaged_.empty()) return;
  std::sort(damaged_.begin(), damaged_.end());
  const auto are = [&](const Numbers& numbers, std::string_view what) {
    return format("{} of {} {} {}", spoken(numbers), table_->count(),
                  numbers.size() == 1 ? "is" : "are", what);
  };
  std::vector<std::string> words;
  if (!damaged_.empty()) words.push_back(are(damaged_, "damaged"));
  if (!missing_.empty()) words.push_back(are(missing_, "missing"));
  Numbers lost = missing_;
  lost.insert(lost.end(), damaged_.begin(), damaged_.end());
  std::sort(lost.begin(), lost.end());
  const std::string what = format("{}: {}", table_->file, joined(words, ", "));
  if (lost.size() > table_->parity) {
    std::string why;
    if (table_->parity > 0) why = format("; parity makes good {} at most", table_->parity);
    for (const std::string& each : strange_) why += format("; {}", each);
    throw Error(Errc::corrupt, format("{}{}", what, why),
                format("carry {} again; to make {} again: {}", lost.size() == 1 ? "it" : "them",
                       lost.size() == 1 ? "it" : "them", make_again(*table_, lost)));
  }
  left_.clear();
  for (unsigned number = 1; number <= table_->count() && left_.size() < table_->data; ++number) {
    if (!is_lost(number)) left_.push_back(number - 1);
  }
  recovery_ = recovery_factors(left_);
  log::warning(format("{}; parity makes it good; to make {} again: {}", what,
                      lost.size() == 1 ? "it" : "them", make_again(*table_, lost)));
}

void VolumeSet::read_volume(unsigned number, std::uint64_t offset, std::span<char> into) const {
  const Volume& volume = volumes_[number - 1];
  blame(Errc::corrupt, format("volume {} of {}", number, table_->count()), [&] {
    if (sealift::read_at(volume.fd.get(), volume.content_at + offset, into, volume.path) !=
        into.size()) {
      throw Error(Errc::corrupt,
                  format("{}: became shorter while it was read", printable(volume.path)));
    }
  });
}

void VolumeSet::recover(unsigned number, std::uint64_t offset, std::span<char> into) const {
  const std::vector<Factor>& factors = recovery_.at(number - 1);
  std::fill(into.begin(), into.end(), '\0');
  std::string buffer(std::min(into.size(), kComputeAtOnce), '\0');
  for (std::size_t done = 0; done < into.size();) {
    const std::span<char> sum = into.subspan(done, std::min(buffer.size(), into.size() - done));
    for (std::size_t i = 0; i < left_.size(); ++i) {
      const unsigned other = static_cast<unsigned>(left_[i]) + 1;
      const std::uint64_t at = offset + done;
      const std::uint64_t there = table_->content_bytes(other);
      if (at >= there) continue;  // the last data volume may be shorter: zeros
      const std::span<char> part = std::span(buffer).first(
          static_cast<std::size_t>(std::min<std::uint64_t>(sum.size(), there - at)));
      read_volume(other, at, part);
      add_product(sum, part, factors[i]);
    }
    done += sum.size();
  }
}

std::size_t VolumeSet::read_at(std::uint64_t offset, std::span<char> into) const {
  std::size_t done = 0;
  while (done < into.size() && offset + done < table_->bytes) {
    const std::uint64_t place = offset + done;
    const auto number = static_cast<unsigned>(place / table_->volume_bytes) + 1;
    const std::uint64_t within = place % table_->volume_bytes;
    const std::span<char> part =
        into.subspan(done, static_cast<std::size_t>(std::min<std::uint64_t>(
                               into.size() - done, table_->content_bytes(number) - within)));
    if (is_lost(number)) {
      recover(number, within, part);
    } else {
      read_volume(number, within, part);
    }
    done += part.size();
  }
  return done;
}

namespace {

class VolumeSource : public Source {
 public:
  explicit VolumeSource(const VolumeSet& set) : set_(set) {}

  std::size_t read(std::span<char> into) override {
    const VolumeTable& table = set_.table();
    if (number_ > table.data) return 0;
    const std::uint64_t left = table.content_bytes(number_) - within_;
    const std::span<char> part =
        into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left)));
    set_.read_at((number_ - 1) * table.volume_bytes + within_, part);
    hasher_.update({part.data(), part.size()});
    within_ += part.size();
    if (part.size() == left) end_volume();
    return part.size();
  }

 private:
  void end_volume() {
    const VolumeTable& table = set_.table();
    if (hasher_.finish() != table.digests[number_ - 1]) {
      throw Error(Errc::corrupt,
                  format("{}: volume {} of {}: content is not what its header says", table.file,
                         number_, table.count()),
                  "carry this volume again");
    }
    ++number_;
    within_ = 0;
  }

  const VolumeSet& set_;
  unsigned number_ = 1;
  std::uint64_t within_ = 0;  // the volume
  Hasher hasher_;
};

}  // namespace

std::unique_ptr<Source> VolumeSet::source() const {
  return std::make_unique<VolumeSource>(*this);
}

Digest VolumeSet::digest_of(unsigned number) const {
  Hasher hasher;
  std::string buffer(kComputeAtOnce, '\0');
  const std::uint64_t size = table_->content_bytes(number);
  for (std::uint64_t done = 0; done < size;) {
    const std::span<char> part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - done)));
    read_volume(number, done, part);
    hasher.update({part.data(), part.size()});
    done += part.size();
  }
  return hasher.finish();
}

bool VolumeSet::check() {
  std::vector<char> is_bad(volumes_.size());
  side_by_side(usable_cores(), volumes_.size(), [&] {
    return [&](std::size_t index) {
      const auto number = static_cast<unsigned>(index) + 1;
      if (is_lost(number)) return;
      try {
        is_bad[index] = digest_of(number) == table_->digests[index] ? 0 : 1;
      } catch (const Error&) {
        is_bad[index] = 1;  // a sector that cannot be read
      }
    };
  });
  const bool any = std::find(is_bad.begin(), is_bad.end(), 1) != is_bad.end();
  for (std::size_t index = 0; index < is_bad.size(); ++index) {
    if (is_bad[index] != 0) lose(static_cast<unsigned>(index) + 1);
  }
  if (any) settle();
  return any;
}

bool holds_volumes(const fs::path& folder) {
  const std::vector<Entry> entries = Dir::open(folder).entries();
  return std::any_of(entries.begin(), entries.end(), is_volume);
}

bool are_volumes(const std::vector<fs::path>& paths) {
  if (paths.size() != 1) return true;
  const fs::path& path = paths.front();
  if (dir_exists(path) || path.string().ends_with(kVolumeEnding)) return true;
  const Fd fd = open_for_reading(path);
  return beginning_of(fd.get(), path.string(), kVolumeMagic.size()) == kVolumeMagic;
}

}  // namespace sealift::bundle
