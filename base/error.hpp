// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one failure type. Every failure a user can see is an Error: a kind (which decides the exit
// status), one or more problems, and for each what to do next. A document with ten mistakes gives
// one Error with ten problems.
//
// Messages follow "WHERE: WHAT WAS FOUND, WHAT WAS EXPECTED": lower case, no full stop.

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealift {

// A closed list; docs/errors.md explains each for users.
enum class Errc {
  internal,        // a defect of ours
  usage,           // the command line
  invalid_input,   // a file that a person wrote
  untrusted,       // signatures, keys, floor, expiry
  corrupt,         // bytes are not what their digest or format says
  incompatible,    // sound, but not for this site, host or version
  busy,            // not now: another installer is at work, or the window is closed
  io,              // the operating system refused
  target_failed,   // a step failed; everything was undone
  needs_operator,  // an undo failed or was refused; a person must decide
  interrupted,     // the person said stop; everything was undone
};

// The spelling in --json output and documentation, e.g. "invalid_input".
std::string_view name(Errc code);
// The process exit status of a failure of this kind.
int exit_status(Errc code);

struct Problem {
  std::string message;
  std::string hint;  // the next step; may be empty
};

class Error : public std::exception {
 public:
  Error(Errc code, std::string message, std::string hint = {});
  // Precondition: `problems` is not empty.
  Error(Errc code, std::vector<Problem> problems);

  Errc code() const { return code_; }
  const std::vector<Problem>& problems() const { return problems_; }
  // Of the first problem; printing goes through problems().
  const std::string& message() const { return problems_.front().message; }
  const std::string& hint() const { return problems_.front().hint; }
  const char* what() const noexcept override { return message().c_str(); }

  // The same failure, each message prefixed with "context: ".
  Error within(std::string_view context) const;
  // The same failure, each hint followed by "; more".
  Error advising(std::string_view more) const;

 private:
  Errc code_;
  std::vector<Problem> problems_;
};

// The exception that is being handled, as an Error: what the operating system or the standard
// library refused (a file, a thread, memory) is Error{io}, anything else that is no Error is
// Error{internal}. Call it in a catch block.
Error current_error();

// Collects the mistakes of one document, so that all are reported at once. In the order in which
// they were added, which is that of the document where it is read from top to bottom.
class Problems {
 public:
  void add(std::string message, std::string hint = {});
  // Takes over the problems of `error`.
  void add(const Error& error);
  bool empty() const { return problems_.empty(); }
  const std::vector<Problem>& all() const { return problems_; }
  // Throws one Error with every problem collected, if there is any.
  void throw_if_any(Errc code) const;

 private:
  std::vector<Problem> problems_;
};

// Runs `work`; an Error that leaves it says what was being done.
template <typename Work>
auto while_doing(std::string_view context, Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    throw error.within(context);
  }
}

// Runs `work`; an Error that leaves it becomes one of kind `code` that says where. What a digest or
// a time that cannot be read means depends on the document that it stands in.
template <typename Work>
auto blame(Errc code, std::string_view where, Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    throw Error(code, error.within(where).problems());
  }
}

// blame() for a part of a document that came from outside.
template <typename Work>
auto while_reading(std::string_view where, Work&& work) -> decltype(work()) {
  return blame(Errc::corrupt, where, std::forward<Work>(work));
}

// An Error{io} from errno: "PATH: ACTION: No space left on device", with a hint where the cause is
// one that an operator can mend.
[[noreturn]] void throw_errno(std::string_view where, std::string_view action);

}  // namespace sealift
