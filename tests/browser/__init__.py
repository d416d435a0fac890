"""The site in a real browser; the tests are in ``site.test.mjs``."""
