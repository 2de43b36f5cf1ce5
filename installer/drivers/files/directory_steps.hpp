// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the steps of the directory driver say: all that applying and undoing them needs, as the
// journal keeps it.

#include <optional>
#include <string>
#include <vector>

#include "installer/content/kept_set.hpp"
#include "installer/records/plan.hpp"

namespace sealift::installer {

inline constexpr std::string_view kUnpack = "unpack";
inline constexpr std::string_view kKeep = "keep";
inline constexpr std::string_view kSwitch = "switch";
inline constexpr std::string_view kShare = "share";

// A release beside the others.
struct Unpack {
  std::string path;
  std::string directory;  // "releases/NAME"
  std::string staging;    // the name it has until it is complete
  Digest table;
  std::string base;  // directory to share with; empty: none
  std::optional<Digest> base_table;
  std::string owner;  // "UID:GID"; empty: whoever runs this
  std::string site;
  std::string target;
  std::vector<std::string> missing;  // directories to create for the path, outermost first
  bool fresh = false;                // the path has no marker yet
  // Folders of data -> where their links in the tree lead.
  std::map<std::string, std::string> links = {};

  std::string name() const { return directory.substr(directory.rfind('/') + 1); }
};

Json to_json(const Unpack& unpack);
Unpack unpack_from_json(const Step& step);
// Where the last of them that unpacks puts its files; nothing where none does.
std::optional<std::string> unpacked_directory(const std::vector<Step>& steps);

// Folders of data below PATH/shared. They are made where they are missing, or moved there; one that
// is there is left alone, and nothing with data in it is ever removed.
struct Share {
  std::string path;
  std::string owner;                           // of what is made around the folders
  std::map<std::string, std::string> folders;  // below PATH/shared -> whose each is
  std::vector<std::string> missing;            // below PATH, to be made, outermost first
  std::map<std::string, std::string> moves;    // folder -> where it is, below PATH
};

Json to_json(const Share& share);
Share share_from_json(const Step& step);

// PATH/kept gets what is to be reachable beside both releases.
struct Keep {
  std::string path;
  std::string target;
  std::string owner;
  KeptSet after;
  std::optional<KeptSet> before;
};

Json to_json(const Keep& keep);
Keep keep_from_json(const Step& step);

// The link. An empty directory means: no link.
struct Switch {
  std::string path;
  std::string from;
  std::string to;
  std::string scratch;  // the link's name until it is renamed
};

Json to_json(const Switch& change);
Switch switch_from_json(const Step& step);

}  // namespace sealift::installer
