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

// What a service waits for or takes from, as a list or a mapping names it.
std::vector<std::pair<std::string, std::string>> names_at(const Json& service, const char* key) {
  std::vector<std::pair<std::string, std::string>> names;  // with the rest of the pointer
  const auto found = service.find(key);
  if (found == service.end()) return names;
  if (found->is_object()) {
    for (const auto& [name, unused] : found->items()) {
      names.emplace_back(name, format("{}/{}", key, name));
    }
  } else if (found->is_array()) {
    for (std::size_t i = 0; i < found->size(); ++i) {
      const Json& item = (*found)[i];
      const std::string name = item.is_object()   ? text_at(item, "source")
                               : item.is_string() ? item.text()
                                                  : item.dump();
      names.emplace_back(name, format("{}/{}", key, i));
    }
  }
  return names;
}

class ConsistencyCheck {
 public:
  ConsistencyCheck(const Json& root, const std::set<std::string>& started)
      : root_(root), started_(started) {}

  std::vector<Inconsistency> run() {
    for (const auto& [name, service] : part("services").items()) {
      if (!service.is_object()) continue;
      at_ = "/services/" + name;
      check_forms(service);
      if (!started_.contains(name)) continue;
      check_services(name, service);
      check_volumes(service);
      for (const char* sort : {"configs", "secrets"}) check_declared(service, sort, "");
      check_declared(service, "networks", "default");
      check_alone(name, service);
    }
    check_circles();
    check_parts();
    return std::move(found_);
  }

 private:
  const Json& part(const char* key) const { return object_at(root_, key); }

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
    const Json& services = part("services");
    if (services.contains(name)) {
      add(rest,
          format("{} the service {}, which has a profile that is not chosen", why,
                 printable(name, 80)),
          "choose it: COMPOSE_PROFILES in the configuration, or write required: false");
      return;
    }
    std::vector<std::string> known;
    for (const auto& [each, unused] : services.items()) known.push_back(each);
    const std::string near = nearest(name, known);
    add(rest, format("{} the service {}, which the file does not have", why, printable(name, 80)),
        near.empty() ? "add it, or remove this" : format("did you mean \"{}\"?", near));
  }

  void check_services(const std::string& own, const Json& service) {
    const Json others = service.value("depends_on", Json());
    for (const auto& [name, rest] : names_at(service, "depends_on")) {
      const bool is_needed = !others.is_object() || !others.at(name).is_object() ||
                             others.at(name).value("required", Json(true)) != Json(false);
      if (name == own) {
        add(rest, "depends on itself", "remove it");
      } else if (is_needed) {
        check_service(rest, name, "depends on");
      }
    }
    for (const char* key : {"links", "volumes_from"}) {
      for (const auto& [text, rest] : names_at(service, key)) {
        if (text.starts_with("container:")) continue;
        check_service(rest, text.substr(0, text.find(':')), "names");
      }
    }
    for (const char* key : {"network_mode", "pid", "ipc"}) {
      const std::string mode = text_at(service, key);
      if (mode.starts_with("service:")) check_service(key, mode.substr(8), "names");
    }
  }

  void check_volumes(const Json& service) {
    const Json& volumes = list_at(service, "volumes");
    for (std::size_t i = 0; i < volumes.size(); ++i) {
      const Json& volume = volumes[i];
      const std::string type = text_at(volume, "type");
      if (volume.is_object() && type != "volume" && !type.empty()) continue;
      const std::string name =
          volume.is_string() ? volume_source(volume.text()) : text_at(volume, "source");
      if (name.empty() || std::string_view("./~").find(name.front()) != std::string_view::npos) {
        continue;
      }
      check_known("volumes", format("volumes/{}", i), name);
    }
  }

  void check_declared(const Json& service, const char* sort, std::string_view always) {
    for (const auto& [name, rest] : names_at(service, sort)) {
      if (name != always) check_known(sort, rest, name);
    }
  }

  void check_known(const char* sort, const std::string& rest, const std::string& name) {
    if (name.empty() || has_open_variable(name) || part(sort).contains(name)) return;
    add(rest, format("names {}, which {} of the file does not have", printable(name, 80), sort),
        format("add it at the end of the file: {}: {{{}: ...}}", sort, printable(name, 80)));
  }

  // What is right by itself, and not beside something else.
  void check_alone(const std::string& own, const Json& service) {
    const std::string name = text_at(service, "container_name");
    if (!name.empty() && !has_open_variable(name)) {
      const auto [other, is_new] = containers_.emplace(name, own);
      if (!is_new) {
        add("container_name",
            format("found {}, as of the service {}", printable(name, 80),
                   printable(other->second, 80)),
            "give each container a name of its own, or none");
      }
      const Json count =
          object_at(service, "deploy").value("replicas", service.value("scale", Json(1U)));
      if (count.is_number_unsigned() && count.get<std::uint64_t>() > 1) {
        add("container_name",
            format("found a name for one container, and {} replicas", count.get<std::uint64_t>()),
            "remove container_name");
      }
    }
    if (!text_at(service, "network_mode").empty() && !service.value("networks", Json()).empty()) {
      add("network_mode", "found network_mode and networks, expected one of them",
          "remove one of them");
    }
    const Json& test = list_at(object_at(service, "healthcheck"), "test");
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
      for (const auto& [other, unused] : names_at(part("services").at(name), "depends_on")) {
        if (other != name && started_.contains(other)) waits[name].push_back(other);
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
      for (const auto& [name, entry] : part(sort).items()) {
        const bool has_source =
            entry.is_object() &&
            std::any_of(kSources.begin(), kSources.end(),
                        [&, &each = entry](const char* key) { return each.contains(key); });
        if (has_source) continue;
        at_ = format("/{}/{}", sort, name);
        add("", "says not where it comes from", "write file: FILE or environment: VARIABLE");
      }
    }
    for (const char* sort : {"networks", "volumes"}) {
      for (const auto& [name, entry] : part(sort).items()) {
        if (!entry.is_object() || entry.value("external", Json(false)) != Json(true)) continue;
        at_ = format("/{}/{}", sort, name);
        for (const char* key : {"driver", "driver_opts", "ipam", "internal", "labels"}) {
          if (!entry.contains(key)) continue;
          add(key, "found it beside external: true",
              "remove it: it is set where the network or volume is made");
        }
      }
    }
  }

  static constexpr std::array kSources = {"file",     "environment", "content",
                                          "external", "driver",      "template_driver"};

  const Json& root_;
  const std::set<std::string>& started_;
  std::map<std::string, std::string> containers_;  // name -> service
  std::string at_;
  std::vector<Inconsistency> found_;
};

}  // namespace

std::vector<Inconsistency> inconsistencies(const Json& root, const std::set<std::string>& started) {
  return ConsistencyCheck(root, started).run();
}

}  // namespace sealift::compose
