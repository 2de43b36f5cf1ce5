// SPDX-License-Identifier: Apache-2.0
#include "installer/site/audit.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
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

std::uint64_t transaction_from_json(const Json& details) {
  const auto number = details.find("transaction");
  return number != details.end() && number->is_number_unsigned() ? number->get<std::uint64_t>() : 0;
}

AuditEntry entry_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  return {.sequence = fields.number("seq"),
          .time = fields.time("time"),
          .actor = fields.text("actor"),
          .event = fields.text("event"),
          .details = fields.value("details")};
}

// Reads a line that stands behind `sequence` others, the last of which has the digest `previous`.
void parse_line(std::uint64_t sequence, const std::string& previous, AuditLine& line) {
  const Json value = parse_json(line.text, format("line {}", line.number));
  line.entry = entry_from_json(value, format("line {}", line.number));
  Fields fields(value, format("line {}", line.number));
  fields.constant("seq", sequence);
  fields.constant("prev", previous);
  if (to_canonical(value) != line.text) {
    throw Error(Errc::corrupt,
                format("line {}: found a spelling that is not the canonical one", line.number));
  }
}

// One writer at a time; given back with it.
class Turn {
 public:
  Turn(int fd, const std::string& name) : fd_(fd) {
    while (::flock(fd, LOCK_EX) != 0) {
      if (errno != EINTR) throw_errno(name, "lock");
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { ::flock(fd_, LOCK_UN); }

 private:
  int fd_;
};

}  // namespace

struct AuditWriter::Last {
  std::uint64_t end = 0;    // bytes
  std::uint64_t lines = 0;  // up to and with it
  std::string line;         // empty: there is none
};

// A file that is new is itself synced into its folder, or a power cut would take the whole log.
AuditWriter::AuditWriter(const fs::path& file, const Clock& clock)
    : name_(file.string()), clock_(clock) {
  if (!path_exists(file)) unsynced_folder_ = file.parent_path();
  fd_ = Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd_.is_open()) throw_errno(name_, "open");
}

AuditWriter::Last AuditWriter::read_last() const {
  const Tail tail = read_tail(fd_.get(), name_);
  if (tail.line.empty()) return {.end = tail.end, .lines = 0, .line = {}};
  const Json last = parse_json(tail.line, name_);
  return {.end = tail.end, .lines = Fields(last, name_).number("seq") + 1, .line = tail.line};
}

void AuditWriter::write(const Last& last, const std::string& event, const Json& details) {
  const std::string previous = last.line.empty() ? "" : digest_of_line(last.line).hex();
  const std::string line = to_canonical({{"seq", last.lines},
                                         {"prev", previous},
                                         {"time", to_text(clock_.now())},
                                         {"actor", acting_user()},
                                         {"event", event},
                                         {"details", details}}) +
                           "\n";
  if (::ftruncate(fd_.get(), static_cast<off_t>(last.end)) != 0 ||
      ::lseek(fd_.get(), static_cast<off_t>(last.end), SEEK_SET) < 0) {
    throw_errno(name_, "cut a torn line of");
  }
  FdSink(fd_.get(), name_).write(line);
  sync_fd(fd_.get(), name_);
  if (unsynced_folder_) sync_dir(*unsynced_folder_);
  unsynced_folder_.reset();
}

void AuditWriter::append(const std::string& event, Json details) {
  if (std::string text = to_canonical(details); text.size() > kMaxDetails) {
    const std::uint64_t transaction = transaction_from_json(details);
    details = {{"cut", printable(text, kMaxDetails)}};
    if (transaction != 0) details["transaction"] = transaction;
  }
  const Turn turn(fd_.get(), name_);
  write(read_last(), event, details);
}

Checkpoint AuditWriter::checkpoint(const SiteKey& key, const std::string& site) {
  const Turn turn(fd_.get(), name_);
  const Last last = read_last();
  if (!last.line.empty()) {
    const auto known = checkpoint_of(entry_from_json(parse_json(last.line, name_), name_));
    if (known && known->key() == key.public_key()) return *known;
  }
  const Digest head = last.line.empty() ? Digest::of("") : digest_of_line(last.line);
  Checkpoint made = Checkpoint::signed_by(key, site, last.lines, head, clock_.now());
  write(last, std::string(kCheckpointEvent), {{"checkpoint", made.line()}});
  return made;
}

// A line that does not follow is taken as it is, so that those behind it are judged by it, and one
// mistake is said once.
AuditText AuditLog::text() const {
  AuditText all;
  if (!path_exists(file_)) return all;
  const std::string bytes = read_file(file_, kMaxLog);
  std::string previous;
  std::uint64_t sequence = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) {
      all.torn_bytes = rest.size();
      break;  // torn by a power cut; cut at the next append
    }
    AuditLine line{.number = all.lines.size() + 1,
                   .text = std::string(rest.substr(0, newline)),
                   .entry = {},
                   .mistake = {}};
    try {
      parse_line(sequence, previous, line);
    } catch (const Error& error) {
      line.mistake = error.message();
    }
    previous = digest_of_line(line.text).hex();
    sequence = (line.entry ? line.entry->sequence : sequence) + 1;
    all.lines.push_back(std::move(line));
    rest.remove_prefix(newline + 1);
  }
  return all;
}

std::vector<AuditLine> AuditLog::sound_lines() const {
  std::vector<AuditLine> lines = text().lines;
  for (const AuditLine& line : lines) {
    if (line.mistake.empty()) continue;
    throw Error(Errc::corrupt, format("{}: {}", file_.string(), line.mistake));
  }
  return lines;
}

std::vector<AuditEntry> AuditLog::entries() const {
  std::vector<AuditEntry> entries;
  for (AuditLine& line : sound_lines()) entries.push_back(std::move(*line.entry));
  return entries;
}

bool AuditLog::tells_of(std::uint64_t transaction) const {
  const std::vector<AuditEntry> all = entries();
  return std::any_of(all.begin(), all.end(),
                     [&](const AuditEntry& entry) { return transaction_of(entry) == transaction; });
}

AuditLog::Head AuditLog::head() const {
  const std::vector<AuditLine> lines = sound_lines();
  if (lines.empty()) return {.count = 0, .digest = {}};
  return {.count = lines.size(), .digest = digest_of_line(lines.back().text).hex()};
}

Digest digest_of_line(const std::string& line) {
  return Digest::of(line + "\n");
}

std::uint64_t transaction_of(const AuditEntry& entry) {
  return transaction_from_json(entry.details);
}

std::optional<Checkpoint> checkpoint_of(const AuditEntry& entry) {
  if (entry.event != kCheckpointEvent) return std::nullopt;
  return Checkpoint::parse(text_at(entry.details, "checkpoint"), "the checkpoint");
}

// A name that anybody can set: it says who it was among those who may do this, and proves nothing.
std::string acting_user() {
  if (const char* behind = std::getenv("SUDO_USER")) return printable(behind, 64);
  // The environment is asked, not the user database: reading that needs the host's libraries.
  if (const char* user = std::getenv("USER")) return printable(user, 64);
  return format("uid {}", ::getuid());
}

}  // namespace sealift::installer
