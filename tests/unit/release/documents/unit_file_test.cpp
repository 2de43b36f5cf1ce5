// SPDX-License-Identifier: Apache-2.0
#include "release/documents/unit_file.hpp"

#include <catch2/catch.hpp>

namespace sealift::release::unit_file_test {

TEST_CASE("unit file: it is started by itself where [Install] says something") {
  CHECK(UnitFile::parse("[Service]\nExecStart=/bin/true\n").install.empty());
  CHECK(UnitFile::parse("[Install]\n#WantedBy=a.target\n WantedBy =\n").install.empty());
  CHECK(UnitFile::parse("[Service]\nWantedBy=a.target\n").install.empty());
  CHECK(UnitFile::parse("[Install]\nAlso=b.socket\n").install.empty());
  CHECK(UnitFile::parse("[Service]\r\n[Install]\r\nWantedBy=a.target").install ==
        "WantedBy=a.target\n");
}

TEST_CASE("unit file: a unit and its drop-ins lie at the top of a tree") {
  CHECK(unit_of("web.service") == "web.service");
  CHECK(unit_of("web.service.d/10-user.conf") == "web.service");
  CHECK(unit_of("web.service.d/more/10.conf").empty());
  CHECK(unit_of("bin/web.service").empty());
  CHECK(unit_of("web.conf").empty());
}

TEST_CASE("unit file: what runs as root is claimed, of a user's own systemd nothing") {
  std::map<std::string, UnitFile> units;
  units["root.service"] = UnitFile::parse("[Service]\nExecStart=/bin/true\n");
  units["web.service"] = UnitFile::parse("[Service]\nUser=web\nExecStart=/bin/true\n");
  units["web.timer"] = UnitFile::parse("[Timer]\nOnCalendar=daily\n");
  const std::vector<Claim> claims = claims_of(units, {"systemctl"});
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].found == "unit root.service runs as root");
  CHECK(claims_of(units, {"systemctl", "--user"}).empty());
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

TEST_CASE("unit file: it runs as root unless it says otherwise") {
  const auto is_root = [](const std::string& lines, const char* name = "a.service") {
    return UnitFile::parse("[Service]\n" + lines).runs_as_root(name);
  };
  CHECK(is_root("ExecStart=/bin/a"));
  CHECK(is_root("User=root"));
  CHECK(is_root("User=0"));
  CHECK(is_root("User=%i"));
  CHECK(is_root("User=app\nUser="));
  CHECK(is_root("User=\\\n  root"));
  CHECK(is_root("User=app\rUser=root"));
  CHECK(is_root("User=root\nDynamicUser=yes"));
  CHECK(is_root("User=app\nExecStartPre=-+/bin/a"));
  CHECK(is_root("User=app\nExecStart=\\\n+/bin/a"));
  CHECK(is_root("User=app\nType=oneshot\nExecStart=/bin/a ; !/bin/b"));
  CHECK(is_root("User=app\nPermissionsStartOnly=true"));
  CHECK(is_root("User=app\nAmbientCapabilities=CAP_SYS_ADMIN"));
  CHECK(is_root("[Install]\nUser=app"));
  CHECK_FALSE(is_root("User=app\nExecStart=@/bin/a +x !y"));
  CHECK_FALSE(is_root("User=1000\nAmbientCapabilities=CAP_NET_BIND_SERVICE"));
  CHECK_FALSE(is_root("DynamicUser=yes"));
  CHECK(is_root("", "data.mount"));
  CHECK(is_root("[Socket]\nExecStartPre=/bin/a", "a.socket"));
  CHECK_FALSE(is_root("[Socket]\nListenStream=80", "a.socket"));
  CHECK_FALSE(is_root("[Timer]\nOnCalendar=daily", "a.timer"));
}

TEST_CASE("unit file: each drop-in begins without a section, and the last word counts") {
  UnitFile unit = UnitFile::parse("[Service]\nUser=app\n[Install]\nX=\\");
  unit.add("User=other\n[Service]\nExecStart=/bin/a\n");
  CHECK(unit.user == "app");
  unit.add("[Service]\nUser=root");
  CHECK(unit.runs_as_root("a.service"));
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

}  // namespace sealift::release::unit_file_test
