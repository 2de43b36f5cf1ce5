// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/split.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/parallel.hpp"
#include "base/path.hpp"
#include "bundle/volumes/reed_solomon.hpp"

namespace sealift::bundle {

namespace {

constexpr std::size_t kReadAtOnce = 1U << 20;
// Of all parity volumes together, what one worker makes at a time.
constexpr std::size_t kColumns = 4U << 20;

struct Original {
  explicit Original(const fs::path& path)
      : fd(open_for_reading(path)), name(path.string()), before(*status_of(path)) {}

  std::uint64_t size() const { return static_cast<std::uint64_t>(before.st_size); }

  void read(std::uint64_t offset, std::span<char> into) const {
    if (read_at(fd.get(), offset, into, name) != into.size()) refuse_change();
  }
  void refuse_if_changed(const fs::path& path) const {
    const auto now = status_of(path);
    if (!now || now->st_ino != before.st_ino || now->st_size != before.st_size ||
        now->st_mtim.tv_sec != before.st_mtim.tv_sec ||
        now->st_mtim.tv_nsec != before.st_mtim.tv_nsec) {
      refuse_change();
    }
  }

  Fd fd;
  std::string name;
  struct stat before;

 private:
  [[noreturn]] void refuse_change() const {
    throw Error(Errc::busy, format("{}: was changed while it was split", name),
                "split it when nothing writes to it");
  }
};

// A volume in the making, or only its digest where it was not asked for.
class Output {
 public:
  // The header is written last, for it has the digests of all; room for it is left here.
  void begin(const fs::path& path, std::uint64_t header_bytes) {
    file_ = std::make_unique<AtomicFile>(path, FileMode::plain);
    name_ = path.string();
    file_->write(std::string(header_bytes, '\0'));
  }
  void write(std::span<const char> bytes) {
    hasher_.update({bytes.data(), bytes.size()});
    if (file_) file_->write({bytes.data(), bytes.size()});
  }
  Digest digest() { return hasher_.finish(); }
  void commit(std::string_view header) {
    if (!file_) return;
    if (::lseek(file_->fd(), 0, SEEK_SET) != 0) throw_errno(name_, "rewind");
    file_->write(header);
    file_->commit();
  }

 private:
  std::unique_ptr<AtomicFile> file_;
  std::string name_;
  Hasher hasher_;
};

void check(const VolumeTable& table, std::uint64_t data, const SplitOptions& options) {
  if (data + options.parity > kMaxPieces) {
    throw Error(Errc::usage,
                format("{}: would be {} volumes and {} of parity, expected at most {} together",
                       table.file, data, options.parity, kMaxPieces),
                "give a larger --size");
  }
  for (const unsigned number : options.only) {
    if (number <= data + options.parity) continue;
    throw Error(
        Errc::usage,
        format("{}: has {} volumes, found --only {}", table.file, data + options.parity, number),
        "give --size and --parity as they were");
  }
}

VolumeTable table_of(const fs::path& file, std::uint64_t bytes, const SplitOptions& options) {
  if (bytes == 0) {
    throw Error(Errc::invalid_input,
                format("{}: is empty, expected something to split", file.string()));
  }
  VolumeTable table{.file = file.filename().string(),
                    .bytes = bytes,
                    .digest = Digest::of(""),
                    .release = options.release,
                    .volume_bytes = options.volume_bytes,
                    .parity = options.parity,
                    .digests = {}};
  blame(Errc::invalid_input, file.string(), [&] { check_name(table.file); });
  const std::uint64_t data = data_volumes(bytes, options.volume_bytes);
  check(table, data, options);
  table.data = static_cast<unsigned>(data);
  table.digests.assign(table.count(), Digest::of(""));
  return table;
}

// Calls `work` with the bytes of a part of the file, piece by piece.
template <typename Work>
void each_piece(const Original& file, std::uint64_t begin, std::uint64_t bytes, Progress& progress,
                Work&& work) {
  std::string buffer(kReadAtOnce, '\0');
  for (std::uint64_t done = 0; done < bytes;) {
    const std::span<char> part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), bytes - done)));
    file.read(begin + done, part);
    work(part);
    progress.advance(part.size());
    done += part.size();
  }
}

// The digest of the whole file is one piece of work, each data volume another.
void write_data(const Original& file, VolumeTable& table, std::vector<Output>& outputs,
                Progress& progress) {
  side_by_side(usable_cores(), table.data + std::size_t{1}, [&] {
    return [&](std::size_t index) {
      if (index == 0) {
        Hasher whole;
        each_piece(file, 0, table.bytes, progress, [&](std::span<char> part) {
          whole.update({part.data(), part.size()});
        });
        table.digest = whole.finish();
        return;
      }
      Output& output = outputs[index - 1];
      each_piece(file, (index - 1) * table.volume_bytes,
                 table.content_bytes(static_cast<unsigned>(index)), progress,
                 [&](std::span<char> part) { output.write(part); });
      table.digests[index - 1] = output.digest();
    };
  });
}

// The same place of all parity volumes.
std::vector<std::string> parity_at(const Original& file, const VolumeTable& table,
                                   std::uint64_t offset, std::size_t bytes) {
  std::vector<std::string> sums(table.parity, std::string(bytes, '\0'));
  std::string buffer(bytes, '\0');
  for (unsigned number = 1; number <= table.data; ++number) {
    const std::uint64_t there = table.content_bytes(number);
    if (offset >= there) continue;  // the last one may be shorter: zeros
    const std::span<char> part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes, there - offset)));
    file.read((number - 1) * table.volume_bytes + offset, part);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      add_product(sums[i], part, parity_factor(i, number - 1));
    }
  }
  return sums;
}

void write_parity(const Original& file, VolumeTable& table, std::vector<Output>& outputs,
                  Progress& progress) {
  if (table.parity == 0) return;
  const std::uint64_t length = table.content_bytes(table.data + 1);
  const std::size_t columns = std::min<std::uint64_t>(length, kColumns / table.parity);
  Workers workers(usable_cores());
  Ordered<std::vector<std::string>> queue(workers);
  const auto write_one = [&] {
    const std::vector<std::string> sums = queue.take();
    for (std::size_t i = 0; i < sums.size(); ++i) outputs[table.data + i].write(sums[i]);
    progress.advance(sums.front().size() * table.data);
  };
  for (std::uint64_t offset = 0; offset < length; offset += columns) {
    if (queue.full()) write_one();
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(columns, length - offset));
    queue.put([&file, &table, offset, bytes] { return parity_at(file, table, offset, bytes); });
  }
  while (!queue.empty()) write_one();
  for (unsigned i = table.data; i < table.count(); ++i) table.digests[i] = outputs[i].digest();
}

}  // namespace

Volumes split(const fs::path& path, const SplitOptions& options, const fs::path& folder,
              Progress& progress) {
  const Original file(path);
  VolumeTable table = table_of(path, file.size(), options);
  make_dirs(folder);
  Numbers written = options.only;
  for (unsigned number = 1; options.only.empty() && number <= table.count(); ++number) {
    written.push_back(number);
  }
  std::vector<Output> outputs(table.count());
  for (const unsigned number : written) {
    outputs[number - 1].begin(folder / volume_name(table, number),
                              to_bytes({table, number}).size());
  }
  progress.begin("splitting", table.bytes * (table.parity == 0 ? 2 : 3));
  write_data(file, table, outputs, progress);
  write_parity(file, table, outputs, progress);
  file.refuse_if_changed(path);
  for (const unsigned number : written) outputs[number - 1].commit(to_bytes({table, number}));
  progress.end();
  return {.table = std::move(table), .written = std::move(written)};
}

}  // namespace sealift::bundle
