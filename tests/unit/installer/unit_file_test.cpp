// SPDX-License-Identifier: Apache-2.0
#include "installer/workloads/unit_file.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer {

TEST_CASE("unit file: it is started by itself where [Install] says something") {
  CHECK(UnitFile::parse("[Service]\nExecStart=/bin/true\n").install.empty());
  CHECK(UnitFile::parse("[Install]\n#WantedBy=a.target\n WantedBy =\n").install.empty());
  CHECK(UnitFile::parse("[Service]\nWantedBy=a.target\n").install.empty());
  CHECK(UnitFile::parse("[Install]\nAlso=b.socket\n").install.empty());
  CHECK(UnitFile::parse("[Service]\r\n[Install]\r\nWantedBy=a.target").install ==
        "WantedBy=a.target\n");
}

TEST_CASE("unit file: a job is of the type oneshot, and the last word counts") {
  CHECK(UnitFile::parse("[Service]\nType = oneshot\n").is_job);
  CHECK_FALSE(UnitFile::parse("[Service]\nType=oneshot\n[Service]\nType=simple\n").is_job);
  CHECK_FALSE(UnitFile::parse("[Unit]\nType=oneshot\n").is_job);
  // What stands in a line that goes on is none of its own.
  CHECK_FALSE(
      UnitFile::parse("[Service]\nExecStart=/bin/a \\\n# said between\nType=oneshot\n").is_job);
  CHECK(UnitFile::parse("").install.empty());
  CHECK(UnitFile::parse("[\n=\n[]\n").install.empty());
}

TEST_CASE("unit file: what it names of its own release is found") {
  using Names = std::set<std::string>;
  const std::string root = "/srv/units/current";
  CHECK(names_below("ExecStart=/srv/units/current/bin/run.sh --now\n", root) ==
        Names{"bin/run.sh"});
  CHECK(names_below("EnvironmentFile=-/srv/units/current/a.env\nX=\"/srv/units/current/b//c/\"",
                    root) == Names{"a.env", "b/c"});
  CHECK(names_below("BindPaths=/srv/units/current/data:/data", root) == Names{"data"});
  CHECK(names_below("WorkingDirectory=/srv/units/current", root) == Names{"."});
  CHECK(names_below("A=/srv/units/current/../x", root) == Names{"."});
  // A part that only systemd knows: all of the folder.
  CHECK(names_below("A=/srv/units/current/conf/%i.env", root) == Names{"conf"});
  CHECK(names_below("A=/srv/units/current/$NAME", root) == Names{"."});
  CHECK(names_below("A=/srv/units/currently/x /srv/units/releases/1/x", root).empty());
}

TEST_CASE("unit file: a template stands for its instances") {
  CHECK(is_template_unit("web@.service"));
  CHECK_FALSE(is_template_unit("web@1.service"));
}

}  // namespace sealift::installer
