// SPDX-License-Identifier: Apache-2.0
#include "builder/signing_desk/secret_input.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "release/values/sealed.hpp"
#include "signing/keyed_digest.hpp"
#include "signing/passphrase.hpp"

namespace sealift::builder {

namespace {

constexpr int kLeastRandom = 16;  // bytes
constexpr int kMostRandom = 1024;
constexpr std::uint64_t kMaxIdentityFile = 64 << 10;

// An editor and `echo` put a newline behind a text; a secret that ends in two keeps one.
signing::Secret without_newline(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  return signing::Secret::taken_from(text);
}

}  // namespace

signing::Secret value_from(const ValueSource& from, const std::string& what) {
  if (from.generate && !from.file.empty()) {
    throw Error(Errc::usage, "found --generate and --value-file, expected one of them");
  }
  if (from.generate) {
    if (*from.generate < kLeastRandom || *from.generate > kMostRandom) {
      throw Error(Errc::usage, format("--generate {}: expected {} to {} bytes", *from.generate,
                                      kLeastRandom, kMostRandom));
    }
    // Hexadecimal: safe in a URL, a shell, YAML and SQL.
    const signing::Secret bytes = signing::random_key(static_cast<std::size_t>(*from.generate));
    std::string text = to_hex(bytes.view());
    return signing::Secret::taken_from(text);
  }
  if (from.file.empty()) return signing::read_hidden(what);
  const bool is_input = from.file == "-";
  const Fd fd = is_input ? Fd(::dup(0)) : open_stream(from.file);
  if (!fd.is_open()) throw_errno("standard input", "read");
  FdSource source(fd.get(), is_input ? "standard input" : from.file);
  // One byte more than may be sealed and its newline, so that a value that is too long is seen to
  // be. The buffer does not grow: copies of a secret would stay in memory.
  std::string text(release::kMaxSecretBytes + 2, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t count = source.read(std::span(text).subspan(size));
    if (count == 0) break;
    size += count;
  }
  text.resize(size);
  return without_newline(text);
}

signing::AgeIdentity load_identity(const std::string& file) {
  const Fd fd = open_stream(file);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_errno(file, "stat");
  if ((status.st_mode & 077) != 0) {
    throw Error(Errc::untrusted, format("{}: others than its owner may read it", file),
                format("chmod 600 {}; if somebody has read it, make another", file));
  }
  std::string text(kMaxIdentityFile, '\0');
  text.resize(read_at(fd.get(), 0, text, file));
  const signing::Secret kept = signing::Secret::taken_from(text);
  return signing::AgeIdentity::from_file(kept.view(), file);
}

}  // namespace sealift::builder
