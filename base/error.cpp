// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "base/format.hpp"

namespace sealift {

std::string_view name(Errc code) {
  switch (code) {
    case Errc::internal:
      return "internal";
    case Errc::usage:
      return "usage";
    case Errc::invalid_input:
      return "invalid_input";
    case Errc::untrusted:
      return "untrusted";
    case Errc::corrupt:
      return "corrupt";
    case Errc::incompatible:
      return "incompatible";
    case Errc::busy:
      return "busy";
    case Errc::io:
      return "io";
    case Errc::target_failed:
      return "target_failed";
    case Errc::needs_operator:
      return "needs_operator";
    case Errc::interrupted:
      return "interrupted";
  }
  return "internal";
}

int exit_status(Errc code) {
  switch (code) {
    case Errc::internal:
      return 1;
    case Errc::usage:
      return 2;
    case Errc::invalid_input:
      return 3;
    case Errc::untrusted:
      return 4;
    case Errc::corrupt:
      return 5;
    case Errc::incompatible:
      return 6;
    case Errc::busy:
      return 7;
    case Errc::io:
      return 8;
    case Errc::target_failed:
      return 9;
    case Errc::needs_operator:
      return 10;
    case Errc::interrupted:
      return 130;
  }
  return 1;
}

Error::Error(Errc code, std::string message, std::string hint) : code_(code) {
  problems_.push_back({std::move(message), std::move(hint)});
}

Error::Error(Errc code, std::vector<Problem> problems)
    : code_(code), problems_(std::move(problems)) {}

Error Error::within(std::string_view context) const {
  std::vector<Problem> problems = problems_;
  for (Problem& problem : problems) {
    problem.message = format("{}: {}", context, problem.message);
  }
  return Error(code_, std::move(problems));
}

Error Error::advising(std::string_view more) const {
  std::vector<Problem> problems = problems_;
  for (Problem& problem : problems) {
    const bool asks = problem.hint.ends_with('?');
    problem.hint += format("{}{}", problem.hint.empty() ? "" : asks ? " Else: " : "; ", more);
  }
  return Error(code_, std::move(problems));
}

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(Errc::io, "memory: the system gave no more",
                 "free some, or raise the limit of it (ulimit -v)");
  } catch (const std::system_error& error) {
    return Error(Errc::io, format("the system refused: {}", error.what()),
                 "look at the limits of this process (ulimit -a) and run the command again");
  } catch (const std::exception& exception) {
    return Error(Errc::internal, format("unexpected failure: {}", exception.what()),
                 "this is a defect of sealift; please report it with the command");
  } catch (...) {
    return Error(Errc::internal, "unexpected failure",
                 "this is a defect of sealift; please report it with the command");
  }
}

void Problems::add(std::string message, std::string hint) {
  problems_.push_back({std::move(message), std::move(hint)});
}

void Problems::add(const Error& error) {
  problems_.insert(problems_.end(), error.problems().begin(), error.problems().end());
}

void Problems::throw_if_any(Errc code) const {
  if (!problems_.empty()) throw Error(code, problems_);
}

void throw_errno(std::string_view where, std::string_view action) {
  const int number = errno;
  std::string hint;
  switch (number) {
    case ENOSPC:
      hint = "free some space on this file system and run the command again";
      break;
    case EDQUOT:
      hint = "the disk quota of this user is used up";
      break;
    case EROFS:
      hint = "this file system is mounted read-only";
      break;
    case EACCES:
    case EPERM:
      hint = "run as a user who may do this, or change the owner of the place";
      break;
    case EMFILE:
    case ENFILE:
      hint = "raise the limit of open files (ulimit -n)";
      break;
    case EFBIG:
      hint = "raise the limit of a file's size (ulimit -f)";
      break;
    case EAGAIN:
      hint = "raise the limit of processes (ulimit -u), or try again when fewer are running";
      break;
    case ENOMEM:
      hint = "free some memory, or raise the limit of it (ulimit -v)";
      break;
    default:
      break;
  }
  throw Error(Errc::io, format("{}: {}: {}", where, action, std::strerror(number)), hint);
}

}  // namespace sealift
