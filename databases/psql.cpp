// SPDX-License-Identifier: Apache-2.0
#include "databases/psql.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace sealift::databases {

namespace {

constexpr std::chrono::hours kLongest{24};
constexpr std::size_t kLongestAnswer = 64U << 20;  // bytes
constexpr std::string_view kMark = "sealift:at ";

// Where the name of the database stands in a URL: behind the authority, before the parameters.
struct NamePlace {
  std::size_t begin;
  std::size_t end;
};

NamePlace name_in(std::string_view url) {
  const std::size_t authority = url.find("://") + 3;
  const std::size_t end = std::min(url.find('?', authority), url.size());
  const std::size_t slash = url.find('/', authority);
  return {.begin = slash == url.npos || slash >= end ? end : slash + 1, .end = end};
}

struct Complaint {
  std::string_view state;  // empty: of psql itself, or before a session had begun
  std::string_view text;
};

// "FEHLER:  42601: Syntaxfehler ...", with VERBOSITY verbose. How an error is called is the
// server's language (lc_messages), so the state tells it from other lines, and from notices. The
// names of those that explain it ("DETAIL:  ") are psql's own. What begins with "psql:" need have
// no state.
std::optional<Complaint> complaint_in(std::string_view line) {
  constexpr std::string_view kGap = ":  ";
  constexpr std::array kExplaining = {"DETAIL:", "HINT:", "QUERY:", "CONTEXT:", "LOCATION:"};
  const std::size_t gap = line.find(kGap);
  if (gap == line.npos || std::any_of(kExplaining.begin(), kExplaining.end(),
                                      [&](const char* each) { return line.starts_with(each); })) {
    return std::nullopt;
  }
  const std::string_view rest = line.substr(gap + kGap.size());
  const std::string_view state = rest.substr(0, rest.find(':'));
  constexpr std::size_t kState = 5;
  const bool is_state = state.size() == kState &&
                        std::all_of(state.begin(), state.end(),
                                    [](char c) { return is_digit(c) || is_capital_letter(c); });
  if (!is_state) {
    return line.starts_with("psql:") ? std::optional(Complaint{.state = {}, .text = rest})
                                     : std::nullopt;
  }
  const bool is_notice = state.starts_with("00") || state.starts_with("01");
  if (is_notice) return std::nullopt;
  return Complaint{.state = state, .text = rest.substr(std::min(kState + 2, rest.size()))};
}

// A script for a psql that may end while it is written: nobody writes the rest then.
class Script : public Sink {
 public:
  Script(ProgramSink& psql, bool& has_ended) : psql_(psql), has_ended_(has_ended) {}
  void write(std::string_view bytes) override {
    has_ended_ = !psql_.offer(bytes);
    if (has_ended_) throw Error(Errc::io, "psql has ended");
  }

 private:
  ProgramSink& psql_;
  bool& has_ended_;
};

constexpr int kNotFound = 127;

[[noreturn]] void refuse_missing(const std::optional<Outcome>& outcome, const Command& command) {
  throw Error(Errc::incompatible,
              format("{} was not found", outcome ? "psql" : command.arguments.front()),
              "install PostgreSQL's client programs, or set tools of this database in site.yaml");
}

std::optional<Refusal> refusal_of(const Outcome& outcome) {
  return outcome.status == 0 ? std::nullopt : std::optional(refusal_in(outcome.error_output));
}

}  // namespace

Refusal refusal_in(std::string_view said) {
  Refusal refusal{.state = {}, .message = {}, .line = 0, .mark = {}};
  std::string others;  // lines that have no form
  for (const std::string_view line : split_lines(said)) {
    if (line.starts_with(kMark)) {
      refusal.mark = line.substr(kMark.size());
    } else if (const auto complaint = complaint_in(line)) {
      refusal.state = complaint->state;
      refusal.message = printable(complaint->text, 400);
    } else if (line.starts_with("LINE ")) {
      std::from_chars(line.data() + 5, line.data() + line.size(), refusal.line);
    } else if (line.starts_with("DETAIL:  ") && !refusal.message.empty()) {
      refusal.message += format(" ({})", printable(line.substr(9), 400));
    } else {
      others += format("{}{}", others.empty() ? "" : " ", line);
    }
  }
  if (refusal.message.empty()) refusal.message = printable(others, 400);
  return refusal;
}

std::string handed_over(std::string_view sql) {
  std::string tag;
  do {
    tag = format("$s{}$", random_hex(8));
  } while (sql.find(tag) != sql.npos);
  return format("SELECT {}{}{} \\gexec\n", tag, sql, tag);
}

Psql::Psql(PostgresqlPlace place, std::string session)
    : place_(std::move(place)), session_(std::move(session)) {
  const NamePlace name = name_in(place_.url);
  database_ = place_.url.substr(name.begin, name.end - name.begin);
}

std::string Psql::mark(std::string_view word) {
  return format("\\warn {}{}\n", kMark, word);
}

Command Psql::program(std::vector<std::string> words) const {
  std::vector<std::string> all = place_.tools;
  // Not the locale's words, which nobody could understand by program.
  for (const std::string& word :
       {std::string("env"), std::string("LC_ALL=C"), std::string("PGCLIENTENCODING=UTF8"),
        format("PGAPPNAME={}", session_)}) {
    all.push_back(word);
  }
  if (!place_.password_file.empty()) all.push_back(format("PGPASSFILE={}", place_.password_file));
  all.insert(all.end(), words.begin(), words.end());
  // A launcher may be sudo; psql needs nothing that we do not have.
  return {.arguments = std::move(all),
          .folder = {},
          .input = {},
          .timeout = kLongest,
          .privileges = place_.tools.empty() ? Privileges::no_new : Privileges::keep};
}

Command Psql::script_reader() const {
  return program({"psql", "-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-v",
                  "VERBOSITY=verbose", "-d", place_.url});
}

std::optional<Refusal> Psql::run(const std::string& script, std::string* output) const {
  Command command = script_reader();
  command.input = script;
  // What statements of a migration give back interests nobody.
  if (output != nullptr) command.output_limit = kLongestAnswer;
  const std::optional<Outcome> outcome = sealift::run(command);
  if (!outcome || outcome->status == kNotFound) refuse_missing(outcome, command);
  if (output != nullptr) *output = outcome->output;
  return refusal_of(*outcome);
}

std::optional<Refusal> Psql::run_written(const std::function<void(Sink& script)>& write) const {
  const Command command = script_reader();
  ProgramSink psql(command);
  bool has_ended = false;
  try {
    Script script(psql, has_ended);
    write(script);
  } catch (const Error&) {
    if (!has_ended) throw;
  }
  const Outcome outcome = psql.finish();
  if (outcome.status == kNotFound) refuse_missing(outcome, command);
  return refusal_of(outcome);
}

Json Psql::ask(const std::string& select) const {
  std::string output;
  if (const auto refusal = run(select + ";\n", &output)) {
    throw Error(Errc::incompatible,
                format("the database {} cannot be asked: {}", database_, refusal->message),
                "correct url, password_file or tools of this database in site.yaml");
  }
  return parse_json(output, format("answer of the database {}", database_));
}

Psql Psql::on(const std::string& database) const {
  const NamePlace name = name_in(place_.url);
  PostgresqlPlace place = place_;
  place.url =
      format("{}{}{}{}", place_.url.substr(0, name.begin),
             name.begin == name.end && !place_.url.substr(0, name.begin).ends_with('/') ? "/" : "",
             database, place_.url.substr(name.end));
  return Psql(std::move(place), session_);
}

}  // namespace sealift::databases
