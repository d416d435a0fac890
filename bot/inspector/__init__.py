"""Reads what an extension module's file declares about the GIL, and never imports or executes it.

It parses and disassembles strangers' files with native libraries, so it is run in a process of its own.
"""
