// SPDX-License-Identifier: Apache-2.0
#include "installer/site/audit.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

// Bytes: details are cut to less, so a longer last line was not written here.
constexpr std::uint64_t kMaxLine = 16U << 10;
constexpr std::size_t kMaxDetails = 4096;
constexpr std::uint64_t kMaxLog = 1ULL << 30;

// The last complete line of the file, and where it ends.
struct Tail {
  std::string line;
  std::uint64_t end = 0;
};

// Only the end is read: an append costs the same in a log of many years.
Tail read_tail(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(name, "stat");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t from = size > 2 * kMaxLine ? size - 2 * kMaxLine : 0;
  std::string bytes(size - from, '\0');
  read_at(fd, from, bytes, name);
  const std::size_t newline = bytes.rfind('\n');
  if (newline == std::string::npos) {
    if (from == 0) return {};
    throw Error(Errc::corrupt,
                format("{}: found a last line of more than {} bytes", name, bytes.size()));
  }
  const std::size_t before = newline == 0 ? std::string::npos : bytes.rfind('\n', newline - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return {.line = bytes.substr(begin, newline - begin), .end = from + newline + 1};
}

std::uint64_t transaction_of_details_from_json(const Json& details) {
  const auto number = details.find("transaction");
  return number != details.end() && number->is_number_unsigned() ? number->get<std::uint64_t>() : 0;
}

std::string digest_of_line(const std::string& line) {
  return Digest::of(line + "\n").hex();
}

}  // namespace

// A file that is new is itself synced into its folder, or a power cut would take the whole log.
void AuditLog::append(const std::string& event, Json details) {
  if (std::string text = to_canonical(details); text.size() > kMaxDetails) {
    const std::uint64_t transaction = transaction_of_details_from_json(details);
    details = {{"cut", printable(text, kMaxDetails)}};
    if (transaction != 0) details["transaction"] = transaction;
  }
  const std::string name = file_.string();
  const bool is_new = !path_exists(file_);
  const Fd fd(::open(file_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.is_open()) throw_errno(name, "open");
  const Tail tail = read_tail(fd.get(), name);
  std::uint64_t sequence = 0;
  std::string previous;
  if (!tail.line.empty()) {
    const Json last = parse_json(tail.line, name);
    sequence = Fields(last, name).number("seq") + 1;
    previous = digest_of_line(tail.line);
  }
  const std::string line = to_canonical({{"seq", sequence},
                                         {"prev", previous},
                                         {"time", to_text(clock_.now())},
                                         {"actor", acting_user()},
                                         {"event", event},
                                         {"details", std::move(details)}}) +
                           "\n";
  if (::ftruncate(fd.get(), static_cast<off_t>(tail.end)) != 0 ||
      ::lseek(fd.get(), static_cast<off_t>(tail.end), SEEK_SET) < 0) {
    throw_errno(name, "cut a torn line of");
  }
  FdSink(fd.get(), name).write(line);
  sync_fd(fd.get(), name);
  if (is_new) sync_dir(file_.parent_path());
}

std::vector<Json> AuditLog::entries() const {
  std::vector<Json> entries;
  if (!path_exists(file_)) return entries;
  const std::string bytes = read_file(file_, kMaxLog);
  std::string previous;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string where = format("{}: line {}", file_.string(), entries.size() + 1);
    const std::size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) break;  // torn by a power cut; cut at the next append
    const std::string line(rest.substr(0, newline));
    Json value = parse_json(line, where);
    Fields fields(value, where);
    fields.constant("seq", entries.size());
    fields.constant("prev", previous);
    if (to_canonical(value) != line) {
      throw Error(Errc::corrupt,
                  format("{}: found a spelling that is not the canonical one", where));
    }
    previous = digest_of_line(line);
    entries.push_back(std::move(value));
    rest.remove_prefix(newline + 1);
  }
  return entries;
}

bool AuditLog::tells_of(std::uint64_t transaction) const {
  const std::vector<Json> all = entries();
  return std::any_of(all.begin(), all.end(), [&](const Json& entry) {
    return transaction_from_json(entry) == transaction;
  });
}

AuditLog::Head AuditLog::head() const {
  const std::vector<Json> all = entries();
  if (all.empty()) return {.count = 0, .digest = {}};
  return {.count = all.size(), .digest = digest_of_line(to_canonical(all.back()))};
}

std::uint64_t transaction_from_json(const Json& entry) {
  return transaction_of_details_from_json(object_at(entry, "details"));
}

// A name that anybody can set: it says who it was among those who may do this, and proves nothing.
std::string acting_user() {
  if (const char* behind = std::getenv("SUDO_USER")) return printable(behind, 64);
  // The environment is asked, not the user database: reading that needs the host's libraries.
  if (const char* user = std::getenv("USER")) return printable(user, 64);
  return format("uid {}", ::getuid());
}

}  // namespace sealift::installer
