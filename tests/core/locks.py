"""Small locks of every format, written by hand, and what reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.core.dependencies.environments import marker_environment
from bot.core.dependencies.files import DependencyFile
from bot.core.dependencies.locked.conda_lock import read_conda_lock
from bot.core.dependencies.locked.pdm_lock import read_pdm_lock
from bot.core.dependencies.locked.pipfile_lock import read_pipfile_lock
from bot.core.dependencies.locked.pixi_lock import read_pixi_lock
from bot.core.dependencies.locked.poetry_lock import read_poetry_lock
from bot.core.dependencies.locked.pylock import read_pylock
from bot.core.dependencies.locked.uv_lock import read_uv_lock
from bot.core.dependencies.selection import Asked, Selection, select
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

NONE: frozenset[str] = frozenset()

UV = """\
version = 1
revision = 3
requires-python = ">=3.11"
resolution-markers = ["python_full_version >= '3.14'", "python_full_version < '3.14'"]

[manifest]
members = ["app", "lib"]

[[package]]
name = "app"
source = { virtual = "." }
dependencies = [
    { name = "lib" },
    { name = "numpy", version = "1.26.4", marker = "python_full_version < '3.14'" },
    { name = "numpy", version = "2.3.0", marker = "python_full_version >= '3.14'" },
    { name = "colorama", marker = "sys_platform == 'win32'" },
]

[package.optional-dependencies]
web = [{ name = "starlette", extra = ["full"] }]

[package.dev-dependencies]
dev = [{ name = "fork" }, { name = "archive" }]

[[package]]
name = "lib"
version = "0.1"
source = { editable = "packages/lib" }
dependencies = [{ name = "torch" }, { name = "ring" }]

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://pypi.org/simple" }
resolution-markers = ["python_full_version < '3.14'"]

[[package]]
name = "numpy"
version = "2.3.0"
source = { registry = "https://pypi.org/simple" }
resolution-markers = ["python_full_version >= '3.14'"]
sdist = { url = "https://files.pythonhosted.org/packages/00/numpy-2.3.0.tar.gz" }
wheels = [{ url = "https://files.pythonhosted.org/packages/00/numpy-2.3.0-cp314-cp314t-win_amd64.whl" }]

[[package]]
name = "torch"
version = "2.11.0+cu128"
source = { registry = "https://me:secret@download.pytorch.org/whl/cu128" }
dependencies = [{ name = "numpy" }]
wheels = [{ url = "https://example.org/torch-2.11.0%2Bcu128-cp314-cp314t-manylinux_2_28_x86_64.whl" }]

[[package]]
name = "ring"
version = "1"
source = { registry = "https://pypi.org/simple/" }
dependencies = [{ name = "chain" }]

[[package]]
name = "chain"
version = "2"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "ring" }]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "starlette"
version = "1.3.1"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "ring" }]

[package.optional-dependencies]
full = [{ name = "pyyaml" }]

[[package]]
name = "pyyaml"
version = "6.0.3"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "fork"
version = "3"
source = { git = "https://token@example.org/fork.git?rev=abc#abcdef" }

[[package]]
name = "archive"
version = "3"
source = { url = "https://example.org/archive-3.tar.gz?token=secret" }
"""

UV_CONFLICTS = """\
version = 1
revision = 9
conflicts = [[{ package = "app", extra = "cpu" }, { package = "app", extra = "cu12" }]]

[[package]]
name = "app"
version = "1"
source = { editable = "." }
dependencies = [{ name = "helper" }]

[package.optional-dependencies]
cpu = [{ name = "torch", version = "2.11.0+cpu", marker = "extra == 'extra-3-app-cpu'" }]
cu12 = [{ name = "torch", version = "2.11.0+cu12", marker = "extra == 'extra-3-app-cu12'" }]

[[package]]
name = "helper"
version = "1"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "small", marker = "extra == 'extra-3-app-cpu' or extra != 'extra-3-app-cu12'" },
    { name = "large", marker = "sys_platform == 'linux' and extra == 'extra-3-app-cu12'" },
]

[[package]]
name = "small"
version = "1"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "large"
version = "1"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "torch"
version = "2.11.0+cpu"
source = { registry = "https://example.org/cpu" }

[[package]]
name = "torch"
version = "2.11.0+cu12"
source = { registry = "https://example.org/cu12" }
"""

UV_OF_THREE = """\
version = 1
revision = 5
requires-python = ">=3.11"
conflicts = [[
    { package = "app", extra = "cpu" },
    { package = "app", extra = "cu12" },
    { package = "app", group = "dev" },
]]

[[package]]
name = "app"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "helper" }]

[package.optional-dependencies]
cpu = [{ name = "small", version = "1.0", source = { registry = "links" } }]
cu12 = [{ name = "small", version = "2.0", source = { registry = "links" } }]

[package.dev-dependencies]
dev = [{ name = "small", version = "3.0", source = { registry = "links" } }]

[[package]]
name = "helper"
version = "1.0"
source = { registry = "links" }

[[package.dependencies]]
name = "small"
version = "1.0"
marker = "extra == 'extra-3-app-cpu' or (extra == 'extra-3-app-cu12' and extra == 'group-3-app-dev')"

[[package.dependencies]]
name = "small"
version = "2.0"
marker = "extra == 'extra-3-app-cu12' or (extra == 'extra-3-app-cpu' and extra == 'group-3-app-dev')"

[[package.dependencies]]
name = "small"
version = "3.0"
marker = """
UV_OF_THREE += "\"extra == 'group-3-app-dev' or (extra != 'extra-3-app-cpu' and extra != 'extra-3-app-cu12')"
UV_OF_THREE += " or (extra == 'extra-3-app-cpu' and extra == 'extra-3-app-cu12')\""
UV_OF_THREE += """

[[package]]
name = "small"
version = "1.0"
source = { registry = "links" }

[[package]]
name = "small"
version = "2.0"
source = { registry = "links" }

[[package.dependencies]]
name = "tiny"
marker = "sys_platform == 'linux' and extra == 'extra-3-app-cu12'"

[[package]]
name = "small"
version = "3.0"
source = { registry = "links" }

[[package]]
name = "tiny"
version = "1.0"
source = { registry = "links" }
"""
"""As uv 0.13.9 makes it, but for line breaks and one marker, which is shorter."""

PYLOCK = """\
lock-version = "1.0"
created-by = "pdm"
environments = [""]
requires-python = ">=3.11"
extras = ["cli"]
dependency-groups = ["docs"]
default-groups = ["default"]

[[packages]]
name = "Web_Framework"
version = "1.0"
marker = "'default' in dependency_groups or 'docs' in dependency_groups"
dependencies = [{ name = "parser" }]
wheels = [{ url = "https://files.pythonhosted.org/packages/00/web_framework-1.0-py3-none-any.whl" }]

[[packages]]
name = "parser"
version = "2.0"
index = "https://pypi.org/simple/"
wheels = [{ name = "parser-2.0-cp314-cp314t-win_amd64-x-y.whl" }]

[[packages]]
name = "colours"
version = "3.0"
marker = "sys_platform == 'win32' and 'cli' in extras"

[[packages]]
name = "prompt"
version = "3.1"
marker = "'cli' in extras"

[packages.tool.pdm]
dependencies = ["parser>=1", "colours; sys_platform == 'win32'"]

[[packages]]
name = "theme"
version = "4.0"
marker = "'docs' in dependency_groups"
index = "https://me:secret@example.org/simple"

[[packages]]
name = "torch"
version = "2.11.0+cu128"
wheels = [{ url = "https://download.pytorch.org/whl/cu128/torch-2.11.0%2Bcu128-cp314-cp314t-win_amd64.whl" }]

[[packages]]
name = "here"
directory = { path = ".", editable = true }

[[packages]]
name = "versioned"
vcs = { type = "git", url = "https://example.org/versioned.git", commit-id = "abc" }

[[packages]]
name = "packed"
archive = { url = "https://example.org/packed-1.tar.gz" }

[[packages]]
name = "unpinned"
"""

POETRY_1 = """\
[[package]]
name = "httpx"
version = "0.28.1"
category = "main"
optional = false

[package.dependencies]
anyio = "*"
h2 = {version = ">=3,<5", optional = true, markers = "extra == \\"http2\\""}

[package.extras]
http2 = ["h2 (>=3,<5)"]

[[package]]
name = "anyio"
version = "4.0"
category = "main"
optional = false

[[package]]
name = "h2"
version = "4.0"
category = "main"
optional = true

[package.dependencies]
hpack = "^4.0"

[[package]]
name = "hpack"
version = "4.1"
category = "main"
optional = true

[[package]]
name = "pytest"
version = "8.0"
category = "dev"
optional = false

[package.dependencies]
colorama = {version = "*", markers = "sys_platform == \\"win32\\""}

[[package]]
name = "colorama"
version = "0.4.6"
category = "dev"
optional = false
marker = "sys_platform == \\"win32\\""

[[package]]
name = "mirrored"
version = "1.0"
category = "main"
optional = false

[package.source]
type = "legacy"
url = "https://example.org/simple"
reference = "example"

[extras]
fast = ["h2"]

[metadata]
lock-version = "1.1"
python-versions = "^3.8"

[metadata.files]
anyio = [
    {file = "anyio-4.0-py3-none-any.whl", hash = "sha256:00"},
    {file = "anyio-4.0.tar.gz", hash = "sha256:00"},
]
"""

POETRY_2 = """\
[[package]]
name = "click"
version = "8.1"
optional = false
groups = ["main", "dev"]

[package.dependencies]
colorama = {version = "*", markers = "platform_system == \\"Windows\\""}

[[package]]
name = "colorama"
version = "0.4.6"
optional = false
groups = ["main", "dev"]

[[package]]
name = "sphinx"
version = "8.0"
optional = false
groups = ["docs"]

[[package]]
name = "tzdata"
version = "2026.1"
optional = false
groups = ["main", "docs"]
markers = {main = "sys_platform == \\"win32\\"", docs = "python_version >= \\"3.9\\""}

[[package]]
name = "psycopg"
version = "3.2"
optional = true
groups = ["main"]
markers = "extra == \\"postgres\\""

[[package]]
name = "forked"
version = "1.0"
optional = false
groups = ["main"]

[package.source]
type = "git"
url = "https://example.org/forked.git"
reference = "HEAD"

[extras]
postgres = ["psycopg"]

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
"""

PIPFILE = """\
{
    "_meta": {
        "pipfile-spec": 6,
        "requires": {"python_version": "3.14"},
        "sources": [
            {"name": "pypi", "url": "https://pypi.org/simple"},
            {"name": "company", "url": "https://me:secret@example.org/simple"}
        ]
    },
    "default": {
        "requests": {"index": "pypi", "version": "==2.33.0", "markers": "python_version >= '3.10'"},
        "pywin32": {"version": "*", "markers": "sys_platform == 'win32'"},
        "backports.zstd": {"version": "==>=3", "markers": "python_version < '3.14'"},
        "Internal_Tool": {"index": "company", "version": "==1.0"},
        "here": {"path": ".", "editable": true},
        "forked": {"git": "https://example.org/forked.git", "ref": "abc"}
    },
    "develop": {
        "pytest": {"version": "==9.0.3", "markers": "('dev' in dependency_groups) and (python_version >= '3.10')"}
    },
    "docs": {"sphinx": {"version": "==8.0"}}
}
"""

PDM = """\
[metadata]
groups = ["default", "dev", "socks"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"

[[metadata.targets]]
requires_python = ">=3.11"

[[package]]
name = "requests"
version = "2.33.0"
extras = ["socks"]
groups = ["socks"]
dependencies = ["requests==2.33.0", "PySocks!=1.5.7,>=1.5.6"]

[[package]]
name = "requests"
version = "2.33.0"
groups = ["default", "socks"]
dependencies = ["idna<4,>=2.5", "colorama; sys_platform == 'win32'"]
files = [
    {file = "requests-2.33.0-py3-none-any.whl", hash = "sha256:00"},
    {file = "requests-2.33.0.tar.gz", hash = "sha256:00"},
]

[[package]]
name = "idna"
version = "3.15"
groups = ["default", "socks"]

[[package]]
name = "pysocks"
version = "1.7.1"
groups = ["socks"]

[[package]]
name = "colorama"
version = "0.4.6"
groups = ["default", "dev"]

[[package]]
name = "pytest"
version = "9.0"
groups = ["dev"]
marker = "python_version >= '3.10'"
dependencies = ["colorama"]

[[package]]
name = "forked"
version = "1.0"
groups = ["default"]
git = "https://example.org/forked.git"
revision = "abc"
"""

CONDA_LOCK = """\
version: 1
metadata:
  platforms: [linux-64, osx-arm64]
package:
- name: python
  version: 3.14.2
  manager: conda
  platform: linux-64
  url: https://conda.anaconda.org/conda-forge/linux-64/python-3.14.2.conda
- name: requests
  version: 2.33.0
  manager: pip
  platform: linux-64
  dependencies: {idna: '>=2.5,<4', python: '>=3.10'}
  url: https://files.pythonhosted.org/packages/00/requests-2.33.0-py3-none-any.whl
  category: main
  optional: false
- name: idna
  version: '3.10'
  manager: pip
  platform: linux-64
  url: https://files.pythonhosted.org/packages/00/idna-3.10-py3-none-any.whl
  category: main
- name: pytest
  version: 9.0.3
  manager: pip
  platform: linux-64
  url: https://files.pythonhosted.org/packages/00/pytest-9.0.3-py3-none-any.whl
  category: dev
- name: requests
  version: 2.32.0
  manager: pip
  platform: osx-arm64
  url: https://files.pythonhosted.org/packages/00/requests-2.32.0-py3-none-any.whl
  category: main
- name: forked
  version: 1.0.0
  manager: pip
  platform: osx-arm64
  url: git+https://example.org/forked.git
  category: main
"""

PIXI = """\
version: 7
platforms:
- name: linux
  subdir: linux-64
environments:
  default:
    channels:
    - url: https://conda.anaconda.org/conda-forge/
    packages:
      linux:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.14.2.conda
      - pypi: https://files.pythonhosted.org/packages/00/anyio-4.12.1-py3-none-any.whl
      - pypi: https://files.pythonhosted.org/packages/00/idna-3.10-py3-none-any.whl
      - pypi: git+https://example.org/forked.git?rev=abc#abc
      - pypi: ./here
      win-64:
      - pypi: https://files.pythonhosted.org/packages/00/idna-3.10-py3-none-any.whl
  test:
    packages:
      linux:
      - pypi: https://files.pythonhosted.org/packages/00/idna-3.10-py3-none-any.whl
      - pypi: direct+https://example.org/pytest-9.0-py3-none-any.whl
packages:
- conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.14.2.conda
- pypi: https://files.pythonhosted.org/packages/00/anyio-4.12.1-py3-none-any.whl
  name: anyio
  version: 4.12.1
  requires_dist:
  - idna>=2.8
  - trio>=0.32 ; python_full_version >= '3.10' and extra == 'trio'
- pypi: https://files.pythonhosted.org/packages/00/idna-3.10-py3-none-any.whl
  name: idna
  version: '3.10'
- pypi: git+https://example.org/forked.git?rev=abc#abc
  name: forked
  version: '1.0'
- pypi: ./here
  name: here
- pypi: direct+https://example.org/pytest-9.0-py3-none-any.whl
  name: pytest
  version: '9.0'
"""

Read = Callable[[str, str], DependencyFile]

LOCKS: Mapping[str, tuple[Read, str]] = {
    "uv": (read_uv_lock, UV),
    "uv with conflicts": (read_uv_lock, UV_CONFLICTS),
    "uv with conflicts of three": (read_uv_lock, UV_OF_THREE),
    "pylock": (read_pylock, PYLOCK),
    "poetry 1": (read_poetry_lock, POETRY_1),
    "poetry 2": (read_poetry_lock, POETRY_2),
    "pipfile": (read_pipfile_lock, PIPFILE),
    "pdm": (read_pdm_lock, PDM),
    "conda-lock": (read_conda_lock, CONDA_LOCK),
    "pixi": (read_pixi_lock, PIXI),
}


def selected(
    file: DependencyFile,
    extras: Asked = NONE,
    groups: Asked = NONE,
    platform: Platform = Platform.MANYLINUX_X86_64,
    minor: int = 14,
) -> Selection:
    """Return what a lock installs."""
    return select(file, marker_environment(Target(minor), platform), platform, extras, groups)


def pins(selection: Selection) -> list[str]:
    """Return what is installed, as one writes it."""
    return [f"{each.package.name}=={each.package.version}" for each in selection.packages]
