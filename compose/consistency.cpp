// SPDX-License-Identifier: Apache-2.0
#include "compose/consistency.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "compose/merge.hpp"
#include "release/text/schema.hpp"

namespace sealift::compose {

namespace {

// The forms that a key of a service has: t a single value, l a list, m a mapping.
struct KeyForm {
  const char* key;
  std::string_view forms;
};
constexpr std::array kKeyForms = {
    KeyForm{"cap_add", "l"},
    KeyForm{"cap_drop", "l"},
    KeyForm{"command", "tl"},
    KeyForm{"configs", "l"},
    KeyForm{"container_name", "t"},
    KeyForm{"depends_on", "lm"},
    KeyForm{"deploy", "m"},
    KeyForm{"devices", "l"},
    KeyForm{"dns", "tl"},
    KeyForm{"entrypoint", "tl"},
    KeyForm{"env_file", "tl"},
    KeyForm{"environment", "lm"},
    KeyForm{"expose", "l"},
    KeyForm{"extra_hosts", "lm"},
    KeyForm{"group_add", "l"},
    KeyForm{"healthcheck", "m"},
    KeyForm{"hostname", "t"},
    KeyForm{"image", "t"},
    KeyForm{"init", "t"},
    KeyForm{"labels", "lm"},
    KeyForm{"links", "l"},
    KeyForm{"logging", "m"},
    KeyForm{"mem_limit", "t"},
    KeyForm{"network_mode", "t"},
    KeyForm{"networks", "lm"},
    KeyForm{"ports", "l"},
    KeyForm{"privileged", "t"},
    KeyForm{"profiles", "l"},
    KeyForm{"read_only", "t"},
    KeyForm{"restart", "t"},
    KeyForm{"secrets", "l"},
    KeyForm{"security_opt", "l"},
    KeyForm{"stdin_open", "t"},
    KeyForm{"stop_grace_period", "t"},
    KeyForm{"sysctls", "lm"},
    KeyForm{"tmpfs", "tl"},
    KeyForm{"tty", "t"},
    KeyForm{"ulimits", "m"},
    KeyForm{"user", "t"},
    KeyForm{"volumes", "l"},
    KeyForm{"volumes_from", "l"},
    KeyForm{"working_dir", "t"},
};

char form_of(const Json& value) {
  return value.is_array() ? 'l' : value.is_object() ? 'm' : 't';
}

std::string name_of_form(char form) {
  return form == 'l' ? "a list" : form == 'm' ? "a mapping" : "a single value";
}

bool has_open_variable(const std::string& text) {
  return text.find('$') != text.npos;
}

class ConsistencyCheck {
 public:
  ConsistencyCheck(const Document& document, const std::set<std::string>& started)
      : document_(document), started_(started) {}

  std::vector<Inconsistency> run() {
    for (const auto& [name, service] : document_.services) {
      at_ = "/services/" + name;
      check_forms(service.definition);
      if (!started_.contains(name)) continue;
      check_services(name, service);
      check_volumes(service);
      check_declared(service.configs, "configs", "");
      check_declared(service.secrets, "secrets", "");
      check_declared(service.networks, "networks", "default");
      check_alone(name, service);
    }
    check_circles();
    check_parts();
    return std::move(found_);
  }

 private:
  void add(const std::string& rest, const std::string& found, const std::string& hint) {
    found_.push_back({rest.empty() ? at_ : format("{}/{}", at_, rest), found, hint});
  }

  void check_forms(const Json& service) {
    for (const auto& [key, forms] : kKeyForms) {
      const auto value = service.find(key);
      if (value == service.end() || value->is_null()) continue;
      if (forms.find(form_of(*value)) != std::string_view::npos) continue;
      std::vector<std::string> names;
      for (const char form : forms) names.push_back(name_of_form(form));
      add(key,
          format("found {}, expected {}", name_of_form(form_of(*value)), joined(names, " or ")),
          *value == "" ? "remove the key, or give it a value" : "");
    }
  }

  // Another service that this one cannot be without.
  void check_service(const std::string& rest, const std::string& name, const std::string& why) {
    if (name.empty() || has_open_variable(name) || started_.contains(name)) return;
    if (document_.services.contains(name)) {
      add(rest,
          format("{} the service {}, which has a profile that is not chosen", why,
                 printable(name, 80)),
          "choose it: COMPOSE_PROFILES in the configuration, or write required: false");
      return;
    }
    std::vector<std::string> known;
    for (const auto& [each, unused] : document_.services) known.push_back(each);
    const std::string near = nearest(name, known);
    add(rest, format("{} the service {}, which the file does not have", why, printable(name, 80)),
        near.empty() ? "add it, or remove this" : format("did you mean \"{}\"?", near));
  }

  void check_services(const std::string& own, const Service& service) {
    for (const Dependency& other : service.depends_on) {
      if (other.name == own) {
        add(other.place, "depends on itself", "remove it");
      } else if (other.is_needed) {
        check_service(other.place, other.name, "depends on");
      }
    }
    for (const auto* others : {&service.links, &service.volumes_from}) {
      for (const NamedPart& other : *others) {
        if (other.name.starts_with("container:")) continue;
        check_service(other.place, other.name.substr(0, other.name.find(':')), "names");
      }
    }
    check_mode("network_mode", service.network_mode);
    check_mode("pid", service.pid);
    check_mode("ipc", service.ipc);
  }

  void check_mode(const std::string& key, const std::string& mode) {
    constexpr std::string_view kOfService = "service:";
    if (mode.starts_with(kOfService)) check_service(key, mode.substr(kOfService.size()), "names");
  }

  void check_volumes(const Service& service) {
    for (const Mount& mount : service.volumes) {
      if (mount.type != "volume" && !mount.type.empty()) continue;
      const std::string name = mount.text.empty() ? mount.source : volume_source(mount.text);
      if (name.empty() || std::string_view("./~").find(name.front()) != std::string_view::npos) {
        continue;
      }
      check_known("volumes", mount.place, name);
    }
  }

  void check_declared(const std::vector<NamedPart>& used, const char* sort,
                      std::string_view always) {
    for (const NamedPart& each : used) {
      if (each.name != always) check_known(sort, each.place, each.name);
    }
  }

  void check_known(const char* sort, const std::string& rest, const std::string& name) {
    if (name.empty() || has_open_variable(name) || document_.parts(sort).contains(name)) return;
    add(rest, format("names {}, which {} of the file does not have", printable(name, 80), sort),
        format("add it at the end of the file: {}: {{{}: ...}}", sort, printable(name, 80)));
  }

  // What is right by itself, and not beside something else.
  void check_alone(const std::string& own, const Service& service) {
    const std::string& name = service.container_name;
    if (!name.empty() && !has_open_variable(name)) {
      const auto [other, is_new] = containers_.emplace(name, own);
      if (!is_new) {
        add("container_name",
            format("found {}, as of the service {}", printable(name, 80),
                   printable(other->second, 80)),
            "give each container a name of its own, or none");
      }
      const Json& count = service.replicas;
      if (count.is_number_unsigned() && count.get<std::uint64_t>() > 1) {
        add("container_name",
            format("found a name for one container, and {} replicas", count.get<std::uint64_t>()),
            "remove container_name");
      }
    }
    if (!service.network_mode.empty() && service.has_networks) {
      add("network_mode", "found network_mode and networks, expected one of them",
          "remove one of them");
    }
    const Json& test = service.health_test;
    if (!test.empty() && test.front() != "CMD" && test.front() != "CMD-SHELL" &&
        test.front() != "NONE") {
      add("healthcheck/test",
          format("begins with {}, expected CMD, CMD-SHELL or NONE",
                 printable(test.front().dump(), 80)),
          "write [CMD, PROGRAM, ARGUMENT], or one text for the shell");
    }
  }

  void check_circles() {
    std::map<std::string, std::vector<std::string>> waits;
    for (const std::string& name : started_) {
      for (const Dependency& other : document_.services.at(name).depends_on) {
        if (other.name != name && started_.contains(other.name)) waits[name].push_back(other.name);
      }
    }
    std::set<std::string> done;
    for (const auto& [name, unused] : waits) {
      std::vector<std::string> chain;
      if (!is_in_order(name, waits, done, chain)) return;
    }
  }

  // False once a circle was said.
  bool is_in_order(const std::string& name,
                   const std::map<std::string, std::vector<std::string>>& waits,
                   std::set<std::string>& done, std::vector<std::string>& chain) {
    if (done.contains(name)) return true;
    const auto begin = std::find(chain.begin(), chain.end(), name);
    if (begin != chain.end()) {
      std::vector<std::string> circle(begin, chain.end());
      circle.push_back(name);
      at_ = "/services/" + name;
      add("depends_on",
          format("found services that wait for each other: {}", joined(circle, " -> ")),
          "take one of them out of depends_on");
      return false;
    }
    chain.push_back(name);
    if (const auto others = waits.find(name); others != waits.end()) {
      for (const std::string& other : others->second) {
        if (!is_in_order(other, waits, done, chain)) return false;
      }
    }
    chain.pop_back();
    done.insert(name);
    return true;
  }

  void check_parts() {
    for (const char* sort : {"configs", "secrets"}) {
      for (const auto& [name, part] : document_.parts(sort)) {
        if (has_any(part, kSources)) continue;
        at_ = format("/{}/{}", sort, name);
        add("", "says not where it comes from", "write file: FILE or environment: VARIABLE");
      }
    }
    for (const char* sort : {"networks", "volumes"}) {
      for (const auto& [name, part] : document_.parts(sort)) {
        if (!part.is_external) continue;
        at_ = format("/{}/{}", sort, name);
        for (const std::string& key : part.keys) {
          if (std::find(kMade.begin(), kMade.end(), key) == kMade.end()) continue;
          add(key, "found it beside external: true",
              "remove it: it is set where the network or volume is made");
          if (std::string_view(sort) == "networks") {
            found_.back().refused_by = Inconsistency::RefusedBy::docker_compose_1;
          }
        }
      }
    }
  }

  template <typename Keys>
  static bool has_any(const SharedPart& part, const Keys& keys) {
    return std::find_first_of(part.keys.begin(), part.keys.end(), keys.begin(), keys.end()) !=
           part.keys.end();
  }

  static constexpr std::array kSources = {"file",     "environment", "content",
                                          "external", "driver",      "template_driver"};
  // What is said where a network or volume is made.
  static constexpr std::array kMade = {"driver", "driver_opts", "ipam", "internal", "labels"};

  const Document& document_;
  const std::set<std::string>& started_;
  std::map<std::string, std::string> containers_;  // name -> service
  std::string at_;
  std::vector<Inconsistency> found_;
};

}  // namespace

std::vector<Inconsistency> inconsistencies(const Document& document,
                                           const std::set<std::string>& started) {
  return ConsistencyCheck(document, started).run();
}

}  // namespace sealift::compose
