"""The rules for kinds of threads, as data: a module a kind, and which kind gives way to which."""
