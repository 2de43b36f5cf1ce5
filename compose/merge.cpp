// SPDX-License-Identifier: Apache-2.0
#include "compose/merge.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/format.hpp"
#include "base/text.hpp"
#include "release/text/compose_variable.hpp"

namespace sealift::compose {

namespace {

using Kind = Node::Kind;

enum class How {
  replace,    // the later one stands
  pairs,      // NAME=VALUE, as a list or a mapping
  hosts,      // NAME:ADDRESS, the same
  names,      // a list of names, or a mapping of them to more
  texts,      // a list or one value, each once
  ports,      // by all that they are
  volumes,    // by the path in the container
  secrets,    // by the path in the container
  configs,    // the same, in another folder
  devices,    // by the path in the container
  env_files,  // by the path
  logging,    // merged for the same driver
  build,      // a folder or a mapping
};

struct MergeRule {
  std::array<const char*, 4> place;  // "*" is any key; null: it ends before
  How how;
};

constexpr std::array kMergeRules = {
    MergeRule{{"services", "*", "command"}, How::replace},
    MergeRule{{"services", "*", "entrypoint"}, How::replace},
    MergeRule{{"services", "*", "healthcheck", "test"}, How::replace},
    MergeRule{{"services", "*", "environment"}, How::pairs},
    MergeRule{{"services", "*", "labels"}, How::pairs},
    MergeRule{{"services", "*", "annotations"}, How::pairs},
    MergeRule{{"services", "*", "sysctls"}, How::pairs},
    MergeRule{{"services", "*", "extra_hosts"}, How::hosts},
    MergeRule{{"services", "*", "build"}, How::build},
    MergeRule{{"services", "*", "build", "args"}, How::pairs},
    MergeRule{{"services", "*", "build", "labels"}, How::pairs},
    MergeRule{{"services", "*", "deploy", "labels"}, How::pairs},
    MergeRule{{"services", "*", "depends_on"}, How::names},
    MergeRule{{"services", "*", "networks"}, How::names},
    MergeRule{{"services", "*", "ports"}, How::ports},
    MergeRule{{"services", "*", "volumes"}, How::volumes},
    MergeRule{{"services", "*", "secrets"}, How::secrets},
    MergeRule{{"services", "*", "configs"}, How::configs},
    MergeRule{{"services", "*", "devices"}, How::devices},
    MergeRule{{"services", "*", "env_file"}, How::env_files},
    MergeRule{{"services", "*", "label_file"}, How::texts},
    MergeRule{{"services", "*", "cap_add"}, How::texts},
    MergeRule{{"services", "*", "cap_drop"}, How::texts},
    MergeRule{{"services", "*", "dns"}, How::texts},
    MergeRule{{"services", "*", "dns_opt"}, How::texts},
    MergeRule{{"services", "*", "dns_search"}, How::texts},
    MergeRule{{"services", "*", "expose"}, How::texts},
    MergeRule{{"services", "*", "external_links"}, How::texts},
    MergeRule{{"services", "*", "group_add"}, How::texts},
    MergeRule{{"services", "*", "links"}, How::texts},
    MergeRule{{"services", "*", "profiles"}, How::texts},
    MergeRule{{"services", "*", "security_opt"}, How::texts},
    MergeRule{{"services", "*", "tmpfs"}, How::texts},
    MergeRule{{"services", "*", "volumes_from"}, How::texts},
    MergeRule{{"services", "*", "device_cgroup_rules"}, How::texts},
    MergeRule{{"services", "*", "logging"}, How::logging},
    MergeRule{{"networks", "*", "labels"}, How::pairs},
    MergeRule{{"volumes", "*", "labels"}, How::pairs},
    MergeRule{{"secrets", "*", "labels"}, How::pairs},
    MergeRule{{"configs", "*", "labels"}, How::pairs},
};

using Place = std::vector<std::string>;

std::optional<How> how_at(const Place& place) {
  for (const MergeRule& rule : kMergeRules) {
    const auto end = std::find(rule.place.begin(), rule.place.end(), nullptr);
    const auto is_same = [](const char* wanted, const std::string& key) {
      return wanted == std::string_view("*") || key == wanted;
    };
    if (std::equal(rule.place.begin(), end, place.begin(), place.end(), is_same)) return rule.how;
  }
  return std::nullopt;
}

// The parts of a short form between colons, of which variables and addresses may hold some.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  while (!text.empty()) {
    std::size_t count = 1;
    if (text.starts_with("${")) {
      const std::size_t end = release::closing_brace(text.substr(2));
      count = end == std::string_view::npos ? text.size() : end + 3;
    } else if (text.starts_with('[')) {
      count = std::min(text.find(']'), text.size() - 1) + 1;
    }
    if (text.front() == ':') {
      parts.emplace_back();
    } else {
      parts.back() += text.substr(0, count);
    }
    text.remove_prefix(count);
  }
  return parts;
}

std::string without_end_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string port_key(const Node& item) {
  std::string address;
  std::string published;
  std::string target;
  std::string protocol = "tcp";
  if (item.kind == Kind::mapping) {
    address = item.text_at("host_ip");
    published = item.text_at("published");
    target = item.text_at("target");
    if (const std::string said = item.text_at("protocol"); !said.empty()) protocol = said;
  } else {
    std::vector<std::string> parts = parts_of(item.text());
    target = parts.back();
    if (const std::size_t slash = target.rfind('/'); slash != target.npos) {
      protocol = target.substr(slash + 1);
      target.resize(slash);
    }
    parts.pop_back();
    if (!parts.empty()) {
      published = parts.back();
      parts.pop_back();
    }
    address = joined(parts, ":");
  }
  return format("{}:{}:{}/{}", address, published, target, protocol);
}

// Of a volume or a device.
std::string place_in_container(const Node& item) {
  if (item.kind == Kind::mapping) return item.text_at("target");
  const std::vector<std::string> parts = parts_of(item.text());
  return parts.size() == 1 ? parts.front() : parts[1];
}

std::string file_key(const Node& item, const std::string& folder) {
  std::string target = item.kind == Kind::mapping ? item.text_at("target") : item.text();
  if (target.empty()) target = item.text_at("source");
  return target.starts_with('/') ? target : folder + target;
}

std::string key_of(How how, const Node& item) {
  const std::string text = item.text();
  switch (how) {
    case How::pairs:
      return text.substr(0, text.find('='));
    case How::hosts:
      return text.substr(0, text.find_first_of(":="));
    case How::ports:
      return port_key(item);
    case How::volumes:
      return without_end_slash(place_in_container(item));
    case How::secrets:
      return file_key(item, "/run/secrets/");
    case How::configs:
      return file_key(item, "/");
    case How::devices:
      return place_in_container(item);
    case How::env_files:
      return item.kind == Kind::mapping ? item.text_at("path") : text;
    default:
      return text;
  }
}

Node as_list(Node node) {
  if (node.kind != Kind::scalar) return node;
  Node list{.kind = Kind::list, .rule = node.rule, .origin = node.origin};
  if (!node.is_null()) list.list.push_back(std::move(node));
  return list;
}

Node pairs_mapping(Node node) {
  if (node.kind == Kind::mapping) return node;
  Node mapping{.kind = Kind::mapping, .rule = node.rule, .origin = node.origin};
  for (const Node& item : as_list(std::move(node)).list) {
    const std::string text = item.text();
    const std::size_t sign = text.find('=');
    Node value{.origin = item.origin};
    if (sign != text.npos) value.scalar = text.substr(sign + 1);
    mapping.mapping[text.substr(0, sign)] = std::move(value);
  }
  return mapping;
}

Node hosts_list(Node node) {
  if (node.kind != Kind::mapping) return as_list(std::move(node));
  Node list{.kind = Kind::list, .rule = node.rule, .origin = node.origin};
  for (const auto& [name, address] : node.mapping) {
    for (const Node& each : as_list(address).list) {
      list.list.push_back(text_node(format("{}:{}", name, each.text()), each));
    }
  }
  return list;
}

Node names_mapping(Node node, const std::string& key) {
  if (node.kind == Kind::mapping) return node;
  Node mapping{.kind = Kind::mapping, .rule = node.rule, .origin = node.origin};
  for (const Node& item : as_list(std::move(node)).list) {
    Node value{.kind = Kind::mapping, .origin = item.origin};
    if (key == "depends_on") {
      value.mapping["condition"] = {.scalar = "service_started", .origin = item.origin};
    }
    mapping.mapping[item.text()] = std::move(value);
  }
  return mapping;
}

class NodeMerger {
 public:
  explicit NodeMerger(Problems& problems) : problems_(problems) {}

  Node merge(Node earlier, Node later, const Place& place) {
    if (later.rule == Node::Rule::override) return settled(std::move(later));
    if (later.is_null()) return earlier;
    const std::optional<How> how = how_at(place);
    if (!how) return merge_plainly(std::move(earlier), std::move(later), place);
    if (how == How::replace || earlier.is_null()) return settled(std::move(later));
    return merge_as(*how, std::move(earlier), std::move(later), place);
  }

 private:
  Node merge_plainly(Node earlier, Node later, const Place& place) {
    if (earlier.kind == Kind::scalar || later.kind == Kind::scalar) {
      const bool is_known_conflict =
          !earlier.is_null() && earlier.kind != later.kind && place.size() <= 2;
      if (is_known_conflict) refuse(earlier, later);
      return settled(std::move(later));
    }
    if (earlier.kind != later.kind) {
      refuse(earlier, later);
      return earlier;
    }
    if (earlier.kind == Kind::list) {
      later = settled(std::move(later));
      for (Node& item : later.list) earlier.list.push_back(std::move(item));
      return earlier;
    }
    return merge_mappings(std::move(earlier), std::move(later), place);
  }

  Node merge_mappings(Node earlier, Node later, const Place& place) {
    for (auto& [key, each] : later.mapping) {
      const auto found = earlier.mapping.find(key);
      if (each.rule == Node::Rule::reset) {
        if (found != earlier.mapping.end()) earlier.mapping.erase(found);
      } else if (found == earlier.mapping.end()) {
        earlier.mapping.emplace(key, settled(std::move(each)));
      } else {
        Place inner = place;
        inner.push_back(key);
        found->second = merge(std::move(found->second), std::move(each), inner);
      }
    }
    return earlier;
  }

  Node merge_as(How how, Node earlier, Node later, const Place& place) {
    switch (how) {
      case How::pairs:
        if (earlier.kind != Kind::mapping && later.kind != Kind::mapping) break;
        return merge_values(pairs_mapping(std::move(earlier)), pairs_mapping(std::move(later)));
      case How::hosts:
        if (earlier.kind == Kind::mapping && later.kind == Kind::mapping) {
          return merge_values(std::move(earlier), std::move(later));
        }
        earlier = hosts_list(std::move(earlier));
        later = hosts_list(std::move(later));
        break;
      case How::names:
        if (earlier.kind != Kind::mapping && later.kind != Kind::mapping) break;
        return merge_mappings(names_mapping(std::move(earlier), place.back()),
                              names_mapping(std::move(later), place.back()), place);
      case How::logging: {
        const std::string driver = later.text_at("driver");
        const std::string before = earlier.text_at("driver");
        if (!driver.empty() && !before.empty() && driver != before) {
          return settled(std::move(later));
        }
        return merge_plainly(std::move(earlier), std::move(later), place);
      }
      case How::build:
        return merge_plainly(build_mapping(std::move(earlier)), build_mapping(std::move(later)),
                             place);
      default:
        break;
    }
    earlier = as_list(std::move(earlier));
    later = as_list(std::move(later));
    if (earlier.kind != Kind::list || later.kind != Kind::list) {
      refuse(earlier, later);
      return earlier;
    }
    return merge_items(how, std::move(earlier), std::move(later));
  }

  static Node build_mapping(Node node) {
    if (node.kind != Kind::scalar) return node;
    Node mapping{.kind = Kind::mapping, .rule = node.rule, .origin = node.origin};
    mapping.mapping["context"] = std::move(node);
    return mapping;
  }

  // One that has no value is one all the same: the variable of the host.
  static Node merge_values(Node earlier, Node later) {
    for (auto& [key, each] : later.mapping) {
      if (each.rule == Node::Rule::reset) {
        earlier.mapping.erase(key);
      } else {
        earlier.mapping[key] = std::move(each);
      }
    }
    return earlier;
  }

  // A later item takes the place of the one with its key.
  static Node merge_items(How how, Node earlier, Node later) {
    std::vector<std::pair<std::string, Node>> items;
    for (Node* list : {&earlier, &later}) {
      for (Node& item : list->list) {
        if (item.rule == Node::Rule::reset) continue;
        std::string key = key_of(how, item);
        const auto same = std::find_if(items.begin(), items.end(),
                                       [&](const auto& each) { return each.first == key; });
        if (same == items.end()) {
          items.emplace_back(std::move(key), std::move(item));
        } else {
          same->second = std::move(item);
        }
      }
    }
    earlier.list.clear();
    for (auto& [key, item] : items) earlier.list.push_back(std::move(item));
    return earlier;
  }

  void refuse(const Node& earlier, const Node& later) {
    const auto name = [](const Node& node) {
      return node.kind == Kind::list      ? "a list"
             : node.kind == Kind::mapping ? "a mapping"
                                          : "a single value";
    };
    problems_.add(format("{}: found {}, expected {} as in {}", later.where(), name(later),
                         name(earlier), earlier.where()),
                  "write both alike, or !override before the later one");
  }

  Problems& problems_;
};

}  // namespace

Node merge_files(Node earlier, Node later, Problems& problems) {
  return NodeMerger(problems).merge(std::move(earlier), std::move(later), {});
}

Node merge_services(Node earlier, Node later, Problems& problems) {
  return NodeMerger(problems).merge(std::move(earlier), std::move(later), {"services", "*"});
}

Node settled(Node node) {
  node.rule = Node::Rule::merge;
  std::erase_if(node.list, [](const Node& each) { return each.rule == Node::Rule::reset; });
  std::erase_if(node.mapping,
                [](const auto& each) { return each.second.rule == Node::Rule::reset; });
  for (Node& each : node.list) each = settled(std::move(each));
  for (auto& [key, each] : node.mapping) each = settled(std::move(each));
  return node;
}

std::string volume_source(const std::string& text) {
  const std::vector<std::string> parts = parts_of(text);
  return parts.size() == 1 ? "" : parts.front();
}

}  // namespace sealift::compose
