# SPDX-License-Identifier: Apache-2.0
"""The example project with a component of flags, for the tests of flags."""

import json
import os

from road import write

ENVIRONMENTS = ("development", "staging", "production")

FLAGS = """\
schema: 1
flags:
  new-search:
    meaning: the search that ranks by date
    default: on
    variants: {on: true, off: false}
    targeting: {if: [{in: [{var: country}, [LK, IN]]}, on, off]}
  petitions-per-page:
    default: many
    variants: {few: 10, many: 50}
    next_release: reset
  theme:
    default: light
    variants: {light: "#fff", dark: "#000"}
    targeting: {fractional: [[light, 75], [dark, 25]]}
  sampling: {default: low, type: number, variants: {low: "0.25", high: "0.5"}}
  limits: {default: normal, variants: {normal: {size: 10}, tight: {size: 1}}}
  beta: {default: on, variants: {on: true, off: false}, enabled: false}
  staff-only:
    default: off
    variants: {on: true, off: false}
    targeting: {if: [{$ref: is-staff}, on, null]}
  dark-mode: true
evaluators:
  is-staff: {ends_with: [{var: email}, "@chanuka.example"]}
metadata: {flagSetId: chanuka, version: "1"}
"""


def write_flags(project, text=FLAGS, environments=ENVIRONMENTS):
    for name in environments:
        write(os.path.join(project, f"flags/{name}.yaml"), text)


def add_flags(project, text=FLAGS):
    """Makes the component, and the files of every environment."""
    path = os.path.join(project, "release.yaml")
    with open(path, encoding="utf-8") as source:
        release = source.read()
    if "kind: flags" not in release:
        write(path, release + "  - {name: flags, kind: flags, source: flags/, target: flags}\n")
    write_flags(project, text)


def served(road):
    """flags.json as applications read it."""
    with open(os.path.join(road.target("flags"), "current/flags.json"), encoding="utf-8") as file:
        return json.load(file)["flags"]
