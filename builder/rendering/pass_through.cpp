// SPDX-License-Identifier: Apache-2.0
#include "builder/rendering/pass_through.hpp"

#include <algorithm>
#include <set>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/rendering/chart_documents.hpp"
#include "kubernetes/manifests.hpp"
#include "release/templates/template.hpp"
#include "release/text/yaml.hpp"

namespace sealift::builder {

namespace {

using Lines = std::vector<std::string>;

constexpr const char* kOneFile = "rendered.yaml";
constexpr std::string_view kChecksum = "checksum/";
constexpr std::size_t kShown = 120;
constexpr const char* kSteersHint =
    "write a fixed value there; what differs between sites in kind may be an optional component";

Lines lines_of(const std::string& text) {
  const auto views = split_lines(text);
  return {views.begin(), views.end()};
}

// The annotation by which charts restart pods when a file of theirs changes.
bool is_checksum(const std::string& line) {
  return trimmed(line).starts_with(kChecksum);
}

// A line for a message: where it is from is not known, since a program has written it.
std::string shown(const std::string& line) {
  return printable(trimmed(line), kShown);
}

// Where two lines differ in nothing but false, which is true in the other: where that word begins.
std::optional<std::size_t> flag_in(const std::string& line, const std::string& other) {
  constexpr std::string_view kFalse = "false";
  constexpr std::string_view kTrue = "true";
  for (std::size_t at = line.find(kFalse); at != line.npos; at = line.find(kFalse, at + 1)) {
    std::string changed = line;
    changed.replace(at, kFalse.size(), kTrue);
    const std::size_t end = at + kFalse.size();
    const bool is_word = (at == 0 || !is_letter_or_digit(line[at - 1])) &&
                         (end == line.size() || !is_letter_or_digit(line[end]));
    if (is_word && changed == other) return at;
  }
  return std::nullopt;
}

// One passage: lines are compared with lines, since a program that has passed a value on as it is
// has written the same lines around it. Objects are compared only at the end, with the values of
// environments, where quotes may differ.
class Passage {
 public:
  Passage(const Placeholders& placeholders, const Program& program, Problems& problems)
      : placeholders_(placeholders), program_(program), problems_(problems) {}

  PassedThrough make(const ByEnvironment& environments) {
    const release::Values first = placeholders_.stand_ins(Round::first);
    lines_ = lines_of(run(first));
    mark_flags(first);
    if (!problems_.empty() || !compare_second(first)) return {};
    PassedThrough passed{.files = templates(), .doubts = std::move(doubts_), .unseen = {}};
    passed.unseen = unseen_in(passed.files);
    for (const auto& [name, values] : environments) {
      if (!problems_.empty()) break;
      compare_in(name, values, passed.files);
    }
    return passed;
  }

 private:
  std::string run(const release::Values& values) const {
    return program_(placeholders_.filled(values));
  }

  void refuse(const Placeholders::Named& named, const std::string& found, const std::string& hint) {
    problems_.add(format("{}: {{{{{}}}}} {}", named.where, named.name, found), hint);
  }

  // Each flag alone is true once: the lines in which it is seen are its own, and any other trace
  // means that it steers what is written.
  void mark_flags(const release::Values& first) {
    std::vector<std::pair<std::size_t, std::pair<std::size_t, std::size_t>>> marks;
    const auto& all = placeholders_.all();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].sort != Sort::boolean) continue;
      release::Values values = first;
      values[all[i].name] = true;
      const Lines other = lines_of(run(values));
      bool goes_through = other.size() == lines_.size();
      for (std::size_t line = 0; goes_through && line < lines_.size(); ++line) {
        if (lines_[line] == other[line] || is_checksum(lines_[line])) continue;
        const auto at = flag_in(lines_[line], other[line]);
        if (at) marks.push_back({line, {*at, i}});
        goes_through = at.has_value();
      }
      if (!goes_through) refuse(all[i], "steers what is written", kSteersHint);
    }
    std::sort(marks.rbegin(), marks.rend());  // behind first: places before stay what they are
    for (const auto& [line, mark] : marks) {
      lines_[line].replace(mark.first, std::string_view("false").size(),
                           placeholders_.flag_token(mark.second));
    }
  }

  // What the second stand-ins make, line by line. Only where they make something else is the first
  // round run once more: whoever writes another text each time has mistakes that hang on no value.
  bool compare_second(const release::Values& first) {
    const Lines second = lines_of(run(placeholders_.stand_ins(Round::second)));
    bool is_same = second.size() == lines_.size();
    std::string found = "another number of lines";
    for (std::size_t i = 0; i < std::min(lines_.size(), second.size()); ++i) {
      if (placeholders_.in_round(lines_[i], Round::second) == second[i]) continue;
      if (is_checksum(lines_[i]) && is_checksum(second[i])) {
        doubts_.push_back(
            format("{}: hangs on values of a site and is the same on all: pods are "
                   "not restarted when only such a value changes",
                   shown(lines_[i])));
        continue;
      }
      found = format("\"{}\"", shown(lines_[i]));
      is_same = false;
      break;
    }
    if (is_same) return true;
    const Lines again = lines_of(run(first));
    Lines unmarked = lines_;
    for (std::string& line : unmarked) line = placeholders_.in_round(line, Round::first);
    if (again != unmarked) {
      problems_.add("found another output at each run, expected the same bytes",
                    "random values, times and certificates belong into values or sealed secrets");
    } else {
      problems_.add(
          format("found a value of a site that is changed on its way or steers it: {}", found),
          "a value goes through where it is written as it is, or in base64 by itself; "
          "write a fixed value otherwise");
    }
    return false;
  }

  // Documents of no source, as kubectl writes them, are one file.
  std::vector<WrittenDocument> documents(const std::string& output, Problems& problems) const {
    return written_documents(output, kOneFile, problems);
  }

  // One file for each source of documents, so that a message names the template that a person
  // wrote.
  Texts templates() {
    std::string all;
    for (const std::string& line : lines_) all.append(line).append("\n");
    Texts files;
    for (const WrittenDocument& each : documents(all, problems_)) {
      std::string& file = files[each.source];
      if (!file.empty()) file += "---\n";
      file += template_of(each.text);
    }
    if (files.empty()) {
      problems_.add("found no object in what was written", "see what its values switch off");
    }
    return files;
  }

  // A text that is a whole scalar without quotes gets those that JSON and YAML share: a site's
  // value may look like a number, or hold what YAML reads otherwise.
  std::string template_of(const std::string& document) const {
    std::map<std::size_t, std::size_t> whole;
    try {
      const auto parsed = release::YamlDocument::parse(document, "", release::Yaml::foreign);
      find_whole(parsed, parsed.value(), "", whole);
    } catch (const Error&) {  // said by the reader of manifests
    }
    std::string text;
    std::size_t number = 0;
    for (const std::string_view view : split_lines(document)) {
      std::string line(view);
      const auto quoted = whole.find(++number);
      if (text.empty() && trimmed(line).empty()) continue;
      const std::string token = quoted == whole.end() ? "" : placeholders_.token(quoted->second);
      const bool ends_so = !token.empty() && line.ends_with(" " + token);
      if (ends_so) line.resize(line.size() - token.size());
      line = placeholders_.restored(line);
      if (ends_so) line += format("{{{{{} | json}}}}", placeholders_.all()[quoted->second].name);
      text.append(line).append("\n");
    }
    return text;
  }

  // Lines of such scalars, from 1 -> which placeholder.
  void find_whole(const release::YamlDocument& document, const Json& value,
                  const std::string& pointer, std::map<std::size_t, std::size_t>& whole) const {
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        find_whole(document, value[i], format("{}/{}", pointer, i), whole);
      }
    } else if (value.is_object()) {
      for (const auto& [key, each] : value.items()) {
        find_whole(document, each, format("{}/{}", pointer, key), whole);
      }
    } else if (value.is_string()) {
      const release::YamlMark* mark = document.mark_of(pointer);
      if (mark == nullptr || mark->spelling != release::YamlMark::Spelling::plain) return;
      const auto& all = placeholders_.all();
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].sort != Sort::text || value != placeholders_.token(i)) continue;
        whole[static_cast<std::size_t>(mark->line)] = i;
      }
    }
  }

  std::vector<Placeholders::Named> unseen_in(const Texts& files) const {
    std::vector<Placeholders::Named> unseen;
    for (const Placeholders::Named& each : placeholders_.all()) {
      const std::string tag = format("{{{{{}", each.name);
      const bool is_seen = std::any_of(files.begin(), files.end(), [&](const auto& file) {
        for (std::size_t at = file.second.find(tag); at != std::string::npos;
             at = file.second.find(tag, at + 1)) {
          const char next = file.second[at + tag.size()];
          if (next == '}' || next == ' ') return true;
        }
        return false;
      });
      if (!is_seen) unseen.push_back(each);
    }
    return unseen;
  }

  // With the values of an environment the program must write what the template says.
  void compare_in(const std::string& environment, const release::Values& known,
                  const Texts& files) {
    release::Values values = placeholders_.stand_ins(Round::first);
    bool has_own = false;
    for (auto& [name, value] : values) {
      const auto own = known.find(name);
      if (own == known.end() || own->second.is_null() || own->second.is_structured()) continue;
      value = own->second;
      has_own = true;
    }
    if (!has_own) return;  // the same as before
    Texts ours;
    Texts theirs;
    Problems hooks;
    for (const auto& [path, text] : files) {
      ours[path] = release::Template::parse(text, path).render(values);
    }
    for (const WrittenDocument& each : documents(run(values), hooks)) {
      theirs[each.source].append("---\n").append(each.text);
    }
    const std::string found = first_difference(ours, theirs);
    if (!found.empty()) {
      problems_.add(format("in {}, {} would be another than on other sites: a value of the "
                           "environment steers what is written",
                           environment, found),
                    kSteersHint);
    }
  }

  // What is no object in either is said by the reader of manifests.
  static std::string first_difference(const Texts& ours, const Texts& theirs) {
    Problems ignored;
    std::map<std::string, Json> expected;
    for (const auto& each : kubernetes::read_manifests(ours, ignored).objects) {
      expected[each.reference.str()] = without_checksums(each.body);
    }
    Problems others;
    const kubernetes::Manifests found = kubernetes::read_manifests(theirs, others);
    if (!ignored.empty() || !others.empty()) return "";
    for (const auto& each : found.objects) {
      std::string name = each.reference.str();
      const auto same = expected.find(name);
      if (same == expected.end() || same->second != without_checksums(each.body)) return name;
      expected.erase(same);
    }
    return expected.empty() ? "" : expected.begin()->first;
  }

  // A checksum is over values, and so another in each environment; that was told already.
  static Json without_checksums(Json value) {
    if (value.is_array()) {
      for (Json& each : value) each = without_checksums(each);
    } else if (value.is_object()) {
      Json kept = Json::object();
      for (const auto& [key, each] : value.items()) {
        if (!std::string_view(key).starts_with(kChecksum)) kept[key] = without_checksums(each);
      }
      value = std::move(kept);
    }
    return value;
  }

  const Placeholders& placeholders_;
  const Program& program_;
  Problems& problems_;
  Lines lines_;  // of the first round, with tokens where flags are
  std::vector<std::string> doubts_;
};

}  // namespace

PassedThrough pass_through(const Placeholders& placeholders, const ByEnvironment& environments,
                           const Program& program, Problems& problems) {
  if (!problems.empty()) return {};
  return Passage(placeholders, program, problems).make(environments);
}

}  // namespace sealift::builder
