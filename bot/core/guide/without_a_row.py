"""Packages that the tracking table may lack, and those that it has under another name; facts as of 2026-11.

Whoever names one as lacking looks at the index first: what has become pure Python since is not named.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NATIVE = frozenset(
    {
        *("apache-beam", "asyncpg", "awscrt", "bitarray", "black", "blake3", "catboost", "cbor2", "ciso8601"),
        *("clickhouse-connect", "clickhouse-driver", "confluent-kafka", "coverage", "crc32c", "curl-cffi", "cytoolz"),
        *("ddtrace", "debugpy", "duckdb", "dulwich", "faiss-cpu", "fastavro", "fastparquet", "fastuuid", "fiona"),
        *("fonttools", "gensim", "gevent", "geventhttpclient", "google-crc32c", "grpcio-tools", "h3", "hiredis"),
        *("ijson", "jellyfish", "jiter", "lazy-object-proxy", "levenshtein", "librt", "lupa", "memray", "mmh3"),
        *("mysqlclient", "nh3", "numcodecs", "onnxruntime", "optree", "oracledb", "ortools", "pikepdf", "pillow-heif"),
        *("psycopg2", "psycopg2-binary", "pybase64", "pycryptodomex", "pyinstrument", "pymongo", "pymssql", "pymupdf"),
        *("pyodbc", "pyogrio", "pyproj", "pyrsistent", "python-snappy", "pywin32", "rasterio", "regex", "rignore"),
        *("rtree", "simplejson", "snowflake-connector-python", "soxr", "tensorflow", "thinc", "time-machine", "tomli"),
        *("tree-sitter", "uuid-utils", "watchdog", "watchfiles", "websockets", "zope-interface"),
    }
)
"""Much downloaded packages with native code that had no row, for who has scanned nothing."""

_ROWS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cuda-python": ("cuda-bindings", "cuda-core"),
        "cupy": ("cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"),
        "jax": ("jax-cuda12-plugin", "jax-cuda13-plugin", "jaxlib"),
        "nvidia-nvimgcodec-cu12": ("nvidia-nvimgcodec-cu11", "nvidia-nvimgcodec-cu13"),
        "opencv-python": (
            "opencv-contrib-python",
            "opencv-contrib-python-headless",
            "opencv-python-headless",
        ),
        "polars": (
            "polars-lts-cpu",
            "polars-runtime-32",
            "polars-runtime-64",
            "polars-runtime-compat",
            "polars-u64-idx",
        ),
        "psycopg": ("psycopg-binary", "psycopg-c"),
        "pyobjc-core": ("pyobjc-framework-cocoa", "pyobjc-framework-quartz"),
    }
)


def told_with(package: str) -> tuple[str, ...]:
    """Return the packages that a row is about besides the one that it names: parts of the project, or other builds."""
    return _ROWS.get(package, ())
