"""Side-by-side measurements that anyone can run: ``python -m benchmarks.status``. Only loopback is used."""
