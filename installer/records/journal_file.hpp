// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the bytes of a journal lie. What is written counts once sync() has returned; after a sync()
// that failed nobody knows which of the bytes since the one before it are on the disk, whatever a
// read says. Every failure is Error{io} that names the file.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace sealift::installer {

class JournalFile {
 public:
  virtual ~JournalFile() = default;
  virtual std::string read() const = 0;
  virtual std::uint64_t size() const = 0;
  virtual void write(std::uint64_t offset, std::string_view bytes) = 0;
  virtual void sync() = 0;
  // Zero bytes up to `size`, which later writes need no space for. Synced by the next sync().
  virtual void reserve(std::uint64_t size) = 0;
  virtual void truncate(std::uint64_t size) = 0;
};

// A new file that holds `first` and is `size` bytes large: whole and durable, or not there.
// Error{needs_operator} where it is there and could not be removed again.
std::unique_ptr<JournalFile> create_journal_file(const std::filesystem::path& path,
                                                 std::string_view first, std::uint64_t size);
std::unique_ptr<JournalFile> open_journal_file(const std::filesystem::path& path);
// One that can only be read.
std::unique_ptr<const JournalFile> view_journal_file(const std::filesystem::path& path);

}  // namespace sealift::installer
