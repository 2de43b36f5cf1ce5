// SPDX-License-Identifier: Apache-2.0
#include "content/foreign_archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::content {

namespace {

constexpr std::size_t kBlock = 256 * 1024;

// One libarchive handle fed from a Source. An exception cannot cross libarchive's C code: it waits
// here.
class Handle {
 public:
  enum class Form { tar, raw };

  Handle(Source& source, std::string name, Form form)
      : source_(source),
        name_(std::move(name)),
        buffer_(kBlock, '\0'),
        archive_(::archive_read_new()) {
    ::archive_read_support_filter_gzip(archive_.get());
    ::archive_read_support_filter_zstd(archive_.get());
    if (form == Form::tar) {
      ::archive_read_support_format_tar(archive_.get());
    } else {
      ::archive_read_support_format_raw(archive_.get());
      ::archive_read_support_format_empty(archive_.get());
    }
    check(::archive_read_open(archive_.get(), this, nullptr, &Handle::feed, nullptr));
  }

  // Throws for everything but success and the end; true until the end.
  bool check(int status) {
    if (failure_) std::rethrow_exception(failure_);
    if (status == ARCHIVE_EOF) return false;
    // A warning says that the archive could be read nevertheless.
    if (status >= ARCHIVE_WARN) return true;
    const char* why = ::archive_error_string(archive_.get());
    throw Error(Errc::invalid_input,
                format("{}: cannot be read as an archive: {}", name_,
                       printable(why == nullptr ? "it ends too early" : why, 200)),
                "make it again, and compare its checksum with that of the original");
  }

  std::size_t read(std::span<char> into) {
    const la_ssize_t count = ::archive_read_data(archive_.get(), into.data(), into.size());
    if (count < 0) check(static_cast<int>(count));
    if (failure_) std::rethrow_exception(failure_);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  archive* get() const { return archive_.get(); }

 private:
  static la_ssize_t feed(archive* handle, void* self_pointer, const void** bytes) {
    auto& self = *static_cast<Handle*>(self_pointer);
    *bytes = self.buffer_.data();
    try {
      return static_cast<la_ssize_t>(self.source_.read(self.buffer_));
    } catch (...) {
      self.failure_ = std::current_exception();
      ::archive_set_error(handle, EIO, "reading failed");
      return -1;
    }
  }

  struct Free {
    void operator()(archive* handle) const { ::archive_read_free(handle); }
  };
  Source& source_;
  std::string name_;
  std::string buffer_;
  std::exception_ptr failure_;
  std::unique_ptr<archive, Free> archive_;
};

class Unpacked : public Source {
 public:
  Unpacked(Source& packed, std::string name) : handle_(packed, std::move(name), Handle::Form::raw) {
    archive_entry* entry = nullptr;
    any_ = handle_.check(::archive_read_next_header(handle_.get(), &entry));
  }
  std::size_t read(std::span<char> into) override { return any_ ? handle_.read(into) : 0; }

 private:
  Handle handle_;
  bool any_ = false;
};

}  // namespace

struct ForeignArchive::State {
  State(Source& source, std::string name) : handle(source, std::move(name), Handle::Form::tar) {}
  Handle handle;
};

ForeignArchive::ForeignArchive(Source& source, std::string name)
    : state_(std::make_unique<State>(source, std::move(name))) {}

ForeignArchive::~ForeignArchive() = default;

std::optional<ForeignEntry> ForeignArchive::next() {
  archive_entry* entry = nullptr;
  if (!state_->handle.check(::archive_read_next_header(state_->handle.get(), &entry))) return {};
  const char* name = ::archive_entry_pathname(entry);
  ForeignEntry found{.name = name == nullptr ? "" : name};
  while (found.name.starts_with("./")) found.name.erase(0, 2);
  const char* hard = ::archive_entry_hardlink(entry);
  const char* soft = ::archive_entry_symlink(entry);
  if (hard != nullptr) found.link = hard;
  if (soft != nullptr) found.link = soft;
  found.mode = ::archive_entry_perm(entry);
  found.size = static_cast<std::uint64_t>(::archive_entry_size(entry));
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG:
    case 0:  // a hard link has no type of its own
      found.type = EntryType::file;
      break;
    case AE_IFDIR:
      found.type = EntryType::directory;
      break;
    case AE_IFLNK:
      found.type = EntryType::symlink;
      break;
    default:
      found.type = EntryType::other;
  }
  return found;
}

std::size_t ForeignArchive::read(std::span<char> into) {
  return state_->handle.read(into);
}

std::unique_ptr<Source> unpacked(Source& packed, std::string name) {
  return std::make_unique<Unpacked>(packed, std::move(name));
}

}  // namespace sealift::content
