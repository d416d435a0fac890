"""Where a package's free-threading support is tracked upstream.

Facts from the tracking table of py-free-threading.github.io as of 2026-06-28, for the packages that are on PyPI; the
link is what the table names, mostly an issue or pull request. Whoever watches the table itself knows better.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_HOST = "https://github.com/"

_THREADS: Mapping[str, str] = MappingProxyType(
    {
        "aiohttp": "aio-libs/aiohttp/issues/8796",
        "argon2-cffi-bindings": "hynek/argon2-cffi-bindings/issues/67",
        "asv": "airspeed-velocity/asv/issues/1515",
        "av": "PyAV-Org/PyAV/issues/1956",
        "bcrypt": "pyca/bcrypt/issues/913",
        "blis": "explosion/cython-blis/issues/124",
        "bottleneck": "pydata/bottleneck/pull/468",
        "brotli": "google/brotli/issues/1241",
        "brotlicffi": "python-hyper/brotlicffi/pull/216",
        "cffi": "python-cffi/cffi/issues/126",
        "charset-normalizer": "jawah/charset_normalizer/issues/616",
        "cibuildwheel": "pypa/cibuildwheel/issues/1657",
        "connectorx": "sfu-db/connector-x/issues/916",
        "contourpy": "contourpy/contourpy/issues/407",
        "cramjam": "milesgranger/cramjam/issues/199",
        "cryptography": "pyca/cryptography/issues/12489",
        "cuda-python": "NVIDIA/cuda-python/issues/350",
        "cupy": "cupy/cupy/issues/8998",
        "cymem": "explosion/cymem/pull/53",
        "cython": "cython/cython/issues/6221",
        "datafusion": "apache/datafusion-python/issues/1324",
        "fastrlock": "scoder/fastrlock/issues/19",
        "frozenlist": "aio-libs/frozenlist/pull/618",
        "greenlet": "python-greenlet/greenlet/pull/511",
        "grpcio": "grpc/grpc/issues/38762",
        "h5py": "h5py/h5py/issues/2475",
        "hatch": "pypa/hatch/issues/2082",
        "hf-xet": "huggingface/xet-core/issues/396",
        "httptools": "MagicStack/httptools/issues/118",
        "hypothesis": "HypothesisWorks/hypothesis/issues/4451",
        "jax": "jax-ml/jax/issues/23073",
        "joblib": "joblib/joblib/issues/1592",
        "jupyter-client": "jupyter/jupyter_client/issues/1077",
        "jupyterlab": "jupyterlab/jupyterlab/issues/16915",
        "kiwisolver": "nucleic/kiwi/pull/190",
        "kornia-rs": "kornia/kornia-rs/issues/226",
        "libcst": "Instagram/LibCST/issues/1242",
        "llguidance": "guidance-ai/llguidance/issues/256",
        "llvmlite": "numba/llvmlite/pull/1351",
        "lz4": "python-lz4/python-lz4/issues/292",
        "marisa-trie": "pytries/marisa-trie/pull/128",
        "markupsafe": "pallets/markupsafe/issues/460",
        "matplotlib": "matplotlib/matplotlib/issues/28611",
        "maturin": "PyO3/maturin/issues/2315",
        "meson": "mesonbuild/meson/issues/13263",
        "meson-python": "mesonbuild/meson-python/issues/499",
        "ml-dtypes": "jax-ml/ml_dtypes/issues/228",
        "mlx": "ml-explore/mlx/issues/2807",
        "msgpack": "msgpack/msgpack-python/issues/613",
        "msgspec": "jcrist/msgspec/issues/744",
        "multidict": "aio-libs/multidict/issues/1014",
        "murmurhash": "explosion/murmurhash/pull/47",
        "mypy": "mypyc/mypyc/issues/1038",
        "nanobind": "wjakob/nanobind/pull/695",
        "ndindex": "Quansight-Labs/ndindex/issues/198",
        "netcdf4": "Unidata/netcdf4-python/issues/1454",
        "nox": "wntrblm/nox/issues/949",
        "nuitka": "Nuitka/Nuitka/issues/3062",
        "numba": "numba/numba/issues/9928",
        "numexpr": "pydata/numexpr/issues/503",
        "numpy": "numpy/numpy/issues/26157",
        "nvidia-cutlass-dsl": "NVIDIA/cutlass/issues/3109",
        "onnx": "onnx/onnx/issues/6594",
        "openai-harmony": "openai/harmony/issues/87",
        "opencv-python": "opencv/opencv-python/issues/1029",
        "orjson": "ijl/orjson/issues/530",
        "outlines-core": "dottxt-ai/outlines-core/issues/248",
        "packaging": "pypa/packaging/issues/727",
        "pandas": "pandas-dev/pandas/issues/59057",
        "pillow": "python-pillow/Pillow/issues/8199",
        "pip": "pypa/pip/issues/12634",
        "polars": "pola-rs/polars/issues/27955",
        "preshed": "explosion/preshed/pull/54",
        "propcache": "aio-libs/propcache/pull/84",
        "protobuf": "protocolbuffers/protobuf/issues/23158",
        "psutil": "giampaolo/psutil/issues/2565",
        "psycopg": "psycopg/psycopg/issues/1095",
        "py-radix": "mjschultz/py-radix/issues/74",
        "pyarrow": "apache/arrow/issues/43536",
        "pybind11": "pybind/pybind11/issues/5112",
        "pycares": "saghul/pycares/issues/213",
        "pycocotools": "ppwwyyxx/cocoapi/pull/27",
        "pycryptodome": "Legrandin/pycryptodome/issues/813",
        "pydantic": "pydantic/pydantic/issues/10483",
        "pydantic-core": "pydantic/pydantic-core/issues/1555",
        "pygit2": "libgit2/pygit2/issues/1367",
        "pynacl": "pyca/pynacl/issues/857",
        "pyobjc-core": "ronaldoussoren/pyobjc/issues/608",
        "pythran": "serge-sans-paille/pythran/issues/2258",
        "pywinpty": "andfoy/pywinpty/issues/491",
        "pyyaml": "yaml/pyyaml/issues/856",
        "pyzmq": "zeromq/pyzmq/issues/2067",
        "rapidfuzz": "rapidfuzz/RapidFuzz/issues/399",
        "rpds-py": "crate-py/rpds/issues/101",
        "safetensors": "huggingface/safetensors/issues/572",
        "scikit-image": "scikit-image/scikit-image/issues/7464",
        "scikit-learn": "scikit-learn/scikit-learn/issues/28978",
        "scipy": "scipy/scipy/issues/20669",
        "sentencepiece": "google/sentencepiece/issues/1110",
        "setproctitle": "dvarrazzo/py-setproctitle/issues/147",
        "setuptools-rust": "PyO3/setuptools-rust/pull/502",
        "sglang": "sgl-project/sglang/issues/22889",
        "shapely": "shapely/shapely/pull/2138",
        "soundfile": "bastibe/python-soundfile/issues/467",
        "sqlalchemy": "sqlalchemy/sqlalchemy/issues/12881",
        "srsly": "explosion/srsly/issues/116",
        "statsmodels": "statsmodels/statsmodels/issues/9707",
        "stringzilla": "ashvardanian/StringZilla/issues/296",
        "tables": "PyTables/PyTables/issues/1269",
        "tiktoken": "openai/tiktoken/issues/406",
        "tokenizers": "huggingface/tokenizers/issues/1784",
        "torch": "pytorch/pytorch/issues/130249",
        "torchao": "pytorch/ao/issues/3243",
        "torchgeo": "torchgeo/torchgeo/pull/3319",
        "tornado": "tornadoweb/tornado/issues/3501",
        "tox": "tox-dev/tox/issues/3391",
        "ujson": "ultrajson/ultrajson/issues/684",
        "uv": "astral-sh/uv/issues/7193",
        "uvloop": "MagicStack/uvloop/pull/693",
        "vllm": "vllm-project/vllm/issues/28762",
        "wrapt": "GrahamDumpleton/wrapt/pull/269",
        "xformers": "facebookresearch/xformers/issues/1345",
        "xgrammar": "mlc-ai/xgrammar/issues/500",
        "xxhash": "ifduyue/python-xxhash/issues/101",
        "yappi": "sumerc/yappi/issues/179",
        "yarl": "aio-libs/yarl/issues/1455",
        "zstandard": "indygreg/python-zstandard/issues/231",
    }
)


_OTHER_TRACKERS: Mapping[str, str] = MappingProxyType(
    {
        "lxml": "https://bugs.launchpad.net/lxml/+bug/2111289",
        "ruamel-yaml-clib": "https://sourceforge.net/p/ruamel-yaml-clib/tickets/44/",
        "spacy": "https://github.com/explosion/spaCy/discussions/13847",
        "thrift": "https://issues.apache.org/jira/browse/THRIFT-5888",
    }
)
"""What the table names that is no issue or pull request on GitHub."""

_ANNOUNCED: Mapping[str, str] = MappingProxyType({"lxml": "7.0.0"})
"""First versions with support that the table named before they were out."""


def tracking_issue(package: str) -> str | None:
    """Look up where free-threading support of a package is tracked upstream, by normalized name."""
    thread = _THREADS.get(package)
    return _OTHER_TRACKERS.get(package) if thread is None else _HOST + thread


def first_version(package: str) -> str | None:
    """Look up the first version with support, as the table has it, where that was not out by then."""
    return _ANNOUNCED.get(package)


_PACKAGES: Mapping[str, str] = MappingProxyType(
    {"/".join(thread.split("/")[:2]).lower(): package for package, thread in _THREADS.items()}
)


def package_of(repository: str) -> str | None:
    """Name the package whose support is tracked in a repository (`owner/name`), as far as the table's facts tell."""
    return _PACKAGES.get(repository.lower())
