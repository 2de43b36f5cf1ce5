// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "installer/events/teller.hpp"

namespace sealift::installer {

namespace {

// An event has at most some 10 KiB, so the last line is in it whole.
constexpr std::uint64_t kEnd = 256U << 10;

// A file that grows by a line for each event. Others may read it, move it away and remove it at
// any time.
class FileTeller : public Teller {
 public:
  explicit FileTeller(std::string path) : path_(std::move(path)) {}

  // A crash behind the write and before its cursor leaves the line as the last one, whole or torn;
  // then it is not written twice.
  Answer tell(const SiteEvent& event, std::chrono::milliseconds) override {
    const std::string line = to_canonical(to_json(event));
    const bool is_new = !path_exists(path_);
    const Fd file(::open(path_.c_str(),
                         O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0640));
    if (!file.is_open()) throw_errno(path_, "open");
    refuse_other_than_file(file.get());
    const std::uint64_t size = file_bytes(path_);
    std::string end(std::min(size, kEnd), '\0');
    read_at(file.get(), size - end.size(), end, path_);
    if (end == line + "\n" || end.ends_with("\n" + line + "\n")) return {};
    const std::size_t last = end.rfind('\n') == std::string::npos ? 0 : end.rfind('\n') + 1;
    std::string torn = end.substr(last);
    if (line.starts_with(torn) &&
        ::ftruncate(file.get(), static_cast<off_t>(size - torn.size())) == 0) {
      torn.clear();
    }
    FdSink(file.get(), path_).write((torn.empty() ? "" : "\n") + line + "\n");
    sync_fd(file.get(), path_);
    if (is_new) sync_dir(fs::path(path_).parent_path());
    return {};
  }

 private:
  // A pipe whose reader sleeps would hold up who waits for us.
  void refuse_other_than_file(int fd) const {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw_errno(path_, "stat");
    if (S_ISREG(status.st_mode)) return;
    throw Error(Errc::io, format("{}: is {}, expected a file", path_, kind_of(status)));
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<Teller> file_teller(const release::Destination& to) {
  return std::make_unique<FileTeller>(to.place);
}

}  // namespace sealift::installer
