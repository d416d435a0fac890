"""Which project on PyPI a repository or a module belongs to, where the name alone does not say it."""

from collections.abc import Mapping
from types import MappingProxyType

# Repositories that publish nothing on PyPI under their own name that a thread there would be about.
_UNPUBLISHED = """
python/cpython python/peps python/devguide python/docs-community python/buildmaster-config python/pythondotorg
python/release-tools python/steering-council faster-cpython/ideas faster-cpython/cpython
pyo3/pyo3 pyo3/maturin-action pyo3/rust-numpy pyo3/setuptools-rust pyo3/pyo3-async-runtimes
pypa/manylinux pypa/cibuildwheel pypa/gh-action-pypi-publish actions/setup-python actions/runner-images
astral-sh/setup-uv astral-sh/python-build-standalone deadsnakes/action deadsnakes/issues deadsnakes/python3.13
docker-library/python conda-forge/conda-forge.github.io conda-forge/staged-recipes
quansight-labs/free-threaded-compatibility quansight-labs/free-threaded-python py-free-threading/py-free-threading
colesbury/nogil colesbury/nogil-3.12 colesbury/nogil-3.12-final larryhastings/gilectomy hugovk/free-threaded-wheels
thealgorithms/python root-project/root microsoft/mimalloc microsoft/vscode-python microsoft/vcpkg
llvm/llvm-project rust-lang/rust rust-lang/cargo google/sanitizers conan-io/conan-center-index
nixos/nixpkgs homebrew/homebrew-core spack/spack msys2/mingw-packages termux/termux-packages archlinux/archinstall
gentoo/gentoo freebsd/freebsd-ports macports/macports-ports void-linux/void-packages openwrt/packages
conda-forge/conda-forge-bot conda-forge/conda-forge-pinning-feedstock conda-forge/python-feedstock
googleapis/google-cloud-python official-stockfish/fishtest continuumio/anaconda-issues
home-assistant/core freecad/freecad
oven-sh/bun nodejs/node torvalds/linux kubernetes/kubernetes apache/spark apache/kafka swig/swig boostorg/python
openusd/openusd pixaranimationstudios/openusd blender/blender godotengine/godot microsoft/windows-rs
oracle/graalpython pypy/pypy rustpython/rustpython ironlanguages/ironpython3 micropython/micropython pyodide/pyodide
"""

# Repository, then its project.
_PUBLISHED = """
pytorch/pytorch torch
pytorch/vision torchvision
pytorch/audio torchaudio
grpc/grpc grpcio
crate-py/rpds rpds-py
mrabarnett/mrab-regex regex
mypyc/mypyc mypy
python/mypy mypy
python/typing_extensions typing-extensions
apache/arrow pyarrow
apache/arrow-adbc adbc-driver-manager
apache/datafusion-python datafusion
apache/thrift thrift
apache/avro avro
apache/tvm apache-tvm
protocolbuffers/protobuf protobuf
google/flatbuffers flatbuffers
google/brotli brotli
google/re2 google-re2
google/or-tools ortools
google/jax jax
jax-ml/ml_dtypes ml-dtypes
openxla/xla jaxlib
google-deepmind/mujoco mujoco
duckdb/duckdb-python duckdb
python-pillow/pillow pillow
python-lz4/python-lz4 lz4
indygreg/python-zstandard zstandard
legrandin/pycryptodome pycryptodome
rogdham/python-xz python-xz
msgpack/msgpack-python msgpack
ultrajson/ultrajson ujson
python-rapidjson/python-rapidjson python-rapidjson
esnme/ultrajson ujson
pybind/pybind11 pybind11
wjakob/nanobind nanobind
tree-sitter/py-tree-sitter tree-sitter
openzim/python-libzim libzim
igraph/python-igraph igraph
oxigraph/oxigraph pyoxigraph
lightgbm-org/lightgbm lightgbm
microsoft/lightgbm lightgbm
dmlc/xgboost xgboost
catboost/catboost catboost
facebookresearch/faiss faiss-cpu
explosion/spacy spacy
huggingface/tokenizers tokenizers
delta-io/delta-rs deltalake
lancedb/lance pylance
pytables/pytables tables
blosc/python-blosc2 blosc2
blosc/python-blosc blosc
blosc/c-blosc2 blosc2
pyproj4/pyproj pyproj
toblerity/fiona fiona
osgeo/gdal gdal
h5py/h5py h5py
unidata/netcdf4-python netcdf4
unidata/cftime cftime
hdfgroup/hdf5 h5py
nucleic/kiwi kiwisolver
mdanalysis/mdanalysis mdanalysis
kuelumbus/rdkit-pypi rdkit
liberfa/pyerfa pyerfa
astropy/astropy astropy
sqlalchemy/sqlalchemy sqlalchemy
mongodb/mongo-python-driver pymongo
redis/redis-py redis
redis/hiredis-py hiredis
elastic/elasticsearch-py elasticsearch
confluentinc/confluent-kafka-python confluent-kafka
pymysql/mysqlclient mysqlclient
oracle/python-oracledb oracledb
psycopg/psycopg2 psycopg2
zeromq/pyzmq pyzmq
newrelic/newrelic-python-agent newrelic
datadog/dd-trace-py ddtrace
getsentry/sentry-python sentry-sdk
open-telemetry/opentelemetry-python opentelemetry-api
aws/aws-lambda-python-runtime-interface-client awslambdaric
awslabs/aws-crt-python awscrt
boto/botocore botocore
mhammond/pywin32 pywin32
marcelotduarte/cx_freeze cx-freeze
wxwidgets/phoenix wxpython
kivy/pyjnius pyjnius
pygobject/pygobject pygobject
rapidfuzz/rapidfuzz rapidfuzz
nedbat/coveragepy coverage
python-greenlet/greenlet greenlet
zopefoundation/btrees btrees
abstractumbra/audioop audioop-lts
opencv/opencv-python opencv-python
opencv/opencv opencv-python
pyca/pynacl pynacl
yaml/pyyaml pyyaml
pyyaml/pyyaml pyyaml
lenskit/lkpy lenskit
ethereum/c-kzg-4844 ckzg
ashvardanian/numkong numkong
ashvardanian/simsimd simsimd
ashvardanian/stringzilla stringzilla
tensorflow/tensorflow tensorflow
microsoft/onnxruntime onnxruntime
onnx/onnx onnx
openvinotoolkit/openvino openvino
triton-lang/triton triton
vllm-project/vllm vllm
nvidia/cuda-python cuda-python
cupy/cupy cupy
numba/llvmlite llvmlite
z3prover/z3 z3-solver
casadi/casadi casadi
ergo-code/highs highspy
coin-or/pulp pulp
symengine/symengine.py symengine
aleaxit/gmpy gmpy2
gmpy2/gmpy2 gmpy2
libgit2/pygit2 pygit2
gitpython-developers/gitpython gitpython
capstone-engine/capstone capstone
unicorn-engine/unicorn unicorn
keystone-engine/keystone keystone-engine
qilingframework/qiling qiling
lief-project/lief lief
devpi/devpi devpi-server
pypa/pip pip
pre-commit/pre-commit pre-commit
lakehq/sail pysail
cpburnz/python-pathspec pathspec
gorakhargosh/watchdog watchdog
samuelcolvin/watchfiles watchfiles
pola-rs/polars polars
pandas-dev/pandas pandas
scikit-learn/scikit-learn scikit-learn
scikit-image/scikit-image scikit-image
pywavelets/pywt pywavelets
pyfftw/pyfftw pyfftw
jpype-project/jpype jpype1
pyav-org/pyav av
apache/iceberg-python pyiceberg
ta-lib/ta-lib-python ta-lib
osqp/osqp-python osqp
bodono/scs-python scs
embotech/ecos-python ecos
google-deepmind/tree dm-tree
trezor/cython-hidapi hidapi
pythongssapi/python-gssapi gssapi
jborean93/pykrb5 krb5
ezibenroc/pyroaringbitmap pyroaring
tarantool/tarantool-python tarantool
googleapis/python-crc32c google-crc32c
ets-labs/python-dependency-injector dependency-injector
uber/h3-py h3
sfu-db/connector-x connectorx
omerbenamram/pyevtx-rs evtx
triton-inference-server/client tritonclient
py4n6/pytsk pytsk3
neuronsimulator/nrn neuron
datastax/python-driver cassandra-driver
apache/cassandra-python-driver cassandra-driver
scylladb/python-driver scylla-driver
ppwwyyxx/cocoapi pycocotools
mypyc/mypy_mypyc-wheels mypy
fraunhofer-fit-dien/iec104-python c104
intake/python-snappy python-snappy
jnwatson/py-lmdb lmdb
dvarrazzo/py-setproctitle setproctitle
ibmdb/python-ibmdb ibm-db
aerospike/aerospike-client-python aerospike
couchbase/couchbase-python-client couchbase
apache/pulsar-client-python pulsar-client
apache/beam apache-beam
ecmwf/eccodes-python eccodes
isl-org/open3d open3d
pyside/pyside-setup pyside6
systemd/python-systemd systemd-python
p403n1x87/austin-python austin-python
rushter/selectolax selectolax
rapidfuzz/levenshtein levenshtein
dateutil/dateutil python-dateutil
theskumar/python-dotenv python-dotenv
osqp/qdldl-python qdldl
coin-or/python-mip mip
scikit-hep/uproot5 uproot
p403n1x87/austin austin-dist
munich-quantum-toolkit/core mqt-core
munich-quantum-toolkit/qmap mqt-qmap
munich-quantum-toolkit/qcec mqt-qcec
munich-quantum-toolkit/ddsim mqt-ddsim
munich-quantum-toolkit/bench mqt-bench
worksapplications/sudachi.rs sudachipy
ryancheley/yt-cli youtrack-cli
huggingface/xet-core hf-xet
nvidia/warp warp-lang
nvidia/cutlass nvidia-cutlass
oracle/python-cx_oracle cx-oracle
kitware/vtk vtk
insightsoftwareconsortium/itk itk
bulletphysics/bullet3 pybullet
unbit/uwsgi uwsgi
tktech/pysimdjson pysimdjson
voxel51/fiftyone fiftyone
facebookresearch/detectron2 detectron2
pytorch/data torchdata
pytorch/text torchtext
pytorch/ao torchao
tensorflow/io tensorflow-io
tensorflow/text tensorflow-text
tensorflow/addons tensorflow-addons
rapidsai/cudf cudf-cu12
rapidsai/rmm rmm-cu12
rapidsai/ucxx ucxx-cu12
geopandas/pyogrio pyogrio
lballabio/quantlib-swig quantlib
quantlib/quantlib-swig quantlib
sqlcipher/sqlcipher sqlcipher3
pysqlite3/pysqlite3 pysqlite3
tensorchord/vectorchord vectorchord
qdrant/qdrant-client qdrant-client
milvus-io/pymilvus pymilvus
milvus-io/milvus-lite milvus-lite
nmslib/hnswlib hnswlib
chroma-core/chroma chromadb
ggml-org/llama.cpp gguf
abetlen/llama-cpp-python llama-cpp-python
openai/tiktoken tiktoken
google/sentencepiece sentencepiece
google/python-fire fire
google/jaxopt jaxopt
google/pytype pytype
google/dm-haiku dm-haiku
google-ai-edge/litert ai-edge-litert
python-sip/sip sip
ros2/rclpy rclpy
pybox2d/pybox2d box2d-py
libvips/pyvips pyvips
"""

# Top module, then its project, where they differ.
_MODULES = """
gi pygobject
cv2 opencv-python
pil pillow
sklearn scikit-learn
skimage scikit-image
yaml pyyaml
_yaml pyyaml
google protobuf
grpc grpcio
_cffi_backend cffi
pywt pywavelets
bs4 beautifulsoup4
zmq pyzmq
nacl pynacl
crypto pycryptodome
cryptodome pycryptodomex
osgeo gdal
tables pytables
wx wxpython
win32api pywin32
mysqldb mysqlclient
psycopg2 psycopg2
bson pymongo
faiss faiss-cpu
llama_cpp llama-cpp-python
rpds rpds-py
jaxlib jaxlib
pandas pandas
regex regex
lz4 lz4
xxhash xxhash
zstandard zstandard
usb1 libusb1
igraph igraph
rdkit rdkit
fitz pymupdf
kaitaistruct kaitaistruct
markupsafe markupsafe
sentencepiece sentencepiece
brotli brotli
_brotli brotli
ujson ujson
snappy python-snappy
levenshtein levenshtein
z3 z3-solver
git gitpython
"""

# Projects whose own name has what others only put about a repository's: `python-` or `py-` before it, or after it.
_AFFIXED = """
python-dateutil python-dotenv python-multipart python-json-logger python-slugify python-docx python-jose python-magic
python-telegram-bot python-http-client python-pptx python-utils python-gitlab python-socketio python-engineio
python-gnupg python-daemon python-levenshtein python-hcl2 python-jenkins python-snappy python-ulid python-decouple
python-crontab python-box python-keycloak python-crfsuite python-bidi python-frontmatter python-arango python-rapidjson
python-chess python-ldap python-whois python-socks python-can python-stdnum python-calamine python-tds python-xlib
python-pam python-barcode python-lsp-server python-lsp-jsonrpc python-liquid python-benedict python-semantic-release
python-statemachine python-memcached python-debian python-binance python-pkcs11 python-flint python-xz python-libsbml
snowflake-connector-python opencv-python opencv-contrib-python mysql-connector-python kafka-python meson-python
packageurl-python ffmpeg-python cuda-python tree-sitter-python yara-python u-msgpack-python llama-cpp-python
mssql-python openslide-python ssh2-python dawg-python dawg2-python libvirt-python dbus-python bx-python vertica-python
littlefs-python jsonata-python libpff-python systemd-python austin-python
py-cpuinfo py-spy py-evm py-ubjson py-ecc py-rust-stemmers py-radix py-tlsh py-bcrypt py-rattler py-mini-racer py-trees
py-consul py-redis py-multibase py-zipkin py-vapid py-sr25519-bindings py-lets-be-rational py-vollib py-moneyed
markdown-it-py rpds-py opensearch-py absl-py linkify-it-py uc-micro-py nvidia-ml-py boolean-py discord-py freetype-py
sqlean-py ulid-py nats-py resvg-py camelot-py y-py ast-grep-py pyvisa-py vt-py primer3-py moka-py entsoe-py
"""

# Ends and beginnings of the names of repositories that hold no project: recipes, images, pages, notes.
_NOTHING = """
.github.io -website -docs -documentation -blog -examples -benchmarks -benchmark -tutorial -tutorials -notes -issues
-docker -images -infra -stack -tracker -action -actions -talk -talks -dotfiles -overlay -recipes -ports
-wheels -samples -sample-projects
"""
_NOTHING_BEFORE = "conda-forge- homebrew- docker- cimg- awesome- setup- action- gentoo- nix- talk- talks-"

# What repositories are called that only their owner's name tells apart.
_COMMON = """
client server core bot api sdk python py lib library bindings tools tooling wheels ci docs website examples benchmarks
performance notes til talks infra app backend frontend common main monorepo software packages recipes ideas
"""

# Projects that threads elsewhere are about, by the words people use; the guide and the forks of CPython say nothing by
# their own name.
_SPOKEN = """
numpy scipy pandas polars matplotlib cython cffi pybind11 nanobind pillow lxml cryptography greenlet gevent aiohttp
uvloop pydantic orjson sqlalchemy pyarrow tensorflow jax numba networkx h5py sympy statsmodels
joblib dask xarray astropy shapely psutil maturin mypy coverage protobuf grpcio pyyaml msgpack
zstandard contourpy kiwisolver scikit-learn scikit-image pywavelets duckdb ray torch torchvision tornado
"""

_OTHER_WORDS = """
pytorch torch
greenlets greenlet
sklearn scikit-learn
arrow pyarrow
grpc grpcio
f2py numpy
"""


def _pairs(table: str) -> Mapping[str, str]:
    return MappingProxyType(dict(line.split() for line in table.strip().splitlines()))


UNPUBLISHED = frozenset(_UNPUBLISHED.split())
"""Repositories, in lower case, whose threads are about no project on PyPI unless they name one."""

PUBLISHED = _pairs(_PUBLISHED)
"""Repository in lower case to its project, where the name differs, or a reader could doubt it."""

MODULES = _pairs(_MODULES)
"""Top module in lower case to its project."""

SPOKEN: Mapping[str, str] = MappingProxyType({**{name: name for name in _SPOKEN.split()}, **_pairs(_OTHER_WORDS)})
"""A word for a project to the project."""

AFFIXED = frozenset(_AFFIXED.split())
"""Projects that are called like a repository of another one: `python-rapidjson` is no repository of `rapidjson`."""

NOTHING_AFTER = tuple(_NOTHING.split())
"""How the names of repositories end that publish nothing."""

NOTHING_BEFORE = tuple(_NOTHING_BEFORE.split())
"""How they begin."""

COMMON = frozenset(_COMMON.split())
"""Names of repositories that say nothing of a project."""
